"""Networks that PyTorch exports: read here they predict the same, and all their weights train."""

import warnings

import minidl
import numpy as np
import pytest
from minidl import saving

from .onnx_peer import equal, onnx, run

torch = pytest.importorskip("torch", reason="networks of PyTorch need it: pip install torch")
onnx()

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


class Images(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.deep = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.wide = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2)
        self.group = nn.GroupNorm(2, 8)
        self.up = nn.ConvTranspose2d(8, 4, 3, 2, 1, 1)
        self.slope = nn.PReLU(4)
        self.mix = nn.Conv2d(4, 8, 1)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x)))
        x = x + self.deep(x)
        x = F.max_pool2d(self.wide(x), 3, 2, 1)
        x = self.slope(self.up(self.group(x)))
        x = F.avg_pool2d(F.pad(self.mix(x), (1, 1, 0, 1)), 2, ceil_mode=True)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = torch.cat([F.hardswish(x), F.silu(x)], 1)
        return self.head(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Steps(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 6)
        self.lstm = nn.LSTM(6, 5, batch_first=True, bidirectional=True, num_layers=2)
        self.gru = nn.GRU(10, 4, batch_first=True)
        self.rnn = nn.RNN(4, 3, batch_first=True, nonlinearity="relu")
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        x, _ = self.lstm(self.table(x))
        x, _ = self.gru(x)
        x, h = self.rnn(x)
        return self.head(x[:, -1]) + self.head(h[0])


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        size = {"d_model": 8, "nhead": 2, "dim_feedforward": 16, "batch_first": True}
        self.encoder = nn.TransformerEncoderLayer(**size, activation="gelu")
        self.decoder = nn.TransformerDecoderLayer(**size)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(6)
        return self.head(self.decoder(x, self.encoder(x), tgt_mask=mask))


NETWORKS = {
    "images": (Images, lambda: torch.randn(3, 3, 17, 16)),
    "steps": (Steps, lambda: torch.randint(0, 20, (3, 7))),
    "transformer": (Transformer, lambda: torch.randn(3, 6, 8)),
}


def _exported(name, path, opset=17):
    torch.manual_seed(0)
    build, make = NETWORKS[name]
    network = build().eval()
    with torch.no_grad():  # no two weights alike: PyTorch would write them once
        for p in network.parameters():
            p.add_(torch.randn(p.shape) * 0.1)
        for p in network.buffers():
            if p.dtype == torch.float32:
                p.copy_(torch.rand(p.shape) + 0.5)
    x = make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (x,),
            str(path),
            dynamo=False,
            opset_version=opset,
            input_names=["x"],
            dynamic_axes={"x": {0: "n"}},
        )
    return network, x


@pytest.mark.parametrize("name", NETWORKS)
def test_exported_by_torch(name, tmp_path):
    path = tmp_path / "x.onnx"
    network, x = _exported(name, path)
    model = saving.load_onnx(path)
    with torch.no_grad():
        want = network(x).numpy()
    equal(want, model.predict(x.numpy(), verbose=0, batch_size=2), 2e-5)
    sizes = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert sizes >= 0.95 * sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("opset", [9, 10, 11, 12, 13, 15, 20])
@pytest.mark.parametrize("name", ["images", "steps"])
def test_older_opsets(name, opset, tmp_path):
    """As onnxruntime reads them: before opset 11 resizing is not PyTorch's."""
    path = tmp_path / "x.onnx"
    _, x = _exported(name, path, opset)
    model = saving.load_onnx(path)
    equal(model(x.numpy()).numpy(), run(onnx().load(str(path)), [x.numpy()]), 2e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_as_in_torch(name, tmp_path):
    """The gradient of the loss for all weights has the length that it has there."""
    path = tmp_path / "x.onnx"
    network, x = _exported(name, path)
    model = saving.load_onnx(path)
    network.zero_grad()
    network(x).square().sum().backward()
    want = sum(float(p.grad.square().sum()) for p in network.parameters() if p.grad is not None)
    with minidl.GradientTape() as tape:
        loss = minidl.ops.sum(minidl.ops.square(model(x.numpy(), training=True)))
    found = tape.gradient(loss, model.trainable_weights)
    got = sum(float(np.square(g.numpy()).sum()) for g in found if g is not None)
    assert got == pytest.approx(want, rel=1e-3)
