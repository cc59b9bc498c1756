"""What all wrappers share: checking data, making and training the model."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ..models import Model
from ..models.cloning import clone_model


class Wrapper(BaseEstimator):
    """Base of the wrappers.

    Args:
        model: A compiled `Model`, which is cloned for each fit, or a callable
            `model(X=..., y=..., **model_kwargs)` that returns one. Targets of classifiers are
            one-hot by then.
        warm_start: Whether another `fit` goes on with the model of the last one. Defaults to
            False.
        model_kwargs: Dict of further arguments for `model`.
        fit_kwargs: Dict of arguments for `Model.fit`, such as `epochs`.

    Source: `keras.wrappers`.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict | None = None,
        fit_kwargs: dict | None = None,
    ):
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    # -- what subclasses decide ---------------------------------------------------------------
    def _encode(self, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        """Checked targets as the model takes them."""
        return y

    def _arguments_of_fit(self, samples: int) -> dict:
        return dict(self.fit_kwargs or {})

    def _seed(self) -> Any:
        """A context in which weights are drawn and samples shuffled."""
        return contextlib.nullcontext()

    def _weights(self, weights: np.ndarray) -> np.ndarray:
        """Checked sample weights as `Model.fit` gets them."""
        return weights

    def _make(self, X: np.ndarray, y: np.ndarray) -> Any:
        """A new compiled model."""
        if isinstance(self.model, Model):
            return clone_model(self.model)
        if not callable(self.model):
            raise TypeError(
                "`model` must be a compiled Model or a callable that makes one. "
                f"Received: model={self.model!r}"
            )
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    # -- fitting ------------------------------------------------------------------------------
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Train a model.

        Args:
            X: Inputs, shape `(samples, features)`.
            y: Targets, shape `(samples,)` or `(samples, outputs)`.
            sample_weight: One weight per sample; None for 1.
            **kwargs: Arguments for `Model.fit`, in place of those in `fit_kwargs`.

        Returns:
            This object.

        Raises:
            ValueError: data that scikit-learn refuses, or a model that is not compiled.
        """
        X, y = self._check(X, y)
        arguments = {**self._arguments_of_fit(len(X)), **kwargs}
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
            arguments["sample_weight"] = self._weights(sample_weight)
        targets = self._encode(y, sample_weight)
        with self._seed():
            model = getattr(self, "model_", None) if self.warm_start else None
            if model is None:
                model = self._make(X, targets)
            _check_model(model)
            self.history_ = model.fit(X, targets, **arguments).history
        self.model_ = model
        return self

    def _check(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        return validate_data(self, X, y)

    def _outputs(self, X: Any) -> np.ndarray:
        """What the model gives for checked inputs."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        return self.model_.predict(X, verbose=0)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")


def _check_model(model: Any) -> None:
    if not isinstance(model, Model):
        raise TypeError(f"`model` must make a Model. Received: {type(model).__name__}")
    if not model.compiled or model.loss is None:
        raise RuntimeError(
            f"Model '{model.name}' must be compiled, with a loss and an optimizer, before a "
            "wrapper can fit it."
        )
