"""Model: a layer of layers that can be trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._custom_objects import custom_object_scope
from .._registry import suggestion
from .._symbolic import KerasTensor
from ..layers.layer import Layer
from ._trainer import Trainer


class Model(Trainer):
    """Layers that can be trained: a graph of them, or a class with `call`.

    Args:
        inputs: Symbolic tensor of `Input`, or a nested structure of them; with `outputs` this
            makes a functional model. Left out by classes that write `call` themselves.
        outputs: Symbolic tensor computed from the inputs, or a nested structure of them.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: see `Functional`.

    Source: `keras.Model`.

    >>> import minidl, numpy as np
    >>> x = minidl.Input((4,))
    >>> model = minidl.Model(x, minidl.layers.Dense(3)(x))
    >>> class Net(minidl.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.dense = minidl.layers.Dense(3)
    ...     def call(self, x):
    ...         return self.dense(x)
    >>> [m(np.zeros((2, 4), "float32")).shape for m in (model, Net())]
    [(2, 3), (2, 3)]
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _is_functional(args, kwargs):
            from .functional import Functional

            return super().__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any):
        if _is_functional(args, kwargs):  # a subclass hands its graph up
            from .functional import Functional

            _put_between(type(self), Functional)
            Functional.__init__(self, *args, **kwargs)  # type: ignore[arg-type]
            return
        if args:
            raise TypeError(
                "Model() takes `inputs` and `outputs`, or neither. Received one argument: "
                f"{args[0]!r}"
            )
        Layer.__init__(self, **kwargs)
        self._init_trainer()

    def call(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"Model {type(self).__name__} does not implement `call`, the computation."
        )

    call._missing = True  # type: ignore[attr-defined]

    def build(self, input_shape: Any) -> None:
        """Make all weights by a trial run on zeros of `input_shape` (batch axis included)."""
        if self.built:
            return
        shape = tuple(1 if i == 0 and n is None else n for i, n in enumerate(input_shape))
        if None in shape:
            raise ValueError(
                f"`build` needs all sizes but the batch. Received: input_shape={input_shape}"
            )
        self(np.zeros(shape, self._np_dtype), training=False)

    def _build(self, shape: Any) -> None:
        if type(self).build is not Model.build:
            super()._build(shape)
            return
        self.built = True
        self._build_shape = shape

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """Make a model from a config of `get_config`; its weights are fresh."""
        if {"layers", "input_layers", "output_layers"} <= set(config):
            from ._functional_config import functional_from_config
            from .functional import Functional

            kind = Functional if cls is Model else cls
            return functional_from_config(kind, config, custom_objects)
        with custom_object_scope(custom_objects):
            return super().from_config(config)

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside."""
        return self._layers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Find a layer.

        Args:
            name: Name of the layer.
            index: Its place; used when `name` is None.

        Raises:
            ValueError: neither is given, or there is no such layer.

        Source: `keras.Model.get_layer`.

        Example:
            >>> model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(2, name="out")])
            >>> model.get_layer("out").units
            2
        """
        layers = self.layers
        if name is None and index is None:
            raise ValueError("Give a `name` or an `index`.")
        if name is not None and index is not None:
            raise ValueError(f"Give only one of `name` and `index`. Received: {name!r}, {index}")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"`index` {index} is out of range: there are {len(layers)} layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(f"No layer named {name!r}.{suggestion(str(name), names)} Layers: {names}")

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of the layers, their output shapes and their parameters.

        Args:
            line_length: Width in characters; None for the terminal's, at most 88.
            positions: Relative ends of the columns.
            print_fn: Called with the text instead of `print`.
            expand_nested: Whether layers inside layers are listed too.
            show_trainable: Whether a column says what is trained.
            layer_range: Two patterns of names: only the layers from the first to the last are
                listed.

        Raises:
            ValueError: `layer_range` matches no layers, or `line_length` is too small.

        Source: `keras.Model.summary`.
        """
        from ._summary import print_summary  # shutil and zipfile are slow to import

        print_summary(
            self,
            print_fn,
            line_length=line_length,
            positions=positions,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    def _repr_html_(self) -> str:
        """The summary as a table, for notebooks."""
        from ._summary import summary_html

        return summary_html(self)

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None) -> None:
        """Write the whole model to a `.keras` file; see `minidl.saving.save_model`."""
        from ..saving import save_model

        save_model(self, filepath, overwrite, zipped)

    def export(
        self, filepath: Any, format: str = "onnx", verbose: Any = None, input_signature: Any = None
    ) -> None:
        """Write the model's inference for other runtimes.

        Args:
            filepath: Path of the file.
            format: `"onnx"`, the only one; needs the onnx package.
            verbose: Whether to say where the file is. Defaults to True.
            input_signature: Symbolic inputs for a model that has none of its own (a class with
                `call`), e.g. `[minidl.Input((4,))]`.

        Raises:
            ValueError: another format, or a model that is not built.
            NotImplementedError: a layer or op without an ONNX form; the message names it.
            ImportError: without onnx.

        Source: `keras.Model.export`. See `minidl.saving.load_onnx` for an example.
        """
        if format != "onnx":
            raise ValueError(
                "`format` must be 'onnx'; `model.save` writes a `.keras` file. "
                f"Received: format={format!r}"
            )
        from ..saving._onnx_export import export_onnx

        export_onnx(self, filepath, input_signature)
        if verbose or verbose is None:
            print(f"Saved the model to {filepath!r}, as ONNX.")

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write all weights; a crash leaves the old file whole.

        Args:
            filepath: Path that ends in `.weights.h5` (Keras's format; needs h5py), `.safetensors`
                (needs safetensors), both with the optimizer's state, or `.npz`. A tensor in a
                `.safetensors` file is named by its path in `.weights.h5`: attribute names, in
                lists the class's name in snake case with a number, then `vars` and a number, as
                `layers/conv2d_1/vars/0`.
            overwrite: Whether an existing file is replaced. Defaults to True.

        Raises:
            ValueError: another suffix, or the model is not built.
            FileExistsError: the file exists and `overwrite` is False.
            ImportError: `.weights.h5` without h5py, `.safetensors` without safetensors.
        """
        from . import _weights_file

        _weights_file.save_weights(self, filepath, overwrite)

    def load_weights(
        self, filepath: Any, skip_mismatch: bool = False, by_name: bool = False
    ) -> None:
        """Read weights: minidl's own, or Keras's.

        Args:
            filepath: Path that ends in `.weights.h5`, `.safetensors` (of `save_weights`; those of
                PyTorch: `minidl.saving.load_torch_weights`), `.npz`, or `.h5` (Keras's old
                format, of whole models or of weights alone).
            skip_mismatch: Whether layers whose weights do not fit keep their own
                (`.weights.h5` and `.safetensors` only).
            by_name: Match layers by name, and leave out those the model lacks (`.h5` only).

        Raises:
            ValueError: a file that is damaged or does not fit; the weights are unchanged then.
            FileNotFoundError: there is no such file.
            ImportError: HDF5 without h5py, `.safetensors` without safetensors.
        """
        from . import _weights_file

        _weights_file.load_weights(self, filepath, skip_mismatch, by_name)


def _is_functional(args: tuple, kwargs: dict) -> bool:
    """Whether these arguments say what goes in and what comes out."""
    return (
        len(args) >= 2
        or ("outputs" in kwargs and (len(args) == 1 or "inputs" in kwargs))
        or (len(args) == 1 and isinstance(args[0], KerasTensor))
    )


def _put_between(cls: type, functional: type) -> None:
    """Make a subclass of `Model` one of `Functional`, as Keras does when it has a graph."""
    if issubclass(cls, functional):
        return
    for base in cls.__bases__:
        if base is not Model and issubclass(base, Model):
            _put_between(base, functional)
    if Model in cls.__bases__:
        cls.__bases__ = tuple(functional if b is Model else b for b in cls.__bases__)
