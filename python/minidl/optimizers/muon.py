"""Muon: momentum whose matrix is made nearly orthogonal before each step."""

from __future__ import annotations

import math
import re

import numpy as np

from .. import _core
from ._arguments import at_least_0, beta, number, with_common_arguments
from .optimizer import Optimizer


class Muon(Optimizer):
    """Steps along the orthogonalised momentum for weight matrices, AdamW for everything else.

    Only weights of rank 2 take the Muon step, and of these neither embeddings nor what
    `exclude_layers` names; the last Dense layer is best excluded too. Muon's part runs in NumPy:
    a few products of the size of the weight a step.

    Args:
        learning_rate: Defaults to 0.001.
        adam_beta_1: Adam's decay of the mean of gradients, in [0, 1). Defaults to 0.9.
        adam_beta_2: Adam's decay of the mean of squared gradients, in [0, 1). Defaults to 0.999.
        adam_weight_decay: Weight decay of the weights that Adam updates. Defaults to 0.004.
        epsilon: Adam's epsilon. Defaults to 1e-7.
        weight_decay: Weight decay of the weights that Muon updates. Defaults to 0.004.
        clipnorm: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"muon"`.
        exclude_layers: Parts of weight paths, as regular expressions, left to Adam.
        exclude_embeddings: Whether embeddings are left to Adam. Defaults to True.
        muon_a: First coefficient of the quintic iteration. Defaults to 3.4445.
        muon_b: Second coefficient. Defaults to -4.775.
        muon_c: Third coefficient. Defaults to 2.0315.
        adam_lr_ratio: Adam's learning rate over Muon's. Defaults to 1.
        momentum: Defaults to 0.95.
        ns_steps: Iterations of Newton and Schulz. Defaults to 5.
        nesterov: Whether the step looks ahead. Defaults to True.
        rms_rate: Steps are scaled by this times the root of the longer side, so that Adam's rates
            suit; None leaves them alone. Defaults to 0.2.

    Raises:
        ValueError: a beta outside [0, 1), a negative epsilon; see `Optimizer` for the rest.

    Source: `keras.optimizers.Muon`; Jordan et al. 2024; Liu et al. 2025.

    >>> import minidl
    >>> w = minidl.Variable([[1.0, 0.0], [0.0, 1.0]])
    >>> optimizer = minidl.optimizers.Muon(0.1, weight_decay=None, rms_rate=None)
    >>> optimizer.apply([minidl.Tensor([[3.0, 0.0], [0.0, 3.0]])], [w])
    >>> w.numpy().round(1)
    array([[0.9, 0. ], [0. , 0.9]], dtype=float32)
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate=0.001,
        adam_beta_1=0.9,
        adam_beta_2=0.999,
        adam_weight_decay=0.004,
        epsilon=1e-7,
        weight_decay=0.004,
        *,
        exclude_layers=None,
        exclude_embeddings=True,
        muon_a=3.4445,
        muon_b=-4.7750,
        muon_c=2.0315,
        adam_lr_ratio=1,
        momentum=0.95,
        ns_steps=5,
        nesterov=True,
        rms_rate=0.2,
        **common,
    ):
        beta("adam_beta_1", adam_beta_1)
        beta("adam_beta_2", adam_beta_2)
        at_least_0("epsilon", epsilon)
        at_least_0("adam_lr_ratio", adam_lr_ratio)
        number("momentum", momentum, 0, 1, "a number in [0, 1]")
        if isinstance(ns_steps, bool) or not isinstance(ns_steps, int) or ns_steps < 0:
            raise ValueError(f"`ns_steps` must be an integer >= 0. Received: ns_steps={ns_steps!r}")
        super().__init__(learning_rate, weight_decay=weight_decay, **common)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = exclude_layers or []
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def _should_use_adamw(self, variable):
        path = str(variable.path)
        if variable.ndim != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return True
        return any(re.search(keyword, path) for keyword in self.exclude_layers)

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums, self.adam_velocities = [], []
        for v in self._trainable_variables:
            self.momentums.append(self.add_variable_from_reference(v, "momentum"))
            velocity = None
            if self._should_use_adamw(v):
                velocity = self.add_variable_from_reference(v, "velocity")
            self.adam_velocities.append(velocity)

    def _decay_of(self, variable):
        return self.adam_weight_decay if self._should_use_adamw(variable) else self.weight_decay

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        g, w, m = gradient.data, variable.data, self.momentums[i].data
        if self.adam_velocities[i] is not None:
            slots = [m], [self.adam_velocities[i].data], None
            rates = self.adam_beta_1, self.adam_beta_2, self.epsilon
            rate = learning_rate * self.adam_lr_ratio
            _core.adam([w], [g], *slots, rate, *rates, self._step_number())
            return
        one = w.dtype.type
        m *= one(self.momentum)
        m += g
        step = orthogonalize(
            g + one(self.momentum) * m if self.nesterov else m,
            self.ns_steps,
            (self.muon_a, self.muon_b, self.muon_c),
        )
        if self.rms_rate is not None:
            learning_rate *= math.sqrt(max(w.shape)) * self.rms_rate
        w -= one(learning_rate) * step

    def get_config(self):
        own = (
            "adam_beta_1",
            "adam_beta_2",
            "epsilon",
            "exclude_layers",
            "muon_a",
            "muon_b",
            "muon_c",
            "adam_lr_ratio",
            "momentum",
            "ns_steps",
            "nesterov",
            "exclude_embeddings",
            "adam_weight_decay",
            "rms_rate",
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


def orthogonalize(x: np.ndarray, steps: int, coefficients: tuple) -> np.ndarray:
    """About the nearest matrix with orthonormal rows or columns: singular values near 1."""
    a, b, c = (x.dtype.type(v) for v in coefficients)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / x.dtype.type(np.linalg.norm(x) + 1e-7)  # no singular value above 1
    for _ in range(steps):
        squares = x @ x.T
        x = a * x + (b * squares + c * squares @ squares) @ x
    return x.T if tall else x
