"""Every layer as ONNX: the checker takes it, onnxruntime gives what `predict` gives."""

import inspect
import random

import minidl
import numpy as np
import pytest
from minidl import activations, layers, ops

from .onnx_peer import checked, equal, onnx, run, shaken
from .zoo import MODELS

onnx()

L = layers


def _data(shapes, batch):
    rng = np.random.default_rng(0)
    return [
        rng.integers(0, int(s[4:]), (batch, 6)).astype("int32")
        if isinstance(s, str)
        else rng.standard_normal((batch, *s)).astype("float32")
        for s in shapes
    ]


def _same(model, shapes, batches=(3, 1)):
    """Equal to `predict` for two sizes of the batch: it is open in the file."""
    proto = checked(model)
    assert proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    for batch in batches:
        x = _data(shapes, batch)
        given = x if len(x) > 1 else x[0]
        if isinstance(getattr(model, "_inputs_struct", None), dict):
            given = dict(zip(model._inputs_struct, x, strict=True))
        equal(model.predict(given, verbose=0), run(proto, x))
    return proto


@pytest.mark.parametrize("name", MODELS)
def test_zoo(name):
    minidl.set_random_seed(0)
    model, shapes = MODELS[name](minidl)
    _same(shaken(model), shapes)


NAMES = sorted(set(activations.__all__) - {"get", "serialize", "deserialize"})


@pytest.mark.parametrize("name", NAMES)
def test_activations(name):
    function = getattr(activations, name)
    if name == "threshold":
        function = lambda x: activations.threshold(x, 0.3, -1.0)  # noqa: E731
    model = minidl.Sequential([minidl.Input((3, 6)), L.Activation(function)])
    _same(model, [(3, 6)])


