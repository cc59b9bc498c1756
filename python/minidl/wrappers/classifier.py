"""Classifiers: targets of any kind become one-hot, outputs become labels again."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from ._base import Wrapper
from ._ready import Ready


class SKLearnClassifier(ClassifierMixin, Wrapper):
    """A model of one's own as a scikit-learn classifier.

    Args:
        model: A compiled `Model`, which is cloned for each fit, or a callable
            `model(X=..., y=..., **model_kwargs)` that returns one. `y` is one-hot, shape
            `(samples, classes)`; the model gives as many outputs, as probabilities (or logits,
            with a loss that says so).
        warm_start: Whether another `fit` goes on with the model of the last one. Defaults to
            False.
        model_kwargs: Dict of further arguments for `model`.
        fit_kwargs: Dict of arguments for `Model.fit`, such as `epochs`.

    Attributes:
        model_: The trained model.
        history_: Dict from each metric's name to its values, one per epoch.
        classes_: The labels.

    Source: `keras.wrappers.SKLearnClassifier`.

    >>> import minidl, numpy as np
    >>> from minidl.wrappers import SKLearnClassifier
    >>> def build(X, y):
    ...     model = minidl.Sequential([minidl.layers.Dense(y.shape[1], "softmax")])
    ...     model.compile("adam", "categorical_crossentropy")
    ...     return model
    >>> x = np.eye(3, dtype="float32")
    >>> SKLearnClassifier(build, fit_kwargs={"verbose": 0}).fit(x, [5, 6, 7]).classes_
    array([5, 6, 7])
    """

    classes_: np.ndarray

    def _encode(self, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        classes, labels = np.unique(y, return_inverse=True)
        if self.warm_start and hasattr(self, "model_") and not _equal(classes, self.classes_):
            raise ValueError(
                f"With warm_start the classes must stay {self.classes_.tolist()}. "
                f"Received: {classes.tolist()}"
            )
        self.classes_ = classes
        return np.eye(len(classes), dtype=np.float32)[labels]

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest label of each sample, shape `(samples,)`."""
        best = self._outputs(X).argmax(axis=-1)
        return self.classes_[best]

    def decision_function(self, X: Any) -> np.ndarray:
        """The model's raw outputs, shape `(samples, classes)`."""
        return self._outputs(X)


class MinidlClassifier(Ready, SKLearnClassifier):
    """A neural network as a scikit-learn classifier, for pipelines, searches and cross-validation.

    Args:
        model: None for a dense network of `hidden_units`; else as for `SKLearnClassifier`, with
            probabilities as outputs.
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
        classes_: The labels.

    >>> import minidl
    >>> from minidl.wrappers import MinidlClassifier
    >>> (x, y), (x_test, y_test) = minidl.datasets.digits.load_data()
    >>> x, x_test = x.reshape(len(x), -1) / 16, x_test.reshape(len(x_test), -1) / 16
    >>> bool(MinidlClassifier(epochs=20, random_state=0).fit(x, y).score(x_test, y_test) > 0.93)
    True
    """

    def _make(self, X: np.ndarray, y: np.ndarray) -> Any:
        if self.model is not None:
            return super()._make(X, y)
        return self._dense(X, y.shape[1], "softmax", "categorical_crossentropy")

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, shape `(samples, classes)`."""
        return self._outputs(X)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of `predict_proba`."""
        return np.log(np.maximum(self.predict_proba(X), np.finfo(np.float32).tiny))

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-probabilities, shape `(samples, classes)`; for two classes the log-odds, 1-D."""
        logs = self.predict_log_proba(X)
        return logs[:, 1] - logs[:, 0] if len(self.classes_) == 2 else logs


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool((a == b).all())
