"""Layer: state and a call. Everything a call can decide beforehand is decided beforehand."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import regularizers
from .._naming import auto_name
from .._registry import suggestion
from .._symbolic import KerasTensor, NodesMixin, infer
from .._tape import Variable
from .._tree import map_shapes, map_structure
from ..config import get_policy, serialize_policy
from ._arguments import argument_names, given_arguments
from ._calling import CallingMixin, call_context
from ._weights import WeightsMixin
from .input_spec import InputSpec

_COMMON = ("activity_regularizer", "trainable", "dtype", "autocast", "name", "input_shape")


def _recording_build(build: Callable) -> Callable:
    """Wrap `build`: remember the shape, mark the layer built, undo weights if it fails."""

    @functools.wraps(build)
    def wrapper(self, *args, **kwargs):
        mine = (self._trainable_variables, self._non_trainable_variables)
        before = [len(v) for v in mine]
        try:
            build(self, *args, **kwargs)
        except BaseException:
            for variables, n in zip(mine, before, strict=True):
                del variables[n:]
            raise
        self.built = True
        if self._build_shape is None and (args or kwargs):
            shapes = {**dict(zip(self._build_names, args, strict=False)), **kwargs}
            self._build_shape = shapes if len(shapes) > 1 else next(iter(shapes.values()))

    return wrapper


class Layer(CallingMixin, WeightsMixin, NodesMixin):
    """Base class of all layers and models: weights plus a `call`.

    Subclasses implement `__init__`, `build(input_shape)` (which makes weights with `add_weight`),
    `call(inputs)` and, where asked for, `compute_output_shape` and `get_config`.

    Args:
        activity_regularizer: Penalty on the output, added to the loss.
        trainable: Whether the weights are trained. Defaults to True.
        dtype: `"float32"`, `"float64"`, a `DTypePolicy`, or None for the default.
        autocast: Whether float inputs are cast to the layer's dtype. Defaults to True.
        name: Name; None makes one from the class (`dense`, `dense_1`).
        input_shape: Shape of one sample, for the first layer of a `Sequential`.

    Raises:
        ValueError: an unknown keyword, or an input whose shape does not fit.

    Source: `keras.Layer`.

    >>> import minidl
    >>> class Double(minidl.Layer):
    ...     def call(self, x):
    ...         return x * 2
    >>> Double()([[1.0, 2.0]]).numpy()
    array([[2., 4.]], dtype=float32)
    """

    _takes_training = False
    # True for built-in layers: no layers inside, weights only by add_weight. One that does hold
    # layers says `_is_leaf = False`.
    _is_leaf = False
    _is_trainer = False  # a model: what it was compiled with is its own affair
    _keras_module: str | None = None  # where Keras has it, where that is not keras.layers
    _keras_name: str | None = None  # its registered name there
    _keras_class: str | None = None  # the class's name there, where it is another one
    _writes_build = False  # Keras writes the shape though there are no weights
    _makes_masks = False  # overrides `compute_mask`: asked even where nothing is masked
    supports_masking = False
    _initialised = False
    # so that a forgotten super().__init__() gets as far as the error that says so
    _np_dtype = np.dtype("float32")
    autocast = True
    built = False
    input_spec: InputSpec | None = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "call" in cls.__dict__:
            names = argument_names(cls.call)[1:]
            cls._call_names = tuple(n for n in names if n != "training")
            cls._mask_names = frozenset(n for n in names if n == "mask" or n.endswith("_mask"))
            cls._takes_training = "training" in names
        if "build" in cls.__dict__:
            cls._build_names = argument_names(cls.build)[1:]
            cls.build = _recording_build(cls.build)  # type: ignore[method-assign]
        if "compute_mask" in cls.__dict__:
            cls._makes_masks = True
            if "supports_masking" not in cls.__dict__:
                cls.supports_masking = True
        if "_is_leaf" not in cls.__dict__:
            layers = [b for b in cls.__mro__[1:] if issubclass(b, Layer) and b is not Layer]
            inside = cls.__module__.startswith("minidl.layers.")
            cls._is_leaf = inside and all(b._is_leaf for b in layers)

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        shape = kwargs.pop("input_shape", None)
        if "input_dim" in kwargs:
            shape = (kwargs.pop("input_dim"),)
        if "batch_input_shape" in kwargs:
            shape = kwargs.pop("batch_input_shape")[1:]
        if kwargs:
            known = (*argument_names(type(self).__init__)[1:], *_COMMON)
            raise ValueError(
                f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}."
                f"{suggestion(next(iter(kwargs)), known)}"
            )
        if name is not None and not isinstance(name, str):
            raise ValueError(f"`name` must be a string. Received: name={name!r}")
        if name is not None and "/" in name:
            raise ValueError(f"`name` may not contain '/'. Received: name={name!r}")
        self.name = name or auto_name(type(self).__name__)
        self.dtype_policy = get_policy(dtype)
        self._np_dtype = np.dtype(self.dtype_policy.compute_dtype)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.input_spec = None
        self.built = False
        self.path = self.name
        self._input_shape_arg = tuple(shape) if shape is not None else None
        self._trainable = bool(trainable)
        self._trainable_variables: list[Variable] = []
        self._non_trainable_variables: list[Variable] = []
        self._regularized: list[tuple[Variable, Any]] = []
        self._constrained: dict[int, Any] = {}
        self._losses: list[Any] = []
        self._build_shape: Any = None
        self._initialised = True

    # -- to be overridden ---------------------------------------------------------------------
    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of `input_shape`. The default makes none."""
        self.built = True
        if self._build_shape is None:
            self._build_shape = input_shape

    def call(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"Layer {type(self).__name__} does not implement `call`.")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output for an input shape; found by trial calls unless overridden."""
        spec = map_shapes(lambda shape: KerasTensor(shape, self._np_dtype), input_shape)
        return map_structure(lambda x: x.shape, self._try_call(spec, (), {}))

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs for symbolic inputs.

        Their shapes come from `compute_output_shape` where a layer has one, else from trial calls.
        """
        if type(self).compute_output_shape is Layer.compute_output_shape:
            return self._try_call(inputs, args, kwargs)
        shapes = self._shapes(inputs, kwargs)
        names = argument_names(type(self).compute_output_shape)[1:]
        if len(names) > 1:
            out = self.compute_output_shape(**{k: v for k, v in shapes.items() if k in names})
        else:
            out = self.compute_output_shape(next(iter(shapes.values())))
        return map_shapes(lambda shape: KerasTensor(shape, self._np_dtype), out)

    def _try_call(self, inputs: Any, args: tuple, kwargs: dict) -> Any:
        """Call on zeros and leave no trace: states and losses are put back."""
        before = [(v, v.numpy()) for v in self.non_trainable_weights]
        outer, call_context.trial = call_context.trial, True
        try:
            return infer(
                lambda given: self._call_in_context(given[0], given[1], None, dict(given[2])),
                (inputs, args, kwargs),
                f"layer '{self.name}' ({type(self).__name__})",
            )
        finally:
            call_context.trial = outer
            self._clear_losses()
            for variable, value in before:
                if (variable.data != value).any():
                    variable.assign(value)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls)
        if cls.get_config is Layer.get_config:  # made of what the layer was given
            layer.__dict__["_given"] = (args, kwargs)
        return layer

    def get_config(self) -> dict:
        """The arguments that make an equal layer, as Keras writes them."""
        config = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": serialize_policy(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is Layer.get_config:
            config = {**given_arguments(self), **config}
        return config

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """Make a layer from a config of `get_config`."""
        return cls(**config)

    def _shape_hint(self, shape: tuple) -> str:
        """Advice appended to shape errors."""
        return ""

    # -- the rest -----------------------------------------------------------------------------
    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self.dtype_policy.variable_dtype

    compute_dtype = variable_dtype = dtype

    @property
    def metrics(self) -> list[Any]:
        """Metrics set as attributes here or in layers inside; those of models inside are theirs."""
        from ..metrics import Metric

        return [
            m
            for layer in self._flatten_layers()
            if layer is self or not layer._is_trainer
            for m in layer._found(Metric)
        ]

    @property
    def metrics_variables(self) -> list[Variable]:
        """The state variables of all `metrics`."""
        return [v for m in self.metrics for v in m.variables]

    @property
    def input_dtype(self) -> str:
        """The dtype that float inputs are cast to."""
        return self.dtype_policy.compute_dtype

    def get_build_config(self) -> dict | None:
        """The shape this layer was built with."""
        shape = self._build_shape
        if len(self._build_names) > 1 and isinstance(shape, dict):
            return {"shapes_dict": shape}
        return None if shape is None else {"input_shape": shape}

    def build_from_config(self, config: dict) -> None:
        """Build for the shape in a config of `get_build_config`."""
        if not config or self.built:
            return
        if "shapes_dict" in config:
            self._build(**{k: _as_shape(v) for k, v in config["shapes_dict"].items()})
        elif config.get("input_shape") is not None:
            self._build(_as_shape(config["input_shape"]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _as_shape(shape: Any) -> Any:
    """Lists of numbers, as JSON gives them, as tuples."""
    if isinstance(shape, dict):
        return {k: _as_shape(v) for k, v in shape.items()}
    if isinstance(shape, (list, tuple)):
        if all(n is None or isinstance(n, int) for n in shape):
            return tuple(shape)
        return [_as_shape(v) for v in shape]
    return shape
