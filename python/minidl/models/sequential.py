"""Sequential: layers one after the other."""

from __future__ import annotations

from typing import Any

from .. import layers as layers_module
from .._tape import Variable
from ..layers._arguments import set_mask
from ..layers.input_layer import InputLayer, KerasTensor
from ..layers.layer import Layer, call_context
from ._folding import fold
from .model import Model


class Sequential(Model):
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

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None):
        super().__init__(trainable=trainable, name=name)
        self.autocast = False  # the layers know their dtypes: a float64 one sees float64
        self._stack: list[Layer] = []
        self._input: InputLayer | None = None
        self._folded: list[Any] | None = None  # see `_inference_steps`
        self._leaves: tuple[Layer, ...] | None = ()  # the layers, when none has layers inside
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
        leaves = all(layer._is_leaf for layer in self._stack)
        self._leaves = tuple(self._stack) if leaves else None
        self._folded = None
        self.built = False

    def pop(self, rebuild: bool = True) -> Layer:
        """Remove the last layer and return it."""
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
        elif isinstance(first, Sequential) and first._input is not None:
            self.build(first._input.batch_shape)

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
        shape: Any = self._input.batch_shape
        outer = call_context.scope
        call_context.scope = (*outer, self.name)
        try:
            for layer in self._stack:
                shape = self._build_layer(layer, shape)
                if shape is None:  # a custom layer that cannot tell: built by the first data
                    return
        finally:
            call_context.scope = outer
        self._output_shape = shape

    def _build_layer(self, layer: Layer, shape: tuple) -> tuple | None:
        if layer.input_spec is not None:
            layer.input_spec.check(layer, shape)
        if not layer.built:
            layer._build(shape)
        try:
            return tuple(layer.compute_output_shape(shape))
        except NotImplementedError:
            return None

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
                self._complain(expected.batch_shape, shape)
        return super().__call__(inputs, *args, training=training, **kwargs)

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
        shape = tuple(input_shape)
        for layer in self._stack:
            shape = tuple(layer.compute_output_shape(shape))
        return shape

    # -- what is asked for on every step, without a walk through all attributes ----------------
    @property
    def _layers(self) -> list[Layer]:
        return self._stack

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the `Input`."""
        return list(self._stack)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        if self._leaves is None:
            return super().trainable_weights
        if not self._trainable:
            return []
        return [
            v
            for layer in self._leaves
            if layer._trainable
            for v in layer._trainable_variables
            if v.trainable
        ]

    trainable_variables = trainable_weights

    @property
    def losses(self) -> list[Any]:
        """Penalties of all layers; see `Layer.losses`."""
        if self._leaves is None or self._losses:
            return super().losses
        for layer in self._leaves:
            if layer._losses or layer._regularized:
                return super().losses
        return []

    def _clear_losses(self) -> None:
        if self._leaves is None:
            super()._clear_losses()
            return
        self._losses.clear()
        for layer in self._leaves:
            if layer._losses:
                layer._losses.clear()

    @property
    def input_shape(self) -> tuple:
        """Shape of a batch of inputs."""
        if self._input is None:
            raise AttributeError(f"Sequential model '{self.name}' has no defined input shape yet.")
        return self._input.batch_shape

    @property
    def output_shape(self) -> tuple:
        """Shape of a batch of outputs."""
        if not self.built or getattr(self, "_output_shape", None) is None:
            raise AttributeError(f"Sequential model '{self.name}' has no defined output shape yet.")
        return self._output_shape

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
