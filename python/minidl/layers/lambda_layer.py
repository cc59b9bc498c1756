"""Lambda: a function of the user's as a layer, in memory only."""

from __future__ import annotations

import inspect
from typing import Any

from .layer import Layer


class Lambda(Layer):
    """Calls a function of the user's.

    A model with such a layer cannot be loaded from a file: that would mean to run code that the
    file brings along. For a model to be saved, write a subclass of `Layer` instead.

    Args:
        function: Callable from the input to the output. Where it has an argument `training` or
            `mask`, it gets these too.
        output_shape: Shape of one sample of the output, or a callable from the input's shape to
            the output's, both with the batch axis; None finds it by a trial call.
        mask: The output's mask, or a callable `(inputs, mask)` that gives it; None for no mask.
        arguments: Dict of further keyword arguments for the function.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        TypeError: `function` is not callable.

    Source: `keras.layers.Lambda`.

    >>> import minidl
    >>> minidl.layers.Lambda(lambda x: x**2)([[2.0, 3.0]]).numpy()
    array([[4., 9.]], dtype=float32)
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"`function` must be callable. Received: function={function!r}")
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        try:
            names = inspect.signature(function).parameters
        except (TypeError, ValueError):  # some built-in functions do not tell
            names = {}
        self._gives = [name for name in ("mask", "training") if name in names]

    def call(self, inputs, mask=None, training=None):
        extra = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{n: extra[n] for n in self._gives})

    def compute_output_shape(self, input_shape):
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return tuple(self._output_shape(input_shape))
        first = input_shape[0] if isinstance(input_shape[0], (list, tuple)) else input_shape
        return (first[0], *self._output_shape)

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self):
        """The arguments with the function itself among them: no file can hold this."""
        config = {**super().get_config(), "function": self.function}
        if self._output_shape is not None:
            config["output_shape"] = self._output_shape
        if self.mask is not None:
            config["mask"] = self.mask
        return {**config, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """A layer from a config made in this process.

        Raises:
            ValueError: the config comes from a file: its function is code or a name.
        """
        for key in ("function", "output_shape", "mask"):
            value = config.get(key)
            if isinstance(value, (dict, str)) or (key == "function" and not callable(value)):
                raise ValueError(
                    "A Lambda layer cannot be loaded from a file: its function would be code "
                    "that the file brings along. Build the model in Python and load its weights "
                    "with `load_weights`, or replace the Lambda by a subclass of `minidl.Layer`. "
                    f"Received: {key}={type(value).__name__}"
                )
        return cls(**config)
