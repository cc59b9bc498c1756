"""All that a training run depends on, as named arrays: taken from a model and put back.

Weights, the optimizer's variables, random numbers (minidl's own generator and those of layers) and
the metrics so far. What is not in it: the state of other callbacks, of data that is no array, and
of NumPy's and Python's own generators.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import random
from ..models._weights_file import _read_member, write_npz

_WORD = np.uint64


def _seeds(model: Any) -> Iterator[random.SeedGenerator]:
    """The generators of all layers, in a fixed order."""
    for layer in model._flatten_layers():
        for _, value in sorted(vars(layer).items()):
            if isinstance(value, random.SeedGenerator):
                yield value


def random_state(model: Any) -> np.ndarray:
    """Seed and counter of every generator, the global one first."""
    generators = [random._global, *_seeds(model)]
    return np.array([g.state for g in generators], _WORD).reshape(-1, 2)


def set_random_state(model: Any, state: np.ndarray) -> None:
    """Put back what `random_state` gave."""
    generators = [random._global, *_seeds(model)]
    for g, pair in zip(generators, state, strict=True):
        g.state = int(pair[0]), int(pair[1])


def _variables(model: Any) -> dict[str, Any]:
    found = {f"weights_{i:05d}": v for i, v in enumerate(model.weights)}
    for i, v in enumerate(model.optimizer.variables):
        found[f"optimizer_{i:05d}"] = v
    return found


def save(path: str, model: Any, position: tuple[int, int], epoch_random: np.ndarray) -> None:
    """Write everything to one file, which holds either the old or the new state, never less.

    Args:
        path: The file.
        model: A built, compiled model.
        position: Epoch, and batches of it that are done.
        epoch_random: The random state at the start of that epoch, which its order came from.
    """
    arrays = {name: v.data for name, v in _variables(model).items()}
    arrays["position"] = np.array(position, np.int64)
    arrays["random"] = random_state(model)
    arrays["epoch_random"] = epoch_random
    if position[1]:
        for i, metric in enumerate(model.metrics):
            for j, value in enumerate(metric._get_state()):
                arrays[f"metric_{i:03d}_{j:03d}"] = value
    write_npz(path, arrays)


class Saved:
    """A file of `save`, checked against a model before anything is changed.

    Args:
        path: The file.
        model: The model it goes into; its optimizer is built here.

    Raises:
        OSError: the file is damaged or does not fit the model; the model is unchanged.
    """

    def __init__(self, path: str, model: Any):
        self.model = model
        model.optimizer.build(model.trainable_variables)
        self._variables = _variables(model)
        generators = SimpleNamespace(shape=(1 + sum(1 for _ in _seeds(model)), 2))
        try:
            with zipfile.ZipFile(path) as file:
                self._metrics = self._read_metrics(file)
                wanted = {
                    **self._variables,
                    "position": SimpleNamespace(shape=(2,)),
                    "random": generators,
                    "epoch_random": generators,
                }
                surplus = [n for n in file.namelist() if n.startswith(("weights", "optimizer"))]
                if len(surplus) != len(self._variables):
                    raise ValueError(
                        f"it holds {len(surplus)} weights and optimizer variables, "
                        f"the model has {len(self._variables)}"
                    )
                self._arrays = {n: _read_member(file, f"{n}.npy", v) for n, v in wanted.items()}
        except (zipfile.BadZipFile, ValueError, EOFError, KeyError) as error:
            raise OSError(f"'{path}' cannot be restored into '{model.name}': {error}") from None
        self.epoch, self.batches = (int(n) for n in self._arrays["position"])

    def _read_metrics(self, file: zipfile.ZipFile) -> dict[str, np.ndarray]:
        names = [n for n in file.namelist() if n.startswith("metric_")]
        if sum(file.getinfo(n).file_size for n in names) > 1 << 26:
            raise ValueError("the state of its metrics is larger than 64 MiB")
        found = {}
        for name in names:
            with file.open(name) as member:
                found[name] = np.lib.format.read_array(member, allow_pickle=False)
        return found

    def restore(self) -> None:
        """Weights, optimizer and the random state of the start of the epoch."""
        for name, v in self._variables.items():
            v.assign(self._arrays[name])
        set_random_state(self.model, self._arrays["epoch_random"])

    def restore_batch(self) -> None:
        """Metrics and random state as they were at the batch; call it there."""
        set_random_state(self.model, self._arrays["random"])
        for i, metric in enumerate(self.model.metrics):
            names = sorted(n for n in self._metrics if n.startswith(f"metric_{i:03d}_"))
            if names:
                metric._set_state([self._metrics[n] for n in names])


def exists(path: str) -> bool:
    """Whether there is a saved state."""
    return os.path.exists(path)
