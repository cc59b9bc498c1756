"""First and second derivatives of every op that can be differentiated.

`check_gradients` compares the gradient with differences; applied to a function that returns the
gradient of another, under a tape of its own, it checks the second derivatives.
"""

import numpy as np
import pytest
from minidl import GradientTape, Tensor, Variable, ops
from minidl.testing import check_gradients

LABELS = np.array([0, 2, 1])
PLAIN = {
    "exp": ops.exp,
    "negative": ops.negative,
    "absolute": ops.absolute,
    "square": ops.square,
    "sin": ops.sin,
    "cos": ops.cos,
    "expm1": ops.expm1,
    "erf": ops.erf,
    "clip": lambda x: ops.clip(x, -0.5, 0.5),
    "cube": lambda x: x**3,
    "exponential": lambda x: 2.0**x,
    "tanh": ops.tanh,
    "sigmoid": ops.sigmoid,
    "relu": ops.relu,
    "relu with all arguments": lambda x: ops.relu(x, 0.3, 1.5, 0.2),
    "leaky_relu": ops.leaky_relu,
    "relu6": ops.relu6,
    "elu": ops.elu,
    "elu of a negative alpha": lambda x: ops.elu(x, -1.0),
    "selu": ops.selu,
    "celu": ops.celu,
    "softplus": ops.softplus,
    "softsign": ops.softsign,
    "silu": ops.silu,
    "gelu": ops.gelu,
    "exact gelu": lambda x: ops.gelu(x, approximate=False),
    "mish": ops.mish,
    "log_sigmoid": ops.log_sigmoid,
    "hard_sigmoid": ops.hard_sigmoid,
    "hard_silu": ops.hard_silu,
    "hard_tanh": ops.hard_tanh,
    "hard_shrink": ops.hard_shrink,
    "soft_shrink": ops.soft_shrink,
    "tanh_shrink": ops.tanh_shrink,
    "threshold": lambda x: ops.threshold(x, 0.3, -1.0),
    "squareplus": ops.squareplus,
    "sparse_plus": ops.sparse_plus,
    "sparse_sigmoid": ops.sparse_sigmoid,
    "sparsemax": ops.sparsemax,
    "glu": ops.glu,
    "softmax": ops.softmax,
    "softmax of axis 0": lambda x: ops.softmax(x, 0),
    "log_softmax": ops.log_softmax,
    "sum": ops.sum,
    "mean": lambda x: ops.mean(x, 0),
    "max": lambda x: ops.max(x, 1),
    "min": lambda x: ops.min(x, -1, keepdims=True),
    "var": lambda x: ops.var(x, 1),
    "std": ops.std,
    "logsumexp": lambda x: ops.logsumexp(x, 1),
    "getitem": lambda x: x[1:, ::2],
    "getitem with an array": lambda x: x[[0, 0, 1]],
    "getitem with a mask": lambda x: x[np.array([True, False, True])],
    "transpose": ops.transpose,
    "reshape": lambda x: ops.reshape(x, -1),
    "moveaxis": lambda x: ops.moveaxis(x, 0, 1),
    "expand_dims": lambda x: ops.expand_dims(x, 0),
    "broadcast_to": lambda x: ops.broadcast_to(x, (2, 3, 4)),
    "pad": lambda x: ops.pad(x, ((1, 0), (0, 2))),
    "flip": lambda x: ops.flip(x, 1),
    "tile": lambda x: ops.tile(x, (2, 2)),
    "repeat": lambda x: ops.repeat(x, 2, 1),
    "split": lambda x: ops.split(x, 3),
    "concatenate": lambda x: ops.concatenate([x, x * 2.0], 1),
    "stack": lambda x: ops.stack([x, x * x], 1),
    "take": lambda x: ops.take(x, [2, 0, 0], 1),
    "dropout": lambda x: ops.dropout(x, 0.4, 3),
    "dropout of whole columns": lambda x: ops.dropout(x, 0.4, 3, (None, 1)),
    "batch_norm": ops.batch_norm,
    "layer_norm": ops.layer_norm,
    "layer_norm of axis 0": lambda x: ops.layer_normalization(x, axis=0),
    "rms_norm": ops.rms_norm,
    "rms_norm of both axes": lambda x: ops.rms_normalization(x, axis=(0, 1)),
    "group_norm": lambda x: ops.group_norm(x, groups=2),
    "group_norm of axis 1": lambda x: ops.group_normalization(x[:, :, None], 2, axis=1),
    "normalize": ops.normalize,
    "normalize by the sum": lambda x: ops.normalize(x, 0, order=1),
    "normalize by the cubes": lambda x: ops.normalize(x, 1, order=3),
    "softmax_cross_entropy": lambda x: ops.softmax_cross_entropy(x, LABELS),
    "cross-entropy of a softmax": lambda x: ops.sparse_categorical_crossentropy(
        LABELS, ops.softmax(x)
    ),
}
POSITIVE = {
    "log": ops.log,
    "sqrt": ops.sqrt,
    "rsqrt": ops.rsqrt,
    "log1p": ops.log1p,
    "reciprocal": ops.reciprocal,
    "power": lambda x: x**0.3,
    "mod": lambda x: x % 0.71,
    "sparse_categorical_crossentropy": lambda x: ops.sparse_categorical_crossentropy(LABELS, x),
}
PAIRS = {
    "add": ops.add,
    "subtract": ops.subtract,
    "multiply": ops.multiply,
    "divide": ops.divide,
    "power": ops.power,
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "where": lambda a, b: ops.where(a > b, a, b),
}
MATMUL = [
    ((3, 4), (4, 2)),
    ((4,), (4,)),
    ((4,), (4, 2)),
    ((3, 4), (4,)),
    ((2, 3, 4), (4, 2)),
    ((2, 3, 4), (4,)),
    ((2, 3, 4), (2, 4, 2)),
    ((3, 4), (2, 4, 2)),
    ((4,), (2, 4, 2)),
    ((2, 1, 3, 4), (3, 4, 2)),
]
CONV = {
    "valid": {},
    "strides": {"strides": 2, "padding": "same"},
    "dilation and relu": {"padding": "same", "dilation_rate": 2, "activation": "relu"},
    "explicit": {"padding": ((1, 0), (0, 2))},
}
POOL = [(2,), (2, 1), (3, 2, "same"), ((2, 3), (1, 2), "same"), (2, 2, ((1, 0), (0, 1)))]


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def positive(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).random(shape) + 0.5


