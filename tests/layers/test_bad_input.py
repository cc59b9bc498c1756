"""Wrong arguments and wrong inputs: a clear error, and nothing changed."""
# ruff: noqa: PLW0108

import minidl
import numpy as np
import pytest
from minidl import layers

F = np.float32
ARGUMENTS = [
    (lambda: layers.Dense(-1), "units.*-1"),
    (lambda: layers.Dense(0), "units"),
    (lambda: layers.Dense(2.5), "units.*2.5"),
    (lambda: layers.Dense(True), "units"),
    (lambda: layers.Dense("3"), "units"),
    (lambda: layers.Dense(2, activation="rellu"), "rellu.*relu"),
    (lambda: layers.Dense(2, activation=3), "activation"),
    (lambda: layers.Dense(2, kernel_initializer="glorot"), "glorot"),
    (lambda: layers.Dense(2, kernel_initializer=3), "initializer"),
    (lambda: layers.Dense(2, kernel_regularizer="l3"), "l3"),
    (lambda: layers.Dense(2, kernel_constraint="max"), "max"),
    (lambda: layers.Dense(2, lora_rank=4), "lora_rank"),
    (lambda: layers.Dense(2, dtype="float16"), "float16"),
    (lambda: layers.Dense(2, dtype="int32"), "int32"),
    (lambda: layers.Dense(2, name=3), "name"),
    (lambda: layers.Dense(2, name="a/b"), "a/b"),
    (lambda: layers.Conv2D(0, 3), "filters"),
    (lambda: layers.Conv2D(4, 0), "kernel_size"),
    (lambda: layers.Conv2D(4, (3, -3)), "kernel_size.*-3"),
    (lambda: layers.Conv2D(4, (3, 3, 3)), "kernel_size"),
    (lambda: layers.Conv2D(4, 3, strides=0), "strides"),
    (lambda: layers.Conv2D(4, 3, strides=-1), "strides.*-1"),
    (lambda: layers.Conv2D(4, 3, strides=(1, 1.5)), "strides"),
    (lambda: layers.Conv2D(4, 3, dilation_rate=0), "dilation_rate"),
    (lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2), "strides.*dilation_rate"),
    (lambda: layers.Conv2D(4, 3, groups=3), "groups.*filters"),
    (lambda: layers.Conv2D(4, 3, groups=0), "groups"),
    (lambda: layers.Conv2D(4, 3, padding="full"), "padding.*full"),
    (lambda: layers.Conv2D(4, 3, data_format="channels_first"), "moveaxis"),
    (lambda: layers.Conv2D(4, 3, data_format="nhwc"), "data_format"),
    (lambda: layers.Conv1D(0, 3), "filters"),
    (lambda: layers.Conv1D(4, (3, 3)), "kernel_size"),
    (lambda: layers.Conv1D(4, 3, strides=2, dilation_rate=2), "strides.*dilation_rate"),
    (lambda: layers.Conv1D(4, 3, padding="full"), "padding.*causal.*full"),
    (lambda: layers.Conv1D(4, 3, groups=3), "groups.*filters"),
    (lambda: layers.Conv1D(4, 3, data_format="channels_first"), "moveaxis"),
    (lambda: layers.Conv2D(4, 3, padding="causal"), "padding.*causal"),
    (lambda: layers.AtrousConv2D(4, 3, 0), "dilation_rate.*0"),
    (lambda: layers.AtrousConv2D(4, 3, 2, strides=2), "strides.*dilation_rate"),
    (lambda: layers.AtrousConv2D(4, 3, dilation_rate=2), "rate.*dilation_rate=2"),
    (lambda: layers.DepthwiseConv2D(0), "kernel_size"),
    (lambda: layers.DepthwiseConv2D(3, depth_multiplier=0), "depth_multiplier.*0"),
    (lambda: layers.DepthwiseConv2D(3, data_format="channels_first"), "moveaxis"),
    (lambda: layers.DepthwiseConv1D(3, padding="causal"), "padding.*causal"),
    (lambda: layers.DepthwiseConv1D(3, strides=1.5), "strides.*1.5"),
    (lambda: layers.SeparableConv2D(0, 3), "filters"),
    (lambda: layers.SeparableConv2D(4, 3, depth_multiplier=-1), "depth_multiplier.*-1"),
    (lambda: layers.SeparableConv2D(4, 3, data_format="channels_first"), "moveaxis"),
    (lambda: layers.SeparableConv1D(4, 0), "kernel_size"),
    (lambda: layers.SeparableConv1D(4, 3, pointwise_initializer="glort"), "glort"),
    (lambda: layers.Conv2DTranspose(-2, 3), "filters.*-2"),
    (lambda: layers.Conv2DTranspose(4, 3, strides=2, output_padding=2), "output_padding.*strides"),
    (lambda: layers.Conv2DTranspose(4, 3, strides=2, output_padding=(0, -1)), "output_padding.*-1"),
    (lambda: layers.Conv2DTranspose(4, 3, strides=2, dilation_rate=2), "strides.*dilation_rate"),
    (lambda: layers.Conv2DTranspose(4, 3, padding="causal"), "padding.*causal"),
    (lambda: layers.Conv2DTranspose(4, 3, data_format="channels_first"), "moveaxis"),
    (lambda: layers.Conv1DTranspose(4, 3, output_padding=1), "output_padding.*strides"),
    (lambda: layers.Conv1DTranspose(4, (3, 3)), "kernel_size"),
    (lambda: layers.MaxPooling1D(0), "pool_size"),
    (lambda: layers.MaxPooling1D(2, padding="causal"), "padding.*causal"),
    (lambda: layers.AveragePooling1D((2, 2)), "pool_size"),
    (lambda: layers.AveragePooling1D(2, data_format="channels_first"), "moveaxis"),
    (lambda: layers.GlobalMaxPooling1D(data_format="channels_first"), "moveaxis"),
    (lambda: layers.ZeroPadding1D(-1), "padding.*-1"),
    (lambda: layers.ZeroPadding1D((1, 2, 3)), "padding"),
    (lambda: layers.ZeroPadding2D(-1), "padding.*-1"),
    (lambda: layers.ZeroPadding2D(((1, 2), 3, 4)), "padding"),
    (lambda: layers.ZeroPadding2D(((1, -2), (3, 4))), "padding.*-2"),
    (lambda: layers.ZeroPadding2D("same"), "padding.*same"),
    (lambda: layers.ZeroPadding2D(1, data_format="channels_first"), "moveaxis"),
    (lambda: layers.Cropping1D(1.5), "cropping.*1.5"),
    (lambda: layers.Cropping2D(-1), "cropping.*-1"),
    (lambda: layers.Cropping2D((1, 2, 3)), "cropping"),
    (lambda: layers.Cropping2D(1, data_format="channels_first"), "moveaxis"),
    (lambda: layers.UpSampling1D(0), "size.*0"),
    (lambda: layers.UpSampling2D((2, 0)), "size"),
    (lambda: layers.UpSampling2D(2, interpolation="bicubic"), "nearest.*bilinear.*bicubic"),
    (lambda: layers.UpSampling2D(2, data_format="channels_first"), "moveaxis"),
    (lambda: layers.SpatialDropout1D(1.5), "rate.*1.5"),
    (lambda: layers.SpatialDropout2D(-0.5), "rate.*-0.5"),
    (lambda: layers.SpatialDropout2D(0.5, data_format="channels_first"), "moveaxis"),
    (lambda: layers.MaxPooling2D(0), "pool_size"),
    (lambda: layers.MaxPooling2D(2, strides=-2), "strides"),
    (lambda: layers.AveragePooling2D("2"), "pool_size"),
    (lambda: layers.Dropout(1.5), "rate.*1.5"),
    (lambda: layers.Dropout(-0.1), "rate"),
    (lambda: layers.Dropout(float("nan")), "rate"),
    (lambda: layers.Dropout(0.5, seed=1.5), "seed"),
    (lambda: layers.BatchNormalization(epsilon=-1), "epsilon"),
    (lambda: layers.BatchNormalization(momentum=2), "momentum"),
    (lambda: layers.BatchNormalization(renorm=True), "renorm"),
    (lambda: layers.LayerNormalization(epsilon=-1), "epsilon.*-1"),
    (lambda: layers.LayerNormalization(epsilon="small"), "epsilon.*small"),
    (lambda: layers.LayerNormalization(rms_scaling=True), "RMSNormalization"),
    (lambda: layers.RMSNormalization(epsilon=float("nan")), "epsilon.*nan"),
    (lambda: layers.GroupNormalization(groups=0), "groups.*0"),
    (lambda: layers.GroupNormalization(groups=2.0), "groups.*2.0"),
    (lambda: layers.GroupNormalization(axis=0), "axis.*0"),
    (lambda: layers.GroupNormalization(epsilon=-1), "epsilon.*-1"),
    (lambda: layers.ReLU(negative_slope=-1), "negative_slope"),
    (lambda: layers.ReLU(max_value=-1), "max_value"),
    (lambda: layers.ReLU(threshold=-1), "threshold"),
    (lambda: layers.LeakyReLU(-1), "negative_slope"),
    (lambda: layers.ELU("x"), "alpha"),
    (lambda: layers.Reshape((-1, -1)), "target_shape"),
    (lambda: layers.Reshape((2, -3)), "target_shape"),
    (lambda: layers.Input(5), "shape"),
    (lambda: layers.Input((5, -1)), "shape"),
    (lambda: layers.Input((5, "a")), "shape"),
    (lambda: layers.Input(), "shape"),
    (lambda: layers.Input((5,), batch_shape=(None, 5)), "batch_shape"),
    (lambda: layers.deserialize({"class_name": "Dens", "config": {}}), "Dens.*Dense"),
    (lambda: layers.deserialize({"config": {}}), "class_name"),
    (lambda: minidl.initializers.get("he_norml"), "he_norml.*he_normal"),
    (lambda: minidl.initializers.VarianceScaling(scale=-1), "scale"),
    (lambda: minidl.initializers.VarianceScaling(mode="fan"), "mode"),
    (lambda: minidl.regularizers.L2(-1), "l2"),
    (lambda: minidl.regularizers.L1(float("nan")), "l1"),
    (lambda: minidl.set_random_seed(-1), "seed"),
    (lambda: minidl.set_random_seed(1.5), "seed"),
    (lambda: minidl.set_num_threads(0), "n=0"),
    (lambda: minidl.config.set_floatx("float16"), "float16"),
    (lambda: minidl.config.set_epsilon(-1), "epsilon|positive"),
]


