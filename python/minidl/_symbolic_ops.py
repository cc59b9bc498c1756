"""Functions of `minidl.ops` as nodes of a graph, and their names in Keras's files."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ._naming import auto_name
from ._symbolic import KerasTensor, Node, NodesMixin, broadcast, infer, is_symbolic
from ._tape import Tensor, register_symbolic

# The classes behind `keras.ops`, by the module that Keras writes into a file. The class of a
# function is its name in camel case, unless given here.
_NUMPY = """
abs absolute add all allclose:AllClose amax amin any append arccos arccosh arcsin arcsinh arctan
arctan2 arctanh argmax argmin argsort array array_split average bincount bitwise_and bitwise_not
bitwise_or bitwise_xor broadcast_to cbrt ceil clip concatenate copy cos cosh count_nonzero cross
cumprod cumsum deg2rad diag diagonal diff digitize divide divide_no_nan dot einsum equal exp exp2
expand_dims expm1 flip floor floor_divide full_like getitem:GetItem greater greater_equal hstack
hypot inner isclose isfinite isin:IsIn isinf isnan less less_equal linspace log log10 log1p log2
logaddexp logical_and logical_not logical_or logical_xor logspace matmul max maximum mean median
meshgrid min minimum mod moveaxis multiply nan_to_num negative not_equal ones_like outer pad power
prod quantile rad2deg ravel reciprocal repeat reshape roll rot90 round searchsorted:SearchSorted
select sign sin sinh sort split sqrt square squeeze stack std subtract sum swapaxes take
take_along_axis tan tanh tensordot tile trace transpose tril triu true_divide trunc var vdot
vstack where zeros_like
"""
_NN = """
average_pool batch_normalization:BatchNorm binary_crossentropy categorical_crossentropy celu conv
conv_transpose depthwise_conv dot_product_attention elu gelu glu hard_shrink hard_sigmoid
hard_silu hard_tanh layer_normalization:LayerNorm leaky_relu log_sigmoid log_softmax max_pool
moments multi_hot normalize one_hot relu relu6 rms_normalization:RMSNorm selu separable_conv
sigmoid silu soft_shrink softmax softplus softsign sparse_categorical_crossentropy sparse_plus
sparse_sigmoid sparsemax squareplus tanh_shrink threshold
"""
_LINALG = "norm"
_IMAGE = """
image.resize:Resize image.affine_transform:AffineTransform image.rgb_to_grayscale:RGBToGrayscale
"""
_MATH = "erf erfc in_top_k logsumexp rsqrt segment_sum top_k"
_CORE = """
cast convert_to_tensor scatter scatter_update slice slice_update stop_gradient unstack
"""
_SAME = {"swish": "silu", "hard_swish": "hard_silu"}

# Arguments that are written beside the tensors of a call; all others belong to the op.
_CALLED_WITH = frozenset(
    (
        *("x", "x1", "x2", "xs", "inputs", "kernel", "depthwise_kernel", "pointwise_kernel"),
        *("condition", "target", "output", "indices", "key", "variable", "fill_value"),
        *("constant_values", "mean", "variance", "offset", "scale", "gamma", "beta", "images"),
        *("transform", "query", "value", "bias", "mask", "table", "h", "c", "logits", "labels"),
        *("residual", "recurrent_kernel", "initial_state", "recurrent_dropout_mask", "y"),
        *("bins", "targets", "predictions", "start", "stop", "q", "array", "values", "updates"),
        *("sorted_sequence", "data", "segment_ids", "condlist", "choicelist", "start_indices"),
    )
)
# What these names mean for one op only.
_ALSO_CALLED_WITH = {
    "average": {"weights"},
    "diff": {"a"},
    "isclose": {"rtol", "atol"},
    "select": {"default"},
}
_NOT_CALLED_WITH = {"diagonal": {"offset"}, "trace": {"offset"}}
# The shape of their output is told by the data.
_BY_DATA = frozenset(("nonzero", "unique"))
# Ours beyond Keras's: written only where they say something.
_EXTRA = {
    "relu": {"negative_slope", "max_value", "threshold"},
    "separable_conv": {"activation"},
    "dot_product_attention": {"dropout_rate", "seed", "return_attention_scores"},
}
_BROADCASTING = frozenset(
    (
        *("add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "mod"),
        *("power", "maximum", "minimum", "equal", "not_equal", "greater", "greater_equal"),
        *("less", "less_equal", "logical_and", "logical_or"),
    )
)
# Functions of one tensor, element by element.
_KEEPING = frozenset(
    """
    abs absolute celu clip cos elu erf exp expm1 gelu hard_sigmoid hard_silu hard_tanh leaky_relu
    log log1p log_sigmoid negative reciprocal relu relu6 rsqrt selu sigmoid sign silu sin softplus
    softsign sqrt square tanh
    """.split()  # noqa: SIM905
)


def _called_with(function: str) -> Any:
    """The arguments of a function that may be tensors."""
    found = _CALLED_WITH | _ALSO_CALLED_WITH.get(function, set())
    return found - _NOT_CALLED_WITH.get(function, set())


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.rsplit(".", maxsplit=1)[-1].split("_"))


def _read(table: str, module: str) -> dict[str, tuple[str, str]]:
    found = {}
    for entry in table.split():
        name, _, given = entry.partition(":")
        found[name] = (module, given or _camel(name))
    return found


KERAS_CLASS = {
    **_read(_NUMPY, "keras.src.ops.numpy"),
    **_read(_NN, "keras.src.ops.nn"),
    **_read(_LINALG, "keras.src.ops.linalg"),
    **_read(_IMAGE, "keras.src.ops.image"),
    **_read(_MATH, "keras.src.ops.math"),
    **_read(_CORE, "keras.src.ops.core"),
}
FUNCTION_OF = {name: function for function, (_, name) in KERAS_CLASS.items()}


class Operation(NodesMixin):
    """A function of `minidl.ops` in a graph.

    Args:
        function: Name of the function.
        settings: Its arguments that are no tensors.
        name: Name in the model; None makes one.
    """

    built = True

    def __init__(self, function: str, settings: dict | None = None, name: str | None = None):
        function = _SAME.get(function, function)
        self.function = function
        self.settings = dict(settings or {})
        self.module, self.class_name = KERAS_CLASS.get(function, ("minidl.ops", _camel(function)))
        self.name = name or auto_name(self.class_name)
        self._run: Callable = _find(function).function
        if function == "einsum":
            self._run = _einsum
        parameters = inspect.signature(self._run).parameters
        called_with = _called_with(function)
        self._order = [n for n in parameters if n in called_with]
        self._in_order = self._order == list(parameters)[: len(self._order)]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.function == "getitem" and len(args) == 2 and isinstance(args[1], list):
            args = (args[0], tuple(args[1]))  # as JSON gives tuples back
        if is_symbolic(args, kwargs):
            outputs = self.compute_output_spec(*args, **kwargs)
            Node(self, args, kwargs, outputs)
            return outputs
        if not self._in_order:
            kwargs = {**dict(zip(self._order, args, strict=False)), **kwargs}
            args = ()
        return self._run(*args, **kwargs, **self.settings)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs for symbolic arguments."""
        if self.function in _BROADCASTING and len(args) == 2 and not kwargs:
            shape = broadcast(_shape(args[0]), _shape(args[1]))
            small = [_small(x) for x in args]
            return KerasTensor(shape, self._run(*small).dtype)
        if self.function in _KEEPING and len(args) == 1 and not kwargs:
            return KerasTensor(args[0].shape, self._run(_small(args[0]), **self.settings).dtype)
        return infer(lambda given: self(*given[0], **given[1]), (args, kwargs), f"op '{self.name}'")

    def get_config(self) -> dict:
        """Name and settings, as Keras writes them."""
        settings = dict(self.settings)
        extra = _EXTRA.get(self.function, ())
        for name, parameter in inspect.signature(self._run).parameters.items():
            if name not in (*self._order, *extra, "operands"):
                settings.setdefault(name, parameter.default)
        if self.function == "layer_normalization":
            settings["rms_scaling"] = False
        if "data_format" in settings:
            settings["data_format"] = "channels_last"  # Keras's ops do not take None here
        return {"name": self.name, **settings}

    @classmethod
    def from_keras(cls, class_name: str, config: dict) -> Operation:
        """Make an op from what `get_config`, or Keras, wrote.

        Raises:
            ValueError: an op that minidl does not have, or one of its settings.
        """
        from . import ops

        ours = {_camel(name): name for name in ops.__all__}
        function = FUNCTION_OF.get(class_name) or ours.get(class_name)
        if function is None:
            from ._registry import suggestion

            raise ValueError(
                f"minidl has no op '{class_name}'.{suggestion(class_name, FUNCTION_OF)}"
            )
        settings = dict(config)
        name = settings.pop("name", None)
        known = inspect.signature(_find(function).function).parameters
        for key in [k for k in settings if k not in known]:
            value = settings.pop(key)
            if value not in (None, False):
                raise ValueError(f"Op '{class_name}' of minidl does not offer {key}={value!r}.")
        return cls(function, settings, name)

    def __repr__(self) -> str:
        return f"<Operation name={self.name}, function={self.function}>"


