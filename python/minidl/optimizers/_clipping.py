"""What is done to gradients before the update: clipping and weight decay."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np


def _square_sum(g: np.ndarray) -> float:
    """Sum of squares by NumPy's own pairwise sum: the same at any thread count."""
    return float(np.square(g).sum(dtype=np.float64))


class Clipping:
    """The clipping and weight decay half of `Optimizer`."""

    built: bool
    weight_decay: float | None
    _undecayed: set[int]

    def _set_clipping(self, clipnorm: Any, clipvalue: Any, global_clipnorm: Any) -> None:
        given = {
            "clipnorm": clipnorm,
            "clipvalue": clipvalue,
            "global_clipnorm": global_clipnorm,
        }
        used = {k: v for k, v in given.items() if v is not None}
        if len(used) > 1:
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. "
                f"Received: {used}"
            )
        for name, value in used.items():
            if not isinstance(value, (int, float)) or not value > 0:
                raise ValueError(f"`{name}` must be a positive number. Received: {name}={value}")
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self._clips = bool(used)

    def _clip(self, grads: list[np.ndarray]) -> list[np.ndarray]:
        if self.clipvalue is not None:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        if self.clipnorm is not None:
            limit = float(self.clipnorm)
            norms = [math.sqrt(_square_sum(g)) for g in grads]
            return [
                g * g.dtype.type(limit / max(n, limit)) if n > limit else g
                for g, n in zip(grads, norms, strict=True)
            ]
        limit = float(self.global_clipnorm)
        norm = math.sqrt(sum(_square_sum(g) for g in grads))
        if norm <= limit:
            return grads
        # an infinite norm must not quietly turn into zero gradients
        scale = limit / norm if math.isfinite(norm) else math.nan
        return [g * g.dtype.type(scale) for g in grads]

    def _decay_of(self, variable: Any) -> float | None:
        """The weight decay of one variable."""
        return self.weight_decay

    def _decay_factors(self, variables: list, rate: float) -> list[float] | None:
        """What each variable is multiplied by before its step; None where nothing decays."""
        if self.weight_decay is None and type(self)._decay_of is Clipping._decay_of:
            return None
        shares = [None if id(v) in self._undecayed else self._decay_of(v) for v in variables]
        if all(share is None for share in shares):
            return None
        return [1.0 - rate * (share or 0.0) for share in shares]

    def exclude_from_weight_decay(
        self, var_list: Iterable | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave variables out of weight decay; call it before the first step.

        Args:
            var_list: Variables.
            var_names: Parts of variable names, as regular expressions.

        Raises:
            ValueError: the optimizer is built already.

        Source: `keras.optimizers.Optimizer.exclude_from_weight_decay`.
        """
        if self.built:
            raise ValueError("`exclude_from_weight_decay` must be called before the first step.")
        self._undecayed |= {id(v) for v in var_list or ()}
        pattern = "|".join(var_names or ())
        if pattern:
            self._undecayed_pattern = re.compile(pattern)

    def _exclude_by_name(self, variables: list) -> None:
        pattern = getattr(self, "_undecayed_pattern", None)
        if pattern is not None:
            self._undecayed |= {id(v) for v in variables if pattern.search(str(v.name))}