@pytest.mark.parametrize(("call", "message"), ARGUMENTS, ids=range(len(ARGUMENTS)))
def test_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("size", [1.5, "2", True, None, (2,)])
def test_factor_of_up_sampling1d(size):
    with pytest.raises(TypeError, match="size"):  # a TypeError in Keras too
        layers.UpSampling1D(size)


INPUTS = [
    (lambda: layers.Dense(3), (4, 5), (4,), "at least 2 axes"),
    (lambda: layers.Dense(3), (4, 5), (4, 6), r"axis -1.*size 5.*\(4, 6\)"),
    (lambda: layers.Conv2D(3, 3), (2, 8, 8, 3), (8, 8, 3), r"4 axes.*\(8, 8, 3\)"),
    (lambda: layers.Conv2D(3, 3), (2, 8, 8, 3), (2, 8, 8, 4), "axis -1"),
    (lambda: layers.Conv2D(3, 3), (2, 8, 8, 3), (2, 3, 8, 8), "channels-first"),
    (lambda: layers.Conv1D(3, 3), (2, 8, 3), (2, 8, 8, 3), "3 axes"),
    (lambda: layers.Conv1D(3, 3), (2, 8, 3), (2, 8, 4), "axis -1"),
    (lambda: layers.AtrousConv2D(3, 3, 2), (2, 8, 8, 3), (2, 8, 8, 4), "axis -1"),
    (lambda: layers.DepthwiseConv2D(3), (2, 8, 8, 3), (2, 3, 8, 8), "channels-first"),
    (lambda: layers.DepthwiseConv1D(3), (2, 8, 3), (2, 8, 4), "axis -1"),
    (lambda: layers.SeparableConv2D(3, 3), (2, 8, 8, 3), (2, 8, 8, 1), "axis -1"),
    (lambda: layers.SeparableConv1D(3, 3), (2, 8, 3), (8, 3), "3 axes"),
    (lambda: layers.Conv2DTranspose(3, 3), (2, 8, 8, 3), (2, 3, 8, 8), "channels-first"),
    (lambda: layers.Conv1DTranspose(3, 3), (2, 8, 3), (2, 8, 4), "axis -1"),
    (lambda: layers.MaxPooling1D(), (2, 8, 3), (8, 3), "3 axes"),
    (lambda: layers.GlobalAveragePooling1D(), (2, 8, 3), (8, 3), "3 axes"),
    (lambda: layers.ZeroPadding1D(), (2, 8, 3), (8, 3), "3 axes"),
    (lambda: layers.ZeroPadding2D(), (2, 8, 8, 3), (8, 8, 3), "4 axes"),
    (lambda: layers.Cropping1D(2), (2, 8, 3), (2, 4, 3), "cropping"),
    (lambda: layers.Cropping2D(2), (2, 8, 8, 3), (2, 8, 4, 3), "cropping"),
    (lambda: layers.SpatialDropout2D(0.5), (2, 8, 8, 3), (2, 8, 3), "4 axes"),
    (lambda: layers.MaxPooling2D(), (2, 8, 8, 3), (8, 8), "4 axes"),
    (lambda: layers.GlobalAveragePooling2D(), (2, 8, 8, 3), (8, 8), "4 axes"),
    (lambda: layers.BatchNormalization(), (2, 8), (2, 9), "axis -1"),
    (lambda: layers.BatchNormalization(), (2, 8), (2, 3, 8), "2 axes"),
    (lambda: layers.GroupNormalization(2), (2, 8), (2, 6), "axis -1"),
    (lambda: layers.GroupNormalization(2), (2, 8), (2, 3, 8), "2 axes"),
    (lambda: layers.Reshape((4,)), (2, 4), (2, 3), "target_shape"),
]


