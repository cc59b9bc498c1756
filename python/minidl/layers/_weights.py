"""The weights and losses half of Layer: making, finding, reading and setting them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import constraints, initializers, regularizers
from .._tape import Variable
from ..config import DTypePolicy

# attributes that `_found` need not look into
_OWN = {
    "_trainable_variables",
    "_non_trainable_variables",
    "_regularized",
    "_losses",
    "_constrained",
    "_build_shape",
    "_frozen",
    "_given",
    "_inbound_nodes",
    "_outbound_nodes",
}


class WeightsMixin:
    """What `Layer` inherits; its state is set by `Layer.__init__`."""

    name: str
    path: str
    built: bool
    dtype_policy: DTypePolicy
    _is_leaf: bool
    _trainable: bool
    _trainable_variables: list[Variable]
    _non_trainable_variables: list[Variable]
    _regularized: list[tuple[Variable, Any]]
    _losses: list[Any]

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        name: str | None = None,
    ) -> Variable:
        """Make a weight.

        Args:
            shape: Tuple of positive integers. Defaults to `()`.
            initializer: Name, `Initializer`, callable or array; None for glorot_uniform
                (floats).
            dtype: Defaults to the layer's.
            trainable: Whether gradients update it. Defaults to True.
            autocast: Accepted for compatibility.
            regularizer: Penalty added to the loss.
            constraint: Condition restored after each optimizer step.
            aggregation: Accepted for compatibility.
            name: Name of the weight.

        Returns:
            The `Variable`.

        Raises:
            ValueError: a shape entry is None or negative.
        """
        shape = (shape,) if isinstance(shape, int) else tuple(shape or ())
        if any(not isinstance(n, (int, np.integer)) or n < 0 for n in shape):
            raise ValueError(
                f"Layer '{self.name}': weight '{name}' needs a shape of non-negative "
                f"integers. Received: shape={shape}. A None means that the size of the "
                "input's axis is not known yet."
            )
        dtype = np.dtype(dtype or self.dtype_policy.variable_dtype)
        make = initializers.get(initializer if initializer is not None else "glorot_uniform")
        value = np.array(make(shape, dtype=dtype), dtype=dtype)
        if value.shape != shape:
            raise ValueError(
                f"Layer '{self.name}': the initializer of weight '{name}' gave shape "
                f"{value.shape}, expected {shape}."
            )
        variable = Variable(value, trainable=bool(trainable and self._trainable), name=name)
        variable.path = f"{self.path}/{variable.name}"
        (self._trainable_variables if trainable else self._non_trainable_variables).append(variable)
        regularizer = regularizers.get(regularizer)
        if regularizer is not None:
            self._regularized.append((variable, regularizer))
        constraint = constraints.get(constraint)
        if constraint is not None:
            variable.constraint = constraint
        return variable

    def _found(self, kind: type) -> Iterator[Any]:
        """Objects of `kind` among the attributes, in the order they were set."""
        seen: set[int] = set()

        def walk(values):
            for value in values:
                if isinstance(value, kind):
                    if id(value) not in seen:
                        seen.add(id(value))
                        yield value
                elif isinstance(value, (list, tuple)):
                    yield from walk(value)
                elif isinstance(value, dict):
                    yield from walk(value.values())

        return walk([v for k, v in self.__dict__.items() if k not in _OWN])

    @property
    def _layers(self) -> list[Any]:
        """Layers directly inside this one."""
        return [] if self._is_leaf else list(self._found(WeightsMixin))

    def _own_variables(self) -> list[Variable]:
        """Own weights: those of `add_weight`, trainable first, then those set as attributes."""
        own = self._trainable_variables + self._non_trainable_variables
        if not self._is_leaf:
            known = {id(v) for v in own}
            extra = [v for v in self._found(Variable) if id(v) not in known]
            if extra:
                own = (
                    self._trainable_variables
                    + [v for v in extra if v.trainable]
                    + self._non_trainable_variables
                    + [v for v in extra if not v.trainable]
                )
        return own

    def _flatten_layers(self) -> Iterator[Any]:
        """This layer and all inside it, each once."""
        seen: set[int] = set()
        stack: list[Any] = [self]
        while stack:
            layer = stack.pop()
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            yield layer
            if not layer._is_leaf:
                stack.extend(reversed(layer._layers))

    @property
    def weights(self) -> list[Variable]:
        """All weights: own ones first, then those of the layers inside, each once."""
        if self._is_leaf:
            return self._trainable_variables + self._non_trainable_variables
        unique = {id(v): v for layer in self._flatten_layers() for v in layer._own_variables()}
        return list(unique.values())

    variables = weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        if not self._trainable:
            return []
        return [v for v in self.weights if v.trainable]

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves to the layers themselves."""
        if not self._trainable:
            return self.weights
        return [v for v in self.weights if not v.trainable]

    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether the weights are trained; setting it reaches all layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
            for v in layer._trainable_variables:
                v.trainable = bool(value)
            layer._freeze_attributes(not value)

    def _freeze_attributes(self, freeze: bool) -> None:
        """Variables set as attributes follow `trainable` too; those that never train stay so."""
        if not freeze:
            for v in self.__dict__.pop("_frozen", ()):
                v.trainable = True
        elif not self._is_leaf:
            made = {id(v) for v in self._trainable_variables}
            found = [v for v in self._found(Variable) if v.trainable and id(v) not in made]
            for v in found:
                v.trainable = False
            if found:
                self.__dict__["_frozen"] = [*self.__dict__.get("_frozen", ()), *found]

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a weight; see `add_weight`."""
        return self.add_weight(
            shape, initializer, dtype, trainable, autocast, regularizer, constraint, name=name
        )

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own weights into a dict-like `store`, under `"0"`, `"1"`, ..."""
        for i, v in enumerate(self._own_variables()):
            store[str(i)] = v.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take the layer's own weights from what `save_own_variables` wrote.

        Raises:
            ValueError: another number of weights; nothing has changed then.
        """
        own = self._own_variables()
        if len(store.keys()) != len(own):
            raise ValueError(
                f"Layer '{self.name}' has {len(own)} weights of its own. "
                f"Received: {len(store.keys())} saved ones. Is the layer built?"
            )
        for i, v in enumerate(own):
            v.assign(store[str(i)])

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights as NumPy arrays."""
        return [np.array(v.data) for v in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Set all weights.

        Args:
            weights: Arrays in the order and of the shapes of `get_weights()`.

        Raises:
            ValueError: a wrong number of arrays or a wrong shape; nothing has changed then.
        """
        mine = self.weights
        if len(weights) != len(mine):
            raise ValueError(
                f"Layer '{self.name}' expects {len(mine)} weights in `set_weights`, "
                f"but received {len(weights)}."
                + ("" if self.built else " The layer is not built yet, so it has none.")
            )
        arrays = [np.asarray(w) for w in weights]
        for i, (variable, array) in enumerate(zip(mine, arrays, strict=True)):
            if tuple(variable.shape) != array.shape or array.dtype.kind not in "biuf":
                raise ValueError(
                    f"Layer '{self.name}': weight {i} ('{variable.name}') has shape "
                    f"{tuple(variable.shape)}, but received an array of shape {array.shape} "
                    f"and dtype {array.dtype}."
                )
        for variable, array in zip(mine, arrays, strict=True):
            variable.assign(array.astype(variable.data.dtype, copy=False))

    def count_params(self) -> int:
        """Number of scalars in all weights.

        Raises:
            ValueError: the layer is not built yet.
        """
        if not self.built:
            raise ValueError(
                f"Layer '{self.name}' has no weights yet: call it on data, or `build` it, "
                "before `count_params`."
            )
        return sum(math.prod(v.shape) for v in self.weights)

    # -- losses -------------------------------------------------------------------------------
    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the training loss; call it inside `call`."""
        for one in loss if isinstance(loss, (list, tuple)) else (loss,):
            self._losses.append(one)

    @property
    def losses(self) -> list[Any]:
        """Penalties of this layer and those inside: added ones, then weight regularizers."""
        added: list[Any] = []
        penalties: list[Any] = []
        for layer in self._flatten_layers():
            if layer._losses:
                added += layer._losses
            if layer._regularized:
                penalties += [r(v) for v, r in layer._regularized if v.trainable]
        return added + penalties

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            if layer._losses:
                layer._losses.clear()
