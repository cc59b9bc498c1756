"""safetensors files: of a model's weights both ways, and of plain arrays."""

import json
import os
import struct
from pathlib import Path

import minidl
import numpy as np
import pytest
from minidl import layers, saving

from tests.processes import output_of

from .zoo import MODELS

package = pytest.importorskip("safetensors.numpy", reason="needs safetensors: pip install")


def _same(first, second):
    assert len(first) == len(second)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def raw(path, header, data=b""):
    """A file of any header, which may be bytes as they are."""
    if not isinstance(header, bytes):
        header = json.dumps(header).encode()
    Path(path).write_bytes(struct.pack("<Q", len(header)) + header + data)


@pytest.mark.parametrize("name", MODELS)
def test_weights_of_every_layer(name, tmp_path):
    minidl.set_random_seed(1)
    first, _ = MODELS[name](minidl)
    second, _ = MODELS[name](minidl)
    path = str(tmp_path / "a.safetensors")
    first.save_weights(path)
    second.load_weights(path)
    _same(first.get_weights(), second.get_weights())


def test_names_are_the_paths_of_keras(tmp_path):
    pytest.importorskip("h5py", reason="HDF5 files need h5py: pip install h5py")
    import h5py

    model, _ = MODELS["bidirectional"](minidl)
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    model.save_weights(str(tmp_path / "a.safetensors"))
    model.save_weights(str(tmp_path / "a.weights.h5"))
    names = []
    with h5py.File(tmp_path / "a.weights.h5") as file:
        file.visititems(lambda n, x: names.append(n) if isinstance(x, h5py.Dataset) else None)
    found = package.load_file(tmp_path / "a.safetensors")
    assert set(found) == set(names)
    assert "layers/bidirectional_1/forward_layer/cell/vars/2" in found


def _compiled(units=3):
    model = minidl.Sequential([minidl.Input((4,)), layers.Dense(units), layers.Dense(2)])
    model.compile("adam", "mse")
    return model


X, Y = np.ones((4, 4), "float32"), np.zeros((4, 2), "float32")


@pytest.mark.parametrize("suffix", [".safetensors", ".weights.h5"])
def test_training_goes_on(suffix, tmp_path):
    if suffix == ".weights.h5":
        pytest.importorskip("h5py", reason="HDF5 files need h5py: pip install h5py")
    first, second = _compiled(), _compiled()
    first.fit(X, Y, verbose=0)
    path = str(tmp_path / f"a{suffix}")
    first.save_weights(path)
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer 'adam"):
        second.load_weights(path)  # not built: the weights alone
    _same(first.get_weights(), second.get_weights())
    second.optimizer.build(second.trainable_variables)
    second.load_weights(path)
    losses = [m.fit(X, Y, epochs=3, verbose=0).history["loss"] for m in (first, second)]
    assert losses[0] == losses[1]
    other = _compiled()
    other.compile("sgd", "mse")
    other.optimizer.build(other.trainable_variables)
    with pytest.warns(UserWarning, match="variables, the saved one"):
        other.load_weights(path)


def test_a_file_that_does_not_fit_changes_nothing(tmp_path):
    path = str(tmp_path / "a.safetensors")
    _compiled().save_weights(path)
    for other, message in (
        (_compiled(5), "has shape"),
        (minidl.Sequential([minidl.Input((4,)), layers.Dense(3)]), "no weight of the model"),
        (
            minidl.Sequential([minidl.Input((4,)), *_compiled().layers, layers.Dense(2)]),
            "holds 0 weights",
        ),
    ):
        before = other.get_weights()
        with pytest.raises(ValueError, match=message):
            other.load_weights(path)
        _same(before, other.get_weights())
    other = _compiled(5)
    with pytest.warns(UserWarning, match="Skipping"):
        other.compile("rmsprop", "mse")
        other.optimizer.build(other.trainable_variables)
        other.load_weights(path, skip_mismatch=True)