# Each is a list of layers and the shape of their input.
VARIANTS = {
    "conv same, strides": ([L.Conv2D(3, 3, 2, "same")], (7, 8, 2)),
    "conv groups": ([L.Conv2D(4, (1, 3), groups=2, use_bias=False)], (5, 6, 4)),
    "conv dilated same": ([L.Conv2D(3, 3, padding="same", dilation_rate=2)], (9, 9, 2)),
    "conv 1d causal dilated": ([L.Conv1D(3, 3, padding="causal", dilation_rate=2)], (9, 2)),
    "conv open sizes": ([L.Conv2D(3, 3, 2, "same"), L.GlobalMaxPooling2D()], (None, None, 2)),
    "atrous": ([L.AtrousConv2D(3, 3, 2, padding="same", activation="tanh")], (8, 8, 2)),
    "depthwise strides": ([L.DepthwiseConv2D(3, 2, "same", 2)], (7, 7, 3)),
    "depthwise 1d": ([L.DepthwiseConv1D(3, 2, "same", 2, activation="relu")], (9, 3)),
    "separable 1d": ([L.SeparableConv1D(4, 3, 2, padding="same")], (9, 3)),
    "separable strides": ([L.SeparableConv2D(4, 3, 2, "same", depth_multiplier=2)], (9, 8, 3)),
    "transpose valid": ([L.Conv2DTranspose(3, 3, 2)], (4, 5, 2)),
    "transpose same": ([L.Conv2DTranspose(3, 3, 2, "same", activation="relu")], (4, 5, 2)),
    "transpose same, wide stride": ([L.Conv2DTranspose(3, 2, 3, "same")], (4, 5, 2)),
    "transpose, wide stride": ([L.Conv2DTranspose(3, 2, 3)], (4, 5, 2)),
    "transpose padded": ([L.Conv2DTranspose(3, 3, 2, "same", output_padding=1)], (4, 5, 2)),
    "transpose dilated": ([L.Conv2DTranspose(3, 3, dilation_rate=2)], (4, 5, 2)),
    "transpose 1d": ([L.Conv1DTranspose(3, 4, 2, "same", output_padding=0)], (5, 2)),
    "average pool same": ([L.AveragePooling2D(3, 2, "same")], (7, 8, 2)),
    "average pool 1d same": ([L.AveragePooling1D(2, 2, "same")], (7, 2)),
    "max pool same": ([L.MaxPooling2D((2, 3), (1, 2), "same")], (7, 8, 2)),
    "max pool 1d": ([L.MaxPooling1D(3, 2)], (8, 2)),
    "global keepdims": ([L.GlobalAveragePooling2D(keepdims=True)], (4, 5, 2)),
    "global 1d": ([L.GlobalMaxPooling1D(keepdims=True), L.GlobalAveragePooling1D()], (6, 2)),
    "batch norm axis 1": ([L.BatchNormalization(axis=1)], (4, 5, 2)),
    "batch norm bare": ([L.BatchNormalization(center=False, scale=False)], (4,)),
    "layer norm axes": ([L.LayerNormalization(axis=[1, 2])], (4, 5)),
    "layer norm front axis": ([L.LayerNormalization(axis=1)], (4, 5)),
    "layer norm bare": ([L.LayerNormalization(center=False, scale=False)], (4, 5)),
    "group norm axis 1": ([L.GroupNormalization(2, axis=1)], (4, 5)),
    "group norm open": ([L.GroupNormalization(-1), L.GlobalMaxPooling1D()], (None, 4)),
    "instance norm": ([L.GroupNormalization(-1)], (4, 5, 3)),
    "rms norm axis 1": ([L.RMSNormalization(axis=1)], (4, 5)),
    "unit norm axes": ([L.UnitNormalization(axis=[1, 2])], (4, 5)),
    "prelu shared": ([L.PReLU("ones", shared_axes=[1, 2])], (4, 5, 3)),
    "relu threshold": ([L.ReLU(2.0, 0.1, 0.5)], (6,)),
    "softmax axes": ([L.Softmax([1, 2])], (4, 5)),
    "softmax axis 1": ([L.Softmax(1)], (4, 5)),
    "dense of images": ([L.Dense(3, "gelu")], (4, 5, 2)),
    "flatten open": ([L.Flatten()], (None, 3)),
    "reshape unknown": ([L.Reshape((-1, 4))], (6, 2)),
    "reshape open": ([L.Reshape((-1, 4))], (None, 2)),
    "permute": ([L.Permute((3, 1, 2)), L.Permute((2, 1, 3))], (2, 3, 4)),
    "resize nearest": ([L.Resizing(5, 7, "nearest")], (8, 6, 2)),
    "resize up": ([L.Resizing(9, 11)], (4, 6, 2)),
    "resize antialias": ([L.Resizing(4, 3, antialias=True)], (9, 8, 2)),
    "resize bicubic": ([L.Resizing(7, 9, "bicubic")], (5, 6, 2)),
    "resize crop": ([L.Resizing(4, 4, crop_to_aspect_ratio=True)], (9, 6, 2)),
    "resize pad": ([L.Resizing(4, 4, pad_to_aspect_ratio=True, fill_value=2.0)], (9, 6, 2)),
    "resize open": ([L.Resizing(4, 5)], (None, None, 2)),
    "center crop larger": ([L.CenterCrop(6, 4)], (5, 8, 2)),
    "upsampling nearest": ([L.UpSampling2D((2, 3))], (3, 4, 2)),
    "upsampling bilinear": ([L.UpSampling2D(3, interpolation="bilinear")], (3, 4, 2)),
    "upsampling 1d open": ([L.UpSampling1D(3)], (None, 2)),
    "rescaling arrays": ([L.Rescaling([1.0, 2.0], [0.5, -1.0])], (3, 2)),
    "normalization inverse": ([L.Normalization(mean=1.0, variance=4.0, invert=True)], (3, 2)),
    "einsum ellipsis": ([L.EinsumDense("...x,xy->...y", 4, bias_axes="y")], (3, 2, 5)),
    "einsum behind": ([L.EinsumDense("bx...,xy->by...", 4)], (3, 2, 5)),
    "lstm relu": ([L.LSTM(3, "relu", "hard_sigmoid", return_sequences=True)], (5, 2)),
    "lstm backwards": ([L.LSTM(3, go_backwards=True, return_sequences=True)], (5, 2)),
    "lstm open": ([L.LSTM(3, use_bias=False, return_sequences=True), L.LSTM(2)], (None, 2)),
    "gru elu": ([L.GRU(3, "elu", return_sequences=True, go_backwards=True)], (5, 2)),
    "gru old": ([L.GRU(3, "softsign", reset_after=False)], (5, 2)),
    "simple rnn no bias": ([L.SimpleRNN(3, "gelu", use_bias=False)], (5, 2)),
    "masked lstm": ([L.Masking(0.0), L.LSTM(3, return_sequences=True), L.GRU(2)], (5, 2)),
    "masked zeros": (
        [L.Masking(0.0), L.RNN(L.GRUCell(3), return_sequences=True, zero_output_for_mask=True)],
        (5, 2),
    ),
    "bidirectional modes": (
        [
            L.Bidirectional(L.LSTM(3, return_sequences=True), "mul"),
            L.Bidirectional(L.SimpleRNN(2, return_sequences=True), "ave"),
        ],
        (5, 2),
    ),
    "masked bidirectional": ([L.Masking(0.0), L.Bidirectional(L.LSTM(3))], (5, 2)),
    "masked average": ([L.Masking(0.0), L.GlobalAveragePooling1D()], (5, 2)),
    "time distributed conv": ([L.TimeDistributed(L.Conv2D(2, 2))], (3, 5, 5, 2)),
    "time distributed open": ([L.TimeDistributed(L.Dense(2))], (None, 3)),
    "masked time distributed": (
        [L.Masking(0.0), L.TimeDistributed(L.Dense(2)), L.LSTM(2)],
        (4, 3),
    ),
    "noise": ([L.GaussianNoise(1.0), L.GaussianDropout(0.5), L.SpatialDropout1D(0.5)], (4, 3)),
}


