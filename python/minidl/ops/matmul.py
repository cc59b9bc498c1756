"""Matrix products."""

from __future__ import annotations

from minidl import _core
from minidl._tape import Tensor, as_floats, record, wrap
from minidl.ops._typing import TensorLike
from minidl.ops.activations import _plain_relu_grad
from minidl.ops.reduce import sum
from minidl.ops.shape import reshape


def matmul(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The matrix product, over the last two axes; leading axes broadcast.

    Args:
        x1: float tensor of shape (..., m, k), or (k,).
        x2: float tensor of shape (..., k, n), or (k,).

    Returns:
        A tensor of shape (..., m, n), without the axis of an operand that had only one.

    Raises:
        ValueError: if the inner sizes differ, leading axes do not broadcast, or an operand has no
            axis.
        TypeError: for float32 beside float64.

    Source: `keras.ops.matmul`.

    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
    Tensor([[11.]], shape=(1, 1), dtype=float32)
    """
    x1, x2 = as_floats(x1, x2)
    if x1.ndim == 0 or x2.ndim == 0:
        raise ValueError(
            f"matmul needs operands with at least one axis. Received: shapes {x1.shape} and "
            f"{x2.shape}"
        )
    inner = x2.shape[-2] if x2.ndim > 1 else x2.shape[0]
    if x1.shape[-1] != inner:
        raise ValueError(
            f"matmul: the last axis of x1 has size {x1.shape[-1]} and x2 expects {inner}. "
            f"Received: shapes {x1.shape} and {x2.shape}"
        )
    row, column = x1.ndim == 1, x2.ndim == 1
    leading = x1.shape[:-1]
    if row:
        x1 = reshape(x1, (1, x1.shape[0]))
    if column:
        x2 = reshape(x2, (x2.shape[0], 1))
    if x2.ndim == 2 and x1.ndim > 2:
        # One product over all rows, and one for the gradient of x2.
        x1 = reshape(x1, (-1, x1.shape[-1])) if x1.size else x1
        y = _matmul(x1, x2)
        return reshape(y, leading if column else (*leading, x2.shape[1]))
    y = _matmul(x1, x2)
    if row or column:
        y = reshape(y, y.shape[: -1 - row] + (() if column else y.shape[-1:]))
    return y


def _matmul(x1: Tensor, x2: Tensor, t1: bool = False, t2: bool = False) -> Tensor:
    """`op(x1) @ op(x2)`, where t1 and t2 transpose the last two axes without a copy."""
    return record(
        _core.matmul(x1.data, x2.data, t1, t2),
        (x1, x2),
        (
            lambda dy, x1, x2: _matmul(x2, dy, t2, True) if t1 else _matmul(dy, x2, False, not t2),
            lambda dy, x1, x2: _matmul(dy, x1, True, t1) if t2 else _matmul(x1, dy, not t1, False),
        ),
        (x1, x2),
        True,
    )


def dense(
    x: TensorLike,
    kernel: TensorLike,
    bias: TensorLike | None = None,
    activation: str | None = None,
) -> Tensor:
    """`x @ kernel + bias`, with an activation, in one call.

    Args:
        x: float tensor of shape (..., inputs).
        kernel: float tensor of shape (inputs, units).
        bias: float tensor of shape (units,), or None.
        activation: None, "linear" or "relu".

    Returns:
        A tensor of shape (..., units).

    Raises:
        ValueError: if the shapes do not fit, or for another activation.
        TypeError: for float32 beside float64.

    Source: the call of `keras.layers.Dense`.

    >>> dense([[1.0, -2.0]], [[1.0], [1.0]], [0.5], activation="relu")
    Tensor([[0.]], shape=(1, 1), dtype=float32)
    """
    x, kernel, bias = as_floats(x, kernel, optional=(bias,))
    if kernel.ndim != 2:
        raise ValueError(f"dense: kernel must be (inputs, units). Received: shape {kernel.shape}")
    inputs, units = kernel.shape
    if x.ndim == 0 or x.shape[-1] != inputs:
        raise ValueError(
            f"dense: the last axis of x must have size {inputs}, as kernel {kernel.shape} expects. "
            f"Received: x of shape {x.shape}"
        )
    if bias is not None and bias.shape != (units,):
        raise ValueError(f"dense: bias must have shape ({units},). Received: {bias.shape}")
    shape = x.shape
    if x.ndim != 2:
        x = reshape(x, (x.size // inputs if inputs else 0, inputs))
    array = _core.matmul(
        x.data,
        kernel.data,
        bias=None if bias is None else bias.data,
        activation=fused_activation(activation),
    )
    y = record(
        array,
        (x, kernel, bias),
        (
            lambda dy, x, kernel: _matmul(dy, kernel, False, True),
            lambda dy, x, kernel: _matmul(x, dy, True, False),
            lambda dy, x, kernel: sum(dy, 0),
        ),
        (x, kernel),
    )
    if activation == "relu":
        y = fused_relu(y)
    return y if len(shape) == 2 else reshape(y, (*shape[:-1], units))


def fused_activation(activation: str | None) -> str:
    """The kernel's word for an activation that can be fused."""
    if activation not in (None, "linear", "relu"):
        raise ValueError(
            f"Only 'linear' and 'relu' can be fused; apply others of minidl.ops to the result. "
            f"Received: activation={activation!r}"
        )
    return activation or "linear"


def fused_relu(y: Tensor) -> Tensor:
    """Record the relu that a kernel has already applied to `y`, as an op of its own."""
    result = wrap(y.data)
    result._rectified = True
    return record(result, (y,), (_plain_relu_grad,), (result,))
