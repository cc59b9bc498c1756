"""A transformer: the model's outputs as features for what comes behind."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import TransformerMixin

from ._base import Wrapper


class SKLearnTransformer(TransformerMixin, Wrapper):
    """A model of one's own as a scikit-learn transformer.

    Args:
        model: A compiled `Model`, which is cloned for each fit, or a callable
            `model(X=..., y=..., **model_kwargs)` that returns one.
        warm_start: Whether another `fit` goes on with the model of the last one. Defaults to
            False.
        model_kwargs: Dict of further arguments for `model`.
        fit_kwargs: Dict of arguments for `Model.fit`, such as `epochs`.

    Attributes:
        model_: The trained model.
        history_: Dict from each metric's name to its values, one per epoch.

    Source: `keras.wrappers.SKLearnTransformer`.

    >>> import minidl, numpy as np
    >>> from minidl.wrappers import SKLearnTransformer
    >>> model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(3)])
    >>> model.compile("sgd", "mse")
    >>> x = np.eye(3)
    >>> SKLearnTransformer(model, fit_kwargs={"verbose": 0}).fit(x, x).transform(x).shape
    (3, 3)
    """

    def _check(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        from sklearn.utils.validation import validate_data

        return validate_data(self, X, y, multi_output=True)

    def _encode(self, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        return y[:, None] if y.ndim == 1 else y

    def transform(self, X: Any) -> np.ndarray:
        """The model's outputs, shape `(samples, outputs)`."""
        return self._outputs(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