def _random_window(seed):
    """A random convolution or pooling, its input shape, perhaps open, and sizes for that."""
    rng = random.Random(seed)
    rank = rng.choice([1, 2])
    channels = rng.choice([1, 2, 3, 4, 6])

    def sizes(low, high):
        return [rng.randint(low, high) for _ in range(rank)]

    window, strides, dilation = sizes(1, 4), sizes(1, 3), [1] * rank
    if rng.random() < 0.4:
        strides, dilation = [1] * rank, sizes(1, 3)
    padding = rng.choice(["valid", "same"])
    reach = [(k - 1) * d + 1 for k, d in zip(window, dilation, strict=True)]
    size = [max(n, k) for n, k in zip(sizes(5, 12), reach, strict=True)]

    def of(name):
        return getattr(L, f"{name}{rank}D")

    kind = rng.randrange(6)
    if kind == 0:
        groups = rng.choice([g for g in (1, 2, 3) if channels % g == 0])
        filters = groups * rng.randint(1, 3)
        options = {"dilation_rate": dilation, "groups": groups, "use_bias": rng.random() < 0.7}
        layer = of("Conv")(filters, window, strides, padding, **options)
    elif kind == 1:
        times = rng.randint(1, 3)
        layer = of("DepthwiseConv")(window, strides, padding, times, dilation_rate=dilation)
    elif kind == 2:
        layer = of("SeparableConv")(3, window, strides, padding, dilation_rate=dilation)
    elif kind == 3:
        extra = None if rng.random() < 0.5 else [rng.randrange(s) for s in strides]
        options = {"output_padding": extra, "dilation_rate": dilation}
        layer = getattr(L, f"Conv{rank}DTranspose")(2, window, strides, padding, **options)
    else:
        layer = of("MaxPooling" if kind == 4 else "AveragePooling")(window, strides, padding)
    return layer, [None] * rank if rng.random() < 0.25 else size, size, channels


@pytest.mark.parametrize("block", range(4))
def test_random_windows(block):
    """In onnxruntime, and read again."""
    from minidl.saving._onnx_import import model_of

    done = 0
    for seed in range(40 * block, 40 * block + 40):
        try:
            layer, shape, size, channels = _random_window(seed)
            model = minidl.Sequential([minidl.Input((*shape, channels)), layer])
        except ValueError:  # strides beside dilation
            continue
        x = np.random.default_rng(seed).standard_normal((2, *size, channels)).astype("float32")
        want = model(x).numpy()
        try:
            proto = checked(model)
        except NotImplementedError as error:
            assert "strides wider than the window" in str(error) and None in shape
            continue
        equal(want, run(proto, [x]))
        equal(want, model_of(proto)(x).numpy(), 1e-5)
        done += 1
    assert done > 25


