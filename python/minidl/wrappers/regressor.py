"""Regressors: targets go through as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from ._base import Wrapper
from ._ready import Ready


class SKLearnRegressor(RegressorMixin, Wrapper):
    """A model of one's own as a scikit-learn regressor.

    Args:
        model: A compiled `Model`, which is cloned for each fit, or a callable
            `model(X=..., y=..., **model_kwargs)` that returns one. `y` has the shape
            `(samples, outputs)`.
        warm_start: Whether another `fit` goes on with the model of the last one. Defaults to
            False.
        model_kwargs: Dict of further arguments for `model`.
        fit_kwargs: Dict of arguments for `Model.fit`, such as `epochs`.

    Attributes:
        model_: The trained model.
        history_: Dict from each metric's name to its values, one per epoch.

    Source: `keras.wrappers.SKLearnRegressor`.

    >>> import minidl, numpy as np
    >>> from minidl.wrappers import SKLearnRegressor
    >>> model = minidl.Sequential([minidl.Input((1,)), minidl.layers.Dense(1)])
    >>> model.compile(minidl.optimizers.SGD(0.1), "mse")
    >>> x = np.linspace(-1, 1, 32)[:, None]
    >>> fitted = SKLearnRegressor(model, fit_kwargs={"epochs": 50, "verbose": 0})
    >>> fitted = fitted.fit(x, 2 * x[:, 0])
    >>> bool(fitted.score(x, 2 * x[:, 0]) > 0.9)
    True
    """

    def _encode(self, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        self._flat = y.ndim == 1
        return y[:, None] if self._flat else y

    def predict(self, X: Any) -> np.ndarray:
        """Predictions in the shape of the targets of `fit`."""
        out = self._outputs(X)
        return out[:, 0] if self._flat else out


class MinidlRegressor(Ready, SKLearnRegressor):
    """A neural network as a scikit-learn regressor, for pipelines, searches and cross-validation.

    Targets are scaled to mean 0 and variance 1 within, and predictions scaled back.

    Args:
        model: None for a dense network of `hidden_units`; else as for `SKLearnRegressor`.
        hidden_units: Sizes of the hidden layers. Defaults to `(64,)`.
        activation: Activation of the hidden layers. Defaults to `"relu"`.
        learning_rate: Adam's. Defaults to 0.01.
        epochs: Passes over the data. Defaults to 200.
        batch_size: Samples per step; `"auto"` for 200, or all where there are fewer.
        random_state: An integer or `RandomState` for results that repeat; None draws on
            `minidl.set_random_seed`.
        verbose: As in `Model.fit`. Defaults to 0.
        warm_start: Whether another `fit` goes on with the model of the last one. Defaults to
            False.
        model_kwargs: Dict of further arguments for `model`.
        fit_kwargs: Dict of further arguments for `Model.fit`, such as `callbacks`.

    Attributes:
        model_: The trained model; float64 inputs train in float64, float32 in float32.
        history_: Dict from each metric's name to its values, one per epoch.

    >>> import numpy as np
    >>> from minidl.wrappers import MinidlRegressor
    >>> x = np.linspace(-1, 1, 100)[:, None]
    >>> model = MinidlRegressor(random_state=0).fit(x, 1000 * x[:, 0] ** 2)
    >>> bool(model.score(x, 1000 * x[:, 0] ** 2) > 0.95)
    True
    """

    _several_outputs = True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _encode(self, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        y = super()._encode(np.asarray(y, np.float64), weights)
        if not (self.warm_start and hasattr(self, "model_")):
            self._mean = np.average(y, axis=0, weights=weights)
            spread = np.sqrt(np.average((y - self._mean) ** 2, axis=0, weights=weights))
            self._spread = np.where(spread > 0, spread, 1.0)
        return (y - self._mean) / self._spread

    def _make(self, X: np.ndarray, y: np.ndarray) -> Any:
        if self.model is not None:
            return super()._make(X, y)
        return self._dense(X, y.shape[1], None, "mean_squared_error")

    def predict(self, X: Any) -> np.ndarray:
        """Predictions in the shape of the targets of `fit`."""
        out = self._outputs(X)
        out = out * self._spread + self._mean
        return out[:, 0] if self._flat else out
