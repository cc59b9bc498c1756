"""Layers, one a file, with Keras's names and defaults."""

from __future__ import annotations

from typing import Any

from .._custom_objects import custom_config, custom_object_scope, find_custom, is_custom
from .._registry import Registry, suggesting
from .._serialize import deserialize_keras_object, serialize_keras_object
from .activation import Activation
from .activity_regularization import ActivityRegularization
from .add import Add, add
from .additive_attention import AdditiveAttention
from .atrous_conv2d import AtrousConv2D
from .attention import Attention
from .average import Average, average
from .average_pooling1d import AveragePooling1D, AvgPool1D
from .average_pooling2d import AveragePooling2D, AvgPool2D
from .batch_normalization import BatchNormalization
from .bidirectional import Bidirectional
from .center_crop import CenterCrop
from .concatenate import Concatenate, concatenate
from .conv1d import Conv1D
from .conv1d_transpose import Conv1DTranspose
from .conv2d import Conv2D
from .conv2d_transpose import Conv2DTranspose
from .cropping1d import Cropping1D
from .cropping2d import Cropping2D
from .dense import Dense
from .depthwise_conv1d import DepthwiseConv1D
from .depthwise_conv2d import DepthwiseConv2D
from .dot import Dot, dot
from .dropout import Dropout
from .einsum_dense import EinsumDense
from .elu import ELU
from .embedding import Embedding
from .flatten import Flatten
from .gaussian_dropout import GaussianDropout
from .gaussian_noise import GaussianNoise
from .global_average_pooling1d import GlobalAveragePooling1D, GlobalAvgPool1D
from .global_average_pooling2d import GlobalAveragePooling2D, GlobalAvgPool2D
from .global_max_pooling1d import GlobalMaxPool1D, GlobalMaxPooling1D
from .global_max_pooling2d import GlobalMaxPool2D, GlobalMaxPooling2D
from .group_normalization import GroupNormalization
from .group_query_attention import GroupQueryAttention
from .gru import GRU
from .gru_cell import GRUCell
from .input_layer import Input, InputLayer
from .input_spec import InputSpec
from .lambda_layer import Lambda
from .layer import Layer
from .layer_normalization import LayerNormalization
from .leaky_relu import LeakyReLU
from .lstm import LSTM
from .lstm_cell import LSTMCell
from .masking import Masking
from .max_pooling1d import MaxPool1D, MaxPooling1D
from .max_pooling2d import MaxPool2D, MaxPooling2D
from .maximum import Maximum, maximum
from .minimum import Minimum, minimum
from .multi_head_attention import MultiHeadAttention
from .multiply import Multiply, multiply
from .normalization import Normalization
from .permute import Permute
from .prelu import PReLU
from .random_brightness import RandomBrightness
from .random_contrast import RandomContrast
from .random_crop import RandomCrop
from .random_flip import RandomFlip
from .random_rotation import RandomRotation
from .random_translation import RandomTranslation
from .random_zoom import RandomZoom
from .relu import ReLU
from .repeat_vector import RepeatVector
from .rescaling import Rescaling
from .reshape import Reshape
from .resizing import Resizing
from .rms_normalization import RMSNormalization
from .rnn import RNN
from .separable_conv1d import SeparableConv1D
from .separable_conv2d import SeparableConv2D
from .simple_rnn import SimpleRNN
from .simple_rnn_cell import SimpleRNNCell
from .softmax import Softmax
from .spatial_dropout1d import SpatialDropout1D
from .spatial_dropout2d import SpatialDropout2D
from .stacked_rnn_cells import StackedRNNCells
from .subtract import Subtract, subtract
from .time_distributed import TimeDistributed
from .unit_normalization import UnitNormalization
from .up_sampling1d import UpSampling1D
from .up_sampling2d import UpSampling2D
from .zero_padding1d import ZeroPadding1D
from .zero_padding2d import ZeroPadding2D

Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