def _fresh(layer):
    return type(layer).from_config(layer.get_config())


@pytest.mark.parametrize("name", VARIANTS)
def test_variants(name):
    stack, shape = VARIANTS[name]
    minidl.set_random_seed(0)
    model = minidl.Sequential([minidl.Input(shape), *map(_fresh, stack)])
    shaken(model)
    proto = checked(model)
    sizes = [6 if n is None else n for n in shape]
    for batch in (2, 3):
        x = np.random.default_rng(batch).standard_normal((batch, *sizes)).astype("float32")
        if "mask" in name:  # padding in front, inside and behind
            x[0, :1] = x[0, 2:3] = x[1, -2:] = 0
        equal(model(x).numpy(), run(proto, [x]))


def _attention(layer, mask=False, **call):
    q, v = minidl.Input((4, 6)), minidl.Input((5, 6))
    a, b = (L.Masking(0.0)(q), L.Masking(0.0)(v)) if mask else (q, v)
    inputs = ([a, b],) if isinstance(layer, L.Attention) else (a, b)
    return minidl.Model([q, v], layer(*inputs, **call))


ATTENTION = {
    "heads": lambda: _attention(L.MultiHeadAttention(2, 3, value_dim=4, output_shape=5)),
    "heads causal": lambda: _attention(L.MultiHeadAttention(2, 3), use_causal_mask=True),
    "heads masked": lambda: _attention(L.MultiHeadAttention(2, 3), mask=True),
    "heads window": lambda: _attention(L.MultiHeadAttention(2, 3, sliding_window=2)),
    "heads gate": lambda: _attention(L.MultiHeadAttention(2, 3, use_gate=True)),
    "heads scores": lambda: _attention(
        L.MultiHeadAttention(2, 3), return_attention_scores=True, mask=True
    ),
    "groups masked": lambda: _attention(L.GroupQueryAttention(3, 4, 2), mask=True),
    "groups causal": lambda: _attention(L.GroupQueryAttention(3, 4, 1), use_causal_mask=True),
    "dot": lambda: _attention(L.Attention(use_scale=True), mask=True),
    "dot causal": lambda: _attention(L.Attention(), use_causal_mask=True),
    "dot scores": lambda: _attention(L.Attention(), return_attention_scores=True),
    "concat": lambda: _attention(L.Attention(use_scale=True, score_mode="concat")),
    "additive masked": lambda: _attention(L.AdditiveAttention(), mask=True),
}


@pytest.mark.parametrize("name", ATTENTION)
def test_attention(name):
    minidl.set_random_seed(0)
    model = shaken(ATTENTION[name]())
    proto = checked(model)
    x = _data([(4, 6), (5, 6)], 3)
    x[0][0, 1] = x[1][1, 3:] = x[1][2] = 0  # the last has no key at all
    out = model(x)
    out = out if isinstance(out, (list, tuple)) else [out]
    equal([y.numpy() for y in out], run(proto, x))


def test_attention_over_axes():
    x = minidl.Input((3, 4, 5))
    model = minidl.Model(x, L.MultiHeadAttention(2, 3, attention_axes=(2,))(x, x))
    _same(shaken(model), [(3, 4, 5)])


@pytest.mark.parametrize("name", ["Add", "Maximum", "Minimum", "Concatenate"])
@pytest.mark.parametrize("second", ["masked", "plain"])
def test_merging_of_masked_sequences(name, second):
    a, b = minidl.Input((5, 2)), minidl.Input((5, 2))
    parts = [L.Masking()(a), L.Masking()(b) if second == "masked" else b]
    model = minidl.Model([a, b], L.LSTM(3, return_sequences=True)(getattr(L, name)()(parts)))
    proto = checked(shaken(model))
    x = _data([(5, 2), (5, 2)], 3)
    x[0][0, :2] = x[0][1, 3:] = x[1][0, 1:3] = x[1][2, 2] = 0
    equal(model(x).numpy(), run(proto, x))