def _find(function: str) -> Any:
    """The function of that name in `minidl.ops`, or in a namespace there."""
    from . import ops

    found: Any = ops
    for part in function.split("."):
        found = getattr(found, part)
    return found


def _einsum(*operands: Any, subscripts: str = "") -> Any:
    """`einsum` with its setting behind the tensors, as a node calls it."""
    return _find("einsum").function(subscripts, *operands)


def _shape(x: Any) -> tuple:
    return x.shape if hasattr(x, "shape") else np.shape(x)


def _small(x: Any) -> Any:
    """A value of the same kind with all sizes 1."""
    if isinstance(x, KerasTensor):
        return Tensor(np.ones((1,) * len(x.shape), x.dtype))
    return x if not _shape(x) else np.ones((1,) * len(_shape(x)), np.asarray(x).dtype)


def call_symbolic(op: Any, args: tuple, kwargs: dict) -> Any:
    """What a function of `minidl.ops` does when it meets a symbolic tensor."""
    function = op.__name__
    if function == "shape":
        return args[0].shape
    if function == "is_tensor":
        return False
    if function in ("ndim", "dtype"):
        return getattr(args[0], function)
    if function in _BY_DATA or (function == "where" and len(args) + len(kwargs) == 1):
        raise ValueError(
            f"ops.{function}: the shape of its output depends on the data, so a functional model "
            "cannot hold it. Use it in the `call` of a layer of your own."
        )
    if function == "convert_to_numpy":
        return np.asarray(args[0])  # raises, and says why
    if function == "einsum":
        return Operation(function, {"subscripts": args[0]})(*args[1:])
    bound = inspect.signature(op.function).bind(*args, **kwargs).arguments
    # what is left out behind a given one keeps its place
    called_with = _called_with(function)
    tensors = {k: v for k, v in bound.items() if k in called_with}
    settings = {k: v for k, v in bound.items() if k not in called_with}
    if is_symbolic(settings):
        wrong = [k for k, v in settings.items() if is_symbolic(v)]
        raise ValueError(
            f"ops.{function}: {wrong[0]} must be known when the model is made. Received: "
            f"{settings[wrong[0]]!r}"
        )
    operation = Operation(function, settings)
    names = list(tensors)
    if names == operation._order[: len(names)]:
        return operation(*tensors.values())
    return operation(**tensors)


register_symbolic(KerasTensor, call_symbolic)
