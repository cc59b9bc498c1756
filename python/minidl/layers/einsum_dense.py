"""EinsumDense: a dense layer over any axes, by Einstein's notation."""

from __future__ import annotations

import re

from .. import activations, constraints, initializers, ops, regularizers
from ..initializers.random_initializers import VarianceScaling
from ._common import refuse
from .input_spec import InputSpec
from .layer import Layer

_FORMS = (  # what stands for the ellipsis lies in front, behind or nowhere
    r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)",
    r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)",
    r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.",
)


class EinsumDense(Layer):
    """`activation(einsum(equation, inputs, kernel) + bias)`.

    Where the kernel follows the last axes of the input, as in `"abc,cde->abde"`, that is one
    matrix product with bias and relu inside.

    Args:
        equation: `"ab,bc->ac"`, `"...ab,bc->...ac"` or `"ab...,bc->ac..."`, with any letters.
        output_shape: Shape of the output without the batch axis and the axes of an ellipsis; None
            stands for sizes that the input tells.
        activation: Name or callable; None for none.
        bias_axes: Letters of the output's axes that have a bias; None for no bias.
        kernel_initializer: Defaults to `"glorot_uniform"`.
        bias_initializer: Defaults to `"zeros"`.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Condition on the kernel.
        bias_constraint: Condition on the bias.
        **kwargs: `name`, `dtype`, `trainable`, `activity_regularizer`, `input_shape`.

    Raises:
        ValueError: the equation is of no such form, or does not fit the shapes.

    Source: `keras.layers.EinsumDense`.

    >>> import minidl
    >>> layer = minidl.layers.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d")
    >>> layer(minidl.ops.ones((2, 3, 5))).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        gptq_unpacked_column_size=None,
        quantization_config=None,
        **kwargs,
    ):
        refuse(
            "EinsumDense",
            lora_rank=lora_rank,
            gptq_unpacked_column_size=gptq_unpacked_column_size,
            quantization_config=quantization_config,
        )
        super().__init__(**kwargs)
        self.equation = equation
        whole = isinstance(output_shape, int)
        self.partial_output_shape = (output_shape,) if whole else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.kernel = None
        self.bias = None
        self._terms = self._parse()
        self._plain = False  # one matrix product does it
        self._after = None if self.activation is activations.linear else self.activation

    def _parse(self) -> tuple[str, str, str, int]:
        """Indices of input, kernel and output; where an ellipsis stands: -1 left, 1 right."""
        for side, form in zip((0, -1, 1), _FORMS, strict=True):
            match = re.fullmatch(form, str(self.equation).replace(" ", ""))
            if match:
                return match[1], match[2], match[3], side
        raise ValueError(
            f"EinsumDense: `equation` must have the form [X],[Y]->[Z], ...[X],[Y]->...[Z] or "
            f"[X]...,[Y]->[Z].... Received: equation={self.equation!r}"
        )

    def _sizes(self, input_shape: tuple) -> tuple[dict, tuple]:
        """The size of each index, and the shape of the output."""
        inputs, kernel, output, side = self._terms
        hidden = len(input_shape) - len(inputs)

        def fail(why: str):
            return ValueError(
                f"Layer '{self.name}' (EinsumDense) of equation {self.equation!r}: {why}. "
                f"Received: input of shape {tuple(input_shape)}, "
                f"output_shape={self.partial_output_shape}"
            )

        if hidden < 0 or (hidden and not side):
            raise fail(f"the input has {len(input_shape)} axes, and the equation {len(inputs)}")
        left = hidden if side < 0 else 0
        shape = [*input_shape[: max(left, 1)], *self.partial_output_shape]
        if side > 0 and hidden:
            shape += input_shape[-hidden:]
        if len(shape) != len(output) + hidden:
            raise fail(f"the output has {len(output) + hidden} axes, and `output_shape` makes "
                       f"them {len(shape)}")  # fmt: skip
        size = dict(zip(inputs, input_shape[left:], strict=False))
        for i, label in enumerate(output):
            told = shape[left + i]
            if label in size:
                if told is not None and size[label] is not None and told != size[label]:
                    raise fail(f"index {label!r} stands for {size[label]} and for {told}")
            elif label in kernel:
                size[label] = told
            else:
                raise fail(f"index {label!r} of the output is in neither input nor kernel")
        missing = [label for label in kernel if label not in size]
        if missing:
            raise fail(f"index {missing[0]!r} of the kernel is in neither input nor output")
        return size, tuple(shape)

    def build(self, input_shape):
        inputs, kernel, output, side = self._terms
        size, _ = self._sizes(input_shape)
        self.input_spec = InputSpec(ndim=len(input_shape))
        self.kernel = self.add_weight(
            shape=tuple(size[label] for label in kernel),
            initializer=self._kernel_initializer(),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        columns = [label for label in kernel if label not in inputs]
        if self.bias_axes is not None:
            self.bias = self.add_weight(
                shape=self._bias_shape(size, len(input_shape) - len(inputs)),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        inner = "".join(label for label in kernel if label not in output)
        rows = inputs[: len(inputs) - len(inner)]
        self._plain = (
            side <= 0
            and bool(inner)
            and inputs == rows + inner
            and kernel == inner + "".join(columns)
            and output == rows + "".join(columns)
            and self.bias_axes in (None, "".join(columns))
        )
        self._inner = len(inner)

    def _kernel_initializer(self):
        """The initializer, told which axes of the kernel are inputs and which are outputs."""
        make, output = self.kernel_initializer, self._terms[2]
        if not isinstance(make, VarianceScaling) or make.input_axes is not None:
            return make
        axes = list(enumerate(self._terms[1]))
        config = {
            **make.get_config(),
            "seed": make.seed,
            "input_axes": [i for i, label in axes if label not in output],
            "output_axes": [i for i, label in axes if label in output],
        }
        return type(make).from_config(config)

    def _bias_shape(self, size: dict, hidden: int) -> tuple:
        output, side = self._terms[2:]
        unknown = [label for label in self.bias_axes if label not in output]
        if unknown or not self.bias_axes:
            raise ValueError(
                f"Layer '{self.name}' (EinsumDense): `bias_axes` must be letters of the output "
                f"{output!r}. Received: bias_axes={self.bias_axes!r}"
            )
        first = min(map(output.index, self.bias_axes))
        shape = tuple(size[label] if label in self.bias_axes else 1 for label in output[first:])
        return shape + (1,) * (hidden if side > 0 else 0)

    def call(self, inputs):
        if self._plain:
            relu = self.activation is activations.relu
            out = self._product(inputs, "relu" if relu else None)
            return out if relu or self._after is None else self._after(out)
        out = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            out = out + self.bias
        return out if self._after is None else self._after(out)

    def _product(self, inputs, activation):
        """One matrix product: what is summed lies last in the input, first in the kernel."""
        lead, columns = inputs.shape[: -self._inner], self.kernel.shape[self._inner :]
        kernel, bias = self.kernel, self.bias
        if self._inner > 1:
            inputs = ops.reshape(inputs, (*lead, -1))
        if len(columns) != 1 or self._inner > 1:
            kernel = ops.reshape(kernel, (inputs.shape[-1], -1))
        if bias is not None and len(columns) != 1:
            bias = ops.reshape(bias, (-1,))
        out = ops.dense(inputs, kernel, bias, activation)
        return out if len(columns) == 1 else ops.reshape(out, (*lead, *columns))

    def compute_output_shape(self, input_shape):
        return self._sizes(input_shape)[1]

    def get_config(self):
        return {
            **super().get_config(),
            "output_shape": self.partial_output_shape,
            "equation": self.equation,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