def check_twice(function, inputs, **options):
    def gradient(*args):
        floats = [x for x in args if x.dtype.kind == "f"]
        with GradientTape() as tape:
            tape.watch(floats)
            results = function(*args)
            results = list(results) if isinstance(results, (tuple, list)) else [results]
            # Bent, so that no second derivative is zero for being linear.
            loss = sum(ops.sum(y * y * 0.5 + ops.sin(y)) for y in results)
        return tape.gradient(loss, floats)

    check_gradients(function, inputs, **options)
    check_gradients(gradient, inputs, **options)


@pytest.mark.parametrize("name", PLAIN)
def test_functions_of_any_number(name):
    check_twice(PLAIN[name], [normal(3, 4)])


@pytest.mark.parametrize("name", POSITIVE)
def test_functions_of_positive_numbers(name):
    check_twice(POSITIVE[name], [positive(3, 4)])


@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((3, 1), (2, 1, 4)), ((), (2,)), ((1,), ())])
@pytest.mark.parametrize("name", PAIRS)
def test_functions_of_two(name, shapes):
    check_twice(PAIRS[name], [positive(*shapes[0]), positive(*shapes[1], seed=1)])


@pytest.mark.parametrize("shapes", MATMUL)
def test_matmul(shapes):
    check_twice(ops.matmul, [normal(*shapes[0]), normal(*shapes[1])])


@pytest.mark.parametrize("activation", [None, "relu"])
@pytest.mark.parametrize("shape", [(3, 4), (4,), (2, 3, 4)])
def test_dense(shape, activation):
    check_twice(
        lambda x, kernel, bias: ops.dense(x, kernel, bias, activation),
        [normal(*shape), normal(4, 2), normal(2)],
    )


@pytest.mark.parametrize("name", CONV)
def test_conv2d(name):
    check_twice(
        lambda x, kernel, bias: ops.conv2d(x, kernel, bias, **CONV[name]),
        [normal(1, 5, 4, 2), normal(2, 2, 2, 3), normal(3)],
        max_jacobian=30,
    )


def test_grouped_conv2d():
    check_twice(ops.conv2d, [normal(2, 4, 4, 4), normal(3, 3, 2, 4)], max_jacobian=30)


