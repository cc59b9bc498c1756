"""Sums of products by Einstein's notation, as matrix products."""

from __future__ import annotations

import math
import string
from typing import Any

import numpy as np

from minidl._tape import Tensor, as_floats, as_tensor, wrap
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import multiply
from minidl.ops.matmul import _matmul
from minidl.ops.reduce import sum
from minidl.ops.shape import broadcast_to, getitem, moveaxis, reshape, transpose


def einsum(subscripts: str, *operands: TensorLike, **kwargs: Any) -> Tensor:
    """Products of tensors, summed over the indices that the result does not name.

    Two operands at a time become one matrix product, from the left to the right.

    Args:
        subscripts: indices of the operands and of the result, as `"bij,bjk->bik"`. Without `->` the
            result has the indices that occur once, in alphabetical order. `...` stands for axes
            that broadcast; an index twice in one operand takes the diagonal.
        *operands: tensors.
        **kwargs: nothing; `optimize` of NumPy has no use here.

    Returns:
        A tensor whose axes are the indices of the result. It can be differentiated twice.

    Raises:
        ValueError: if the subscripts are malformed, or do not fit the operands.
        TypeError: for float32 beside float64.

    Source: `keras.ops.einsum`.

    >>> einsum("ij,jk->ik", [[1.0, 2.0]], [[3.0], [4.0]])
    Tensor([[11.]], shape=(1, 1), dtype=float32)
    """
    if kwargs:
        raise TypeError(f"einsum: unexpected keyword arguments. Received: {sorted(kwargs)}")
    if not isinstance(subscripts, str):
        raise TypeError(f"einsum: subscripts must be a string. Received: {subscripts!r}")
    tensors = [as_tensor(x) for x in operands]
    inputs, output = _parse(subscripts, [x.shape for x in tensors])
    if tensors and all(x.dtype.kind != "f" for x in tensors):
        spec = ",".join("".join(labels) for labels in inputs) + "->" + "".join(output)
        return wrap(np.asarray(np.einsum(spec, *(x.data for x in tensors))))
    tensors = as_floats(*tensors)
    for i, labels in enumerate(inputs):
        tensors[i], inputs[i] = _diagonals(tensors[i], labels)
    _check_sizes(subscripts, inputs, tensors)
    x, labels = tensors[0], inputs[0]
    for i in range(1, len(tensors)):
        later = {label for other in inputs[i + 1 :] for label in other}
        x, labels = _product(x, labels, tensors[i], inputs[i], later | set(output))
    return _arrange(*_sum_out(x, labels, set(output)), output)


Labels = list[str]


def _parse(subscripts: str, shapes: list[tuple[int, ...]]) -> tuple[list[Labels], Labels]:
    """The indices of the operands and of the result, one letter for each axis."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")

    def fail(why: str):
        shown = ", ".join(map(str, shapes))
        return ValueError(f"einsum: {why}. Received: subscripts={subscripts!r}, shapes {shown}")

    if len(terms) != len(shapes) or not shapes:
        raise fail(f"{len(terms)} terms for {len(shapes)} operands")
    unused = [c for c in string.ascii_letters if c not in subscripts]
    inputs, most = [], 0
    for term, shape in zip(terms, shapes, strict=True):
        before, dots, after = term.partition("...")
        if not all(c in string.ascii_letters for c in before + after):
            raise fail(f"{term!r} is no row of letters and at most one '...'")
        hidden = len(shape) - len(before + after)
        if hidden < 0 or (hidden and not dots):
            raise fail(f"{term!r} has {len(before + after)} indices for {len(shape)} axes")
        most = max(most, hidden)
        inputs.append([*before, *unused[:hidden][::-1], *after])  # the last axes agree
    rest = unused[:most][::-1]
    letters = [c for labels in inputs for c in labels]
    if not arrow:
        once = sorted(c for c in set(letters) if letters.count(c) == 1 and c not in rest)
        return inputs, [*rest, *once]
    before, dots, after = right.partition("...")
    output = [*before, *(rest if dots else []), *after]
    if len(set(output)) != len(output) or not set(output) <= set(letters):
        raise fail(f"the result {right!r} has an index twice, or one that no operand has")
    return inputs, output


def _check_sizes(subscripts: str, inputs: list[Labels], tensors: list[Tensor]) -> None:
    """Make axes of size 1 as long as those of the same index; ValueError where sizes differ."""
    sizes: dict[str, int] = {}
    for labels, x in zip(inputs, tensors, strict=True):
        for label, n in zip(labels, x.shape, strict=True):
            known = sizes.setdefault(label, n)
            if known == 1:
                sizes[label] = n
            elif n not in (1, known):
                shown = ", ".join(str(t.shape) for t in tensors)
                raise ValueError(
                    f"einsum: index {label!r} stands for sizes {known} and {n}. Received: "
                    f"subscripts={subscripts!r}, shapes {shown}"
                )
    for i, (labels, x) in enumerate(zip(inputs, tensors, strict=True)):
        shape = tuple(sizes[label] for label in labels)
        if shape != x.shape:
            tensors[i] = broadcast_to(x, shape)


def _diagonals(x: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """One axis for each index."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            if x.shape[first] != x.shape[second]:
                raise ValueError(
                    f"einsum: index {label!r} stands twice for one operand, for sizes "
                    f"{x.shape[first]} and {x.shape[second]}"
                )
            places = np.arange(x.shape[first])
            x = getitem(moveaxis(x, (first, second), (0, 1)), (places, places))
            rest = [c for i, c in enumerate(labels) if i not in (first, second)]
            labels = [label, *rest]
    return x, labels


def _sum_out(x: Tensor, labels: Labels, keep: set[str]) -> tuple[Tensor, Labels]:
    """Summed over the axes whose index is not to be kept."""
    axes = tuple(i for i, label in enumerate(labels) if label not in keep)
    if not axes:
        return x, labels
    return sum(x, axes), [label for label in labels if label in keep]


def _arrange(x: Tensor, labels: Labels, output: Labels) -> Tensor:
    """The axes in another order."""
    if labels == output:
        return x
    return transpose(x, tuple(labels.index(label) for label in output))


def _product(
    a: Tensor, a_labels: Labels, b: Tensor, b_labels: Labels, keep: set[str]
) -> tuple[Tensor, Labels]:
    """Two operands as one matrix product, batched over the indices that both have and keep."""
    a, a_labels = _sum_out(a, a_labels, keep | set(b_labels))
    b, b_labels = _sum_out(b, b_labels, keep | set(a_labels))
    both = [label for label in a_labels if label in b_labels]
    batch = [label for label in both if label in keep]
    inner = [label for label in both if label not in keep]
    rows = [label for label in a_labels if label not in both]
    columns = [label for label in b_labels if label not in both]
    if not inner and not rows and not columns:
        return multiply(a, _arrange(b, b_labels, a_labels)), a_labels
    size = dict(zip(a_labels + b_labels, a.shape + b.shape, strict=True))

    def shape(*groups: Labels) -> tuple[int, ...]:
        lead = tuple(size[label] for label in batch)
        return lead + tuple(math.prod(size[label] for label in group) for group in groups)

    a = reshape(_arrange(a, a_labels, batch + rows + inner), shape(rows, inner))
    b = reshape(_arrange(b, b_labels, batch + inner + columns), shape(inner, columns))
    labels = batch + rows + columns
    return reshape(_matmul(a, b), tuple(size[label] for label in labels)), labels
