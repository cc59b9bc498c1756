"""Cases of batch normalisation: with and without gamma and beta, far means, few samples."""

from tests.cases.case import Case, op

CONFIGURATIONS = {  # shape, gamma, beta, epsilon, offset of the data
    "plain": ((9, 5), True, True, 1e-3, 0.0),
    "no_gamma": ((8, 5), False, True, 1e-3, 0.0),
    "no_beta": ((8, 5), True, False, 1e-3, 0.0),
    "neither": ((8, 5), False, False, 1e-3, 0.0),
    "image": ((4, 3, 3, 17), True, True, 1e-3, 0.0),
    "one_channel": ((6, 4, 1), True, True, 1e-3, 0.0),
    "many_channels": ((5, 70), True, True, 1e-5, 0.0),
    "small_epsilon": ((6, 3), True, True, 1.001e-5, 0.0),
    "offset": ((4, 5, 6), True, True, 1e-3, 5.0),
}
LARGE = {
    "large_image": ((8, 14, 14, 33), True, True, 1e-3, 0.0),
    "far_from_zero": ((1024, 7), True, True, 1e-3, 100.0),
    "many_samples": ((50_001, 3), True, True, 1e-3, 1.0),
}


def _parameters(g, shape, gamma, beta):
    channels = shape[-1]
    return (
        g.uniform(0.5, 2, channels) if gamma else None,
        g.normal(channels) if beta else None,
    )


def _data(g, shape, offset):
    # Batch statistics of a single sample have no slope: at least two stay.
    shape = (max(g.n(shape[0]), 2 if len(shape) == 2 else 1), *shape[1:])
    return g.array(offset + g.rng.standard_normal(shape))


def _cases():
    for name, (shape, gamma, beta, epsilon, offset) in {**CONFIGURATIONS, **LARGE}.items():
        small = name in CONFIGURATIONS
        # The error of a variance grows with the square of how far the mean is off.
        terms = int((shape[0] if len(shape) < 4 else 1600) * max(1.0, offset) ** 2)
        wrt = (0, *((1,) if gamma else ()), *((2,) if beta else ())) if small else ()

        def train(g, shape=shape, flags=(gamma, beta), epsilon=epsilon, offset=offset):
            return _data(g, shape, offset), *_parameters(g, shape, *flags), epsilon

        def inference(g, shape=shape, flags=(gamma, beta), epsilon=epsilon, offset=offset):
            statistics = g.normal(shape[-1]), g.uniform(0.5, 3, shape[-1])
            return _data(g, shape, offset), *_parameters(g, shape, *flags), *statistics, epsilon

        def gradient(g, shape=shape, flags=(gamma, beta), epsilon=epsilon, offset=offset):
            x = _data(g, shape, offset)
            axes = tuple(range(len(shape) - 1))
            mean = g.array(x.mean(axes, dtype="float64"))
            variance = g.array(x.var(axes, dtype="float64"))
            return g.normal(*x.shape), x, _parameters(g, shape, *flags)[0], mean, variance, epsilon

        yield Case(
            "batch_norm", name, train, terms=terms, op=op("batch_norm") if small else None, wrt=wrt
        )
        yield Case(
            "batch_norm_inference",
            name,
            inference,
            op=op("batch_norm_inference") if small else None,
            wrt=wrt,
        )
        yield Case("batch_norm_grad", name, gradient, terms=terms)


def _speed(g):
    return g.normal(8, 56, 56, 64), g.uniform(0.5, 2, 64), g.normal(64), 1e-3


CASES = [
    *_cases(),
    Case("batch_norm", "speed", _speed, terms=25088, row="batch norm fwd+bwd 8x56x56x64"),
]
