"""Operators that hand on a state: causal convolution and linear attention, step after step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ..._tape import Tensor
from ._attention import _heads
from ._registry import Refused, operator


@operator("CausalConvWithState")
def _causal_conv(activation="none"):
    if activation not in ("none", "silu", "swish"):
        raise Refused(f"attribute activation={activation!r}")

    def run(x, weight, bias=None, past=None):
        if x.ndim != 3 or weight.ndim != 3 or weight.shape[:2] != (x.shape[1], 1):
            raise ValueError(f"shapes {tuple(x.shape)} and {tuple(weight.shape)} do not fit")
        size = weight.shape[2]
        if past is None:
            past = Tensor(np.zeros((*x.shape[:2], size - 1), x.data.dtype))
        whole = ops.concatenate([past, x], 2)
        kernel = ops.transpose(weight, (2, 0, 1))
        out = ops.depthwise_conv1d(ops.transpose(whole, (0, 2, 1)), kernel, bias)
        out = ops.transpose(out, (0, 2, 1))
        out = out if activation == "none" else ops.silu(out)
        return out, whole[:, :, whole.shape[2] - (size - 1) :]

    return run


@operator("LinearAttention")
def _linear_attention(
    kv_num_heads, q_num_heads, chunk_size=64, scale=0.0, update_rule="gated_delta"
):
    if update_rule not in ("linear", "gated", "delta", "gated_delta"):
        raise Refused(f"attribute update_rule={update_rule!r}")
    if min(kv_num_heads, q_num_heads) < 1 or q_num_heads % kv_num_heads:
        raise ValueError(f"{q_num_heads} heads of queries for {kv_num_heads} of keys")
    gated, corrected = "gated" in update_rule, "delta" in update_rule
    times = q_num_heads // kv_num_heads

    def run(query, key, value, state=None, decay=None, beta=None):
        if (decay is None) == gated or (beta is None) == corrected:
            raise ValueError(f"the inputs decay and beta do not fit {update_rule!r}")
        q, k, v = _heads(query, q_num_heads), _heads(key, kv_num_heads), _heads(value, kv_num_heads)
        factor = scale or 1 / math.sqrt(q.shape[3])
        if state is None:
            shape = (*k.shape[:2], k.shape[3], v.shape[3])
            state = Tensor(np.zeros(shape, query.data.dtype))
        decay = None if decay is None else _heads(decay, kv_num_heads)
        beta = None if beta is None else _heads(beta, min(beta.shape[2], kv_num_heads))
        outputs = []
        for t in range(q.shape[2]):
            if decay is not None:
                state = state * ops.expand_dims(ops.exp(decay[:, :, t]), -1)
            key_t, value_t = ops.expand_dims(k[:, :, t], -1), v[:, :, t]
            if beta is not None:
                known = ops.sum(state * key_t, 2)
                value_t = beta[:, :, t] * (value_t - known)
            state = state + key_t * ops.expand_dims(value_t, 2)
            seen: Any = state if times == 1 else ops.repeat(state, times, 1)
            outputs.append(ops.sum(ops.expand_dims(q[:, :, t], -1) * seen, 2) * factor)
        out = ops.stack(outputs, 1)
        return ops.reshape(out, (*out.shape[:2], -1)), state

    return run
