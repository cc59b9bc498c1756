"""What every layer promises, and what the single ones do."""

import inspect

import minidl
import numpy as np
import pytest
from minidl import layers

FILTERS = {"filters": 2, "kernel_size": 2}
ARGUMENTS = {
    "Activation": {"activation": "relu"},
    "AtrousConv2D": {**FILTERS, "rate": 2},
    "AveragePooling1D": {"pool_size": 2},
    "AveragePooling2D": {"pool_size": 2},
    "Conv1D": FILTERS,
    "Conv1DTranspose": FILTERS,
    "Conv2D": FILTERS,
    "Conv2DTranspose": FILTERS,
    "DepthwiseConv1D": {"kernel_size": 2},
    "DepthwiseConv2D": {"kernel_size": 2},
    "SeparableConv1D": FILTERS,
    "SeparableConv2D": FILTERS,
    "SpatialDropout1D": {"rate": 0.5},
    "SpatialDropout2D": {"rate": 0.5},
    "Dense": {"units": 3},
    "EinsumDense": {"equation": "abcd,de->abce", "output_shape": (4, 4, 5), "bias_axes": "e"},
    "Embedding": {"input_dim": 6, "output_dim": 4},
    "GroupQueryAttention": {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 3},
    "Dropout": {"rate": 0.5},
    "GroupNormalization": {"groups": 3},
    "Reshape": {"target_shape": (-1,)},
    "CenterCrop": {"height": 2, "width": 3},
    "Dot": {"axes": (2, 1)},
    "GaussianDropout": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.5},
    "Lambda": {"function": minidl.ops.square},
    "Permute": {"dims": (3, 1, 2)},
    "RandomBrightness": {"factor": 0.2},
    "RandomContrast": {"factor": 0.2},
    "RandomCrop": {"height": 2, "width": 3},
    "RandomRotation": {"factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
    "RepeatVector": {"n": 2},
    "Rescaling": {"scale": 2.0},
    "Resizing": {"height": 2, "width": 3},
    "SimpleRNN": {"units": 3},
    "LSTM": {"units": 3},
    "GRU": {"units": 3, "return_sequences": True},
}
MERGING = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
HEADS = ("GroupQueryAttention", "MultiHeadAttention")
# tested in test_recurrent.py: they take states, or hold a layer
ELSEWHERE = {"SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells", "RNN"}
ELSEWHERE |= {"Bidirectional", "TimeDistributed", "Functional", "InputLayer", "Sequential"}
NAMES = sorted(set(layers._registry.classes) - ELSEWHERE)
X = np.random.default_rng(0).standard_normal((2, 4, 4, 3)).astype(np.float32)


def _make(kind, **more):
    return getattr(layers, kind)(**ARGUMENTS.get(kind, {}), **more)


def _input(kind):
    """Images, or what the layer takes in their place."""
    if kind in MERGING:
        return [X, X]
    if kind in HEADS:
        return X[:, 0], X[:, 1]  # two arguments
    if "Attention" in kind:
        return [X[:, 0], X[:, 1]]
    if kind == "Embedding":
        return np.arange(6).reshape(2, 3)
    if kind == "RepeatVector":
        return X[:, 0, 0]
    return X[:, 0] if "1D" in kind or kind in ("SimpleRNN", "LSTM", "GRU") else X


def _call(layer, x):
    return layer(*x) if isinstance(x, tuple) else layer(x)


def _foretold(layer, x):
    if isinstance(x, tuple):
        return layer.compute_output_shape(*(a.shape for a in x))
    return layer.compute_output_shape([a.shape for a in x] if isinstance(x, list) else x.shape)


@pytest.mark.parametrize("name", NAMES)
def test_config_makes_an_equal_layer(name):
    layer = _make(name, name="a", trainable=False)
    again = layers.deserialize(layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert again.name == "a"
    # Keras does not write it for these either; they have nothing to train
    assert again.trainable is name.startswith("Spatial")


@pytest.mark.parametrize("name", NAMES)
def test_shape_is_foretold(name):
    layer = _make(name)
    x = _input(name)
    assert _call(layer, x).shape == tuple(_foretold(layer, x))
    assert layer.built


@pytest.mark.parametrize("name", NAMES)
def test_weights_go_out_and_in(name):
    layer = _make(name)
    _call(layer, _input(name))
    weights = [w + 1 for w in layer.get_weights()]
    layer.set_weights(weights)
    for mine, given in zip(layer.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(mine, given)
    assert layer.count_params() == sum(w.size for w in weights)


@pytest.mark.parametrize("name", NAMES)
def test_float64(name):
    layer = _make(name, dtype="float64")
    x = _input(name)
    several = isinstance(x, (list, tuple))
    x = type(x)(a.astype(np.float64) for a in x) if several else x.astype(np.float64)
    assert _call(layer, x).dtype == np.float64
    assert all(w.dtype == np.float64 for w in layer.weights if w.dtype.kind == "f")


@pytest.mark.parametrize("name", NAMES)
def test_unknown_arguments(name):
    with pytest.raises(ValueError, match="nonsense"):
        _make(name, nonsense=1)


@pytest.mark.parametrize("name", NAMES)
def test_documented(name):
    doc = inspect.getdoc(getattr(layers, name))
    for word in ("Args:", "Source:", ">>>"):
        assert word in doc


def test_inputs_are_cast_to_the_layers_dtype():
    layer = layers.Dense(2)
    for x in (np.ones((1, 3)), np.ones((1, 3), np.int64), [[1, 2, 3]], [[1.0, 2.0, 3.0]]):
        assert layer(x).dtype == np.float32


def test_dropout_only_in_training():
    layer = layers.Dropout(0.5, seed=3)
    x = np.ones((50, 50), np.float32)
    assert (layer(x).numpy() == 1).all()
    dropped = layer(x, training=True).numpy()
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert abs(dropped.mean() - 1) < 0.1
    assert (layer(x, training=True).numpy() != dropped).any()
    again = layers.Dropout(0.5, seed=3)(x, training=True).numpy()
    np.testing.assert_array_equal(again, dropped)


def test_dropout_noise_shape():
    y = layers.Dropout(0.5, noise_shape=(None, 1), seed=1)(np.ones((40, 5)), training=True).numpy()
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0.0, 2.0}


@pytest.mark.parametrize("name", ["SpatialDropout1D", "SpatialDropout2D"])
def test_spatial_dropout_drops_whole_channels(name):
    layer = getattr(layers, name)(0.5, seed=3)
    x = np.ones((20, 6, 30) if "1D" in name else (20, 3, 2, 30), np.float32)
    assert (layer(x).numpy() == 1).all()
    y = layer(x, training=True).numpy().reshape(20, 6, 30)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0.0, 2.0}
    assert 0.4 < y.mean() / 2 < 0.6


