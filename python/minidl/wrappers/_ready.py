"""The part of the wrappers that work without a model: a dense network by a few numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from .. import layers, optimizers
from ..models import Sequential
from ..random import seed_scope


class Ready:
    """Mixed into `MinidlClassifier` and `MinidlRegressor`, which document the arguments."""

    _several_outputs = False

    def __init__(
        self,
        model: Any = None,
        *,
        hidden_units: Iterable[int] = (64,),
        activation: str | Callable = "relu",
        learning_rate: float = 0.01,
        epochs: int = 200,
        batch_size: Any = "auto",
        random_state: Any = None,
        verbose: Any = 0,
        warm_start: bool = False,
        model_kwargs: dict | None = None,
        fit_kwargs: dict | None = None,
    ):
        self.model = model
        self.hidden_units = hidden_units
        self.activation = activation
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def _dense(self, X: np.ndarray, outputs: int, activation: str | None, loss: str) -> Sequential:
        """The network in the dtype of the inputs: float64 is not narrowed."""
        kind = X.dtype.name
        model = Sequential([layers.Input((X.shape[1],), dtype=kind)])
        for units in self.hidden_units:
            model.add(layers.Dense(units, self.activation, dtype=kind))
        model.add(layers.Dense(outputs, activation, dtype=kind))
        model.compile(optimizers.Adam(self.learning_rate), loss)
        return model

    def _arguments_of_fit(self, samples: int) -> dict:
        size = min(200, samples) if self.batch_size == "auto" else self.batch_size
        own = {"epochs": self.epochs, "batch_size": size, "verbose": self.verbose}
        return {**own, **(self.fit_kwargs or {})}

    def _seed(self) -> Any:
        if self.random_state is None:
            return contextlib.nullcontext()
        return seed_scope(int(check_random_state(self.random_state).randint(2**31 - 1)))

    def _weights(self, weights: np.ndarray) -> np.ndarray:
        """With a mean of 1: a weight of 2 is a sample given twice, doubling all changes nothing."""
        return weights * (len(weights) / weights.sum())

    def _check(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        kinds = [np.float64, np.float32]
        return validate_data(self, X, y, dtype=kinds, multi_output=self._several_outputs)
