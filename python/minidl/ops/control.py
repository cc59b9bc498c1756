"""Loops and branches as functions: plain Python, recorded by the tape as it runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minidl._tape import as_tensor, record, wrap
from minidl.ops.joining import stack


def _leaves(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [leaf for v in structure.values() for leaf in _leaves(v)]
    nested = isinstance(structure, (tuple, list)) and any(np.ndim(v) for v in structure)
    return [leaf for v in structure for leaf in _leaves(v)] if nested else [structure]


def _rows(xs: Any) -> int:
    """The common number of rows."""
    counts = {len(as_tensor(x)) for x in _leaves(xs)}
    if len(counts) != 1:
        raise ValueError(f"`xs` must have one number of rows. Received: {sorted(counts)}")
    return counts.pop()


def _map(fn: Callable, structure: Any) -> Any:
    if isinstance(structure, dict):
        return {k: _map(fn, v) for k, v in structure.items()}
    if isinstance(structure, (tuple, list)) and any(np.ndim(v) for v in structure):
        return type(structure)(_map(fn, v) for v in structure)
    return fn(structure)


def _stack(results: list[Any]) -> Any:
    """Results of all rows as one structure."""
    first = results[0] if results else None
    if first is None:
        return None
    if isinstance(first, dict):
        return {k: _stack([r[k] for r in results]) for k in first}
    if isinstance(first, (tuple, list)):
        return type(first)(_stack([r[i] for r in results]) for i in range(len(first)))
    return stack([as_tensor(r) for r in results])


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """`true_fn()` or `false_fn()`.

    Args:
        pred: a bool or a tensor with one.
        true_fn: called where it is true.
        false_fn: called where it is false.

    Returns:
        What the function gives.

    Source: `keras.ops.cond`.

    >>> cond(True, lambda: 1, lambda: 2)
    1
    """
    return true_fn() if bool(pred) else false_fn()


def switch(index: Any, branches: Sequence[Callable], *operands: Any) -> Any:
    """One of several functions, by its number.

    Args:
        index: the number; outside ones are moved to the nearest.
        branches: the functions.
        operands: their arguments.

    Returns:
        What the function gives.

    Source: `keras.ops.switch`.

    >>> switch(1, [abs, lambda x: x + 1], 3)
    4
    """
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


def while_loop(
    cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """`body` again and again while `cond` holds; both take the loop variables.

    Args:
        cond: gives a bool.
        body: gives the next loop variables.
        loop_vars: a tuple or list of them, or one.
        maximum_iterations: the most rounds; None for no limit.

    Returns:
        The loop variables at the end.

    Source: `keras.ops.while_loop`.

    >>> while_loop(lambda i: i < 5, lambda i: i + 2, 0)
    6
    """
    single = not isinstance(loop_vars, (tuple, list))
    state = (loop_vars,) if single else tuple(loop_vars)
    rounds = 0
    while bool(cond(*state)) and (maximum_iterations is None or rounds < maximum_iterations):
        new = body(*state)
        state = tuple(new) if isinstance(new, (tuple, list)) else (new,)
        rounds += 1
    return state[0] if single else state


def fori_loop(lower: Any, upper: Any, body_fun: Callable, init_val: Any) -> Any:
    """`value = body_fun(i, value)` for i from `lower` to `upper`, that not included.

    Args:
        lower: the first number.
        upper: the end.
        body_fun: gives the next value.
        init_val: the first value.

    Returns:
        The last value.

    Source: `keras.ops.fori_loop`.

    >>> fori_loop(0, 4, lambda i, s: s + i, 0)
    6
    """
    for i in range(int(lower), int(upper)):
        init_val = body_fun(i, init_val)
    return init_val


def scan(
    f: Callable,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> tuple[Any, Any]:
    """`carry, y = f(carry, x)` for each row of `xs`.

    Args:
        f: the function.
        init: the first carry.
        xs: a tensor, or a tuple, list or dict of tensors with one number of rows; None
            gives `f` None.
        length: the number of rows, needed without `xs`.
        reverse: whether the last row comes first.
        unroll: loops are Python's: no matter here.

    Returns:
        The last carry, and the stacked `y` (None where `f` gives None).

    Raises:
        ValueError: if there is no number of rows.

    Source: `keras.ops.scan`.

    >>> scan(lambda c, x: (c + x, c), 0.0, [1.0, 2.0, 3.0])
    (Tensor(6., shape=(), dtype=float32), Tensor([0., 1., 3.], shape=(3,), dtype=float32))
    """
    count = _rows(xs) if xs is not None else length
    if count is None or (length is not None and length != count):
        raise ValueError(
            f"`length` must be the number of rows of `xs`. Received: {length}, {count}"
        )
    results = []
    for i in reversed(range(count)) if reverse else range(count):
        init, y = f(init, None if xs is None else _map(lambda x, i=i: as_tensor(x)[i], xs))
        results.append(y)
    return init, _stack(results[::-1] if reverse else results)


def map(f: Callable, xs: Any) -> Any:
    """`f` of each row, stacked.

    Args:
        f: a function of one row.
        xs: a tensor, or a tuple, list or dict of tensors with one number of rows.

    Returns:
        The stacked results.

    Source: `keras.ops.map`.

    >>> map(lambda x: x * 2, [1.0, 2.0])
    Tensor([2., 4.], shape=(2,), dtype=float32)
    """
    return _stack([f(_map(lambda x, i=i: as_tensor(x)[i], xs)) for i in range(_rows(xs))])


def vectorized_map(function: Callable, elements: Any) -> Any:
    """`function` of each row, stacked; the same as `map`.

    Args:
        function: a function of one row.
        elements: a tensor, or a tuple, list or dict of tensors with one number of rows.

    Returns:
        The stacked results.

    Source: `keras.ops.vectorized_map`.

    >>> vectorized_map(lambda x: x * 2, [1.0, 2.0])
    Tensor([2., 4.], shape=(2,), dtype=float32)
    """
    return map(function, elements)


def custom_gradient(f: Callable) -> Callable:
    """A function whose gradient is written by hand.

    Args:
        f: a function of tensors that gives `(result, gradient)`: `gradient(upstream)` gives
            the gradient for each argument, one or a tuple.

    Returns:
        A function of the same arguments that gives the result.

    Source: `keras.ops.custom_gradient`.

    >>> import minidl
    >>> @custom_gradient
    ... def half_gradient(x):
    ...     return x * 1.0, lambda upstream: upstream * 0.5
    >>> x = minidl.Variable([2.0])
    >>> with minidl.GradientTape() as tape:
    ...     y = half_gradient(x)
    >>> tape.gradient(y, x).numpy()
    array([0.5], dtype=float32)
    """

    @functools.wraps(f)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        tensors = [as_tensor(a) for a in args]
        out, gradient = f(*tensors, **kwargs)
        several = isinstance(out, (tuple, list))
        plain = tuple(wrap(as_tensor(y).data) for y in (out if several else [out]))

        def backward(dy: Any) -> tuple:
            if several:  # where nothing flows back, zeros
                dy = [
                    np.zeros(y.shape, y.dtype) if g is None else g
                    for g, y in zip(dy, plain, strict=True)
                ]
            grads = gradient(*dy) if several else gradient(dy)
            return tuple(grads) if isinstance(grads, (tuple, list)) else (grads,)

        return record(plain if several else plain[0], tuple(tensors), backward)

    return wrapper