def test_mask_of_global_average_pooling():
    x = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    mask = np.array([[True, False, True, False], [False, True, True, True]])
    for keepdims in (False, True):
        layer = layers.GlobalAveragePooling1D(keepdims=keepdims)
        y = layer(x, mask=mask).numpy().reshape(2, 3)
        np.testing.assert_allclose(y, [x[0, [0, 2]].mean(0), x[1, 1:].mean(0)])
    with pytest.raises(ValueError, match="mask"):
        layer(x, mask=mask[:, :3])


def test_causal_convolution_sees_no_later_step():
    layer = layers.Conv1D(3, 3, padding="causal", dilation_rate=2)
    x = np.random.default_rng(0).standard_normal((1, 12, 2)).astype(np.float32)
    before = layer(x).numpy()
    x[:, 7:] = 99
    after = layer(x).numpy()
    np.testing.assert_array_equal(after[:, :7], before[:, :7])
    assert (after[:, 7:] != before[:, 7:]).all()


def test_frozen_batch_normalization_is_in_inference_mode():
    layer = layers.BatchNormalization()
    x = X.reshape(-1, 3) * 3 + 1
    layer(x, training=True)
    before = layer.get_weights()
    layer.trainable = False
    assert layer.trainable_weights == []
    np.testing.assert_array_equal(layer(x, training=True).numpy(), layer(x).numpy())
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_reaches_inner_layers():
    seen = []

    class Probe(minidl.Layer):
        def call(self, x, training=None):
            seen.append(training)
            return x

    class Outer(minidl.Layer):
        def __init__(self):
            super().__init__()
            self.inner = [Probe()]

        def call(self, x):
            return self.inner[0](x)

    outer = Outer()
    outer(X, training=True)
    outer(X, training=False)
    outer(X)
    assert seen == [True, False, None]
    Probe()(X)
    assert seen[-1] is None


def test_custom_layer():
    class Scale(minidl.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(
                shape=(input_shape[-1],), initializer="ones", regularizer="l2", name="scale"
            )
            self.count = minidl.Variable(0.0, trainable=False)

        def call(self, x):
            self.add_loss(minidl.ops.sum(x) * 0.5)
            return x * self.scale

    layer = Scale()
    assert not layer.built
    layer(X)
    layer(X)
    assert layer.built
    assert [w.name for w in layer.trainable_weights] == ["scale"]
    assert len(layer.non_trainable_weights) == 1
    assert len(layer.losses) == 2
    np.testing.assert_allclose(float(layer.losses[0]), X.sum() * 0.5, rtol=1e-5)
    np.testing.assert_allclose(float(layer.losses[1]), 0.03, rtol=1e-5)


def test_forgotten_super_init():
    class Bad(minidl.Layer):
        def __init__(self):
            self.units = 3

        def call(self, x):
            return x

    with pytest.raises(RuntimeError, match="super"):
        Bad()(X)


def test_failed_build_leaves_nothing():
    class Bad(minidl.Layer):
        def build(self, input_shape):
            self.add_weight(shape=(2,), name="one")
            raise ValueError("no")

        def call(self, x):
            return x

    layer = Bad()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            layer(X)
        assert layer.weights == []
        assert not layer.built


def test_activity_regularizer():
    layer = layers.Dense(2, kernel_initializer="ones", activity_regularizer="l1")
    layer(np.ones((4, 3), np.float32))
    layer(np.ones((4, 3), np.float32))
    assert len(layer.losses) == 1
    np.testing.assert_allclose(float(layer.losses[0]), 0.01 * 4 * 2 * 3 / 4, rtol=1e-6)


def test_regularized_weights():
    layer = layers.Dense(2, kernel_regularizer=minidl.regularizers.L1L2(0.1, 0.2))
    layer(np.ones((4, 3), np.float32))
    k = layer.kernel.numpy()
    wanted = 0.1 * np.abs(k).sum() + 0.2 * (k**2).sum()
    np.testing.assert_allclose(float(layer.losses[0]), wanted, rtol=1e-5)
    layer.trainable = False
    assert layer.losses == []


def test_softmax_mask():
    y = layers.Softmax()([[1.0, 2.0, 3.0]], mask=[[True, False, True]]).numpy()
    assert y[0, 1] == 0
    np.testing.assert_allclose(y.sum(), 1, rtol=1e-6)
