"""What a layer's call was given: made tensors, told apart by name, their masks and shapes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from .._symbolic import KerasTensor
from .._tape import Tensor
from .._tree import flatten, map_structure

_FLOATS = (np.dtype("float32"), np.dtype("float64"))


def argument_names(fn: Callable) -> tuple[str, ...]:
    """Names of a function's arguments, `self` included, those of *args and **kwargs not."""
    while hasattr(fn, "__wrapped__"):
        fn = fn.__wrapped__
    code = getattr(fn, "__code__", None)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()


def default_of(fn: Callable, name: str) -> Any:
    """The default of an argument, None where it has none."""
    import inspect

    default = inspect.signature(fn).parameters[name].default
    return None if default is inspect.Parameter.empty else default


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor or a symbolic one."""
    return isinstance(x, (Tensor, KerasTensor))


def get_mask(x: Any) -> Any:
    """The mask that travels with a tensor, or None."""
    return getattr(x, "_keras_mask", None)


def masks_of(structure: Any) -> Any:
    """The masks of nested tensors as the same structure, or None where there is none at all."""
    if not isinstance(structure, (list, tuple, dict)):
        return get_mask(structure)
    masks = map_structure(get_mask, structure)
    return None if all(m is None for m in flatten(masks)) else masks


def set_mask(x: Any, mask: Any) -> None:
    """Let a mask (anything array-like, or None) travel with a tensor."""
    if mask is not None and not is_tensor(mask):
        mask = ops.convert_to_tensor(mask)
    if is_tensor(x):
        x._keras_mask = mask


class ArgumentsMixin:
    """What `Layer` inherits for calls that are more than one plain tensor."""

    name: str
    autocast: bool
    supports_masking: bool
    _np_dtype: np.dtype
    _call_names: tuple[str, ...] = ()  # arguments of `call` behind `self`
    _mask_names: frozenset[str] = frozenset()  # those of them that take masks
    _build_names: tuple[str, ...] = ()  # arguments of `build` behind `self`
    _carries_masks = False  # the tensors inside bring their own: models

    # -- arguments ----------------------------------------------------------------------------
    def _convert(self, x: Any) -> Any:
        """Anything array-like becomes a Tensor; floats take the layer's dtype."""
        if isinstance(x, Tensor):
            dtype = x.data.dtype
            if dtype == self._np_dtype or not self.autocast or dtype not in _FLOATS:
                return x
            out = ops.cast(x, self._np_dtype.name)
            if x._keras_mask is not None:
                out._keras_mask = x._keras_mask
            return out
        if isinstance(x, (list, tuple)) and any(map(_is_arraylike, flatten(x))):
            return map_structure(self._convert, x)
        if isinstance(x, dict):
            return {k: self._convert(v) for k, v in x.items()}
        if x is None or isinstance(x, KerasTensor):
            return x
        return self._to_tensor(x)

    def _to_tensor(self, x: Any) -> Tensor:
        try:
            array = np.asarray(x)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) expects an array-like input. "
                f"Received: {type(x).__name__} ({error})"
            ) from None
        if array.dtype.kind not in "biuf":
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) expects numbers. "
                f"Received an input of type {type(x).__name__} with dtype {array.dtype}."
            )
        exact = isinstance(x, np.ndarray)
        # Python lists of floats are float64 for NumPy only; a float array is cast as in Keras
        if array.dtype.kind == "f" and (self.autocast or not exact):
            array = array.astype(self._np_dtype, copy=False)
        return ops.convert_to_tensor(array)

    def _bind(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """Arguments behind the first by name where `call` names them; arrays become tensors."""
        names = self._call_names[1:]
        if len(args) <= len(names):
            for name, value in zip(names, args, strict=False):
                if name in kwargs:
                    raise TypeError(
                        f"Layer '{self.name}' ({type(self).__name__}) received two values for "
                        f"`{name}`."
                    )
                kwargs[name] = value
            args = ()
        for name, value in kwargs.items():
            if isinstance(value, (np.ndarray, Tensor, list, tuple, dict)):
                kwargs[name] = map_structure(self._convert_further, value)
        return args, kwargs

    def _check_arguments(self, inputs: Any, args: tuple, kwargs: dict) -> None:
        """What Python checks when `call` runs, for calls that do not run it.

        Raises:
            TypeError: an argument that `call` does not have, or one too few.
        """
        import inspect

        try:
            inspect.signature(self.call).bind(inputs, *args, **kwargs)  # type: ignore[attr-defined]
        except TypeError as error:
            raise TypeError(f"Layer '{self.name}' ({type(self).__name__}): {error}") from None

    def _convert_further(self, x: Any) -> Any:
        """A further argument: arrays and tensors are converted, settings stay as they are."""
        return self._convert(x) if isinstance(x, (np.ndarray, Tensor)) else x

    def _tensor_arguments(self, inputs: Any, kwargs: dict) -> dict[str, Any]:
        """The arguments that are tensors or structures of them, by name."""
        found = {self._call_names[0] if self._call_names else "inputs": inputs}
        for name in self._call_names[1:]:
            value = kwargs.get(name)
            if isinstance(value, (list, tuple, dict)):
                leaves = [x for x in flatten(value) if x is not None]
                if leaves and all(map(is_tensor, leaves)):
                    found[name] = value
            elif is_tensor(value):
                found[name] = value
        return found

    def _shapes(self, inputs: Any, kwargs: dict) -> dict[str, Any]:
        """The shapes that `build` (or `compute_output_shape`) is told, by argument name."""
        tensors = self._tensor_arguments(inputs, kwargs)
        return {
            f"{name}_shape": map_structure(_shape_of, value)
            for name, value in tensors.items()
            if name != "mask"
        }

    # -- masks --------------------------------------------------------------------------------
    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output; unless overridden that of the input.

        Args:
            inputs: The inputs of the call.
            previous_mask: Their mask, or the `mask` the layer was called with.
        """
        return previous_mask

    def _fill_masks(self, inputs: Any, kwargs: dict) -> Any:
        """Fill the mask arguments of `call` from the tensors; return the mask of the inputs."""
        wanted = self._mask_names
        if wanted:
            tensors = self._tensor_arguments(inputs, kwargs)
            if len(tensors) > 1:
                for name, value in tensors.items():
                    key = f"{name}_mask"
                    if key in wanted and kwargs.get(key) is None:
                        kwargs[key] = masks_of(value)
            elif "mask" in wanted and kwargs.get("mask") is None:
                kwargs["mask"] = masks_of(inputs)
        explicit = kwargs.get("mask")
        return masks_of(inputs) if explicit is None else explicit

    def _pass_masks(self, inputs: Any, outputs: Any, previous: Any) -> None:
        """Give the outputs the mask that `compute_mask` tells."""
        if self._carries_masks:
            return
        if not self.supports_masking:
            if previous is not None:
                warnings.warn(
                    f"Layer '{self.name}' ({type(self).__name__}) does not support masking, but "
                    "its input has a mask. The layers behind it will not see the mask.",
                    stacklevel=4,
                )
            return
        leaves = list(flatten(outputs))
        if all(get_mask(x) is not None for x in leaves):
            return
        masks = self.compute_mask(inputs, previous)
        if masks is None:
            return
        for x, mask in zip(leaves, flatten(masks), strict=False):
            if get_mask(x) is None and mask is not None:
                set_mask(x, mask)


def _is_arraylike(x: Any) -> bool:
    return hasattr(x, "__array__")


def _shape_of(x: Any) -> Any:
    return None if x is None else tuple(x.shape)


def given_arguments(layer: Any) -> dict[str, Any]:
    """What a layer without a `get_config` of its own was made with, for its config.

    Raises:
        NotImplementedError: an argument that is no plain value: then `get_config` must be written.
    """
    import inspect

    args, kwargs = layer.__dict__.get("_given", ((), {}))
    signature = inspect.signature(type(layer).__init__)
    bound = signature.bind(layer, *args, **kwargs)
    bound.apply_defaults()
    found: dict[str, Any] = {}
    plain = True
    for name, value in list(bound.arguments.items())[1:]:
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            plain = plain and not value
        else:
            found[name] = value
    for name in ("name", "trainable", "dtype", "activity_regularizer"):
        found.pop(name, None)
    for value in flatten(found):
        plain = plain and (value is None or isinstance(value, (bool, int, float, str)))
    if not plain:
        raise NotImplementedError(
            f"Layer '{layer.name}' ({type(layer).__name__}) was made with arguments that are no "
            "plain values. Write a `get_config` that returns {**super().get_config(), ...}."
        )
    return found
