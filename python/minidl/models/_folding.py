"""Batch normalisation folded into the layer before it, for inference.

In inference a batch normalisation is one factor and one shift per channel, which the convolution
or Dense before it can take into its own weights: one pass over the data in place of two, and a
relu behind both comes for free. The layers' weights are only read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import activations
from .._tape import Tensor, is_recording, wrap
from ..layers._conv_transpose import ConvTranspose
from ..layers._depthwise_conv import DepthwiseConv
from ..layers.activation import Activation
from ..layers.atrous_conv2d import AtrousConv2D
from ..layers.batch_normalization import BatchNormalization
from ..layers.conv1d import Conv1D
from ..layers.conv1d_transpose import Conv1DTranspose
from ..layers.conv2d import Conv2D
from ..layers.conv2d_transpose import Conv2DTranspose
from ..layers.dense import Dense
from ..layers.depthwise_conv1d import DepthwiseConv1D
from ..layers.depthwise_conv2d import DepthwiseConv2D
from ..layers.layer import Layer
from ..layers.relu import ReLU
from ..layers.separable_conv1d import SeparableConv1D
from ..layers.separable_conv2d import SeparableConv2D

# Exactly these: a user's subclass may compute something else.
FOLDABLE = (
    *(AtrousConv2D, Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Dense),
    *(DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D),
)


def fold(layers: Sequence[Layer]) -> list[Any]:
    """What to call one after the other in inference, for built layers in a row.

    Args:
        layers: the layers, in the order of the computation.

    Returns:
        The layers, with each convolution or Dense that a batch normalisation follows, and perhaps
        a relu, replaced by one `Folded`.
    """
    steps: list[Any] = []
    i = 0
    while i < len(layers):
        if i + 1 < len(layers) and foldable_with(layers[i], layers[i + 1]):
            relu = i + 2 < len(layers) and foldable_relu(layers[i], layers[i + 2])
            count = 3 if relu else 2
            steps.append(Folded(*layers[i : i + count]))
            i += count
        else:
            steps.append(layers[i])
            i += 1
    return steps


def foldable_with(layer: Any, norm: Any) -> bool:
    """Whether the batch normalisation behind a layer can be taken into its weights."""
    if type(layer) not in FOLDABLE or type(norm) is not BatchNormalization:
        return False
    spec: Any = norm.input_spec
    return (
        layer._fused is None
        and layer._after is None
        and layer.activity_regularizer is None
        and norm.activity_regularizer is None
        and spec is not None
        and norm.axis in (-1, spec.ndim - 1)
        and norm._np_dtype == layer._np_dtype
    )


def foldable_relu(layer: Any, relu: Any) -> bool:
    """Whether what follows is a plain relu, which the layer's kernel can do itself."""
    if type(relu) not in (ReLU, Activation):
        return False
    if relu.activity_regularizer is not None or relu._np_dtype != layer._np_dtype:
        return False
    if type(relu) is ReLU:
        plain = relu.negative_slope == 0 and relu.threshold == 0
        return plain and relu.max_value is None
    return relu.activation is activations.relu


class Folded:
    """A layer, the batch normalisation behind it and perhaps a relu, as one layer of inference.

    Args:
        layer: one of `FOLDABLE`, without activation.
        norm: the batch normalisation.
        relu: the relu behind it, or None.
    """

    def __init__(self, layer: Any, norm: Any, relu: Any = None):
        self.layer, self.norm, self.relu = layer, norm, relu
        self._cache: tuple[tuple, Any] | None = None

    @property
    def name(self) -> str:
        """The names of the layers, as a profile shows them."""
        return "+".join(part.name for part in (self.layer, self.norm, self.relu) if part)

    def __call__(self, inputs: Any) -> Any:
        layer = self.layer
        variables = layer.weights + self.norm.weights
        weights = None
        # A tape wants the gradients of the weights that there are; layers pass masks on.
        if getattr(inputs, "_keras_mask", None) is None and not is_recording(inputs, *variables):
            weights = self._weights(variables)
        if weights is None:
            out = self.norm(layer(inputs))
            return out if self.relu is None else self.relu(out)
        if type(inputs) is not Tensor or inputs.data.dtype is not layer._np_dtype:
            inputs = layer._convert(inputs)
        layer.input_spec.check(layer, inputs.shape)
        return layer._run(inputs, *weights, None if self.relu is None else "relu")

    def _weights(self, variables: list[Any]) -> tuple[Any, Tensor] | None:
        """Kernel and bias, worked out anew when a weight has changed since the last call."""
        # The stamp is read before the values: weights that change meanwhile are noticed next time.
        stamp = (self.norm.epsilon, *[v.version for v in variables])
        cache = self._cache
        if cache is None or cache[0] != stamp:
            self._cache = cache = (stamp, self._fold())
        return cache[1]

    def _fold(self) -> tuple[Any, Tensor] | None:
        layer, norm = self.layer, self.norm
        with np.errstate(all="ignore"):
            factor = 1.0 / np.sqrt(_exact(norm.moving_variance) + norm.epsilon)
            if norm.gamma is not None:
                factor = factor * _exact(norm.gamma)
            shift = -_exact(norm.moving_mean) * factor
        if layer.bias is not None:
            shift = shift + _exact(layer.bias) * factor
        if norm.beta is not None:
            shift = shift + _exact(norm.beta)
        if not (np.isfinite(factor).all() and np.isfinite(shift).all()):
            return None  # infinity times a weight of 0 is not what the two layers give
        kernel: Any
        if isinstance(layer, (SeparableConv1D, SeparableConv2D)):
            kernel = layer.depthwise_kernel, self._tensor(_exact(layer.pointwise_kernel) * factor)
        else:
            values = _exact(layer.kernel)
            if isinstance(layer, DepthwiseConv):
                factor = factor.reshape(values.shape[-2:])
            elif isinstance(layer, ConvTranspose):
                factor = factor[:, None]
            kernel = self._tensor(values * factor)
        return kernel, self._tensor(shift)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return wrap(np.ascontiguousarray(values, self.layer._np_dtype))

    def __getstate__(self) -> dict:
        """Without the weights: the versions they go by mean nothing to copied variables."""
        return {**self.__dict__, "_cache": None}


def _exact(variable: Any) -> np.ndarray:
    return variable.data.astype(np.float64)
