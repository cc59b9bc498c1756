"""Normalization: features with mean 0 and variance 1, measured beforehand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .. import ops
from .._tape import Tensor, wrap
from ..config import epsilon
from .layer import Layer


class Normalization(Layer):
    """`(inputs - mean) / sqrt(variance)` with the mean and variance of data seen by `adapt`.

    Args:
        axis: Axis or axes that have a mean and variance for each place; -1 is the last one. None
            takes one mean and variance for everything. Defaults to -1.
        mean: The mean, where it is known; then `variance` must be given too.
        variance: The variance.
        invert: Whether the layer turns normalized values back. Defaults to False.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        ValueError: one of `mean` and `variance` without the other, shapes that do not fit, or an
            axis that the input does not have.

    Source: `keras.layers.Normalization`.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.Normalization()
    >>> layer.adapt(np.array([[0.0, 7.0], [2.0, 9.0]]))
    >>> layer([[0.0, 9.0]]).numpy()
    array([[-1.,  1.]], dtype=float32)
    """

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self.supports_masking = True
        if (mean is None) != (variance is None):
            raise ValueError(
                "`mean` and `variance` are given together or not at all. "
                f"Received: mean={mean}, variance={variance}"
            )
        if np.shape(mean) != np.shape(variance) or np.ndim(mean) > len(self.axis):
            raise ValueError(
                "`mean` and `variance` must have one shape, with no more axes than `axis` names. "
                f"Received: shapes {np.shape(mean)} and {np.shape(variance)}, axis={axis}"
            )

    def build(self, input_shape):
        ndim = len(input_shape)
        if any(not -ndim <= a < ndim for a in self.axis):
            raise ValueError(
                f"Layer '{self.name}' (Normalization): axis={self.axis} does not fit an input of "
                f"shape {tuple(input_shape)}."
            )
        self._kept = tuple(sorted({a % ndim for a in self.axis}))
        self._reduced = tuple(a for a in range(ndim) if a not in self._kept)
        sizes = tuple(input_shape[a] for a in self._kept)
        if None in sizes:
            raise ValueError(
                f"Layer '{self.name}' (Normalization): the sizes along axis={self.axis} must be "
                f"known. Received: input shape {tuple(input_shape)}"
            )
        self._sizes = sizes
        self._spread = tuple(n if a in self._kept else 1 for a, n in enumerate(input_shape))
        if self.input_mean is None:
            make = {"shape": sizes, "trainable": False}
            self.adapt_mean = self.add_weight(name="mean", initializer="zeros", **make)
            self.adapt_variance = self.add_weight(name="variance", initializer="ones", **make)
            self.count = self.add_weight(  # unused, but part of Keras's files
                name="count", shape=(), dtype="int32", initializer="zeros", trainable=False
            )
            return
        self._fixed = []
        for name, value in (("mean", self.input_mean), ("variance", self.input_variance)):
            try:
                array = np.broadcast_to(np.asarray(value, self._np_dtype), sizes)
            except ValueError:
                raise ValueError(
                    f"Layer '{self.name}' (Normalization): `{name}` of shape {np.shape(value)} "
                    f"does not fit the sizes {sizes} along axis={self.axis}."
                ) from None
            self._fixed.append(wrap(np.array(array).reshape(self._spread)))

    def adapt(self, data: Any) -> None:
        """Measure mean and variance.

        Args:
            data: An array or tensor, or an iterable of batches (a dataset, a list of arrays);
                of tuples the first entry counts.

        Raises:
            ValueError: mean and variance were given to the layer, there is no data, or its
                shapes differ.
        """
        if self.input_mean is not None:
            raise ValueError("`adapt` does not fit a layer that was given `mean` and `variance`.")
        whole = hasattr(data, "__array__") or isinstance(data, Tensor)
        batches = iter([data] if whole else data)
        first = next(batches, None)
        if first is None:
            raise ValueError("`adapt` received no batches: there is nothing to measure.")
        total, mean, variance = 0, np.zeros(()), np.zeros(())
        for batch in itertools.chain([first], batches):
            x = np.asarray(batch[0] if isinstance(batch, tuple) else batch)
            if not self.built:
                self._build(x.shape)
            if len(x.shape) != len(self._spread) or any(
                x.shape[a] != n for a, n in zip(self._kept, self._sizes, strict=True)
            ):
                raise ValueError(
                    f"Layer '{self.name}' (Normalization) keeps sizes {self._sizes} along "
                    f"axis={self.axis}, which data of shape {x.shape} does not have."
                )
            count = math.prod(x.shape[a] for a in self._reduced)
            here, spread = x.mean(self._reduced, np.float64), x.var(self._reduced, np.float64)
            total += count
            share = count / total if total else 0.0
            moved = mean * (1 - share) + here * share
            # Chan et al. 1979: the variance of two parts, about their common mean
            variance = (variance + (mean - moved) ** 2) * (1 - share) + (
                spread + (here - moved) ** 2
            ) * share
            mean = moved
        self.adapt_mean.assign(np.asarray(mean).astype(self._np_dtype))
        self.adapt_variance.assign(np.asarray(variance).astype(self._np_dtype))

    @property
    def mean(self) -> Any:
        """The mean, shaped so that it broadcasts to the input; None before `build`."""
        return self._statistics()[0] if self.built else None

    @property
    def variance(self) -> Any:
        """The variance, shaped as the mean."""
        return self._statistics()[1] if self.built else None

    def _statistics(self) -> list[Tensor]:
        if self.input_mean is not None:
            return self._fixed
        weights = (self.adapt_mean, self.adapt_variance)
        return [wrap(w.data.reshape(self._spread).copy()) for w in weights]

    def call(self, inputs):
        mean, variance = self._statistics()
        x = ops.cast(inputs, self._np_dtype)
        deviation = wrap(np.maximum(np.sqrt(variance.data), epsilon()).astype(self._np_dtype))
        return mean + x * deviation if self.invert else (x - mean) / deviation

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "invert": self.invert,
            "mean": np.array(self.input_mean).tolist(),
            "variance": np.array(self.input_variance).tolist(),
        }
