"""Optimizer: from gradients to new weights, one call of the engine for all of them."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from .._naming import auto_name
from .._registry import suggestion
from .._tape import Tensor, Variable
from ._clipping import Clipping
from ._extras import Averaging
from ._state import State


class _Plan:
    """Arrays of one set of variables, looked up once and used every step."""

    def __init__(self, key: list[int], variables: list[Variable], indices: list[int]):
        self.key = key
        self.variables = variables
        self.indices = indices
        self.shapes = [v.shape for v in variables]
        self.dtypes = [v.data.dtype for v in variables]
        self.constrained = [v for v in variables if getattr(v, "constraint", None) is not None]
        # the engine takes arrays of one dtype at a time: nearly always one group
        groups: dict[Any, list[int]] = {}
        for i, dtype in enumerate(self.dtypes):
            groups.setdefault(dtype, []).append(i)
        self.groups = list(groups.values())
        self.arrays = [[variables[i].data for i in group] for group in self.groups]
        self.slots: list[dict[str, list[np.ndarray]]] = []


class Optimizer(State, Clipping, Averaging):
    """Base class; subclasses implement `build` (slots) and `update_step`.

    Args:
        learning_rate: A finite number, a `Variable`, a `LearningRateSchedule`, or a callable
            without arguments that gives a number each step.
        weight_decay: Each step first shrinks weights by this times the learning rate; None for
            none.
        clipnorm: Each gradient is shrunk to this norm; None for none.
        clipvalue: Gradients are cut off at plus and minus this value; None for none.
        global_clipnorm: All gradients together are shrunk to this norm; None for none.
        use_ema: Whether a moving average of the weights is kept and put in at the end.
        ema_momentum: Share of the old average kept each step. Defaults to 0.99.
        ema_overwrite_frequency: The average is put in every so many steps; None for the end.
        loss_scale_factor: The loss is multiplied by it and gradients divided; None for 1.
        gradient_accumulation_steps: Gradients of so many steps are averaged for one update;
            None for 1.
        name: Name; None makes one from the class.

    Raises:
        ValueError: a learning rate that is not finite, more than one kind of clipping, or other
            values out of range; nothing has changed then.

    Source: `keras.optimizers.Optimizer`.

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> minidl.optimizers.SGD(0.5).apply([minidl.Tensor([1.0])], [w])
    >>> w.numpy()
    array([0.5], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        if kwargs:
            known = inspect.signature(type(self)).parameters
            raise ValueError(
                f"Unrecognized arguments of {type(self).__name__}: {kwargs}."
                f"{suggestion(next(iter(kwargs)), known)}"
            )
        self._set_clipping(clipnorm, clipvalue, global_clipnorm)
        self._set_averaging(use_ema, ema_momentum, ema_overwrite_frequency)
        if gradient_accumulation_steps is not None and (
            not isinstance(gradient_accumulation_steps, int) or gradient_accumulation_steps < 2
        ):
            raise ValueError(
                "`gradient_accumulation_steps` must be an integer of at least 2. Received: "
                f"gradient_accumulation_steps={gradient_accumulation_steps}"
            )
        if weight_decay is not None and not math.isfinite(weight_decay):
            raise ValueError(
                f"`weight_decay` must be finite. Received: weight_decay={weight_decay}"
            )
        self.name = name or auto_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = False
        self._trainable_variables: list[Variable] = []
        self._index: dict[int, int] = {}
        self._undecayed: set[int] = set()
        self._slots: dict[str, list[Variable]] = {}
        self._plan: _Plan | None = None
        self._iterations = Variable(np.zeros((), np.int64), trainable=False, name="iteration")
        self._learning_rate: Any = None
        self._variables: list[Variable] = [self._iterations]
        self.learning_rate = learning_rate

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots for `variables`, once."""
        if self.built:
            return
        variables = list(variables)
        self._trainable_variables = variables
        self._index = {id(v): i for i, v in enumerate(variables)}
        self._exclude_by_name(variables)
        if self.use_ema:
            self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self.add_optimizer_variables(variables, "gradient_accumulator")
        self.built = True

    # -- one step -----------------------------------------------------------------------------
    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """Update weights.

        Args:
            grads_and_vars: Pairs of a gradient (or None) and its variable.

        Returns:
            The step count.

        Raises:
            ValueError: see `apply`.
        """
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Variable] | None = None):
        """Update weights.

        Args:
            grads: One gradient per variable; None leaves a variable alone.
            trainable_variables: The variables; None for those of `build`.

        Raises:
            ValueError: counts, shapes or dtypes do not match, no variable has a gradient, or
                the learning rate is not finite; nothing has changed then.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._variables_for(grads, trainable_variables)
        if any(g is None for g in grads):
            grads, variables = _without_missing(grads, variables)
        rate = self._rate()
        plan = self._plan_for(variables)
        arrays: Any = self._arrays(grads, plan)
        if self.loss_scale_factor is not None:
            arrays = [g / g.dtype.type(self.loss_scale_factor) for g in arrays]
        if self.gradient_accumulation_steps:
            arrays = self._accumulate(arrays, plan)
        if arrays is not None:
            if self._clips:
                arrays = self._clip(arrays)
            self._update(plan, arrays, rate)
            for v in plan.variables:
                v._bump_version()
            for v in plan.constrained:
                v.assign(v.constraint(v.data))
        if self.use_ema:
            self._average(self._trainable_variables)
        count = self._iterations
        np.add(count.data, 1, count.data)
        count._bump_version()

    def _variables_for(self, grads: list, variables: Iterable[Variable] | None) -> list[Variable]:
        if variables is None:
            if not self.built:
                raise ValueError(
                    "The optimizer does not know its variables yet: pass `trainable_variables`, "
                    "or call `build(variables)` first."
                )
            variables = self._trainable_variables
        else:
            variables = list(variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"`grads` and `trainable_variables` must be of one length. Received: {len(grads)} "
                f"gradients and {len(variables)} variables."
            )
        if not self.built:
            for v in variables:
                if not isinstance(v, Variable):
                    raise ValueError(
                        f"`trainable_variables` must hold Variables. Received: {type(v).__name__}"
                    )
            self.build(variables)
        return variables

    def _plan_for(self, variables: list[Variable]) -> _Plan:
        key = [id(v) for v in variables]
        plan = self._plan
        if plan is not None and plan.key == key:
            return plan
        for v in variables:
            if id(v) not in self._index:
                raise ValueError(
                    f"Unknown variable '{getattr(v, 'path', v)}': this optimizer was built for "
                    f"{len(self._index)} other variables. Make a new optimizer for a new model, "
                    "or compile again after adding layers or changing `trainable`."
                )
        plan = _Plan(key, list(variables), [self._index[k] for k in key])
        for group in plan.groups:
            plan.slots.append(
                {
                    name: [slot[plan.indices[i]].data for i in group]
                    for name, slot in self._slots.items()
                }
            )
        self._plan = plan
        return plan

    def _arrays(self, grads: list, plan: _Plan) -> list[np.ndarray]:
        arrays = [g.data if isinstance(g, Tensor) else np.asarray(g) for g in grads]
        for g, shape, dtype, v in zip(
            arrays, plan.shapes, plan.dtypes, plan.variables, strict=True
        ):
            if g.shape != shape:
                raise ValueError(
                    f"The gradient of '{v.path}' has shape {g.shape}, expected {shape}."
                )
            if g.dtype != dtype:
                raise ValueError(
                    f"The gradient of '{v.path}' has dtype {g.dtype}, expected {dtype}."
                )
        return arrays

    def _update(self, plan: _Plan, grads: list[np.ndarray], rate: float) -> None:
        """Update all variables: in one call where the optimizer has one, else one by one."""
        keep = self._decay_factors(plan.variables, rate)
        if type(self).update_step is not Optimizer.update_step:
            for i, (g, v) in enumerate(zip(grads, plan.variables, strict=True)):
                if keep is not None:
                    np.multiply(v.data, v.data.dtype.type(keep[i]), out=v.data)
                self.update_step(Tensor(g), v, rate)
            return
        for group, arrays, slots in zip(plan.groups, plan.arrays, plan.slots, strict=True):
            if len(plan.groups) == 1:
                self._fused(arrays, grads, slots, rate, keep)
            else:
                mine = None if keep is None else [keep[i] for i in group]
                self._fused(arrays, [grads[i] for i in group], slots, rate, mine)

    def _fused(
        self,
        arrays: list[np.ndarray],
        grads: list[np.ndarray],
        slots: dict[str, list[np.ndarray]],
        rate: float,
        keep: list[float] | None,
    ) -> None:
        """One call of the engine; `keep` holds a factor for each array that comes first."""
        raise NotImplementedError(f"{type(self).__name__} must implement `update_step`.")

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        """Update one variable; what a custom optimizer implements."""
        i = self._index[id(variable)]
        slots = {name: [slot[i].data] for name, slot in self._slots.items()}
        self._fused([variable.data], [gradient.data], slots, float(learning_rate), None)
        variable._bump_version()

    def _get_variable_index(self, variable: Variable) -> int:
        return self._index[id(variable)]

    def assign(self, variable: Variable, value: Any) -> None:
        """`variable = value`, for custom optimizers."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """`variable += value`, for custom optimizers."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """`variable -= value`, for custom optimizers."""
        variable.assign_sub(value)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # Copies and pickles know their variables by place, not by identity.
    def __getstate__(self) -> dict:
        state = dict(self.__dict__, _plan=None, _index=None)
        state["_undecayed"] = [v for v in self._trainable_variables if id(v) in self._undecayed]
        return state

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._undecayed = {id(v) for v in state["_undecayed"]}
        self._index = {id(v): i for i, v in enumerate(self._trainable_variables)}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _without_missing(grads: list, variables: list) -> tuple[list, list]:
    pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
    missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
    if not pairs:
        raise ValueError(
            f"No gradients for any variable: {missing}. Is the loss computed from the variables, "
            "inside the tape?"
        )
    warnings.warn(
        f"Gradients do not exist for variables {missing} when minimizing the loss.", stacklevel=3
    )
    return [g for g, _ in pairs], [v for _, v in pairs]
