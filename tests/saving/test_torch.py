"""PyTorch's modules and models of minidl with their weights: the same results."""

import minidl
import numpy as np
import pytest
from minidl import layers as L
from minidl import saving

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch")
nn = torch.nn


def _stir(module):
    """Weights, means and variances other than those at the start."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.dtype.is_floating_point:
                noise = torch.rand(value.shape, generator=generator)
                value.copy_(noise + 0.5 if "running_var" in name else noise - 0.5)
    return module.eval()


def _last(x):
    """(batch, channels, ...) to (batch, ..., channels)."""
    return np.moveaxis(x, 1, -1) if x.ndim > 2 else x


def _agree(model, module, x, last=True):
    with torch.no_grad():
        wanted = module(torch.tensor(x))
    wanted = wanted[0] if isinstance(wanted, tuple) else wanted
    wanted = _last(wanted.numpy()) if last else wanted.numpy()
    got = model(_last(x) if last else x, training=False).numpy()
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() <= 1e-5 * (1 + np.abs(wanted).max())


def _normal(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


def _norm(**options):
    return L.BatchNormalization(epsilon=1e-5, **options)


def _cnn():
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, groups=8, bias=False), nn.Conv2d(8, 6, 1), nn.PReLU(6), nn.Flatten(),
        nn.BatchNorm1d(24), nn.Dropout(0.5), nn.Linear(24, 10), nn.ReLU(), nn.Linear(10, 3),
    )  # fmt: skip
    model = minidl.Sequential(
        [
            minidl.Input((8, 8, 3)), L.Conv2D(8, 3, padding="same"), _norm(), L.ReLU(),
            L.MaxPooling2D(2), L.DepthwiseConv2D(3, use_bias=False), L.Conv2D(6, 1),
            L.PReLU(shared_axes=(1, 2)), L.Flatten(), _norm(), L.Dropout(0.5),
            L.Dense(10, "relu"), L.Dense(3),
        ]
    )  # fmt: skip
    return model, module


@pytest.mark.parametrize("file", [False, True], ids=["dict", "file"])
def test_a_convolutional_network(file, tmp_path):
    model, module = _cnn()
    source = _stir(module).state_dict()
    if file:
        save = pytest.importorskip("safetensors.torch", reason="needs safetensors").save_file
        save(source, tmp_path / "a.safetensors")
        source = str(tmp_path / "a.safetensors")
    saving.load_torch_weights(model, source)
    _agree(model, module, _normal(2, 3, 8, 8))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 6, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 6, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(6)
        self.downsample = nn.Sequential(nn.Conv2d(4, 6, 1, 2, bias=False), nn.BatchNorm2d(6))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + self.downsample(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(Block(), nn.Conv2d(6, 2, 1))

    def forward(self, x):
        return self.layer1(x)


def _conv(filters, size, stride, name, **options):
    pad = L.ZeroPadding2D(size // 2)
    conv = L.Conv2D(filters, size, strides=stride, name=name, **options)
    return lambda x: conv(pad(x))


def _residual(named=True):
    name = (lambda n: f"layer1_{n}") if named else (lambda n: None)
    x = minidl.Input((8, 8, 4))
    y = _conv(6, 3, 2, name("0_conv1"), use_bias=False)(x)
    y = L.ReLU()(_norm(name=name("0_bn1"))(y))
    y = _norm(name=name("0_bn2"))(_conv(6, 3, 1, name("0_conv2"), use_bias=False)(y))
    z = _conv(6, 1, 2, name("0_downsample_0"), use_bias=False)(x)
    z = _norm(name=name("0_downsample_1"))(z)
    return minidl.Model(x, L.Conv2D(2, 1, name=name("1"))(L.ReLU()(y + z)))


def test_a_residual_block_by_name(tmp_path):
    save = pytest.importorskip("safetensors.torch", reason="needs safetensors").save_file
    module, model = _stir(Net()), _residual()
    save(module.state_dict(), tmp_path / "a.safetensors")
    for source in (module.state_dict(), tmp_path / "a.safetensors"):
        model.set_weights([0 * w for w in model.get_weights()])
        saving.load_torch_weights(model, source)
        _agree(model, module, _normal(2, 4, 8, 8))
    with pytest.raises(ValueError, match=r"does not keep the order of modules.*layer1.0"):
        saving.load_torch_weights(_residual(False), tmp_path / "a.safetensors")


def test_a_residual_block_by_mapping():
    module, model = _stir(Net()), _residual(False)
    convs = [layer for layer in model.layers if isinstance(layer, L.Conv2D)]
    norms = [layer for layer in model.layers if isinstance(layer, L.BatchNormalization)]
    first, second, down = (
        next(c for c in convs if c.kernel.shape == s and c.strides[0] == stride)
        for s, stride in (((3, 3, 4, 6), 2), ((3, 3, 6, 6), 1), ((1, 1, 4, 6), 2))
    )
    after = {n._inbound_nodes[0].input_tensors[0]._keras_history.operation.name: n for n in norms}
    mapping = {
        "layer1.0.conv1": first, "layer1.0.bn1": after[first.name], "layer1.0.conv2": second.name,
        "layer1.0.bn2": after[second.name].name, "layer1.0.downsample.0": down,
        "layer1.0.downsample.1": after[down.name], "layer1.1": convs[-1],
    }  # fmt: skip
    saving.load_torch_weights(model, module.state_dict(), mapping)
    _agree(model, module, _normal(2, 4, 8, 8))
    before = model.get_weights()
    for change, message in (
        (lambda m: m.pop("layer1.1"), "says nothing of module 'layer1.1'"),
        (lambda m: m.update(nothing="x"), "names 'nothing'"),
        (lambda m: m.update({"layer1.1": "no_layer"}), "no layer with weights"),
        (lambda m: m.update({"layer1.1": None}), f"gives nothing to layer '{convs[-1].name}'"),
        (lambda m: m.update({"layer1.1": down}), "has them already"),
    ):
        wrong = dict(mapping)
        change(wrong)
        with pytest.raises(ValueError, match=message):
            saving.load_torch_weights(model, module.state_dict(), wrong)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def _sequence(layer):
    return minidl.Sequential([minidl.Input((5, 3)), *layer])


RECURRENT = {
    "lstm": (nn.LSTM(3, 4, batch_first=True), [L.LSTM(4, return_sequences=True)]),
    "lstm without bias": (
        nn.LSTM(3, 4, bias=False, batch_first=True),
        [L.LSTM(4, return_sequences=True, use_bias=False)],
    ),
    "lstm of two layers": (
        nn.LSTM(3, 4, 2, batch_first=True),
        [L.LSTM(4, return_sequences=True), L.LSTM(4, return_sequences=True)],
    ),
    "gru": (nn.GRU(3, 4, batch_first=True), [L.GRU(4, return_sequences=True)]),
    "gru both ways, two layers": (
        nn.GRU(3, 4, 2, batch_first=True, bidirectional=True),
        [L.Bidirectional(L.GRU(4, return_sequences=True)) for _ in range(2)],
    ),
    "lstm both ways": (
        nn.LSTM(3, 4, batch_first=True, bidirectional=True),
        [L.Bidirectional(L.LSTM(4, return_sequences=True))],
    ),
    "rnn": (nn.RNN(3, 4, batch_first=True), [L.SimpleRNN(4, return_sequences=True)]),
}


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent(name):
    module, layer = RECURRENT[name]
    model = _sequence(layer)
    saving.load_torch_weights(model, _stir(module).state_dict())
    _agree(model, module, _normal(2, 5, 3), last=False)


def test_cells():
    for kind, cell in ((nn.LSTMCell, L.LSTMCell), (nn.GRUCell, L.GRUCell)):
        module = _stir(kind(3, 4))
        model = _sequence([L.RNN(cell(4), return_sequences=True)])
        saving.load_torch_weights(model, {f"cell.{k}": v for k, v in module.state_dict().items()})
        whole = (nn.LSTM if cell is L.LSTMCell else nn.GRU)(3, 4, batch_first=True)
        whole.load_state_dict({f"{k}_l0": v for k, v in module.state_dict().items()})
        _agree(model, whole, _normal(2, 5, 3), last=False)


def test_an_encoder_of_a_transformer(tmp_path):
    module = _stir(nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True))
    x = minidl.Input((5, 8))
    norm = lambda n: L.LayerNormalization(epsilon=1e-5, name=n)  # noqa: E731
    y = norm("norm1")(x + L.MultiHeadAttention(2, 4, name="self_attn")(x, x))
    z = L.Dense(8, name="linear2")(L.Dense(16, "relu", name="linear1")(y))
    model = minidl.Model(x, norm("norm2")(y + z))
    saving.load_torch_weights(model, module.state_dict())
    _agree(model, module, _normal(2, 5, 8), last=False)
    save = pytest.importorskip("safetensors.torch", reason="needs safetensors").save_file
    save({k: v.bfloat16() for k, v in module.state_dict().items()}, tmp_path / "a.safetensors")
    saving.load_torch_weights(model, tmp_path / "a.safetensors")
    _agree(model, module.bfloat16().float(), _normal(2, 5, 8), last=False)


def test_attention_of_other_widths():
    class Attend(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.MultiheadAttention(8, 2, kdim=6, vdim=5, batch_first=True)

        def forward(self, x):
            return self.a(x, x[..., :6], x[..., :5])[0]

    module = _stir(Attend())
    x = minidl.Input((4, 8))
    out = L.MultiHeadAttention(2, 4)(x, x[..., :5], x[..., :6])
    model = minidl.Model(x, out)
    saving.load_torch_weights(model, module.state_dict())
    _agree(model, module, _normal(2, 4, 8), last=False)


def test_transposed_and_grouped_convolutions():
    module = nn.Sequential(
        nn.Conv2d(4, 8, 3, groups=2), nn.GroupNorm(4, 8), nn.ConvTranspose2d(8, 3, 2, 2),
        nn.Conv2d(3, 6, 3, groups=3),
    )  # fmt: skip
    model = minidl.Sequential(
        [
            minidl.Input((6, 6, 4)), L.Conv2D(8, 3, groups=2),
            L.GroupNormalization(4, epsilon=1e-5), L.Conv2DTranspose(3, 2, strides=2),
            L.DepthwiseConv2D(3, depth_multiplier=2),
        ]
    )  # fmt: skip
    saving.load_torch_weights(model, _stir(module).state_dict())
    _agree(model, module, _normal(2, 4, 6, 6))


def test_separable_convolution_takes_two_modules():
    module = nn.Sequential(nn.Conv2d(4, 8, 3, groups=4, bias=False), nn.Conv2d(8, 5, 1))
    model = minidl.Sequential(
        [minidl.Input((6, 6, 4)), L.SeparableConv2D(5, 3, depth_multiplier=2)]
    )
    saving.load_torch_weights(model, _stir(module).state_dict())
    _agree(model, module, _normal(2, 4, 6, 6))


def test_sequences_of_convolutions_are_flattened_channels_first():
    module = nn.Sequential(nn.Conv1d(3, 4, 2), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    model = _sequence([L.Conv1D(4, 2), L.ReLU(), L.Flatten(), L.Dense(2)])
    saving.load_torch_weights(model, _stir(module).state_dict())
    with torch.no_grad():
        wanted = module(torch.tensor(_normal(2, 3, 5))).numpy()
    got = model(np.moveaxis(_normal(2, 3, 5), 1, 2)).numpy()
    assert np.abs(got - wanted).max() < 1e-5


def test_embeddings_are_flattened_as_they_are():
    module = nn.Sequential(nn.Embedding(7, 3), nn.Flatten(), nn.RMSNorm(12), nn.Linear(12, 2))
    model = minidl.Sequential(
        [
            minidl.Input((4,), dtype="int32"), L.Embedding(7, 3), L.Flatten(),
            L.RMSNormalization(epsilon=float(torch.finfo(torch.float32).eps)), L.Dense(2),
        ]
    )  # fmt: skip
    saving.load_torch_weights(model, _stir(module).state_dict())
    _agree(model, module, np.array([[0, 1, 6, 3]]), last=False)


def test_attributes_as_names():
    class Ours(minidl.Model):
        def __init__(self):
            super().__init__()
            self.second = L.Dense(4)
            self.first = L.Dense(4)

        def call(self, x):
            return self.second(self.first(x))

    class Theirs(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(4, 4)
            self.second = nn.Linear(4, 4)

        def forward(self, x):
            return self.second(self.first(x))

    module, model = _stir(Theirs()), Ours()
    model(np.zeros((1, 4), "float32"))
    saving.load_torch_weights(model, module.state_dict())
    _agree(model, module, _normal(2, 4))


def test_a_list_gives_the_order_of_a_file(tmp_path):
    save = pytest.importorskip("safetensors.torch", reason="needs safetensors").save_file
    module = nn.Sequential()
    module.add_module("z", nn.Linear(4, 4))
    module.add_module("a", nn.Linear(4, 4))
    save(_stir(module).state_dict(), tmp_path / "a.safetensors")
    model = minidl.Sequential([minidl.Input((4,)), L.Dense(4), L.Dense(4)])
    for order in (list(module.state_dict()), ["z", "a"]):
        saving.load_torch_weights(model, tmp_path / "a.safetensors", order)
        _agree(model, module, _normal(2, 4))
    with pytest.raises(ValueError, match="does not name module 'a'"):
        saving.load_torch_weights(model, tmp_path / "a.safetensors", ["z"])


def _dense(*units, **options):
    return minidl.Sequential([minidl.Input((3,)), *(L.Dense(n, **options) for n in units)])


W = {n: np.ones(s, "float32") for n, s in
     (("0.weight", (2, 3)), ("0.bias", (2,)), ("1.weight", (4, 2)), ("1.bias", (4,)))}  # fmt: skip


class Own(minidl.Layer):
    def build(self, shape):
        self.w = self.add_weight((2, 2))

    def call(self, x):
        return minidl.ops.matmul(x, self.w)


BAD = {
    "another shape": (lambda: _dense(2, 5), W, r"module 2 of 2, '1'.*shape \(2, 4\).*\(2, 5\)"),
    "more modules": (lambda: _dense(2), W, "2 modules .* 1 layers .*left over is module '1'"),
    "more layers": (lambda: _dense(2, 4, 1), W, "left over is layer 'dense"),
    "no bias in the layer": (lambda: _dense(2, 4, use_bias=False), W, "'bias' of shape .*no place"),
    "no bias in the module": (lambda: _dense(2), {"0.weight": W["0.weight"]}, "has no 'bias'"),
    "text": (lambda: _dense(2), {"0.weight": "abc", "0.bias": 1}, "is no tensor"),
    "nothing": (lambda: _dense(2), {}, "0 modules"),
    "gates": (
        lambda: _sequence([L.LSTM(4)]),
        {f"weight_{n}_l0": np.ones((12, 3)) for n in ("ih", "hh")},
        "4 gates of layer 'lstm_cell",
    ),
    "reset before": (
        lambda: _sequence([L.GRU(4, reset_after=False)]),
        {"weight_ih_l0": np.ones((12, 3))},
        "reset_after=True",
    ),
    "projection": (
        lambda: _sequence([L.LSTM(4)]),
        {"weight_hr_l0": np.ones((2, 4)), "weight_ih_l0": np.ones((16, 3))},
        "proj_size",
    ),
    "layer without a rule": (
        lambda: minidl.Sequential([minidl.Input((3, 2)), Own()]),
        W,
        "no rule",
    ),
    "not built": (lambda: minidl.Sequential([L.Dense(2)]), W, "no weights yet"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit(name):
    make, state, message = BAD[name]
    model = make()
    before = model.get_weights() if model.built else []
    with pytest.raises(ValueError, match=message):
        saving.load_torch_weights(model, state)
    after = model.get_weights() if model.built else []
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
