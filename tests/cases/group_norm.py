"""Cases of group normalisation: from one group to one channel a group, few and many rows."""

import numpy as np

from tests.cases.case import Case, op

CONFIGURATIONS = {  # shape, groups, gamma, beta, epsilon, offset of the data
    "plain": ((3, 4, 2, 6), 2, True, True, 1e-3, 0.0),
    "no_gamma": ((2, 3, 3, 4), 2, False, True, 1e-3, 0.0),
    "no_beta": ((2, 3, 3, 4), 2, True, False, 1e-3, 0.0),
    "neither": ((2, 3, 3, 4), 2, False, False, 1e-3, 0.0),
    "one_group": ((2, 3, 2, 5), 1, True, True, 1e-3, 0.0),
    "instance": ((2, 4, 3, 3), 3, True, True, 1e-3, 0.0),
    "flat": ((3, 12), 3, True, True, 1e-3, 0.0),
    "sequence": ((2, 5, 34), 17, True, True, 1e-5, 0.0),
    "one_channel": ((2, 5, 3, 1), 1, True, True, 1e-3, 0.0),
    "offset": ((2, 4, 4, 8), 4, True, True, 1e-3, 5.0),
}
LARGE = {
    "large_image": ((3, 31, 29, 34), 17, True, True, 1e-3, 0.0),
    "several_pieces": ((2, 101, 97, 6), 3, True, True, 1e-3, 0.0),
    "many_channels": ((2, 7, 7, 320), 32, True, True, 1e-3, 0.0),
    "far_from_zero": ((2, 20, 20, 7), 1, True, True, 1e-3, 100.0),
    "many_images": ((301, 2, 2, 12), 4, True, True, 1e-3, 0.0),
}


def _data(g, shape, offset):
    return g.array(offset + g.rng.standard_normal((g.n(shape[0]), *shape[1:])))


def _vector(g, wanted, n):
    return g.uniform(-2, 2, n) if wanted else None


def _cases():
    for name, (shape, groups, gamma, beta, epsilon, offset) in {**CONFIGURATIONS, **LARGE}.items():
        small = name in CONFIGURATIONS
        values = int(np.prod(shape[1:])) // groups
        terms = int(values * max(1.0, offset) ** 2)
        everything = int(np.prod(shape[:-1]))

        def forward(g, s=shape, groups=groups, flags=(gamma, beta), epsilon=epsilon, offset=offset):
            vectors = (_vector(g, flag, s[-1]) for flag in flags)
            return _data(g, s, offset), *vectors, groups, epsilon

        def gradient(g, s=shape, groups=groups, gamma=gamma, epsilon=epsilon, offset=offset):
            x = _data(g, s, offset)
            parts = np.float64(x).reshape(len(x), -1, groups, s[-1] // groups)
            mean, variance = parts.mean((1, 3)), parts.var((1, 3))
            statistics = g.array(mean), g.array(1 / np.sqrt(variance + epsilon))
            return g.normal(*x.shape), x, _vector(g, gamma, s[-1]), *statistics

        wrt = (0, *((1,) if gamma else ()), *((2,) if beta else ())) if small else ()
        call = op("group_norm") if small else None
        yield Case("group_norm", name, forward, terms=terms, op=call, wrt=wrt)
        yield Case("group_norm_grad", name, gradient, terms=max(terms, everything))


def _speed(g):
    return g.normal(8, 56, 56, 64), g.uniform(0.5, 2, 64), g.normal(64), 32, 1e-5


CASES = [
    *_cases(),
    Case("group_norm", "speed", _speed, terms=6272, row="group norm fwd+bwd 8x56x56x64"),
]
