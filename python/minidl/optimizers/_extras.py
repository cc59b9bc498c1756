"""Moving averages of weights and accumulation of gradients."""

from __future__ import annotations

from typing import Any

import numpy as np


class Averaging:
    """The moving-average half of `Optimizer`."""

    built: bool
    gradient_accumulation_steps: int | None
    _iterations: Any
    _index: dict[int, int]
    _slots: dict[str, list[Any]]

    def _set_averaging(self, use_ema: bool, momentum: float, frequency: int | None) -> None:
        if use_ema and not 0 <= momentum <= 1:
            raise ValueError(
                f"`ema_momentum` must lie in [0, 1]. Received: ema_momentum={momentum}"
            )
        if use_ema and frequency is not None and (not isinstance(frequency, int) or frequency < 1):
            raise ValueError(
                "`ema_overwrite_frequency` must be a positive integer or None. "
                f"Received: ema_overwrite_frequency={frequency}"
            )
        self.use_ema = use_ema
        self.ema_momentum = momentum
        self.ema_overwrite_frequency = frequency

    def _average(self, variables: list) -> None:
        """Move the averages; the first step takes the weights as they are."""
        step = int(self._iterations.data) // (self.gradient_accumulation_steps or 1)
        keep = self.ema_momentum if step else 0.0
        for v, average in zip(variables, self._slots["average"], strict=True):
            old, new = average.data, v.data
            old *= old.dtype.type(keep)
            old += new.dtype.type(1 - keep) * new
            average._bump_version()
        every = self.ema_overwrite_frequency
        if every and (step + 1) % every == 0:
            self.finalize_variable_values(variables)

    def finalize_variable_values(self, var_list: Any) -> None:
        """Put the moving averages into the weights; called at the end of `fit`."""
        if not self.use_ema or not self.built:
            return
        for v in var_list:
            if id(v) in self._index:
                v.assign(self._slots["average"][self._index[id(v)]].data)

    def _accumulate(self, grads: list[np.ndarray], plan: Any) -> list[np.ndarray] | None:
        """The averaged gradients on every n-th step, None in between."""
        n = self.gradient_accumulation_steps or 1
        sums = [self._slots["gradient_accumulator"][i] for i in plan.indices]
        if (int(self._iterations.data) + 1) % n:
            for total, g in zip(sums, grads, strict=True):
                total.assign(total.data + g)
            return None
        means = [(total.data + g) / g.dtype.type(n) for total, g in zip(sums, grads, strict=True)]
        for total in self._slots["gradient_accumulator"]:
            total.assign(np.zeros_like(total.data))
        return means