def test_softmax_with_a_mask():
    x, mask = minidl.Input((5,)), minidl.Input((5,), dtype="bool")
    model = minidl.Model([x, mask], L.Softmax()(x, mask=mask))
    data = _data([(5,)], 3)[0]
    seen = data > -0.5
    equal(model([data, seen]).numpy(), run(checked(model), [data, seen]))


def test_states_in_and_out():
    x, h, c = minidl.Input((4, 2)), minidl.Input((3,)), minidl.Input((3,))
    y, *states = L.LSTM(3, return_sequences=True, return_state=True)(x, initial_state=[h, c])
    z, last = L.GRU(3, return_state=True)(y, initial_state=states[0])
    _same(shaken(minidl.Model([x, h, c], [y, z, last, *states])), [(4, 2), (3,), (3,)])


def _unary(f):
    x = minidl.Input((4, 6))
    return minidl.Model(x, f(x)), [(4, 6)]


FUNCTIONS = {
    "arithmetic": lambda x: (x * 2 - 1) / (ops.abs(x) + 1) ** 2 + (-x),
    "remainders": lambda x: ops.floor_divide(x, 0.7) + ops.mod(x, 0.7) + ops.round(x, 1),
    "comparisons": lambda x: ops.where(ops.logical_or(x > 1, x <= 0.0), x, ops.sign(x) * 3),
    "exponents": lambda x: ops.expm1(x) + ops.log1p(ops.exp(x)) + ops.rsqrt(ops.square(x) + 1),
    "trigonometry": lambda x: ops.sin(x) + ops.cos(x) + ops.arctan(x) + ops.tanh(x) + ops.erf(x),
    "reductions": lambda x: ops.sum(x, 1, True) + ops.max(x, (1, 2), True) + ops.std(x, 2, True),
    "more reductions": lambda x: ops.mean(x, -1) + ops.var(x, 2) + ops.logsumexp(x, 2),
    "indices": lambda x: ops.argmax(x, -1) + ops.argmin(x, 2),
    "slices": lambda x: ops.concatenate([x[:, 1:3, ::2], x[:, -2:, ::-2]], 1)[..., None, 0],
    "integers": lambda x: x[:, 1] + x[:, -1],
    "shapes": lambda x: ops.reshape(ops.transpose(x, (0, 2, 1)), (-1, 3, 8)),
    "axes": lambda x: ops.squeeze(ops.expand_dims(ops.moveaxis(x, 1, 2), 1), 1),
    "stacks": lambda x: ops.stack(ops.split(x, 3, axis=2), axis=1),
    "tiles": lambda x: ops.tile(ops.repeat(x, 2, axis=1), (1, 1, 2)),
    "pads": lambda x: ops.pad(ops.flip(x, 1), ((0, 0), (1, 2), (0, 1)), constant_values=3.0),
    "products": lambda x: ops.einsum("bij,bkj->bik", x, x) + ops.matmul(x, ops.swapaxes(x, 1, 2)),
    "softmax": lambda x: ops.softmax(x, 1) + ops.log_softmax(x),
    "taken": lambda x: ops.take(x, [2, 0, 0], axis=1),
    "one hot": lambda x: ops.one_hot(ops.argmax(x, -1), 6),
    "cumulated": lambda x: ops.cumsum(x, 1),
    "triangles": lambda x: ops.tril(x) + ops.triu(x, 1) * ops.ones_like(x) + ops.zeros_like(x),
    "best": lambda x: ops.top_k(x, 3)[0] + ops.take_along_axis(x, ops.top_k(x, 3)[1], 2),
    "casts": lambda x: ops.cast(ops.cast(x * 3, "int32"), "float32") + ops.clip(x, -0.5, 0.5),
    "norms": lambda x: ops.normalize(x) + ops.layer_normalization(x) + ops.rms_normalization(x),
    "convolution": lambda x: ops.conv(x, np.ones((2, 6, 3), "float32"), padding="same"),
    "pools": lambda x: ops.max_pool(x, 2) - ops.average_pool(x, 2),
    "more arithmetic": lambda x: ops.logaddexp(x, 0.5) + ops.divide_no_nan(ops.trunc(x), x),
    "roots": lambda x: ops.hypot(x, ops.exp2(x)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    model, shapes = _unary(FUNCTIONS[name])
    _same(model, shapes)


@pytest.mark.parametrize(
    "name", ["ResNet50", "ResNet50V2", "InceptionV3", "MobileNetV2", "Xception", "VGG16"]
)
def test_applications(name):
    minidl.set_random_seed(0)
    size = 75 if name in ("InceptionV3", "Xception") else 32
    build = getattr(minidl.applications, name)
    model = build(weights=None, input_shape=(size, size, 3), classes=5, classifier_activation=None)
    proto = checked(model)
    turned = sum(node.op_type == "Transpose" for node in proto.graph.node)
    assert turned <= 2  # the input, and the flat features of VGG16
    x = np.random.default_rng(0).standard_normal((2, size, size, 3)).astype("float32")
    equal(model.predict(x, verbose=0), run(proto, [x]))


class Residual(minidl.Layer):
    """Made of layers and ops, without an entry of its own."""

    def __init__(self, units):
        super().__init__()
        self.dense = L.Dense(units, "relu")

    def call(self, x, training=None):
        return ops.concatenate([x, self.dense(x) * 2.0], axis=-1)


class Net(minidl.Model):
    def __init__(self):
        super().__init__()
        self.block = Residual(3)
        self.head = L.Dense(2)

    def call(self, x):
        return self.head(self.block(x))


def test_custom_layers_are_followed():
    x = minidl.Input((4,))
    _same(shaken(minidl.Model(x, Residual(3)(x))), [(4,)])


def test_subclassed_models():
    model = Net()
    x = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")
    with pytest.raises(ValueError, match="input_signature"):
        checked(model)
    y = model(x).numpy()
    for signature in (None, [minidl.Input((4,))]):
        equal(y, run(checked(model, signature), [x]))


INTEGERS = {
    "dense": ([L.Dense(2)], (4,)),
    "images": ([L.Conv2D(2, 2), L.AveragePooling2D(2)], (5, 5, 1)),
    "pools": ([L.ZeroPadding2D(1), L.MaxPooling2D(2), L.Flatten()], (5, 5, 1)),
    "steps": ([L.LSTM(2)], (4, 3)),
    "norms": ([L.BatchNormalization(), L.LayerNormalization()], (4,)),
    "rescaled": ([L.Rescaling(1 / 255), L.Conv2D(2, 2)], (5, 5, 1)),
    "enlarged": ([L.UpSampling2D(2), L.ReLU(4.0)], (5, 5, 1)),
    "repeated": ([L.RepeatVector(3), L.Permute((2, 1)), L.Dense(2)], (4,)),
}


@pytest.mark.parametrize("dtype", ["int32", "uint8"])
@pytest.mark.parametrize("name", INTEGERS)
def test_integers(name, dtype):
    stack, shape = INTEGERS[name]
    model = minidl.Sequential([minidl.Input(shape, dtype=dtype), *map(_fresh, stack)])
    proto = checked(shaken(model))
    x = np.random.default_rng(0).integers(0, 9, (2, *shape)).astype(dtype)
    equal(model(x).numpy(), run(proto, [x]))


def test_float64():
    x = minidl.Input((4,), dtype="float64")
    model = minidl.Model(x, L.Dense(3, "tanh", dtype="float64")(x))
    proto = checked(model)
    data = np.random.default_rng(0).standard_normal((2, 4))
    equal(model.predict(data, verbose=0), run(proto, [data]), 1e-12)


def test_every_layer_has_an_entry():
    from minidl.saving._onnx_export import LAYERS

    # cells are written with the layer around them; a Lambda is followed into its function
    apart = {"Layer", "InputLayer", "Input", "Lambda", "Wrapper", "StackedRNNCells"}
    found = {
        name
        for name, cls in vars(layers).items()
        if inspect.isclass(cls) and issubclass(cls, layers.Layer) and not name.startswith("_")
    }
    missing = {n for n in found - apart if getattr(layers, n) not in LAYERS}
    assert {n for n in missing if not n.endswith("Cell")} == set()
