"""Learning rates that change from step to step, each a formula of the step number."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .._registry import Registry
from .._tape import Tensor
from ..config import floatx

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


class LearningRateSchedule:
    """Base class: a callable from the step number to the learning rate.

    Subclasses implement `__call__(step)`, and `get_config` if they are to be saved. The step is
    that of the optimizer, from 0; the built-in schedules also take arrays of steps.

    Source: `keras.optimizers.schedules.LearningRateSchedule`.

    >>> import minidl
    >>> class Halving(minidl.optimizers.schedules.LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 / 2 ** (int(step) // 100)
    >>> Halving()(250)
    0.025
    """

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must implement `__call__(step)`.")

    def get_config(self) -> dict:
        raise NotImplementedError(f"{type(self).__name__} must implement `get_config`.")

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """Make a schedule from a config of `get_config`."""
        return cls(**config)


class _Formula(LearningRateSchedule):
    """A schedule whose rate is a NumPy formula of the step; computed in float64."""

    name: str

    def __call__(self, step: Any) -> Tensor:
        step = np.asarray(step.data if isinstance(step, Tensor) else step, np.float64)
        return Tensor(np.asarray(self._rate(step), floatx()))

    def _rate(self, step: np.ndarray) -> Any:
        raise NotImplementedError

    def _keep(self, **config: Any) -> None:
        self._config = config
        for name, value in config.items():
            setattr(self, name, value)

    def get_config(self) -> dict:
        return dict(self._config)


def _positive(name: str, value: Any) -> None:
    if not value > 0:
        raise ValueError(f"`{name}` must be positive. Received: {name}={value}")


class ExponentialDecay(_Formula):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: The rate of step 0.
        decay_steps: Steps in which the rate is multiplied by `decay_rate`; positive.
        decay_rate: The factor.
        staircase: Whether it falls once every `decay_steps` instead of at each step.
        name: Defaults to `"ExponentialDecay"`.

    Raises:
        ValueError: `decay_steps` is not positive.

    Source: `keras.optimizers.schedules.ExponentialDecay`.

    >>> import minidl
    >>> rate = minidl.optimizers.schedules.ExponentialDecay(0.1, 100, 0.5)
    >>> round(float(rate(200)), 6)
    0.025
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        decay_rate,
        staircase=False,
        name="ExponentialDecay",
    ):
        _positive("decay_steps", decay_steps)
        self._keep(
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            decay_rate=decay_rate,
            staircase=staircase,
            name=name,
        )

    def _rate(self, step):
        p = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (
            np.floor(p) if self.staircase else p
        )


class InverseTimeDecay(_Formula):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: The rate of step 0.
        decay_steps: Unit of the steps; positive.
        decay_rate: How fast it falls.
        staircase: Whether it falls once every `decay_steps` instead of at each step.
        name: Defaults to `"InverseTimeDecay"`.

    Raises:
        ValueError: `decay_steps` is not positive.

    Source: `keras.optimizers.schedules.InverseTimeDecay`.

    >>> import minidl
    >>> rate = minidl.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5)
    >>> round(float(rate(2)), 6)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        decay_rate,
        staircase=False,
        name="InverseTimeDecay",
    ):
        _positive("decay_steps", decay_steps)
        self._keep(
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            decay_rate=decay_rate,
            staircase=staircase,
            name=name,
        )

    def _rate(self, step):
        p = step / self.decay_steps
        p = np.floor(p) if self.staircase else p
        return self.initial_learning_rate / (1.0 + self.decay_rate * p)


class PiecewiseConstantDecay(_Formula):
    """`values[i]` up to and including step `boundaries[i]`, the last value after all.

    Args:
        boundaries: Increasing step numbers.
        values: Rates, one more than boundaries.
        name: Defaults to `"PiecewiseConstant"`.

    Raises:
        ValueError: the lengths do not fit, or the boundaries do not increase.

    Source: `keras.optimizers.schedules.PiecewiseConstantDecay`.

    >>> import minidl
    >>> rate = minidl.optimizers.schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1])
    >>> [round(float(rate(s)), 2) for s in (0, 10, 11, 20, 21)]
    [1.0, 1.0, 0.5, 0.5, 0.1]
    """

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "`values` must hold one entry more than `boundaries`. "
                f"Received: {len(boundaries)} boundaries and {len(values)} values"
            )
        if any(b >= c for b, c in itertools.pairwise(boundaries)):
            raise ValueError(f"`boundaries` must increase. Received: boundaries={boundaries}")
        self._keep(boundaries=boundaries, values=values, name=name)

    def _rate(self, step):
        place = np.searchsorted(np.asarray(self.boundaries, np.float64), step, side="left")
        return np.asarray(self.values, np.float64)[place]


class PolynomialDecay(_Formula):
    """From one rate to another along `(1 - step / decay_steps) ** power`.

    Args:
        initial_learning_rate: The rate of step 0.
        decay_steps: Steps until the end rate is reached; positive.
        end_learning_rate: The end rate. Defaults to 0.0001.
        power: Defaults to 1, a straight line.
        cycle: Whether it goes up again and falls over longer and longer cycles, in place of
            staying at the end rate.
        name: Defaults to `"PolynomialDecay"`.

    Raises:
        ValueError: `decay_steps` is not positive.

    Source: `keras.optimizers.schedules.PolynomialDecay`.

    >>> import minidl
    >>> rate = minidl.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0, power=2.0)
    >>> round(float(rate(5)), 6)
    0.25
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        end_learning_rate=0.0001,
        power=1.0,
        cycle=False,
        name="PolynomialDecay",
    ):
        _positive("decay_steps", decay_steps)
        self._keep(
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            end_learning_rate=end_learning_rate,
            power=power,
            cycle=cycle,
            name=name,
        )

    def _rate(self, step):
        total = self.decay_steps
        if self.cycle:  # the first multiple of decay_steps that step has not passed
            total = total * np.maximum(1.0, np.ceil(step / total))
        else:
            step = np.minimum(step, total)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * (1.0 - step / total) ** self.power + self.end_learning_rate