def test_arrays_both_ways(tmp_path):
    rng = np.random.default_rng(0)
    dtypes = "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool"
    arrays = {d: rng.integers(0, 2, (2, 3)).astype(d) for d in dtypes.split()}
    arrays |= {
        "scalar": np.float32(2.5), "empty": np.zeros((0, 3)), "": np.ones(1),
        "strided": np.arange(12.0).reshape(3, 4)[::-1, ::2], "big": np.arange(3, dtype=">f4"),
        "fortran": np.asfortranarray(rng.standard_normal((3, 4))), "tensor": minidl.Tensor([1.0]),
    }  # fmt: skip
    path = tmp_path / "a.safetensors"
    saving.save_safetensors(path, arrays, {"made by": "hand"})
    for found in (saving.load_safetensors(path), package.load_file(path)):
        assert set(found) == set(arrays)
        for name, value in arrays.items():
            assert np.array_equal(found[name], np.asarray(value)), name
            assert found[name].dtype.newbyteorder("=") == np.asarray(value).dtype.newbyteorder("=")
            assert found[name].shape == np.asarray(value).shape
    package.save_file({k: np.ascontiguousarray(v) for k, v in arrays.items() if k != "big"}, path)
    assert np.array_equal(saving.load_safetensors(path)["strided"], arrays["strided"])


def test_bfloat16_is_widened_exactly(tmp_path):
    """All 65,536 bit patterns, those of NaN included."""
    bits = np.arange(1 << 16, dtype=np.uint16)
    path = tmp_path / "a.safetensors"
    entry = {"dtype": "BF16", "shape": [256, 256], "data_offsets": [0, 2 * bits.size]}
    raw(path, {"x": entry}, bits.tobytes())
    found = saving.load_safetensors(path)["x"]
    assert found.dtype == np.float32 and found.shape == (256, 256)
    assert np.array_equal(found.view(np.uint32).reshape(-1), bits.astype(np.uint32) << 16)
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    wanted = torch.tensor(bits.astype(np.int32)).to(torch.int16).view(torch.bfloat16).float()
    assert np.array_equal(found.reshape(-1), wanted.numpy(), equal_nan=True)


def test_bfloat16_weights(tmp_path):
    model = minidl.Sequential([minidl.Input((2,)), layers.Dense(2, use_bias=False)])
    entry = {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}
    path = str(tmp_path / "a.safetensors")
    raw(
        path, {"layers/dense/vars/0": entry}, np.array([0x3F80, 0xC000, 0, 0x4049], "<u2").tobytes()
    )
    model.load_weights(path)
    assert model.get_weights()[0].tolist() == [[1.0, -2.0], [0.0, 3.140625]]


def test_float8_is_refused_by_name(tmp_path):
    raw(tmp_path / "a", {"x": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}, b"1")
    with pytest.raises(ValueError, match="dtype 'F8_E4M3'"):
        saving.load_safetensors(tmp_path / "a")


def test_bad_arrays(tmp_path):
    for arrays, metadata, message in (
        ({"x": np.array(["a"])}, None, "'x' has dtype"),
        ({"x": np.array([1j])}, None, "'x' has dtype"),
        ({1: np.zeros(2)}, None, "names of tensors"),
        ({"x": np.zeros(2)}, {"a": 1}, "`metadata`"),
    ):
        with pytest.raises(TypeError, match=message):
            saving.save_safetensors(tmp_path / "a", arrays, metadata)
    assert os.listdir(tmp_path) == []


def test_weights_set_as_attributes(tmp_path):
    class Scale(minidl.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.factor = minidl.Variable(np.full(3, 2.0, "float32"), name="factor")

        def call(self, x):
            return x * self.factor

    path = str(tmp_path / "a.safetensors")
    model = minidl.Sequential([minidl.Input((3,)), Scale()])
    model.save_weights(path)
    assert list(saving.load_safetensors(path)) == ["layers/scale/vars/0"]
    model.layers[-1].factor.assign(np.zeros(3))
    model.load_weights(path)
    assert model.get_weights()[0].tolist() == [2, 2, 2]


def test_no_such_file(tmp_path):
    for call in (saving.load_safetensors, _compiled().load_weights):
        with pytest.raises(FileNotFoundError):
            call(str(tmp_path / "no.safetensors"))


def test_a_full_disk_is_an_error(tmp_path):
    """By a limit on the size of files, as a full disk cannot be had everywhere."""
    path = tmp_path / "a.safetensors"
    saving.save_safetensors(path, {"x": np.zeros(2)})
    old = path.read_bytes()
    code = f"""
    import numpy as np, resource, signal
    from minidl import saving
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    try:
        saving.save_safetensors({str(path)!r}, {{"x": np.zeros(1 << 20)}})
    except OSError as error:
        print("OSError")
    """
    assert output_of(code) == "OSError"
    assert path.read_bytes() == old and os.listdir(tmp_path) == ["a.safetensors"]
