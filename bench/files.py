"""What files cost beside the bare disk and beside Keras: `python -m bench.files`.

ResNet50's weights are loaded and saved in every format, and the same bytes are read and written
plainly: reading into fresh memory, writing with the same fsync and rename. Rounds are interleaved,
files lie in the page cache, medians count. Then a checkpoint of 500 MB is saved in a process of its
own that says by how much its memory rose at the highest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import minidl
from minidl.saving._atomic import replacing

from .timing import median

SAVED = (".weights.h5", ".safetensors", ".npz", ".keras")

PEAK = """
import sys
import minidl, numpy as np
from minidl import layers

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024

def save(count, path):
    dense = [layers.Dense(width) for _ in range(count)]
    model = minidl.Sequential([minidl.Input((width,)), *dense])
    def run():
        (model.save if path.endswith("keras") else model.save_weights)(path)
    return model, run

width, path = 3600, sys.argv[1]
small, run = save(1, path)
run()  # imports, and what is allocated once
del small, run
model, run = save(int(sys.argv[2]), path)
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the highest mark begins anew
before = status("VmRSS")
run()
print(status("VmHWM") - before)
"""


def interleaved(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds of each, the median of so many rounds."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            if turn:  # the first is for what is made once
                times[name].append((time.perf_counter() - begin) * 1e3)
    return {name: median(values) for name, values in times.items()}


def _write_plainly(path: str, data: bytes) -> None:
    with replacing(path) as partial, open(partial, "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]


def _keras(path: str) -> tuple[Callable[[], object], Callable[[], object]] | None:
    """Load and save of Keras for a file of weights, or None."""
    if not path.endswith((".weights.h5", ".keras")):
        return None
    try:
        import keras
    except ImportError:
        return None
    if path.endswith(".keras"):
        model: Any = keras.models.load_model(path)
        return (lambda: keras.models.load_model(path)), (lambda: model.save(path))
    model = keras.applications.ResNet50(weights=None)
    return (lambda: model.load_weights(path)), (lambda: model.save_weights(path))


def _legacy(model: Any, path: str) -> None:
    """Keras's old layout, as the published weights have it."""
    import h5py

    with h5py.File(path, "w") as file:
        layers = [layer for layer in model.layers if layer.weights]
        file.attrs["layer_names"] = [layer.name for layer in layers]
        for layer in layers:
            group = file.create_group(layer.name)
            variables = [*layer.trainable_weights, *layer.non_trainable_weights]
            names = [f"{layer.name}/{v.name}:0" for v in variables]
            group.attrs["weight_names"] = names
            for name, v in zip(names, variables, strict=True):
                group.create_dataset(name, data=v.data)


def measure(folder: str, rounds: int) -> list[tuple[str, str, dict[str, float]]]:
    """(format, direction, milliseconds by who did it)."""
    minidl.set_random_seed(0)
    model = minidl.applications.ResNet50(weights=None)
    found = []
    for suffix in (*SAVED, ".h5"):
        path = os.path.join(folder, f"resnet50{suffix}")
        whole = suffix == ".keras"

        def save(path: str = path, whole: bool = whole) -> None:
            (model.save if whole else model.save_weights)(path)

        def load(path: str = path, whole: bool = whole) -> None:
            minidl.saving.load_model(path) if whole else model.load_weights(path)

        _legacy(model, path) if suffix == ".h5" else save()
        keras = _keras(path)
        runs = {"plain": lambda path=path: Path(path).read_bytes(), "minidl": load}
        if whole:  # its model is made anew, which is no matter of files
            runs["model"] = lambda: minidl.Model.from_config(model.get_config())
        if keras:
            runs["Keras"] = keras[0]
        found.append((suffix, "load", interleaved(runs, rounds)))
        if suffix == ".h5":
            continue
        data = Path(path).read_bytes()
        other = os.path.join(folder, "plain")
        runs = {"plain": lambda data=data, other=other: _write_plainly(other, data), "minidl": save}
        if keras:
            runs["Keras"] = keras[1]
        found.append((suffix, "save", interleaved(runs, rounds)))
        os.unlink(path)
    return found


def peak(folder: str, suffix: str, count: int = 10) -> tuple[float, float]:
    """MiB that a save adds at most, and the size of its file in MiB."""
    path = os.path.join(folder, f"large{suffix}")
    done = subprocess.run(
        [sys.executable, "-c", PEAK, path, str(count)], capture_output=True, text=True, check=True
    )
    size = os.path.getsize(path) / 2**20
    os.unlink(path)
    return float(done.stdout), size


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.files", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", help="where the files are written; default: a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        print(
            "| format | | plain ms | minidl ms | times plain | Keras ms |",
            "|---|---|---|---|---|---|",
            sep="\n",
        )
        for suffix, what, times in measure(folder, given.rounds):
            net = times["minidl"] - times.get("model", 0)
            note = f" ({times['model']:.0f} of it the model)" if "model" in times else ""
            theirs = f"{times['Keras']:.0f}" if "Keras" in times else ""
            print(
                f"| `{suffix}` | {what} | {times['plain']:.1f} | {times['minidl']:.1f}{note} "
                f"| {net / times['plain']:.2f} | {theirs} |"
            )
        for suffix in SAVED:
            grown, size = peak(folder, suffix)
            print(f"saving {size:.0f} MiB as {suffix}: memory rises by {grown:.0f} MiB")


if __name__ == "__main__":
    main()
