"""A disk that takes no more, at any point of a save: the old file stands and the error is clear."""

import contextlib
import os
import resource
from pathlib import Path

import minidl
import numpy as np
import pytest
from minidl import layers

PACKAGES = {".keras": "h5py", ".weights.h5": "h5py", ".safetensors": "safetensors", ".onnx": "onnx"}


@contextlib.contextmanager
def _room_for(size):
    """The system refuses to write files beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("suffix", [".npz", *PACKAGES])
def test_no_more_room(suffix, tmp_path):
    if suffix in PACKAGES:
        pytest.importorskip(PACKAGES[suffix], reason=f"{suffix} needs {PACKAGES[suffix]}")
    model = minidl.Sequential([minidl.Input((8,)), layers.Dense(64), layers.Dense(3)])
    path = tmp_path / f"model{suffix}"

    def save():
        if suffix == ".onnx":
            model.export(str(path), format="onnx", verbose=False)
        else:
            (model.save if suffix == ".keras" else model.save_weights)(str(path))

    save()
    old = path.read_bytes()
    model.set_weights([np.ones_like(w) for w in model.get_weights()])
    for size in (0, *np.linspace(1, len(old) - 1, 25).astype(int).tolist()):
        with pytest.raises(OSError) as caught, _room_for(size):
            save()
        assert str(caught.value)
        assert path.read_bytes() == old, f"{size} bytes"
        assert os.listdir(tmp_path) == [path.name]
    save()
    assert Path(path).read_bytes() != old
