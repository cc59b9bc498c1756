"""The arguments that all optimizers share, written once: the last ones of every constructor."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
COMMON = {  # name: default, in Keras's order; documented in `Optimizer`
    "weight_decay": None,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
    "name": None,
}


def with_common_arguments(init: Callable[..., None]) -> Callable[..., None]:
    """`init(self, own, ..., **common)` with the shared arguments in its signature.

    They follow its own and may be given by position or by name, as in Keras; `init` gets all of
    them by name. Where an optimizer has another default for one of them, it names it itself. What
    it lists after a `*` stands behind the shared ones.
    """
    given = list(inspect.signature(init).parameters.values())[:-1]
    own = [p for p in given if p.kind is _POSITIONAL]
    last = [p.replace(kind=_POSITIONAL) for p in given if p.kind is not _POSITIONAL]
    mine = {parameter.name for parameter in own}
    shared = [
        inspect.Parameter(name, _POSITIONAL, default=default)
        for name, default in COMMON.items()
        if name not in mine
    ]
    rest = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)
    signature = inspect.Signature([*own, *shared, *last, rest])
    names = [parameter.name for parameter in [*own[1:], *shared, *last]]

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        kind = type(self).__name__
        if len(args) > len(names):
            raise TypeError(f"{kind} takes up to {len(names)} arguments. Received: {len(args)}")
        for name, value in zip(names, args, strict=False):
            if name in kwargs:
                raise TypeError(f"{kind} got `{name}` twice, by position and by name")
            kwargs[name] = value
        init(self, **kwargs)

    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    return wrapper


def number(name: str, value: Any, low: float, high: float, expected: str) -> Any:
    """`value` where it is a number in [low, high].

    Raises:
        ValueError: naming the argument, its value and what was expected.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"`{name}` must be {expected}. Received: {name}={value!r}")
    return value


def beta(name: str, value: Any) -> Any:
    """A decay rate in [0, 1)."""
    return number(name, value, 0, 1 - 1e-16, "a number in [0, 1)")


def at_least_0(name: str, value: Any) -> Any:
    """A finite number of at least 0."""
    return number(name, value, 0, 1.7e308, "a finite number of at least 0")
