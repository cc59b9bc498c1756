"""The state of an optimizer: step count, learning rate, slots; saved, loaded, described."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import initializers
from .._tape import Tensor, Variable
from ..config import floatx
from ._arguments import COMMON
from .schedules import LearningRateSchedule
from .schedules import deserialize as deserialize_schedule
from .schedules import serialize as serialize_schedule


class State:
    """The state half of `Optimizer`."""

    built: bool
    name: str
    gradient_accumulation_steps: int | None
    _iterations: Variable
    _learning_rate: Any
    _variables: list[Variable]
    _slots: dict[str, list[Variable]]

    # -- learning rate and step count ---------------------------------------------------------
    @property
    def learning_rate(self) -> Any:
        """The learning rate: a `Variable`, or what the schedule or callable gives now."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        return rate if isinstance(rate, Variable) else rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        old = self._learning_rate
        if (callable(value) and not isinstance(value, Tensor)) or isinstance(value, Variable):
            self._learning_rate = value
        else:
            rate = _finite(value)
            if isinstance(old, LearningRateSchedule):
                raise TypeError(
                    "This optimizer was made with a LearningRateSchedule, so its learning rate "
                    "cannot be set to a number. Make the optimizer with a number, or set another "
                    "schedule."
                )
            if isinstance(old, Variable):
                old.assign(np.asarray(rate, old.data.dtype))
                return
            self._learning_rate = Variable(
                np.asarray(rate, floatx()), trainable=False, name="learning_rate"
            )
        # the state lists it, in its place, only where it is a variable
        self._variables[1:2] = [v for v in self._variables[1:2] if v is not old]
        if isinstance(self._learning_rate, Variable):
            self._variables.insert(1, self._learning_rate)

    def _rate(self) -> float:
        rate = self._learning_rate
        if isinstance(rate, Variable):
            value = float(rate.data)
        elif isinstance(rate, LearningRateSchedule):
            value = float(rate(self._iterations))
        else:
            value = _finite(rate())
        if value - value != 0.0:  # NaN or infinite
            raise ValueError(f"The learning rate must be finite. Received: learning_rate={value}")
        return value

    @property
    def iterations(self) -> Any:
        """How many updates were made: a `Variable`, or a `Tensor` with accumulation."""
        if self.gradient_accumulation_steps:
            return Tensor(np.asarray(self._iterations.data // self.gradient_accumulation_steps))
        return self._iterations

    def _step_number(self) -> int:
        """The number of the update under way, from 1."""
        return int(self._iterations.data) // (self.gradient_accumulation_steps or 1) + 1

    # -- state --------------------------------------------------------------------------------
    @property
    def variables(self) -> list[Variable]:
        """The optimizer's state: step, learning rate, then the slots, variable by variable."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a state variable, for custom optimizers.

        Args:
            shape: Tuple of dimensions.
            initializer: Name or `Initializer`. Defaults to zeros.
            dtype: None for the default float type.
            aggregation: Accepted; there is one replica.
            layout: Accepted; nothing is distributed.
            name: Name of the variable.

        Source: `keras.optimizers.Optimizer.add_variable`.
        """
        make = initializers.get(initializer)
        value = np.asarray(make(tuple(shape), dtype=dtype or floatx()))
        slot = Variable(value, trainable=False, name=name or "variable")
        slot.path = f"{self.name}/{slot.name}"
        self._variables.append(slot)
        return slot

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Make one slot of the shape and dtype of a weight.

        Args:
            reference_variable: The weight.
            name: What the slot is; its full name starts with the weight's path.
            initializer: Name or `Initializer`. Defaults to zeros.
        """
        label = f"{str(reference_variable.path).replace('/', '_')}_{name or 'var'}"
        data = reference_variable.data
        return self.add_variable(data.shape, initializer, data.dtype, name=label)

    def add_optimizer_variables(
        self, trainable_variables: list[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Make slots for all variables: a list, or a tuple of lists for several names.

        Args:
            trainable_variables: The weights.
            name: What the slot is, or a list of several.
            initializer: One for all names, or one each. Defaults to zeros.

        Raises:
            ValueError: names and initializers are not equally many.
        """
        names = (name,) if isinstance(name, str) else tuple(name)
        several = isinstance(initializer, (list, tuple))
        starts = tuple(initializer) if several else (initializer,) * len(names)
        if len(starts) != len(names):
            raise ValueError(
                "There must be one initializer for each name. "
                f"Received: name={name!r}, initializer={initializer!r}"
            )
        for n in names:
            self._slots[n] = []
        for v in trainable_variables:  # interleaved, as Keras stores them
            for n, start in zip(names, starts, strict=True):
                self._slots[n].append(self.add_variable_from_reference(v, n, start))
        made = tuple(self._slots[n] for n in names)
        return made[0] if isinstance(name, str) else made

    def set_weights(self, weights: list[Any]) -> None:
        """Set the whole state, in the order of `variables`.

        Raises:
            ValueError: not built, or counts or shapes differ; nothing has changed then.
        """
        if not self.built:
            raise ValueError("Call `build(trainable_variables)` before `set_weights`.")
        arrays = [np.asarray(w) for w in weights]
        if len(arrays) != len(self._variables):
            raise ValueError(
                f"The optimizer has {len(self._variables)} variables. Received: {len(arrays)}"
            )
        for v, a in zip(self._variables, arrays, strict=True):
            if v.shape != a.shape:
                raise ValueError(
                    f"Optimizer variable '{v.path}' has shape {v.shape}. Received: {a.shape}"
                )
        for v, a in zip(self._variables, arrays, strict=True):
            v.assign(a)

    def save_own_variables(self, store: Any) -> None:
        """Put the state into a dict-like `store`, under `"0"`, `"1"`, ..."""
        for i, v in enumerate(self._variables):
            store[str(i)] = v.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take the state from what `save_own_variables` wrote.

        Where the counts differ, as when the optimizer is not built, it warns and takes nothing.
        """
        if len(store.keys()) != len(self._variables):
            warnings.warn(
                f"Skipping variable loading for optimizer '{self.name}': it has "
                f"{len(self._variables)} variables, the saved one {len(store.keys())}.",
                stacklevel=2,
            )
            return
        for i, v in enumerate(self._variables):
            v.assign(store[str(i)])

    # -- config -------------------------------------------------------------------------------
    def get_config(self) -> dict:
        """The arguments that make an equal optimizer, without its state."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            rate = serialize_schedule(rate)
        elif isinstance(rate, Variable):
            rate = float(rate.data)
        else:  # a callable has no config: its name stands in for it
            name = getattr(rate, "__name__", type(rate).__name__)
            rate = {
                "module": "builtins",
                "class_name": "function",
                "config": name,
                "registered_name": name,
            }
        shared = {name: getattr(self, name) for name in COMMON if name != "name"}
        return {"name": self.name, "learning_rate": rate, **shared}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """Make an optimizer from a config of `get_config`.

        Args:
            config: The config.
            custom_objects: Dict from names to learning-rate schedules or callables of your own.

        Raises:
            ValueError: the config names a schedule or callable that is not known.
        """
        config = dict(config)
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config["learning_rate"] = deserialize_schedule(rate, custom_objects)
        return cls(**config)


def _finite(value: Any) -> float:
    try:
        if isinstance(value, (bool, str)):
            raise TypeError
        rate = float(value)
    except (TypeError, ValueError):
        raise ValueError(
            "`learning_rate` must be a number or a callable. "
            f"Received: learning_rate={value!r} of type {type(value).__name__}"
        ) from None
    if not math.isfinite(rate):
        raise ValueError(f"`learning_rate` must be finite. Received: learning_rate={rate}")
    return rate
