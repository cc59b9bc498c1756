"""minidl: a small deep-learning framework with Keras's API on a C++ engine of its own.

>>> import minidl
>>> model = minidl.Sequential([minidl.Input((4,)), minidl.layers.Dense(3, "softmax")])
>>> model.output_shape
(None, 3)
"""

from __future__ import annotations

from . import (
    activations,
    callbacks,
    config,
    constraints,
    data,
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    utils,
)
from ._profile import profile
from ._registry import suggesting
from ._symbolic_ops import KerasTensor
from ._tape import GradientTape, Tensor, Variable
from ._version import __version__
from .constraints import Constraint
from .initializers import Initializer
from .layers import Input, InputSpec, Layer
from .losses import Loss
from .metrics import Metric
from .models import Model, Sequential
from .optimizers import Optimizer
from .random import set_random_seed
from .regularizers import Regularizer
from .runtime import release_memory, set_num_threads, show_config

__all__ = [
    "Constraint",
    "GradientTape",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Tensor",
    "Variable",
    "__version__",
    "activations",
    "applications",
    "callbacks",
    "config",
    "constraints",
    "data",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "profile",
    "random",
    "regularizers",
    "release_memory",
    "saving",
    "set_num_threads",
    "set_random_seed",
    "show_config",
    "testing",
    "utils",
]  # without wrappers: `from minidl import *` must not need scikit-learn

_missing = suggesting(__name__, [*__all__, "wrappers"])


def __getattr__(name: str):
    if name in ("applications", "testing", "wrappers"):  # loaded when asked for
        import importlib

        return importlib.import_module(f".{name}", __name__)
    return _missing(name)
