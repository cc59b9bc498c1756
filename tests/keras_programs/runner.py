"""Runs each program of this folder under Keras and, with only the import changed, under minidl.

A program has `build()`, which makes the model, and `run(model)`, which trains it and returns
results by name. Both runs start from the weights that Keras's `build()` drew.
"""

from __future__ import annotations

import dataclasses
import math
import pathlib
import re
import time
from typing import Any

import numpy as np

from tests.keras_peer import peer_weights, value

FOLDER = pathlib.Path(__file__).parent
PROGRAMS = sorted(path.stem for path in FOLDER.glob("[0-9]*.py"))
IMPORTS = (
    (re.compile(r"^import keras$", re.M), "import minidl as keras"),
    (re.compile(r"^from keras import", re.M), "from minidl import"),
)


@dataclasses.dataclass
class Comparison:
    """What one program gave on both sides."""

    keras: dict[str, Any]
    minidl: dict[str, Any]
    seconds: tuple[float, float]


def source(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text()


def translated(text: str) -> str:
    """The program with only its imports changed."""
    for pattern, replacement in IMPORTS:
        text = pattern.sub(replacement, text)
    return text


def load(name: str, text: str) -> dict[str, Any]:
    """The names that a program defines; its last lines do not run."""
    namespace: dict[str, Any] = {"__name__": f"program_{name}"}
    exec(compile(text, f"{name}.py", "exec"), namespace)
    return namespace


def compare(name: str) -> Comparison:
    """Run a program on both sides from the same weights."""
    text = source(name)
    theirs, ours = load(name, text), load(name, translated(text))
    peer, model = theirs["build"](), ours["build"]()
    model.set_weights(peer_weights(peer))
    start = time.perf_counter()
    wanted = theirs["run"](peer)
    middle = time.perf_counter()
    got = ours["run"](model)
    end = time.perf_counter()
    return Comparison(wanted, got, (middle - start, end - middle))


def _plain(result: Any) -> Any:
    """Tensors of either side as arrays."""
    if hasattr(result, "detach"):
        return value(result)
    if hasattr(result, "numpy"):
        return result.numpy()
    return result


def differences(wanted: Any, got: Any, path: str = "") -> tuple[list[str], float]:
    """What differs, by where; and the largest difference of numbers, relative above 1."""
    wanted, got = _plain(wanted), _plain(got)
    if isinstance(wanted, dict):
        if not isinstance(got, dict) or list(wanted) != list(got):
            return [f"{path}: Keras has {list(wanted)}, minidl {got and list(got)}"], math.inf
        pairs = [(f"{path}/{key}", wanted[key], got[key]) for key in wanted]
    elif isinstance(wanted, (list, tuple)):
        if not isinstance(got, (list, tuple)) or len(wanted) != len(got):
            return [f"{path}: Keras has {wanted}, minidl {got}"], math.inf
        pairs = [(f"{path}/{i}", a, b) for i, (a, b) in enumerate(zip(wanted, got, strict=True))]
    elif isinstance(wanted, (str, type(None))):
        return ([] if wanted == got else [f"{path}: Keras {wanted!r}, minidl {got!r}"]), 0.0
    else:
        return _of_numbers(np.asarray(wanted), np.asarray(got), path)
    parts = [differences(a, b, where) for where, a, b in pairs]
    return [text for found, _ in parts for text in found], max([e for _, e in parts], default=0.0)


def _of_numbers(wanted: np.ndarray, got: np.ndarray, path: str) -> tuple[list[str], float]:
    if wanted.shape != got.shape:
        return [f"{path}: Keras has shape {wanted.shape}, minidl {got.shape}"], math.inf
    if wanted.size == 0:
        return [], 0.0
    a, b = wanted.astype(np.float64), got.astype(np.float64)
    error = float(np.max(np.abs(a - b) / np.maximum(1, np.abs(a))))
    if not error <= TOLERANCE:  # NaN is no agreement
        return [f"{path}: off by {error:.1e}; Keras {a.ravel()[:4]}, minidl {b.ravel()[:4]}"], error
    return [], error


# float32 over a few dozen steps of training
TOLERANCE = 1e-4