class CosineDecay(_Formula):
    """Half a cosine down to `alpha` times the rate, with a straight warm-up before it or not.

    Args:
        initial_learning_rate: The rate of step 0.
        decay_steps: Steps of the decay; positive.
        alpha: The lowest rate as a share of the highest. Defaults to 0.
        name: Defaults to `"CosineDecay"`.
        warmup_target: The highest rate, reached after `warmup_steps`; None for no warm-up.
        warmup_steps: Steps of the warm-up. Defaults to 0.

    Raises:
        ValueError: `decay_steps` is not positive, or `warmup_steps` is negative.

    Source: `keras.optimizers.schedules.CosineDecay`; Loshchilov and Hutter 2016.

    >>> import minidl
    >>> rate = minidl.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=1.0, warmup_steps=10)
    >>> [round(float(rate(s)), 2) for s in (0, 5, 10, 60, 110)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        alpha=0.0,
        name="CosineDecay",
        warmup_target=None,
        warmup_steps=0,
    ):
        _positive("decay_steps", decay_steps)
        if warmup_steps < 0:
            raise ValueError(
                f"`warmup_steps` must not be negative. Received: warmup_steps={warmup_steps}"
            )
        self._keep(
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            alpha=alpha,
            name=name,
            warmup_target=warmup_target,
            warmup_steps=warmup_steps,
        )

    def _rate(self, step):
        start, top, warm = self.initial_learning_rate, self.warmup_target, self.warmup_steps
        if top is None:
            top, warm = start, 0
        done = np.clip((step - warm) / self.decay_steps, 0.0, 1.0)
        rate = top * _cosine(done, self.alpha)
        if not warm:
            return rate
        return np.where(step < warm, start + (top - start) * step / warm, rate)


class CosineDecayRestarts(_Formula):
    """Cosine decay that starts again, in cycles that grow by `t_mul`, from rates times `m_mul`.

    Args:
        initial_learning_rate: The rate of step 0.
        first_decay_steps: Steps of the first cycle; positive.
        t_mul: Length of a cycle over that of the one before. Defaults to 2.
        m_mul: Start of a cycle over that of the one before. Defaults to 1.
        alpha: The lowest rate as a share of the first. Defaults to 0.
        name: Defaults to `"SGDRDecay"`.

    Raises:
        ValueError: `first_decay_steps` or `t_mul` is not positive.

    Source: `keras.optimizers.schedules.CosineDecayRestarts`; Loshchilov and Hutter 2016.

    >>> import minidl
    >>> rate = minidl.optimizers.schedules.CosineDecayRestarts(1.0, 10)
    >>> [round(float(rate(s)), 2) for s in (0, 5, 10, 20, 30)]
    [1.0, 0.5, 1.0, 0.5, 1.0]
    """

    def __init__(
        self,
        initial_learning_rate,
        first_decay_steps,
        t_mul=2.0,
        m_mul=1.0,
        alpha=0.0,
        name="SGDRDecay",
    ):
        _positive("first_decay_steps", first_decay_steps)
        _positive("t_mul", t_mul)
        self._keep(
            initial_learning_rate=initial_learning_rate,
            first_decay_steps=first_decay_steps,
            t_mul=t_mul,
            m_mul=m_mul,
            alpha=alpha,
            name=name,
        )

    def _rate(self, step):
        done = step / self.first_decay_steps
        t = self.t_mul
        if t == 1.0:
            cycle = np.floor(done)
            start, length = cycle, 1.0
        else:
            # rounding of the logarithm must not put a restart into the cycle before it
            cycle = np.floor(np.log1p(np.maximum(done * (t - 1.0), -1 + 1e-12)) / math.log(t))
            cycle = np.where(_start(cycle + 1.0, t) <= done, cycle + 1.0, cycle)
            start, length = _start(cycle, t), t**cycle
        scale = self.m_mul**cycle
        return self.initial_learning_rate * _cosine((done - start) / length, self.alpha, scale)


def _start(cycle, t):
    """First step of a cycle, in lengths of the first cycle."""
    return (1.0 - t**cycle) / (1.0 - t)


def _cosine(done, alpha, scale=1.0):
    return (1.0 - alpha) * 0.5 * scale * (1.0 + np.cos(math.pi * done)) + alpha


_registry = Registry("learning-rate schedule", "keras.optimizers.schedules")
for _cls in (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
    CosineDecay,
    CosineDecayRestarts,
):
    _registry.add_class(_cls)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict:
    """A schedule's Keras config.

    Source: `keras.optimizers.schedules.serialize`.

    >>> import minidl
    >>> schedules = minidl.optimizers.schedules
    >>> schedules.serialize(schedules.ExponentialDecay(0.1, 10, 0.5))["class_name"]
    'ExponentialDecay'
    """
    return _registry.serialize(learning_rate_schedule)


def deserialize(config: dict, custom_objects: dict | None = None) -> Any:
    """A schedule (or callable) from a config.

    Args:
        config: What `serialize` made.
        custom_objects: Dict from names to schedules or callables of your own.

    Raises:
        ValueError: the config is malformed, or names what is not known.

    Source: `keras.optimizers.schedules.deserialize`.

    >>> import minidl
    >>> schedules = minidl.optimizers.schedules
    >>> config = schedules.serialize(schedules.ExponentialDecay(0.1, 10, 0.5))
    >>> schedules.deserialize(config).decay_rate
    0.5
    """
    name = config.get("class_name") if isinstance(config, dict) else None
    if name == "function":
        name = config.get("config")
        if not custom_objects or name not in custom_objects:
            raise ValueError(
                f"The learning rate is a callable of your own, {name!r}: pass it in "
                "`custom_objects`."
            )
        return custom_objects[name]
    if custom_objects and name in custom_objects:
        return custom_objects[name].from_config(dict(config.get("config") or {}))
    return _registry.deserialize(config)
