"""Attention: in tiles that never hold the scores, or in ops that do."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from minidl import _core
from minidl._tape import Tensor, as_floats, as_tensor, is_recording, record, wrap
from minidl.ops._checks import read_number
from minidl.ops._typing import TensorLike
from minidl.ops.activations import tanh
from minidl.ops.indexing import where
from minidl.ops.joining import repeat
from minidl.ops.matmul import _matmul
from minidl.ops.reduce import sum, sum_to
from minidl.ops.shape import reshape, transpose
from minidl.ops.softmax import softmax


class _Settings(NamedTuple):
    """What is fixed beside the tensors."""

    mask: np.ndarray | None
    scale: float
    causal: bool
    rate: float
    seed: int


def dot_product_attention(
    query: TensorLike,
    key: TensorLike,
    value: TensorLike,
    bias: TensorLike | None = None,
    mask: TensorLike | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
    *,
    dropout_rate: float = 0.0,
    seed: int | None = None,
    return_attention_scores: bool = False,
) -> Any:
    """`softmax(scale * query keyᵀ + bias, where mask) value`, for each head.

    Memory grows with the lengths, not with their product: scores exist in tiles only, forward and
    backward. Three things need the whole matrix of scores, and hold it: the gradient of a bias,
    `attn_logits_soft_cap` and `return_attention_scores`; a second derivative does too.

    Args:
        query: float tensor of shape (batch, queries, heads, dim).
        key: float tensor of shape (batch, keys, key heads, dim); the heads are a multiple of the
            key heads, each of which serves as many neighbouring heads.
        value: float tensor of shape (batch, keys, key heads, value dim).
        bias: float tensor that broadcasts to (batch, heads, queries, keys), added to the scores.
        mask: bool tensor that broadcasts likewise; False hides a key from a query.
        scale: factor of the scores; None means 1 / sqrt(dim).
        is_causal: whether query i sees the keys up to i only.
        flash_attention: None, True or False; there is one way, and it is tiled.
        attn_logits_soft_cap: a number c turns scores s into c tanh(s / c) before bias and mask.
        dropout_rate: share of the weights set to zero, in [0, 1).
        seed: integer that decides which; the same one drops the same, at any number of threads.
        return_attention_scores: whether the weights are returned too.

    Returns:
        A tensor of shape (batch, queries, heads, value dim). A query that sees no key gives
        zeros, with zero gradients (Keras gives the mean of all values there). With
        `return_attention_scores`, a pair: that, and the weights before dropout, of shape (batch,
        heads, queries, keys). It can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: `keras.ops.dot_product_attention`; the tiling is FlashAttention-2's (Dao, 2023).

    >>> import minidl
    >>> x = minidl.ops.ones((2, 5, 4, 8))
    >>> dot_product_attention(x, x, x, is_causal=True).shape
    (2, 5, 4, 8)
    """
    query, key, value, bias = as_floats(query, key, value, optional=(bias,))
    for name, x in (("query", query), ("key", key), ("value", value)):
        if x.ndim != 4:
            raise ValueError(
                f"dot_product_attention: {name} must have 4 axes (batch, time, heads, dim). "
                f"Received: shape {x.shape}"
            )
    wide = (query.shape[0], query.shape[2], query.shape[1], key.shape[1])
    if bias is not None:
        bias = reshape(bias, _four_axes(bias.shape, wide, "bias"))
    if mask is not None:
        mask = as_tensor(mask).data.astype(bool, copy=False)
        mask = mask.reshape(_four_axes(mask.shape, wide, "mask"))
    name = "dot_product_attention"
    if scale is None:
        scale = 1 / math.sqrt(max(query.shape[3], 1))
    rate = read_number(dropout_rate, "dropout_rate", name)
    if not 0 <= rate < 1:
        raise ValueError(f"{name}: `dropout_rate` must be in [0, 1). Received: dropout_rate={rate}")
    if rate and seed is None:
        raise ValueError(f"{name}: dropout needs a `seed`. Received: seed=None")
    settings = _Settings(
        mask,
        read_number(scale, "scale", name),
        bool(is_causal),
        rate,
        int(seed or 0) & 0x7FFFFFFFFFFFFFFF,
    )
    if attn_logits_soft_cap is None and not return_attention_scores:
        return _tiled(query, key, value, bias, settings)
    cap = None
    if attn_logits_soft_cap is not None:
        cap = read_number(attn_logits_soft_cap, "attn_logits_soft_cap", name)
        if not cap > 0:
            raise ValueError(f"{name}: `attn_logits_soft_cap` must be positive. Received: {cap}")
    _tiled(query[:, :0], key, value, None, settings._replace(mask=None))  # checks the shapes
    weights = _weights(query, key, bias, settings, cap)
    factors = _dropout_factors(weights, settings)
    dropped = weights if factors is None else weights * factors
    out = transpose(_matmul(dropped, _by_heads(value, query.shape[2])), (0, 2, 1, 3))
    return (out, weights) if return_attention_scores else out


def _tiled(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, settings: _Settings
) -> Tensor:
    """Attention by the kernels."""
    out, log_sum = _core.dot_product_attention(
        query.data, key.data, value.data, None if bias is None else bias.data, *settings
    )
    wants_bias = bias is not None and is_recording(bias)

    def gradients(dy, query, key, value, bias):
        if is_recording(dy, query, key, value, bias):
            return _gradients_in_ops(dy, query, key, value, bias, settings)
        slopes = _core.dot_product_attention_grad(
            dy.data,
            query.data,
            key.data,
            value.data,
            None if bias is None else bias.data,
            settings.mask,
            out,
            log_sum,
            *settings[1:],
        )
        dbias = None
        if wants_bias:
            dbias = _gradients_in_ops(dy, query, key, value, bias, settings)[3]
        return *(wrap(slope) for slope in slopes), dbias

    inputs = (query, key, value, bias)
    return record(out, inputs, gradients, inputs)


def _gradients_in_ops(
    dy: Tensor, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, settings: _Settings
) -> tuple:
    """The gradients with all scores held, in ops: for a bias, and for tapes around the tape."""
    heads, key_heads = query.shape[2], key.shape[2]
    weights = _weights(query, key, bias, settings)
    factors = _dropout_factors(weights, settings)
    dout = transpose(dy, (0, 2, 1, 3))
    dweights = _matmul(dout, _by_heads(value, heads), False, True)
    dropped = weights
    if factors is not None:
        dweights, dropped = dweights * factors, weights * factors
    dscores = weights * (dweights - sum(dweights * weights, -1, True))
    dquery = _matmul(dscores, _by_heads(key, heads)) * settings.scale
    dkey = _matmul(dscores, _by_heads(query, heads), True, False) * settings.scale
    dvalue = _matmul(dropped, dout, True, False)
    dbias = None if bias is None else sum_to(dscores, bias.shape)
    return (
        transpose(dquery, (0, 2, 1, 3)),
        _back_to_time(dkey, key_heads),
        _back_to_time(dvalue, key_heads),
        dbias,
    )


def _weights(
    query: Tensor, key: Tensor, bias: Tensor | None, settings: _Settings, cap: float | None = None
) -> Tensor:
    """The softmax of all scores, of shape (batch, heads, queries, keys); zeros where masked."""
    heads = query.shape[2]
    scores = _matmul(_by_heads(query, heads) * settings.scale, _by_heads(key, heads), False, True)
    if cap is not None:
        scores = tanh(scores * (1 / cap)) * cap
    if bias is not None:
        scores = scores + bias
    seen = settings.mask
    if settings.causal:
        causal = np.tri(scores.shape[2], scores.shape[3], dtype=bool)
        seen = causal if seen is None else seen & causal
    if bias is not None and np.isneginf(bias.data).any():
        seen = ~np.isneginf(bias.data) & (True if seen is None else seen)
    return masked_softmax(scores, seen)


def masked_softmax(scores: Tensor, seen: np.ndarray | None) -> Tensor:
    """The softmax over the last axis where `seen`, zeros elsewhere: also in a row of no key."""
    if not scores.size:
        return scores
    if seen is None:
        return softmax(scores)
    least = float(np.finfo(scores.dtype).min) / 2  # finite, so that a row of them gives no NaN
    return where(seen, softmax(where(seen, scores, least)), 0.0)


def _by_heads(x: Tensor, heads: int) -> Tensor:
    """(batch, heads, time, dim), each head repeated until there are `heads`."""
    x = transpose(x, (0, 2, 1, 3))
    return x if x.shape[1] == heads else repeat(x, heads // x.shape[1], 1)


def _back_to_time(x: Tensor, heads: int) -> Tensor:
    """The reverse of `_by_heads`, summed over what was repeated."""
    batch, many, time, dim = x.shape
    if many != heads:
        x = sum(reshape(x, (batch, heads, many // heads, time, dim)), 2)
    return transpose(x, (0, 2, 1, 3))


def _mix64(x: np.ndarray) -> np.ndarray:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _dropout_factors(weights: Tensor, settings: _Settings) -> Tensor | None:
    """What the kernels multiply the weights by (csrc/kernels/hash.h), None without dropout."""
    if not settings.rate:
        return None
    *rows, keys = weights.shape
    with np.errstate(over="ignore"):
        start = _mix64(np.array([settings.seed], np.uint64))
        key = _mix64(start + np.arange(math.prod(rows), dtype=np.uint64))[:, None]
        first, second = (k.astype(np.uint32) for k in (key, key >> np.uint64(32)))
        h = np.arange(keys, dtype=np.uint32) ^ first
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
        h = ((h ^ (h >> np.uint32(15))) + second) * np.uint32(0x846CA68B)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x9E3779B1)
        h = h ^ (h >> np.uint32(15))
    least = min(math.ceil(settings.rate * 2**32), 2**32 - 1)
    kept = (h >= np.uint32(least)).astype(weights.dtype) * weights.dtype.type(
        1 / (1 - settings.rate)
    )
    return wrap(kept.reshape(weights.shape))


def _four_axes(shape: tuple[int, ...], wide: tuple[int, ...], name: str) -> tuple[int, ...]:
    """`shape` with axes of one in front; ValueError where it does not broadcast to `wide`."""
    full = (1,) * (4 - len(shape)) + shape
    if len(full) != 4 or any(n not in (1, m) for n, m in zip(full, wide, strict=True)):
        raise ValueError(
            f"dot_product_attention: {name} must broadcast to (batch, heads, queries, keys), here "
            f"{wide}. Received: {name} of shape {shape}"
        )
    return full
