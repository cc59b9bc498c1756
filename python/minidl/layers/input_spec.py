"""What a layer expects of its input, checked before anything is computed."""

from __future__ import annotations

from typing import Any


class InputSpec:
    """Rank and fixed dimensions of a layer's input.

    Args:
        dtype: Expected dtype name, or None.
        shape: Expected shape; None entries match anything.
        ndim: Exact rank.
        max_ndim: Largest rank.
        min_ndim: Smallest rank.
        axes: Dict from axis to its fixed size.

    Source: `keras.layers.InputSpec`.

    >>> import minidl
    >>> minidl.layers.InputSpec(min_ndim=2, axes={-1: 3})
    InputSpec(min_ndim=2, axes={-1: 3})
    """

    def __init__(
        self, dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None, name=None
    ):
        self.dtype = dtype
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.name = name
        fixed = dict(self.axes)
        if self.shape is not None:
            fixed.update(enumerate(self.shape))
        # what `check` walks through on every call: sizes that are really fixed
        self._fixed = tuple((axis, n) for axis, n in fixed.items() if n is not None)
        self._low = self.ndim if self.ndim is not None else (min_ndim or 0)
        self._high = self.ndim if self.ndim is not None else (max_ndim or 1 << 30)

    def check(self, layer: Any, shape: tuple) -> None:
        """Raise a ValueError that names `layer` unless `shape` fits."""
        if not self._low <= len(shape) <= self._high:
            raise ValueError(self._rank_message(layer, shape))
        for axis, size in self._fixed:
            if shape[axis] != size and shape[axis] is not None:
                raise ValueError(
                    f"Layer '{layer.name}' ({type(layer).__name__}) expects axis {axis} of its "
                    f"input to have size {size}, but received an input of shape {shape}."
                    f"{layer._shape_hint(shape)}"
                )

    def _rank_message(self, layer: Any, shape: tuple) -> str:
        if self.ndim is not None:
            wanted = f"exactly {self.ndim}"
        elif len(shape) < self._low:
            wanted = f"at least {self._low}"
        else:
            wanted = f"at most {self._high}"
        hint = ""
        if len(shape) == self._low - 1:
            hint = (
                " The batch axis may be missing: x[None] adds it."
                if self._low != 4
                else " Images need 4 axes, (batch, height, width, channels): x[..., None] adds"
                " a channel axis, x[None] a batch axis."
            )
        return (
            f"Layer '{layer.name}' ({type(layer).__name__}) expects an input with {wanted} "
            f"axes, but received one with {len(shape)}: shape {shape}.{hint}"
        )

    def __repr__(self) -> str:
        keys = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        parts = [f"{k}={getattr(self, k)}" for k in keys if getattr(self, k)]
        return f"InputSpec({', '.join(parts)})"

    def get_config(self) -> dict:
        keys = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return {k: getattr(self, k) for k in keys}

    @classmethod
    def from_config(cls, config: dict) -> InputSpec:
        return cls(**config)
