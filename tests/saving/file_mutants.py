"""Model and weight files with changed bytes, by the thousand: each is read or refused, a refusal
leaves the model as it was, with no crash, no hang and memory within bounds.

`python -m tests.saving.file_mutants .keras --count 1000000` is the long run; `.weights.h5`, `.h5`
(the old format) and `.safetensors` are the others. In old files the names of layers are texts in a
heap, in whose reading HDF5 itself still crashes on some of them.
"""

import argparse
import random
import tempfile
import time
import warnings
import zlib
from pathlib import Path

import numpy as np

from tests.saving.onnx_mutants import (
    MOST_MEMORY,
    MOST_SECONDS,
    _limit_memory,
    _peak,
    of_bytes,
)

FORMATS = (".keras", ".weights.h5", ".h5", ".safetensors")


def _model():
    import minidl
    from minidl import layers

    minidl.set_random_seed(0)
    model = minidl.Sequential(
        [minidl.Input((3,)), layers.Dense(2), layers.BatchNormalization(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    return model


def _write(model, path, suffix):
    if suffix == ".keras":
        model.save(path)
    elif suffix == ".h5":
        _write_old(model, path)
    else:
        model.save_weights(path)


def _write_old(model, path):
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"2.4.0"
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{w.name}:0" for w in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, w in zip(names, layer.weights, strict=True):
                group[name] = w.numpy()


def _checksum(model):
    return zlib.crc32(b"".join(v.numpy().tobytes() for v in model.variables))


def work(suffix, count, seed=0):
    """Runs `count` mutants; says how many were refused. AssertionError for a broken promise."""
    from minidl import saving

    warnings.simplefilter("ignore")
    rng = random.Random(seed)
    model = _model()
    refused, slowest, start = 0, 0.0, _peak()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"case{suffix}"
        _write(model, path, suffix)
        data = path.read_bytes()
        whole = model.get_weights()
        before = _checksum(model)
        for case in range(count):
            if case == min(200, count // 2):
                start = _peak()
                _limit_memory()
            path.write_bytes(of_bytes(rng, data))
            begin = time.perf_counter()
            try:
                if suffix == ".keras":
                    saving.load_model(path)
                else:
                    model.load_weights(path)
            except (ValueError, TypeError, NotImplementedError) as error:
                refused += 1
                assert str(error), "an error without a message"
                assert _checksum(model) == before, "a refused file changed the model"
            else:
                if suffix != ".keras":
                    model.set_weights(whole)
            slowest = max(slowest, time.perf_counter() - begin)
            assert slowest <= MOST_SECONDS, f"{slowest:.1f} s for one file"
    grown = _peak() - start
    assert grown <= MOST_MEMORY, f"memory grew by {grown >> 20} MiB"
    return f"{count} files, {refused} refused, slowest {slowest:.3f} s, {grown >> 20} MiB more"


def main():
    parser = argparse.ArgumentParser(prog="tests.saving.file_mutants")
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(work(given.format, given.count, given.seed))


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