_registry: Registry = Registry("layer", "keras.layers")
for _cls in (
    Activation,
    ActivityRegularization,
    Add,
    AdditiveAttention,
    AtrousConv2D,
    Attention,
    Average,
    AveragePooling1D,
    AveragePooling2D,
    BatchNormalization,
    Bidirectional,
    CenterCrop,
    Concatenate,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Cropping1D,
    Cropping2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dot,
    Dropout,
    ELU,
    EinsumDense,
    Embedding,
    Flatten,
    GRU,
    GRUCell,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GroupNormalization,
    GroupQueryAttention,
    InputLayer,
    LSTM,
    LSTMCell,
    Lambda,
    LayerNormalization,
    LeakyReLU,
    Masking,
    MaxPooling1D,
    MaxPooling2D,
    Maximum,
    Minimum,
    MultiHeadAttention,
    Multiply,
    Normalization,
    PReLU,
    Permute,
    RMSNormalization,
    RNN,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    ReLU,
    RepeatVector,
    Rescaling,
    Reshape,
    Resizing,
    SeparableConv1D,
    SeparableConv2D,
    SimpleRNN,
    SimpleRNNCell,
    Softmax,
    SpatialDropout1D,
    SpatialDropout2D,
    StackedRNNCells,
    Subtract,
    TimeDistributed,
    UnitNormalization,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
):
    _registry.add_class(_cls)
_registry.aliases["GroupedQueryAttention"] = GroupQueryAttention  # the class's name in Keras

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AdditiveAttention",
    "AtrousConv2D",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AvgPool1D",
    "AvgPool2D",
    "BatchNormalization",
    "Bidirectional",
    "CenterCrop",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "GroupQueryAttention",
    "Input",
    "InputLayer",
    "InputSpec",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "RMSNormalization",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "StackedRNNCells",
    "Subtract",
    "TimeDistributed",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]

__getattr__ = suggesting(
    __name__,
    __all__,
    {
        **dict.fromkeys(
            ("TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"),
            "it runs another framework's code; write a Layer",
        ),
        **dict.fromkeys(
            ("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"),
            "turn text into numbers before the model, as in Dataset.map",
        ),
        "CategoryEncoding": "use utils.to_categorical or ops.multi_hot",
        "Discretization": "use np.digitize, or ops.digitize in a Layer",
    },
)


def serialize(layer: Any) -> dict:
    """A layer, or an op of a graph, as Keras writes it into a model's config.

    >>> import minidl
    >>> minidl.layers.serialize(minidl.layers.Dense(3))["config"]["units"]
    3
    """
    if not isinstance(layer, Layer):
        return serialize_keras_object(layer)
    if is_custom(type(layer)):
        config = custom_config(layer)
    else:
        config = _registry.serialize(layer)
        if layer._keras_module is not None:
            config["module"] = layer._keras_module
            config["registered_name"] = layer._keras_name
    build_config = layer.get_build_config()
    # Keras counts most of its layers without weights as built from the start
    if build_config and (layer.weights or layer._writes_build or not layer._is_leaf):
        config["build_config"] = build_config
    if hasattr(layer, "get_compile_config"):
        config["compile_config"] = layer.get_compile_config()
    return config


def deserialize(config: dict, custom_objects: dict[str, Any] | None = None) -> Layer:
    """Build a layer from a config of `serialize`.

    Args:
        config: Dict with `class_name` and `config`.
        custom_objects: Dict from names to the user's own classes.

    Raises:
        ValueError: an unknown class or a malformed config.

    Source: `keras.layers.deserialize`.

    >>> import minidl
    >>> layer = minidl.layers.Dense(3)
    >>> minidl.layers.deserialize(minidl.layers.serialize(layer)).units
    3
    """
    with custom_object_scope(custom_objects):
        if isinstance(config, dict) and ".ops." in str(config.get("module")):
            return deserialize_keras_object(config)
        custom = find_custom(config) if isinstance(config, dict) else None
        if custom is not None:
            layer = custom.from_config(dict(config.get("config") or {}))
        else:
            layer = _registry.deserialize(config)
        layer.build_from_config(config.get("build_config") or {})
        if config.get("compile_config") and hasattr(layer, "compile_from_config"):
            layer.compile_from_config(config["compile_config"])
    return layer
