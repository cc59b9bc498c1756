"""Losses, metrics, targets and weights of several outputs, put into the order of the outputs."""

from __future__ import annotations

from typing import Any

from .._registry import suggestion
from .._tree import flatten, is_nested, ordered


def is_config(spec: Any) -> bool:
    """Whether a dict stands for one object, not for several by name."""
    return isinstance(spec, dict) and "class_name" in spec and "config" in spec


def is_one(spec: Any) -> bool:
    """Whether a `loss` or a metric stands for one object."""
    return not is_nested(spec) or is_config(spec)


def flat_specs(spec: Any) -> list[Any]:
    """All single losses or metrics in a nested `loss` or `metrics`."""
    if is_one(spec):
        return [] if spec is None else [spec]
    entries = spec.values() if isinstance(spec, dict) else spec
    return [one for entry in entries for one in flat_specs(entry)]


def names_of(y_pred: Any, output_names: list[str] | None) -> list[str | None]:
    """The names of the outputs, None for those without, in flat order."""
    count = len(list(flatten(y_pred)))
    if isinstance(y_pred, dict) and len(y_pred) == count:
        return list(map(str, ordered(y_pred)))
    if output_names is not None and len(output_names) == count:
        return list(output_names)
    return [None] * count


def per_output(spec: Any, names: list[str | None], argument: str, y_pred: Any) -> list[Any]:
    """What `compile` was given for each output, in flat order; None where it says nothing.

    Raises:
        ValueError: another number of entries than outputs, or names that no output has.
    """
    if spec is None:
        return [None] * len(names)
    if isinstance(spec, dict):
        _check_names(spec, names, argument)
        return [spec.get(name) for name in names]
    entries = list(spec) if isinstance(spec, (list, tuple)) else [spec]
    if len(entries) != len(names):
        if isinstance(y_pred, (list, tuple)) and len(y_pred) == len(entries):
            found: list[Any] = []  # the outputs are nested deeper than one list
            for entry, part in zip(entries, y_pred, strict=True):
                count = len(list(flatten(part)))
                found += (
                    [entry] if count == 1 else per_output(entry, [None] * count, argument, part)
                )
            return found
        raise ValueError(
            f"`{argument}` must have one entry for each of the {len(names)} outputs"
            f"{_listed(names)}. Received: {argument}={spec!r}"
        )
    return entries


def _listed(names: list[str | None]) -> str:
    return "" if None in names else f" {names}"


def _check_names(spec: dict, names: list[str | None], argument: str) -> None:
    known = [name for name in names if name is not None]
    for key in spec:
        if key not in known:
            raise ValueError(
                f"`{argument}` names an output {key!r} that the model does not have."
                f"{suggestion(str(key), known)} Its outputs: {known}. Received: "
                f"{argument}={spec!r}"
            )


def arrange(
    values: Any, names: list[str | None], argument: str, wanted: list[bool] | None = None
) -> list[Any]:
    """Targets or weights in the order of the outputs; None for those left out.

    Args:
        values: An array for a single output; else a list, tuple or dict by name.
        names: The names of the outputs.
        argument: For messages.
        wanted: Which outputs have a loss: the others may be left out of a list.

    Raises:
        ValueError: another number of arrays, or unknown names.
    """
    count = len(names)
    if isinstance(values, dict) and (count > 1 or names[0] in values):
        _check_names(values, names, argument)
        return [values.get(name) for name in names]
    flat = list(flatten(values)) if is_nested(values) else [values]
    if len(flat) == count:
        return flat
    if wanted is not None and len(flat) == sum(wanted):
        rest = iter(flat)
        return [next(rest) if needed else None for needed in wanted]
    raise ValueError(
        f"The model has {count} output{'s' * (count > 1)}{_listed(names)}, but `{argument}` holds "
        f"{len(flat)} array{'s' * (len(flat) > 1)}."
    )