@pytest.mark.parametrize(
    "arguments",
    [(1, "valid"), (2, "same"), ((2, 3), "same", (1, 2)), (1, "same", None, None, 2)],
)
def test_conv_transpose(arguments):
    check_twice(
        lambda x, kernel: ops.conv_transpose(x, kernel, *arguments),
        [normal(1, 3, 4, 2), normal(3, 2, 3, 2)],
        max_jacobian=30,
    )


@pytest.mark.parametrize("arguments", [(), (2, "same"), (1, "same", None, 2)])
def test_depthwise_and_separable_conv(arguments):
    x, kernel = normal(1, 4, 5, 2), normal(2, 3, 2, 2)
    check_twice(
        lambda x, kernel: ops.depthwise_conv(x, kernel, *arguments), [x, kernel], max_jacobian=30
    )
    check_twice(
        lambda x, kernel, pointwise: ops.separable_conv(x, kernel, pointwise, *arguments),
        [x, kernel, normal(1, 1, 4, 3)],
        max_jacobian=30,
    )


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_resize(interpolation):
    check_twice(lambda x: ops.resize2d(x, (5, 3), interpolation), [normal(1, 3, 4, 2)])


def test_sequences():
    x = normal(2, 6, 2)
    check_twice(lambda x, k: ops.conv1d(x, k, padding="causal"), [x, normal(3, 2, 2)])
    check_twice(lambda x, k: ops.conv_transpose(x, k, 2), [x, normal(3, 2, 2)])
    check_twice(lambda x: ops.max_pool(x, 2), [x])
    check_twice(lambda x: ops.average_pool(x, 3, 2, "same"), [x])


@pytest.mark.parametrize("pool", [ops.max_pool2d, ops.average_pool2d])
@pytest.mark.parametrize("arguments", POOL)
def test_pooling(pool, arguments):
    check_twice(lambda x: pool(x, *arguments), [normal(1, 5, 4, 2)])


def test_batch_normalization():
    check_twice(ops.batch_norm, [normal(6, 3), normal(3), normal(3, seed=1)])
    check_twice(
        ops.batch_norm_inference,
        [normal(6, 3), normal(3), normal(3, seed=1), normal(3, seed=2), positive(3)],
    )


def test_layer_normalization():
    check_twice(ops.layer_norm, [normal(3, 5), normal(5), normal(5, seed=1)])
    check_twice(ops.rms_norm, [normal(3, 5), normal(5)])
    check_twice(
        lambda x, gamma, beta: ops.layer_normalization(x, gamma, beta, (0, 2)),
        [normal(3, 2, 4), normal(3, 4), normal(3, 4, seed=1)],
    )


@pytest.mark.parametrize("groups", [1, 2, -1])
def test_group_normalization(groups):
    check_twice(
        lambda x, gamma, beta: ops.group_norm(x, gamma, beta, groups),
        [normal(2, 3, 4), normal(4), normal(4, seed=1)],
    )


@pytest.mark.parametrize("order", [1, 2, 3])
def test_normalize(order):
    check_twice(lambda x: ops.normalize(x, -1, order), [normal(3, 4)])


def test_losses_of_two():
    p, q = positive(3, 4), positive(3, 4, seed=1)
    check_twice(ops.softmax_cross_entropy, [normal(3, 4), p])
    check_twice(lambda x, t: ops.categorical_crossentropy(t, x), [p, q])
    check_twice(lambda x, t: ops.categorical_crossentropy(t, ops.softmax(x)), [normal(3, 4), q])
    check_twice(lambda x, t: ops.categorical_crossentropy(t, x, axis=0), [p, q])
    check_twice(lambda x, t: ops.binary_crossentropy(t, x, from_logits=True), [normal(3, 4), q])
    check_twice(lambda x, t: ops.binary_crossentropy(t, x), [p / 2, q])


def test_a_gradient_penalty():
    """The gradient of the norm of a gradient, as GANs use it, through a small network."""
    kernel = Variable(normal(4, 3))
    x = Tensor(normal(5, 4))

    def penalty():
        with GradientTape() as inner:
            inner.watch(x)
            y = ops.sum(ops.tanh(ops.dense(x, kernel, activation="relu")))
        return ops.sum(ops.square(inner.gradient(y, x)))

    check_gradients(penalty, [], variables=[kernel])
