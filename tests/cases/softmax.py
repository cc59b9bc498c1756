"""Cases of the softmax family: one class to a thousand, small and very large scores."""

import numpy as np

from tests.cases.case import Case, op

SHAPES = {  # shape, scale of the scores
    "two": ((4, 2), 1.0),
    "ten": ((5, 10), 1.0),
    "odd": ((3, 17), 2.0),
    "one_class": ((4, 1), 1.0),
    "vector": ((9,), 1.0),
    "three_axes": ((2, 3, 5), 1.0),
    "four_axes": ((2, 2, 2, 33), 1.0),
    "sharp": ((3, 6), 8.0),
    "flat": ((3, 6), 0.01),
}
LARGE = {"thousand": ((33, 1000), 3.0), "extreme": ((8, 50), 500.0), "tall": ((3001, 3), 1.0)}


def _shape(g, shape):
    return (g.n(shape[0]), *shape[1:]) if len(shape) > 1 else shape


def _softmax():
    for name, (shape, scale) in {**SHAPES, **LARGE}.items():

        def make(g, shape=shape, scale=scale):
            return (g.array(scale * g.rng.standard_normal(_shape(g, shape))),)

        for kernel in ("softmax", "log_softmax"):
            if name in SHAPES:
                yield Case(kernel, name, make, op=op(kernel), wrt=(0,))
            else:
                yield Case(kernel, name, make)

        def gradient(g, shape=shape):
            return g.normal(*shape), g.array(_probabilities(g, shape))

        def log_gradient(g, shape=shape):
            return g.normal(*shape), g.array(np.log(_probabilities(g, shape)))

        yield Case("softmax_grad", name, gradient, terms=shape[-1])
        yield Case("log_softmax_grad", name, log_gradient, terms=shape[-1])


def _probabilities(g, shape):
    weights = g.rng.uniform(0.1, 1.0, shape)
    return weights / weights.sum(-1, keepdims=True)


def _sparse(rows, classes, kind="int64", scale=1.0):
    return lambda g: (
        g.array(scale * g.rng.standard_normal((g.n(rows), classes))),
        g.labels(g.n(rows), classes, kind),
    )


def _dense(rows, classes, scale=1.0):
    return lambda g: (
        g.array(scale * g.rng.standard_normal((g.n(rows), classes))),
        g.distributions(g.n(rows), classes),
    )


def _after(forward):
    """Arguments of the gradient: the forward pass's own, and what it leaves."""

    def make(g):
        logits, labels = forward(g)
        high = logits.max(-1)
        rest = np.log(np.exp(np.float64(logits) - high[:, None]).sum(-1))
        return g.normal(len(logits)), logits, labels, g.array(np.stack([high, rest], -1))

    return make


def _cross_entropy():
    makers = {
        "sparse": _sparse(5, 10),
        "sparse_int32": _sparse(5, 10, "int32"),
        "sparse_two": _sparse(7, 2),
        "sparse_one_class": _sparse(3, 1),
        "sparse_sharp": _sparse(4, 17, scale=6.0),
        "dense": _dense(5, 10),
        "dense_two": _dense(6, 2),
        "dense_odd": _dense(3, 33),
        "dense_sharp": _dense(4, 7, scale=6.0),
        "one_hot": lambda g: (g.normal(3, 4), g.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]])),
        "unnormalised": lambda g: (g.normal(3, 4), g.uniform(0, 3, 3, 4)),
    }
    for name, make in makers.items():
        yield Case("softmax_cross_entropy", name, make, op=op("softmax_cross_entropy"), wrt=(0,))
    makers |= {
        "extreme": _sparse(9, 40, scale=300.0),
        "dense_extreme": _dense(9, 40, scale=300.0),
        "thousand": _sparse(70, 1000),
        "dense_thousand": _dense(70, 1000),
    }
    for name, make in makers.items():
        if "thousand" in name or "extreme" in name:
            yield Case("softmax_cross_entropy", name, make)
        yield Case("softmax_cross_entropy_grad", name, _after(make))
    yield Case(
        "softmax_cross_entropy",
        "speed",
        _sparse(4096, 1000),
        row="softmax cross-entropy fwd+bwd 4096x1000",
    )
    yield Case(
        "softmax_cross_entropy",
        "dense_speed",
        _dense(4096, 1000),
        row="dense cross-entropy fwd+bwd 4096x1000",
    )


CASES = [*_softmax(), *_cross_entropy()]
