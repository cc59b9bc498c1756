"""The operators of a graph that change shapes, and sums over axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._symbolic import broadcast
from ._value import Value

END = 1 << 40  # beyond any size


class Shaping:
    """What `Writer` inherits."""

    scope: str
    const: Any
    name: Any
    node: Any
    nodes_of: Any
    place: Any
    promote: Any
    unary: Any
    _add: Any

    # -- shapes -------------------------------------------------------------------------------
    def transpose(self, x: Value, order: Sequence[int]) -> Value:
        """The axes in another order; nothing is written yet."""
        old = x.perm or tuple(range(x.ndim))
        order = [a % x.ndim for a in order]
        perm: tuple[int, ...] | None = tuple(old[a] for a in order)
        if perm == tuple(range(x.ndim)):
            perm = None
        out = Value(x.name, [x.shape[a] for a in order], x.dtype, perm)
        if perm is None and x.array is not None and x.perm is None:
            out.array = x.array
        return out

    def reshape(self, x: Value, shape: Sequence[int | None]) -> Value:
        """The values in another shape; None or -1 for what follows from the rest."""
        shape = [None if n == -1 else n for n in shape]
        if tuple(shape) == x.shape and shape.count(None) <= 1:
            return x
        target = [-1 if n is None else n for n in shape]
        if target.count(-1) > 1 and shape[0] is None and x.shape[0] is None:
            target[0] = 0  # the batch as it is
        if target.count(-1) > 1:
            raise NotImplementedError(
                f"{self.scope}: a reshape from {x.shape} to {tuple(shape)} has more than one open "
                "size and cannot be exported to ONNX. Give the sizes in `Input`."
            )
        return self.node("Reshape", [x, self.const(target, "int64")], shape)

    def reshape_like(self, x: Value, other: Value) -> Value:
        """The values in the shape of another tensor of as many values."""
        if other.shape.count(None) <= 1:
            return self.reshape(x, other.shape)
        return self.node("Reshape", [x, self.sizes(other, 0, other.ndim)], other.shape)

    def expand_dims(self, x: Value, axes: int | Sequence[int]) -> Value:
        """New axes of size 1."""
        new = [axes] if isinstance(axes, int) else list(axes)
        rank = x.ndim + len(new)
        new = sorted(a % rank for a in new)
        sizes = iter(x.shape)
        shape = [1 if a in new else next(sizes) for a in range(rank)]
        return self.node("Unsqueeze", [x, self.const(new, "int64")], shape)

    def squeeze(self, x: Value, axes: int | Sequence[int] | None) -> Value:
        """Without axes of size 1."""
        if axes is None:
            axes = [i for i, n in enumerate(x.shape) if n == 1]
        gone = [a % x.ndim for a in ([axes] if isinstance(axes, int) else axes)]
        shape = [n for i, n in enumerate(x.shape) if i not in gone]
        return self.node("Squeeze", [x, self.const(gone, "int64")], shape)

    def slice(
        self,
        x: Value,
        starts: Sequence,
        ends: Sequence,
        axes: Sequence,
        steps: Sequence | None = None,
    ) -> Value:
        """A part of each axis, as Python slices."""
        steps = [1] * len(starts) if steps is None else list(steps)
        shape = list(x.shape)
        for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
            n = shape[axis]
            if n is not None:
                stop = None if step < 0 and end < -n else end
                shape[axis] = len(range(n)[slice(start, stop, step)])
            elif (start, end, step) != (0, END, 1):
                shape[axis] = None
        parts = [self.const(p, "int64") for p in (list(starts), list(ends), list(axes), steps)]
        return self.node("Slice", [x, *parts], shape)

    def flip(self, x: Value, axis: int) -> Value:
        """The entries of an axis in reverse."""
        return self.slice(x, [-1], [-END], [axis % x.ndim], [-1])

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Tensors one after the other along an axis."""
        values = self.promote(values)
        axis %= values[0].ndim
        sizes = [v.shape[axis] for v in values]
        shape = [
            next((v.shape[i] for v in values if v.shape[i] is not None), None)
            for i in range(values[0].ndim)
        ]
        shape[axis] = None if None in sizes else sum(n for n in sizes if n is not None)
        perms = {v.perm for v in values}
        perm = perms.pop() if len(perms) == 1 else None
        names = [v.name if perm else self.place(v) for v in values]
        out = Value(self.name("Concat"), shape, values[0].dtype, perm)
        self._add("Concat", names, [out.name], {"axis": perm[axis] if perm else axis})
        return out

    def split(self, x: Value, sizes: Sequence[int], axis: int) -> list[Value]:
        """Parts of given sizes along an axis."""
        shapes = [(*x.shape[:axis], n, *x.shape[axis + 1 :]) for n in sizes]
        lengths = self.const(list(sizes), "int64")
        return self.nodes_of("Split", [x, lengths], [(s, None) for s in shapes], axis=axis)

    def pad(self, x: Value, borders: Sequence[Sequence[int]], value: Any = 0.0) -> Value:
        """Constant borders, (before, after) for each axis."""
        shape = [None if n is None else n + sum(b) for n, b in zip(x.shape, borders, strict=True)]
        order = x.perm or tuple(range(x.ndim))
        raw = [borders[order.index(i)] for i in range(x.ndim)]
        pads = self.const([b[0] for b in raw] + [b[1] for b in raw], "int64")
        out = Value(self.name("Pad"), shape, x.dtype, x.perm)
        fill = self.const(value, x.dtype)
        self._add("Pad", [x.name, pads.name, fill.name], [out.name], {})
        return out

    def sizes(self, x: Value, start: int, end: int) -> Value:
        """The sizes of axes `start` to `end` at run time, in a vector."""
        out = Value(self.name("Shape"), (end - start,), "int64")
        self._add("Shape", [self.place(x)], [out.name], {"start": start, "end": end})
        return out

    def expand(self, x: Value, sizes: Value, shape: Sequence[int | None]) -> Value:
        """Repeat along axes of size 1, to sizes known at run time."""
        return self.node("Expand", [x, sizes], shape)

    def counting(self, x: Value, axis: int) -> Value:
        """0, 1, ... up to the size of an axis."""
        n = x.shape[axis]
        if n is not None:
            return self.const(np.arange(n))
        limit = self.squeeze(self.sizes(x, axis, axis + 1), 0)
        zero, one = self.const(0, "int64"), self.const(1, "int64")
        return self.node("Range", [zero, limit, one], (None,))

    # -- sums ---------------------------------------------------------------------------------
    def matmul(self, x: Value, y: Value) -> Value:
        """A matrix product of tensors with at least two axes."""
        lead = broadcast(x.shape[:-2], y.shape[:-2])
        return self.node("MatMul", [x, y], (*lead, x.shape[-2], y.shape[-1]))

    def reduce(
        self, op: str, x: Value, axes: Sequence[int] | None, keepdims: bool = False
    ) -> Value:
        """`ReduceSum` and its like over some axes; None for all."""
        gone = sorted(range(x.ndim) if axes is None else {a % x.ndim for a in axes})
        shape = [1 if i in gone else n for i, n in enumerate(x.shape)]
        if not keepdims:
            shape = [n for i, n in enumerate(x.shape) if i not in gone]
        if not gone:
            return self.unary("Identity", x)
        vector = self.const(gone, "int64")
        return self.node(op, [x, vector], shape, keepdims=int(keepdims))