@pytest.mark.parametrize(("make", "good", "bad", "message"), INPUTS, ids=range(len(INPUTS)))
def test_input_shapes(make, good, bad, message):
    layer = make()
    layer(np.ones(good, F))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=message) as caught:
        layer(np.ones(bad, F), training=True)
    assert layer.name in str(caught.value)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda: layers.Conv2D(3, 5), (1, 4, 9, 1), "larger than the image"),
        (lambda: layers.Conv2D(3, 3, dilation_rate=2), (1, 4, 9, 1), "dilation"),
        (lambda: layers.Conv2D(3, 5), (1, 3, 32, 32), "channels-first"),
        (lambda: layers.MaxPooling2D(5), (1, 4, 9, 1), "larger than the image"),
        (lambda: layers.AveragePooling2D(5), (1, 4, 9, 1), "larger than the image"),
        (lambda: layers.Conv2D(4, 3, groups=2), (1, 8, 8, 3), "groups"),
        (lambda: layers.Conv1D(4, 5), (1, 4, 1), "larger than the sequence"),
        (lambda: layers.Conv1D(4, 3, groups=2), (1, 8, 3), "groups"),
        (lambda: layers.AtrousConv2D(4, 3, 5), (1, 9, 9, 1), "dilation"),
        (lambda: layers.DepthwiseConv2D(5), (1, 4, 9, 1), "larger than the image"),
        (lambda: layers.DepthwiseConv1D(5), (1, 4, 1), "larger than the sequence"),
        (lambda: layers.SeparableConv2D(2, 5), (1, 4, 9, 1), "larger than the image"),
        (lambda: layers.MaxPooling1D(5), (1, 4, 1), "larger than the sequence"),
        (lambda: layers.Cropping1D((3, 2)), (1, 5, 1), "cropping"),
        (lambda: layers.Cropping2D(3), (1, 6, 9, 1), "cropping"),
        (lambda: layers.BatchNormalization(axis=3), (2, 3), "axis"),
        (lambda: layers.LayerNormalization(axis=2), (2, 3), "axis.*2"),
        (lambda: layers.LayerNormalization(axis=[1, -3]), (2, 3), "axis.*-3"),
        (lambda: layers.RMSNormalization(axis=2), (2, 3), "axis.*2"),
        (lambda: layers.UnitNormalization(axis=2), (2, 3), "axis.*2"),
        (lambda: layers.GroupNormalization(axis=2), (2, 3), "axis.*2"),
        (lambda: layers.GroupNormalization(2), (2, 3), "groups.*2"),
        (lambda: layers.GroupNormalization(), (2, 3), "groups.*32"),
    ],
)
def test_refused_when_built(make, shape, message):
    layer = make()
    with pytest.raises(ValueError, match=message):
        layer(np.ones(shape, F))
    assert layer.weights == []
    assert not layer.built


@pytest.mark.parametrize(
    "x",
    ["text", None, object(), np.array(["a"]), np.array([1j]), np.array([[1], [None]], object)],
    ids=range(6),
)
def test_inputs_that_are_no_numbers(x):
    with pytest.raises((ValueError, TypeError)):
        layers.Dense(2)(x)


def test_symbolic_tensors_hold_no_data():
    x = minidl.Input((3,))
    for use in (np.asarray, bool, float, len, list):
        with pytest.raises(TypeError, match="placeholder"):
            use(x)


def test_set_weights_changes_all_or_nothing():
    layer = layers.Dense(2)
    layer(np.ones((1, 3), F))
    before = layer.get_weights()
    for wrong in ([], [before[0]], [before[0], np.ones(3)], [np.ones((3, 2)), "ab"]):
        with pytest.raises(ValueError, match=layer.name):
            layer.set_weights(wrong)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_unbuilt():
    with pytest.raises(ValueError, match=r"not built|no weights"):
        layers.Dense(2).count_params()
    with pytest.raises(ValueError, match="not built"):
        layers.Dense(2).set_weights([np.ones((3, 2)), np.ones(2)])
