"""Sequential: layers one after the other."""

from __future__ import annotations

import copy
from typing import Any

from .. import layers as layers_module
from .._symbolic import KerasTensor, Node, UnknownShape
from .._tree import flatten, map_structure
from ..layers._arguments import set_mask
from ..layers._calling import call_context, naming_the_source
from ..layers.input_layer import InputLayer
from ..layers.layer import Layer
from ._fast_lists import FastListsMixin
from ._folding import fold
from .model import Model


class Sequential(FastListsMixin, Model):
    """A stack of layers, each fed with the output of the one before.

    Args:
        layers: List of layers; may start with an `Input`, or its first layer may carry
            `input_shape`. Otherwise the model is built by the first data it sees.
        trainable: Whether the weights are trained. Defaults to True.
        name: Name; None for `sequential`, `sequential_1`, ...

    Raises:
        ValueError: an entry that is no layer, or a name used twice.

    Source: `keras.Sequential`.

    >>> import minidl
    >>> model = minidl.Sequential([minidl.Input((4,)), minidl.layers.Dense(3)])
    >>> model.output_shape, model.count_params()
    ((None, 3), 15)
    """

    _carries_masks = True
    _keras_module = "keras"

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None):
        super().__init__(trainable=trainable, name=name)
        self.autocast = False  # the layers know their dtypes: a float64 one sees float64
        self._stack: list[Layer] = []
        self._input: InputLayer | None = None
        self._folded: list[Any] | None = None  # see `_inference_steps`
        self._symbolic: Any = None  # the output, as a node of a graph
        self._leaves = ()
        if isinstance(layers, (Layer, KerasTensor)):
            raise ValueError("`layers` must be a list of layers.")
        for layer in layers or ():
            self._append(layer)
        self._rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Add a layer on top.

        Args:
            layer: A layer, or an `Input` as the first one.
            rebuild: Whether to build at once where the input shape is known.

        Raises:
            ValueError: see the class.

        Example:
            >>> model = minidl.Sequential([minidl.Input((3,))])
            >>> model.add(minidl.layers.Dense(2))
            >>> model.output_shape
            (None, 2)
        """
        self._append(layer)
        if rebuild:
            self._rebuild()

    def _append(self, layer: Any) -> None:
        shape = getattr(layer, "_input_shape_arg", None)
        starts = not self._stack and self._input is None
        if starts and shape is not None and not isinstance(layer, InputLayer):
            self._append(InputLayer(shape=shape, dtype=layer.dtype))
        if isinstance(layer, KerasTensor):
            layer = layer._keras_history[0]
        if not isinstance(layer, Layer):
            raise ValueError(
                "Only layers can be added to a Sequential model. "
                f"Received: {layer!r} of type {type(layer).__name__}"
            )
        if isinstance(layer, InputLayer):
            if self._input is not None or self._stack:
                where = (
                    f"has the input shape {self._input.batch_shape} already"
                    if self._input is not None
                    else "has layers already: an Input must come first"
                )
                raise ValueError(f"Sequential model '{self.name}' {where}.")
            self._input = layer
            return
        if any(other.name == layer.name for other in self._stack):
            raise ValueError(
                f"All layers of a Sequential model need names of their own. '{layer.name}' is "
                "used twice: pass name='...'."
            )
        self._stack.append(layer)
        self._changed()

    def _changed(self) -> None:
        self._set_leaves(self._stack)
        self._symbolic = None
        self._folded = None
        self.built = False

    def pop(self, rebuild: bool = True) -> Layer:
        """Remove the last layer and return it.

        Example:
            >>> dense = minidl.layers.Dense
            >>> model = minidl.Sequential([minidl.Input((3,)), dense(4), dense(2)])
            >>> model.pop().units, model.output_shape
            (2, (None, 4))
        """
        if not self._stack:
            raise ValueError(f"Sequential model '{self.name}' has no layers.")
        layer = self._stack.pop()
        self._changed()
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        if not self._stack:
            return
        first = self._stack[0]
        if self._input is not None:
            self.build(self._input.batch_shape)
        else:
            inputs = getattr(first, "inputs", None) if isinstance(first, Model) else None
            if inputs:
                self.build(inputs[0].shape)

    def build(self, input_shape: Any = None) -> None:
        """Make all weights.

        Args:
            input_shape: Shape of a batch, with None for the open batch axis.

        Raises:
            ValueError: no layers, no shape, or shapes that do not fit.
        """
        if not self._stack:
            raise ValueError(
                f"Sequential model '{self.name}' cannot be built: it has no layers. "
                "Call `model.add(layer)`."
            )
        if input_shape is None:
            raise ValueError("`build` needs an `input_shape`, batch axis included.")
        given = tuple(input_shape)
        if self._input is not None and not _fits(self._input.batch_shape, given):
            raise ValueError(
                f"Sequential model '{self.name}' takes inputs of shape "
                f"{self._input.batch_shape}. Received: input_shape={given}"
            )
        if self._input is None:
            self._input = InputLayer(batch_shape=(None, *given[1:]), dtype=self._stack[0].dtype)
        x: Any = self._input.output
        outer = call_context.scope
        call_context.scope = (*outer, self.name)
        self._symbolic = None
        try:
            for layer in self._stack:
                x = layer(x)
        except UnknownShape:  # a custom layer that cannot tell: built by the first data
            return
        finally:
            call_context.scope = outer
        self._symbolic = x

    def _build(self, shape: Any) -> None:
        if isinstance(shape, tuple):
            self.build((None, *shape[1:]))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not self._stack:
            raise ValueError(f"Sequential model '{self.name}' has no layers. Add some.")
        x = inputs
        if mask is not None:
            set_mask(x, mask)
        for step in self._stack if training else self._inference_steps():
            x = step(x)
        return x

    def _inference_steps(self) -> list[Any]:
        """The layers, batch normalisations folded into what comes before them."""
        if self._folded is None:
            if not all(layer.built for layer in self._stack):
                return self._stack
            self._folded = fold(self._stack)
        return self._folded

    def __call__(
        self, inputs: Any = None, *args: Any, training: bool | None = None, **kwargs: Any
    ) -> Any:
        expected = self._input
        if expected is not None and hasattr(inputs, "shape"):
            shape = tuple(inputs.shape)
            if not _fits(expected.batch_shape, shape):
                with naming_the_source(inputs):
                    self._complain(expected.batch_shape, shape)
        return super().__call__(inputs, *args, training=training, **kwargs)

    def _trial_size(self) -> int:
        return 1 if self._input is None else self._input.batch_shape[0] or 1

    def _complain(self, expected: tuple, shape: tuple) -> None:
        if self._stack and self._stack[0].input_spec is not None:
            self._stack[0].input_spec.check(self._stack[0], shape)  # knows more: channels, rank
        hint = ""
        if len(shape) == len(expected) - 1:
            hint = " The batch axis may be missing: x[None] adds it."
        elif len(shape) == len(expected) == 4 and expected[1:] == (*shape[2:], shape[1]):
            hint = " This looks channels-first: np.moveaxis(x, 1, -1) turns it round."
        raise ValueError(
            f"Sequential model '{self.name}' takes inputs of shape {expected}, but received an "
            f"input of shape {shape}.{hint}"
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = input_shape
        for layer in self._stack:
            shape = layer.compute_output_shape(shape)
        return shape

    @property
    def _layers(self) -> list[Layer]:
        return self._stack

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the `Input`."""
        return list(self._stack)

    # -- as a graph ---------------------------------------------------------------------------
    def _ends(self) -> tuple[KerasTensor, Any]:
        """The symbolic input and output."""
        if self._input is None or self._symbolic is None:
            raise AttributeError(
                f"Sequential model '{self.name}' has no defined input and output yet: start it "
                "with an `Input`, or call it on data."
            )
        return self._input._inbound_nodes[0].outputs[0], self._symbolic

    @property
    def input(self) -> KerasTensor:
        """The symbolic input."""
        return self._ends()[0]

    @property
    def output(self) -> Any:
        """The symbolic output."""
        return self._ends()[1]

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic input in a list."""
        return [self.input]

    @property
    def outputs(self) -> list[Any]:
        """The symbolic output in a list."""
        return list(flatten(self.output))

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        x = inputs
        for layer in self._stack:
            x = layer.compute_output_spec(x)
        return x

    def __deepcopy__(self, memo: dict) -> Sequential:
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(self.__getstate__(), memo))
        twin._reconnect()
        return twin

    def __getstate__(self) -> dict:
        return {**super().__getstate__(), "_symbolic": None}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._reconnect()

    def _reconnect(self) -> None:
        """Make the symbolic calls again, in a copy."""
        if self._input is not None:
            shape, dtype = self._input.batch_shape, self._input.dtype
            if not self._input._inbound_nodes:
                Node(self._input, (), {}, KerasTensor(shape, dtype, self._input.name))
            if self.built and self._stack:
                self.build(shape)

    @property
    def input_shape(self) -> tuple:
        """Shape of a batch of inputs."""
        if self._input is None:
            raise AttributeError(f"Sequential model '{self.name}' has no defined input shape yet.")
        return self._input.batch_shape

    @property
    def output_shape(self) -> Any:
        """Shape of a batch of outputs."""
        if not self.built or self._symbolic is None:
            raise AttributeError(f"Sequential model '{self.name}' has no defined output shape yet.")
        return map_structure(lambda x: x.shape, self._symbolic)

    # -- config -------------------------------------------------------------------------------
    def get_config(self) -> dict:
        """The model as Keras writes it: name and the configs of its layers."""
        config = super().get_config()
        entries = [] if self._input is None else [self._input]
        config["layers"] = [layers_module.serialize(e) for e in (*entries, *self._stack)]
        if self._input is not None and self.built:
            config["build_input_shape"] = self._input.batch_shape
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Sequential:
        """Make a model from a config of `get_config`; its weights are fresh.

        Raises:
            ValueError: a malformed config or an unknown layer.
        """
        if not isinstance(config, dict) or "name" not in config or "layers" not in config:
            raise ValueError(
                "The config of a Sequential model is a dict with 'name' and 'layers'. "
                f"Received: {config!r}"
            )
        model = cls(name=config["name"])
        for entry in config["layers"]:
            model._append(layers_module.deserialize(entry, custom_objects))
        model._rebuild()
        shape = config.get("build_input_shape")
        if model._stack and not model.built and shape:
            model.build(tuple(shape))
        if config.get("trainable") is False:
            model.trainable = False
        return model


def _fits(expected: tuple, shape: tuple) -> bool:
    return len(expected) == len(shape) and all(
        e is None or n is None or e == n for e, n in zip(expected, shape, strict=True)
    )


layers_module._registry.add_class(Sequential)
