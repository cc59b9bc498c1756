"""Models as scikit-learn estimators; needs scikit-learn (`pip install "minidl[sklearn]"`).

`MinidlClassifier` and `MinidlRegressor` work out of the box and pass scikit-learn's own
`check_estimator`; `SKLearnClassifier`, `SKLearnRegressor` and `SKLearnTransformer` are Keras's
wrappers for models of one's own.

>>> import numpy as np
>>> from minidl.wrappers import MinidlClassifier
>>> x = np.array([[0.0], [0.1], [0.9], [1.0]])
>>> model = MinidlClassifier(random_state=0).fit(x, ["low", "low", "high", "high"])
>>> model.predict([[0.2], [0.8]]).tolist()
['low', 'high']
"""

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        'minidl.wrappers needs scikit-learn: pip install "minidl[sklearn]"'
    ) from error

from .classifier import MinidlClassifier, SKLearnClassifier
from .regressor import MinidlRegressor, SKLearnRegressor
from .transformer import SKLearnTransformer

__all__ = [
    "MinidlClassifier",
    "MinidlRegressor",
    "SKLearnClassifier",
    "SKLearnRegressor",
    "SKLearnTransformer",
]
