"""Files that are damaged or made to do harm: a clear error, and the model as it was."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import minidl
import numpy as np
import pytest
from minidl import layers, saving

from tests.processes import ROOT, how_it_ended
from tests.saving import file_mutants

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py: pip install h5py")


def _model(units=3):
    minidl.set_random_seed(0)
    model = minidl.Sequential([minidl.Input((4,)), layers.Dense(units), layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 4), "float32"), np.zeros((4, 2), "float32"), verbose=0)
    return model


def _h5(path, change):
    _model().save_weights(path)
    with h5py.File(path, "r+") as file:
        change(file)


def _replace(file, name, value):
    del file[name]
    file[name] = value


KERNEL = "layers/dense/vars/0"
WEIGHTS = {
    "missing weight": (lambda f: f.__delitem__(KERNEL), "holds 1 weights"),
    "missing layer": (lambda f: f.__delitem__("layers/dense_1"), "holds 0 weights"),
    "another shape": (lambda f: _replace(f, KERNEL, np.zeros((4, 5))), "has shape"),
    "huge shape": (
        lambda f: (
            f.__delitem__(KERNEL),
            f.create_dataset(KERNEL, (1 << 40, 4), "f4", chunks=True),
        ),
        "has shape",
    ),
    "text": (lambda f: _replace(f, KERNEL, np.full((4, 3), b"abc")), "no number"),
    "group": (lambda f: (f.__delitem__(KERNEL), f.create_group(KERNEL)), "no dataset"),
    "soft link": (
        lambda f: _replace(f, KERNEL, h5py.SoftLink("/layers/dense_1/vars/0")),
        "refused",
    ),
    "external link": (
        lambda f: _replace(f, KERNEL, h5py.ExternalLink("/etc/passwd", "/x")),
        "refused",
    ),
    "external data": (
        lambda f: (
            f.__delitem__(KERNEL),
            f.create_dataset(KERNEL, (4, 3), "f4", external=[("/etc/passwd", 0, 48)]),
        ),
        "refused",
    ),
    "virtual data": (
        lambda f: (
            f.__delitem__(KERNEL),
            f.create_virtual_dataset(KERNEL, h5py.VirtualLayout((4, 3), "f4")),
        ),
        "refused",
    ),
}


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("whole", [False, True], ids=["weights", "model"])
def test_hdf5(name, whole, tmp_path):
    change, message = WEIGHTS[name]
    path = str(tmp_path / "x.weights.h5")
    _h5(path, change)
    model = _model()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        if whole:
            file = str(tmp_path / "x.keras")
            model.save(file)
            _swap(file, "model.weights.h5", Path(path).read_bytes())
            saving.load_model(file)
        else:
            model.load_weights(path)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def _swap(path, name, data, compress=zipfile.ZIP_STORED):
    """The archive with another member of that name, or without it."""
    with zipfile.ZipFile(path) as file:
        members = {n: file.read(n) for n in file.namelist()}
    members[name] = data
    with zipfile.ZipFile(path, "w", compress) as file:
        for member, content in members.items():
            if content is not None:
                file.writestr(member, content)


def _config(change):
    def make(path):
        with zipfile.ZipFile(path) as file:
            config = json.loads(file.read("config.json"))
        change(config)
        _swap(path, "config.json", json.dumps(config).encode())

    return make


def _first_layer(**entries):
    def change(config):
        config["config"]["layers"][1].update(entries)

    return _config(change)


def _truncate(path, share):
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: int(len(data) * share)])


def _bomb(path):
    _swap(path, "config.json", b"[" + b" " * (65 << 20) + b"]", zipfile.ZIP_DEFLATED)


MODELS = {
    "empty": lambda p: Path(p).write_bytes(b""),
    "no archive": lambda p: Path(p).write_bytes(b"hello" * 100),
    "cut at half": lambda p: _truncate(p, 0.5),
    "cut at the end": lambda p: _truncate(p, 0.99),
    "no config": lambda p: _swap(p, "config.json", None),
    "no weights": lambda p: _swap(p, "model.weights.h5", None),
    "config is no JSON": lambda p: _swap(p, "config.json", b"{"),
    "config is a list": lambda p: _swap(p, "config.json", b"[]"),
    "config is deep": lambda p: _swap(p, "config.json", b"[" * 100_000),
    "config is no text": lambda p: _swap(p, "config.json", b"\xff\xfe\x00"),
    "weights are no HDF5": lambda p: _swap(p, "model.weights.h5", b"x" * 5000),
    "weights are packed": lambda p: _swap(p, "metadata.json", b"{}", zipfile.ZIP_DEFLATED),
    "bomb": _bomb,
    "unknown layer": _first_layer(class_name="Nonsense"),
    "module of the system": _first_layer(module="os", class_name="system"),
    "function of the system": _first_layer(module="builtins", class_name="eval"),
    "code": _first_layer(
        class_name="Lambda", config={"function": {"class_name": "__lambda__", "config": {}}}
    ),
    "config of the wrong kind": _first_layer(config=3),
    "unknown argument": _first_layer(config={"units": 3, "explode": True}),
    "negative units": _first_layer(config={"units": -3}),
    "no class": _config(lambda c: c.pop("class_name")),
    "layers are text": _config(lambda c: c["config"].update(layers="abc")),
    "compiled with nonsense": _config(lambda c: c["compile_config"].update(loss="nonsense")),
}


@pytest.mark.parametrize("name", MODELS)
def test_models(name, tmp_path):
    path = str(tmp_path / "model.keras")
    _model().save(path)
    MODELS[name](path)
    with pytest.raises((ValueError, TypeError)) as caught:
        saving.load_model(path)
    assert str(caught.value)


def test_safe_mode_cannot_be_left(tmp_path):
    path = str(tmp_path / "model.keras")
    _model().save(path)
    with pytest.raises(ValueError, match="safe_mode"):
        saving.load_model(path, safe_mode=False)


def test_no_such_file(tmp_path):
    for name in ("a.keras", "a.weights.h5", "a.h5"):
        with pytest.raises(FileNotFoundError):
            path = str(tmp_path / name)
            saving.load_model(path) if name.endswith("keras") else _model().load_weights(path)


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5", "m.npz"])
def test_a_save_that_fails_leaves_the_old_file(name, tmp_path, monkeypatch):
    path = str(tmp_path / name)
    model = _model()
    save = model.save if name.endswith("keras") else model.save_weights
    save(path)
    old = Path(path).read_bytes()
    with pytest.raises(FileExistsError):
        save(path, overwrite=False)

    def full(*args):
        raise OSError(28, "No space left on device")

    for function in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, function, full)
            with pytest.raises(OSError, match="No space"):
                save(path)
        assert Path(path).read_bytes() == old and os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5", ".safetensors"])
def test_mutations(suffix):
    """20,000 files with changed bytes, in a process of their own with its memory capped."""
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    done = subprocess.run(
        [sys.executable, "-m", "tests.saving.file_mutants", suffix, "--count", "20000"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert not done.returncode, f"{how_it_ended(done.returncode)}\n{done.stderr[-3000:]}"
    refused = int(done.stdout.split(" refused")[0].split()[-1])
    assert 5_000 < refused < 19_500  # neither all nor none


def test_a_damaged_heap_of_texts_does_not_hang(tmp_path):
    """HDF5 itself walks in circles where what is free in a heap has no length."""
    path = tmp_path / "old.h5"
    model = _model()
    file_mutants._write_old(model, path)
    model.load_weights(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"GCOL") + 16
    data[at : at + 16] = bytes(16)
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="damaged heap"):
        model.load_weights(path)


def test_a_huge_attribute_is_not_read(monkeypatch, tmp_path):
    from minidl.saving import _h5

    path = tmp_path / "old.h5"
    model = _model()
    file_mutants._write_old(model, path)
    monkeypatch.setattr(_h5, "_MOST_ATTRIBUTE", 15)  # two names take 16 bytes and more
    with pytest.raises(ValueError, match="'layer_names' claims 16 bytes"):
        model.load_weights(path)


def test_without_h5py(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "h5py", None)
    for call in (_model().save, saving.load_model):
        with pytest.raises(ImportError, match=r"minidl\[h5\]"):
            call(str(tmp_path / "x.keras"))


def test_bfloat16(tmp_path):
    """Two opaque bytes a value, as Keras writes them."""
    path = str(tmp_path / "x.weights.h5")
    model = _model()
    value = np.array(model.layers[0].kernel.numpy())
    bits = (value.view(np.uint32) >> 16).astype(np.uint16)

    def change(file):
        del file[KERNEL]
        data = file.create_dataset(KERNEL, data=bits.view("V2"))
        data.attrs["dtype"] = "bfloat16"

    _h5(path, change)
    model.load_weights(path)
    wanted = (bits.astype(np.uint32) << 16).view(np.float32)
    assert np.array_equal(model.layers[0].kernel.numpy(), wanted)


def test_user_classes(tmp_path):
    class Twice(minidl.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.parts = [layers.Dense(units), layers.Dense(units)]

        def build(self, shape):
            self.parts[0].build(shape)
            self.parts[1].build((*shape[:-1], self.units))

        def call(self, x):
            return self.parts[1](self.parts[0](x))

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    path = str(tmp_path / "x.keras")
    model = minidl.Sequential([minidl.Input((3,)), Twice(2)])
    model.save(path)
    with pytest.raises(ValueError, match="Twice"):
        saving.load_model(path)
    again = saving.load_model(path, custom_objects={"Twice": Twice})
    x = np.ones((2, 3), "float32")
    assert np.array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))
