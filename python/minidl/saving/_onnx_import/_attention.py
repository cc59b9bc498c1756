"""Attention, and the rotation of positions that goes with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ..._tape import Tensor
from ._read import dtype_of
from ._registry import operator


def _heads(x: Any, count: int | None) -> Any:
    """(batch, heads, time, dim) of (batch, time, heads * dim)."""
    if x.ndim == 4:
        return x
    if x.ndim != 3 or not count or x.shape[2] % count:
        raise ValueError(f"shape {tuple(x.shape)} cannot be split into {count} heads")
    split = ops.reshape(x, (x.shape[0], x.shape[1], count, x.shape[2] // count))
    return ops.transpose(split, (0, 2, 1, 3))


def _widened(mask: Any, keys: int) -> Any:
    """A mask for all keys: those that it does not name are hidden."""
    missing = keys - mask.shape[-1]
    if missing <= 0:
        return mask
    hidden = False if mask.data.dtype.kind == "b" else -np.inf
    return ops.pad(mask, [*[(0, 0)] * (mask.ndim - 1), (0, missing)], constant_values=hidden)


def _seen(
    queries: int, keys: int, offset: np.ndarray, causal: bool, left: int, right: int
) -> np.ndarray | None:
    """Which keys each query sees by its place: (queries, keys), or with (batch, 1) in front."""
    if not causal and left < 0 and right < 0:
        return None
    apart = np.arange(queries)[:, None] + offset[..., None, None] - np.arange(keys)
    seen = np.ones(apart.shape, bool)
    if causal:
        seen &= apart >= 0
    if left >= 0:
        seen &= apart <= left
    if right >= 0:
        seen &= -apart <= right
    return seen[:, None] if seen.ndim == 3 else seen


@operator("Attention")
def _attention(
    is_causal=0, kv_num_heads=None, q_num_heads=None, qk_matmul_output_mode=0, scale=None,
    softcap=0.0, softmax_precision=None, left_window_size=-1, right_window_size=-1,
):  # fmt: skip
    if qk_matmul_output_mode not in (0, 1, 2, 3):
        raise ValueError(f"qk_matmul_output_mode={qk_matmul_output_mode}")
    if min(left_window_size, right_window_size) < -1:
        raise ValueError(f"windows of {left_window_size} and {right_window_size}")
    wide = None if softmax_precision is None else dtype_of(softmax_precision, "softmax_precision")

    def run(q, k, v, mask=None, past_key=None, past_value=None, lengths=None):
        if (past_key is None) != (past_value is None):
            raise ValueError("past_key and past_value come together")
        flat = q.ndim == 3
        q, k, v = _heads(q, q_num_heads), _heads(k, kv_num_heads), _heads(v, kv_num_heads)
        offset = np.zeros((), "int64")
        if past_key is not None:
            offset = np.asarray(past_key.shape[2])
            k, v = ops.concatenate([past_key, k], 2), ops.concatenate([past_value, v], 2)
        elif lengths is not None:
            offset = np.asarray(lengths.data).reshape(-1) - q.shape[2]
        present = k, v
        if q.shape[1] % k.shape[1]:
            raise ValueError(f"{q.shape[1]} heads of queries for {k.shape[1]} of keys")
        times = q.shape[1] // k.shape[1]
        if times > 1:
            k, v = ops.repeat(k, times, 1), ops.repeat(v, times, 1)
        factor = 1 / math.sqrt(q.shape[3]) if scale is None else scale
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) * factor
        capped = ops.tanh(scores / softcap) * softcap if softcap > 0 else scores
        seen = _seen(
            q.shape[2], k.shape[2], offset, bool(is_causal), left_window_size, right_window_size
        )
        if lengths is not None:
            real = np.arange(k.shape[2]) < np.asarray(lengths.data).reshape(-1, 1, 1, 1)
            seen = real if seen is None else seen & real
        biased, seen = _biased(capped, mask, seen)
        weights = _weights(biased if wide is None else ops.cast(biased, wide), seen)
        weights = ops.cast(weights, q.data.dtype)
        out = ops.matmul(weights, v)
        if flat:
            out = ops.transpose(out, (0, 2, 1, 3))
            out = ops.reshape(out, (*out.shape[:2], -1))
        return out, *present, (capped, capped, biased, weights)[qk_matmul_output_mode]

    return run


def _biased(scores: Any, mask: Any, seen: np.ndarray | None) -> tuple[Any, np.ndarray | None]:
    """The scores with what the mask adds, and which of them count at all."""
    if mask is not None:
        mask = _widened(mask, scores.shape[-1])
        values = np.asarray(mask.data)
        counts = values if values.dtype.kind == "b" else ~np.isneginf(values)
        seen = counts if seen is None else seen & counts
        if values.dtype.kind == "f":
            scores = scores + ops.where(counts, mask, ops.zeros_like(mask))
    if seen is None:
        return scores, None
    hidden = Tensor(np.full((), -np.inf, scores.data.dtype))
    return ops.where(np.broadcast_to(seen, scores.shape), scores, hidden), seen


def _weights(scores: Any, seen: np.ndarray | None) -> Any:
    """The softmax over the keys; zeros in a row that sees none."""
    if seen is None:
        return ops.softmax(scores)
    seen = np.broadcast_to(seen, scores.shape)
    least = Tensor(np.full((), np.finfo(scores.data.dtype).min / 2, scores.data.dtype))
    weights = ops.softmax(ops.where(seen, scores, least))
    return ops.where(seen, weights, ops.zeros_like(weights))


@operator("RotaryEmbedding")
def _rotary_embedding(interleaved=0, num_heads=0, rotary_embedding_dim=0):
    def run(x, cosines, sines, positions=None):
        flat = x.ndim == 3
        heads = _heads(x, num_heads)
        size = rotary_embedding_dim or heads.shape[3]
        if positions is not None:
            cosines, sines = (ops.take(v, np.asarray(positions.data), 0) for v in (cosines, sines))
        cosines, sines = ops.expand_dims(cosines, 1), ops.expand_dims(sines, 1)
        turned, rest = heads[..., :size], heads[..., size:]
        if interleaved:
            a, b = turned[..., 0::2], turned[..., 1::2]
        else:
            a, b = ops.split(turned, 2, -1)
        real, imaginary = cosines * a - sines * b, sines * a + cosines * b
        if interleaved:
            turned = ops.reshape(ops.stack([real, imaginary], -1), turned.shape)
        else:
            turned = ops.concatenate([real, imaginary], -1)
        out = ops.concatenate([turned, rest], -1)
        if not flat:
            return out
        return ops.reshape(ops.transpose(out, (0, 2, 1, 3)), x.shape)

    return run
