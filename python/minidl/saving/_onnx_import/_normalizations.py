"""Normalisation, in the form it has in inference."""

from __future__ import annotations

import numpy as np

from ... import ops
from ..._tape import Tensor
from ._program import Images, channels_last
from ._registry import IMAGES, Refused, axes_in, is_float, operator


@operator("BatchNormalization", layout=IMAGES)
def _batch_normalization(epsilon=1e-5, momentum=0.9, training_mode=0, spatial=1, _outputs=1):
    if _outputs > 1 and not training_mode:
        raise Refused("more than one output, those of training")
    if not spatial:
        raise Refused("attribute spatial=0")

    def run(x, scale, bias, mean, variance):
        if x.ndim < 2:
            raise ValueError(f"the input has {x.ndim} axes")
        last = x if x.ndim == 2 else channels_last(x)
        kept = ()
        if training_mode:  # by the batch's own statistics; the kept ones move towards them
            axes = tuple(range(last.ndim - 1))
            batch_mean = ops.mean(last, axes)
            batch_variance = ops.mean(ops.square(last - batch_mean), axes)
            kept = tuple(
                ops.stop_gradient(old * momentum + new * (1 - momentum))
                for old, new in ((mean, batch_mean), (variance, batch_variance))
            )
            mean, variance = batch_mean, batch_variance
        out = ops.batch_normalization(last, mean, variance, -1, bias, scale, epsilon)
        out = out if x.ndim == 2 else Images(out)
        return (out, *kept) if kept else out

    return run


@operator("InstanceNormalization", layout=IMAGES)
def _instance_normalization(epsilon=1e-5):
    def run(x, scale, bias):
        x = channels_last(x)
        return Images(ops.group_normalization(x, x.shape[-1], scale, bias, -1, epsilon))

    return run


@operator("GroupNormalization", layout=IMAGES)
def _group_normalization(num_groups, epsilon=1e-5, stash_type=1, _version=21):
    def run(x, scale, bias):
        x = channels_last(x)
        groups, channels = num_groups, x.shape[-1]
        if _version < 21 and scale.shape[0] == groups:  # then: one number for each group
            scale, bias = (ops.repeat(v, channels // groups, 0) for v in (scale, bias))
        return Images(ops.group_normalization(x, groups, scale, bias, -1, epsilon))

    return run


@operator("LayerNormalization")
def _layer_normalization(axis=-1, epsilon=1e-5, stash_type=1, _outputs=1):
    def run(x, scale, bias=None):
        (first,) = axes_in([axis], x.ndim)
        axes = list(range(first, x.ndim))
        shape = tuple(x.shape[first:])
        gamma, beta = (
            v if v is None or tuple(v.shape) == shape else ops.broadcast_to(v, shape)
            for v in (scale, bias)
        )
        y = ops.layer_normalization(x, gamma, beta, axes, epsilon)
        if _outputs == 1:
            return y
        mean = ops.mean(x, axes, True)
        spread = ops.mean(ops.square(x - mean), axes, True)
        return y, mean, ops.rsqrt(spread + epsilon)

    return run


@operator("RMSNormalization")
def _rms_normalization(axis=-1, epsilon=1e-5, stash_type=1):
    def run(x, scale):
        (first,) = axes_in([axis], x.ndim)
        axes = list(range(first, x.ndim))
        return ops.rms_normalization(x, None, axes, epsilon) * scale

    return run


@operator("LpNormalization")
def _lp_normalization(axis=-1, p=2):
    if p not in (1, 2):
        raise ValueError(f"p={p}")

    def run(x):
        total = ops.sum(ops.abs(x) if p == 1 else x * x, axis, True)
        norm = total if p == 1 else ops.sqrt(total)
        return ops.where(norm > 0, x / ops.where(norm > 0, norm, ops.ones_like(norm)), 0.0 * x)

    return run


@operator("MeanVarianceNormalization")
def _mean_variance_normalization(axes=None):
    def run(x):
        along = [0, 2, 3] if axes is None else axes
        off = x - ops.mean(x, along, True)
        return off / (ops.sqrt(ops.mean(off * off, along, True)) + 1e-9)

    return run


@operator("LRN")
def _lrn(size, alpha=1e-4, beta=0.75, bias=1.0):
    if size < 1:
        raise ValueError(f"size={size}")

    def run(x):
        if not is_float(x) or x.ndim < 2:
            raise ValueError("floats of at least 2 axes are wanted")
        n = x.shape[1]
        before, after = min((size - 1) // 2, n), min(size // 2, n)  # there is nothing beyond
        square = ops.moveaxis(x * x, 1, -1)
        wide = ops.pad(square, [*[(0, 0)] * (x.ndim - 1), (before, after)])
        total = wide[..., :n]
        for i in range(1, before + after + 1):
            total = total + wide[..., i : i + n]
        scale = ops.power(ops.moveaxis(total, -1, 1) * (alpha / size) + bias, beta)
        return x / scale

    return run


@operator("SoftmaxCrossEntropyLoss")
def _softmax_loss(ignore_index=None, reduction="mean", _outputs=1):
    def run(scores, labels, weights=None):
        log_prob = ops.log_softmax(scores, 1)
        loss = _picked(log_prob, labels, weights, ignore_index, reduction)
        return (loss, log_prob) if _outputs == 2 else loss

    return run


@operator("NegativeLogLikelihoodLoss")
def _likelihood_loss(ignore_index=None, reduction="mean"):
    def run(x, labels, weights=None):
        return _picked(x, labels, weights, ignore_index, reduction)

    return run


def _picked(x, labels, weights, ignore, reduction):
    """Minus the values that the labels name, weighted and summed."""
    if reduction not in ("none", "sum", "mean"):
        raise ValueError(f"reduction={reduction!r}")
    at = np.asarray(labels.data).astype("int64")
    counts = np.ones(at.shape, bool) if ignore is None else at != ignore
    at = np.where(counts, at, 0)
    if at.size and not 0 <= at.min() <= at.max() < x.shape[1]:
        raise ValueError(f"a label lies outside the {x.shape[1]} classes")
    picked = ops.squeeze(ops.take_along_axis(x, at[:, None], 1), 1)
    weight = counts.astype(x.data.dtype)
    if weights is not None:
        weight = ops.take(weights, at, 0) * weight
    loss = -(picked * weight)
    if reduction == "none":
        return loss
    total = ops.sum(loss)
    if reduction == "sum":
        return total
    return total / (ops.sum(weight) if isinstance(weight, Tensor) else float(weight.sum()))
