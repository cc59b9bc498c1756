"""The call of a layer: convert, check, build, run; and the context that inner calls see."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._symbolic import KerasTensor, Node, is_symbolic
from .._tape import Tensor
from .._tree import flatten, map_shapes
from ._arguments import ArgumentsMixin, default_of
from .input_spec import InputSpec


class _CallContext(threading.local):
    """What an outer layer's call hands to the inner ones, per thread."""

    training: bool | None = None
    depth = 0
    scope: tuple[str, ...] = ()
    trial = False  # only to build, check or find shapes: stateful layers keep nothing of it


call_context = _CallContext()
_MISSING: Any = object()


@contextlib.contextmanager
def naming_the_source(inputs: Any) -> Iterator[None]:
    """Shape errors also name the layers that made the input."""
    try:
        yield
    except ValueError as error:
        sources = [
            f"'{x._keras_history.operation.name}' ({type(x._keras_history.operation).__name__})"
            for x in flatten(inputs)
            if isinstance(x, KerasTensor) and hasattr(x, "_keras_history")
        ]
        if not sources or getattr(error, "_names_its_source", False):
            raise
        text = str(error).rstrip(".")
        longer = ValueError(f"{text}. The input comes from {' and '.join(sources)}.")
        longer._names_its_source = True  # type: ignore[attr-defined]
        raise longer from None


class CallingMixin(ArgumentsMixin):
    """What `Layer` inherits to be called."""

    _np_dtype: np.dtype
    _initialised: bool
    _is_leaf: bool
    _makes_masks: bool
    _takes_training: bool
    _losses: list[Any]
    activity_regularizer: Any
    built: bool
    input_spec: InputSpec | None
    path: str
    build: Any
    call: Any
    compute_output_spec: Any
    _clear_losses: Any

    # -- the call -----------------------------------------------------------------------------
    def __call__(
        self, inputs: Any = _MISSING, *args: Any, training: bool | None = None, **kwargs: Any
    ) -> Any:
        plain = not args and not kwargs
        if type(inputs) is not Tensor or inputs.data.dtype is not self._np_dtype:
            if inputs is _MISSING:
                inputs = self._first_argument(kwargs)
            inputs = self._to_tensor(inputs) if inputs is None else self._convert(inputs)
            plain = plain and isinstance(inputs, Tensor)
        if not plain:
            if is_symbolic(inputs, args, kwargs):
                return self._call_symbolic(inputs, args, training, kwargs)
            args, kwargs = self._bind(args, kwargs)
            training = kwargs.pop("training", training)
        spec = self.input_spec
        if spec is not None:
            if plain:
                spec.check(self, inputs.shape)
            else:
                self._check_spec(spec, inputs)
        if not self.built:
            self._build_on_call(inputs, kwargs)
        if plain and inputs._keras_mask is None and not self._makes_masks:
            if not self._is_leaf:
                return self._call_in_context(inputs, args, training, kwargs)
            if self._takes_training:
                if training is None:
                    training = call_context.training
                kwargs["training"] = training
            out = self.call(inputs, **kwargs)
            if self.activity_regularizer is not None:
                if call_context.depth == 0:
                    self._losses.clear()
                self._penalise(out)
            return out
        previous = self._fill_masks(inputs, kwargs)
        out = self._call_in_context(inputs, args, training, kwargs)
        self._pass_masks(inputs, out, previous)
        return out

    def _call_symbolic(self, inputs: Any, args: tuple, training: Any, kwargs: dict) -> Any:
        """Leave a node in the graph instead of computing."""
        node_args, node_kwargs = (inputs, *args), dict(kwargs)
        if training is None and self._takes_training:
            training = default_of(type(self).call, "training")  # as Keras writes it
        if training is not None:
            node_kwargs["training"] = training
        args, kwargs = self._bind(args, kwargs)
        kwargs.pop("training", None)
        self._check_arguments(inputs, args, kwargs)
        if "mask" in self._mask_names and len(self._tensor_arguments(inputs, kwargs)) == 1:
            node_kwargs.setdefault("mask", None)  # as Keras writes it
        with naming_the_source(inputs):
            if self.input_spec is not None:
                self._check_spec(self.input_spec, inputs)
            if not self.built:
                self._build_on_call(inputs, kwargs)
            outputs = self.compute_output_spec(inputs, *args, **kwargs)
        Node(self, node_args, node_kwargs, outputs)
        return outputs

    def _first_argument(self, kwargs: dict) -> Any:
        """The first argument of a call that named all of them."""
        name = self._call_names[0] if self._call_names else "inputs"
        if name not in kwargs:
            raise TypeError(
                f"Layer '{self.name}' ({type(self).__name__}) was called without `{name}`."
            )
        return kwargs.pop(name)

    def _check_spec(self, spec: Any, inputs: Any) -> None:
        if isinstance(spec, (list, tuple)):
            given = inputs if isinstance(inputs, (list, tuple)) else [inputs]
            if len(given) != len(spec):
                raise ValueError(
                    f"Layer '{self.name}' ({type(self).__name__}) expects {len(spec)} inputs, "
                    f"but received {len(given)}."
                )
            for one, x in zip(spec, given, strict=True):
                if one is not None:
                    one.check(self, x.shape)
        elif isinstance(inputs, (list, tuple)) and len(inputs) == 1:
            spec.check(self, inputs[0].shape)
        elif hasattr(inputs, "shape"):
            spec.check(self, inputs.shape)
        else:
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) expects one input. Received: "
                f"{type(inputs).__name__} of {len(inputs)}."
            )

    def _call_in_context(self, inputs: Any, args: tuple, training: Any, kwargs: dict) -> Any:
        context = call_context
        outer = (context.training, context.depth, context.scope)
        if training is None:
            training = outer[0]
        if outer[1] == 0:
            self._clear_losses()
        if self._takes_training and training is not None:
            kwargs["training"] = training
        context.training = training
        context.depth = outer[1] + 1
        context.scope = (*outer[2], self.name)
        try:
            out = self.call(inputs, *args, **kwargs)
        finally:
            context.training, context.depth, context.scope = outer
        if self.activity_regularizer is not None:
            self._penalise(out)
        return out

    def _penalise(self, out: Any) -> None:
        """Keras divides the penalty on an output by the batch size."""
        for y in flatten(out):
            self._losses.append(self.activity_regularizer(y) * (1.0 / max(1, y.shape[0])))

    def _build_on_call(self, inputs: Any, kwargs: dict) -> None:
        if not self._initialised:
            raise RuntimeError(
                f"In layer '{type(self).__name__}', you forgot to call `super().__init__()` "
                "as the first statement of `__init__`."
            )
        shapes = self._shapes(inputs, kwargs)
        if call_context.trial:  # that batch is made up
            shapes = map_shapes(lambda shape: (None, *shape[1:]), shapes)
        if len(self._build_names) > 1:
            self._build(**{k: v for k, v in shapes.items() if k in self._build_names})
        else:
            self._build(next(iter(shapes.values())))
        if self.input_spec is not None:
            self._check_spec(self.input_spec, inputs)

    def _build(self, *shape: Any, **shapes: Any) -> None:
        """`build` with the path of the layers around this one."""
        self.path = "/".join((*call_context.scope, self.name))
        self.build(*shape, **shapes)
        self.built = True
