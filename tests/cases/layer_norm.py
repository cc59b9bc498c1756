"""Cases of layer and RMS normalisation: narrow and long rows, far means, with and without gamma."""

import numpy as np

from tests.cases.case import Case, op

CONFIGURATIONS = {  # shape, gamma, beta, epsilon, offset of the data
    "plain": ((4, 6), True, True, 1e-3, 0.0),
    "no_gamma": ((4, 5), False, True, 1e-3, 0.0),
    "no_beta": ((4, 5), True, False, 1e-3, 0.0),
    "neither": ((4, 5), False, False, 1e-3, 0.0),
    "sequence": ((2, 3, 17), True, True, 1e-3, 0.0),
    "two_columns": ((7, 2), True, True, 1e-3, 0.0),
    "one_row": ((33,), True, True, 1e-3, 0.0),
    "wide": ((3, 70), True, True, 1e-5, 0.0),
    "small_epsilon": ((6, 16), True, True, 1e-6, 0.0),
    "offset": ((5, 12), True, True, 1e-3, 5.0),
}
LARGE = {
    "many_rows": ((3001, 33), True, True, 1e-3, 0.0),
    "one_column": ((300, 1), True, True, 1e-3, 0.0),
    "long_rows": ((3, 50_001), True, True, 1e-3, 1.0),
    "far_from_zero": ((7, 1024), True, True, 1e-3, 100.0),
    "middling": ((260, 512), False, True, 1e-3, 0.0),
}


def _data(g, shape, offset):
    if len(shape) > 1:
        shape = (g.n(shape[0]), *shape[1:])
    return g.array(offset + g.rng.standard_normal(shape))


def _vector(g, wanted, n, low=-2.0):
    return g.uniform(low, 2, n) if wanted else None


def _cases():
    for name, (shape, gamma, beta, epsilon, offset) in {**CONFIGURATIONS, **LARGE}.items():
        small, n = name in CONFIGURATIONS, shape[-1]
        rows = int(np.prod(shape[:-1]))
        # The error of a variance grows with the square of how far the mean is off.
        terms = int(n * max(1.0, offset) ** 2)

        def layer(g, shape=shape, flags=(gamma, beta), epsilon=epsilon, offset=offset):
            vectors = (_vector(g, flag, shape[-1]) for flag in flags)
            return _data(g, shape, offset), *vectors, epsilon

        def rms(g, shape=shape, gamma=gamma, epsilon=epsilon, offset=offset):
            return _data(g, shape, offset), _vector(g, gamma, shape[-1]), epsilon

        def layer_grad(g, shape=shape, gamma=gamma, epsilon=epsilon, offset=offset):
            x = _data(g, shape, offset)
            mean, variance = x.mean(-1, dtype=np.float64), x.var(-1, dtype=np.float64)
            scale = g.array(1 / np.sqrt(variance + epsilon))
            return g.normal(*x.shape), x, _vector(g, gamma, shape[-1]), g.array(mean), scale

        def rms_grad(g, shape=shape, gamma=gamma, epsilon=epsilon, offset=offset):
            x = _data(g, shape, offset)
            scale = g.array(1 / np.sqrt(np.square(x, dtype=np.float64).mean(-1) + epsilon))
            return g.normal(*x.shape), x, _vector(g, gamma, shape[-1]), scale

        wrt = (0, *((1,) if gamma else ()), *((2,) if beta else ())) if small else ()
        layer_op, rms_op = (op("layer_norm"), op("rms_norm")) if small else (None, None)
        yield Case("layer_norm", name, layer, terms=terms, op=layer_op, wrt=wrt)
        if n > 1:  # of a single column dx is 0, but for rounding
            yield Case("layer_norm_grad", name, layer_grad, terms=max(terms, rows))
        yield Case("rms_norm", name, rms, terms=n, op=rms_op, wrt=wrt[: 1 + gamma])
        yield Case("rms_norm_grad", name, rms_grad, terms=max(n, rows))


def _speed(g):
    return g.normal(64, 128, 512), g.uniform(0.5, 2, 512), g.normal(512), 1e-5


CASES = [
    *_cases(),
    Case("layer_norm", "speed", _speed, terms=512, row="layer norm fwd+bwd 64x128x512"),
    Case(
        "rms_norm",
        "speed",
        lambda g: (_speed(g)[0], _speed(g)[1], 1e-6),
        terms=512,
        row="rms norm fwd+bwd 64x128x512",
    ),
]
