"""`export` as a user meets it: what is refused by name, the file, the disk, the missing package."""

import os
import sys

import minidl
import numpy as np
import pytest
from minidl import layers as L
from minidl import ops

from .onnx_peer import onnx

onnx()


class Opaque(minidl.Layer):
    def call(self, x):
        return ops.convert_to_tensor(np.sort(np.asarray(x)))


class Chooser(L.SimpleRNNCell):
    def get_initial_state(self, batch_size=None):
        return [ops.ones((batch_size, self.units))]


REFUSED = {
    "opaque layer": Opaque(name="hidden"),
    "stateful": L.LSTM(3, stateful=True, name="hidden"),
    "first states": L.RNN(Chooser(2), name="hidden"),
    "op": lambda x: ops.roll(x, 1),
    "training": lambda x: L.Dropout(0.5, name="hidden")(x, training=True),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(name, tmp_path):
    x = minidl.Input((4, 6))
    model = minidl.Model(x, REFUSED[name](x))
    path = tmp_path / "x.onnx"
    path.write_bytes(b"before")
    with pytest.raises(NotImplementedError, match="ops.roll" if name == "op" else "hidden"):
        model.export(path, verbose=False)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["x.onnx"]


def test_export(tmp_path, capsys):
    from minidl.saving import _onnx_export

    model = minidl.Sequential([minidl.Input((4,)), L.Dense(2)])
    path = tmp_path / "model.onnx"
    assert model.export(path) is None
    assert "model.onnx" in capsys.readouterr().out
    proto = onnx().load(str(path))
    assert [o.version for o in proto.opset_import] == [_onnx_export.OPSET]
    assert proto.ir_version == _onnx_export.IR_VERSION
    assert [x.name for x in proto.graph.input] == [model.inputs[0].name]
    assert {x.name for x in proto.graph.initializer} == {w.path for w in model.weights}
    with pytest.raises(ValueError, match="'onnx'"):
        model.export(path, format="tf_saved_model")
    with pytest.raises(ValueError, match="not built"):
        minidl.Sequential([L.Dense(2)]).export(path)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file(step, tmp_path, monkeypatch):
    model = minidl.Sequential([minidl.Input((4,)), L.Dense(2)])
    path = tmp_path / "x.onnx"
    path.write_bytes(b"before")

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        model.export(path, verbose=False)
    monkeypatch.undo()
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["x.onnx"]


def test_without_onnx(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    model = minidl.Sequential([minidl.Input((4,)), L.Dense(2)])
    with pytest.raises(ImportError, match=r"pip install \"minidl\[onnx\]\""):
        model.export(tmp_path / "x.onnx")
