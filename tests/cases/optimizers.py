"""Cases of the fused optimizer steps: one parameter and many, every option."""

from tests.cases.case import Case

SHAPES = {
    "one": [(3,)],
    "dense": [(7, 5), (5,)],
    "scalar": [(), (2,)],
    "many": [(33,), (4, 17), (1,), (3, 3, 2, 5), (129,)],
    "long": [(70_001,), (5,)],
    "empty": [(0,), (4,)],
}


def _arrays(g, shapes, kind="normal", *limits):
    return [getattr(g, kind)(*limits, *shape) for shape in shapes]


def _sgd(shapes, learning_rate, momentum, nesterov):
    def make(g):
        velocities = _arrays(g, shapes) if momentum else None
        weights, gradients = _arrays(g, shapes), _arrays(g, shapes)
        return weights, gradients, velocities, learning_rate, momentum, nesterov

    return make


def _adam(shapes, amsgrad, step, learning_rate=1e-3, betas=(0.9, 0.999), epsilon=1e-7):
    def make(g):
        slots = _arrays(g, shapes), _arrays(g, shapes, "uniform", 0.0, 2.0)
        highest = _arrays(g, shapes, "uniform", 0.0, 2.0) if amsgrad else None
        weights, gradients = _arrays(g, shapes), _arrays(g, shapes)
        return weights, gradients, *slots, highest, learning_rate, *betas, epsilon, step

    return make


def _cases():
    for name, shapes in SHAPES.items():
        yield Case("sgd", name, _sgd(shapes, 0.01, 0.0, False), changes=(0,))
        yield Case("sgd", f"{name}_momentum", _sgd(shapes, 0.1, 0.9, False), changes=(0, 2))
        yield Case("sgd", f"{name}_nesterov", _sgd(shapes, 0.1, 0.9, True), changes=(0, 2))
        yield Case("adam", name, _adam(shapes, False, 1), changes=(0, 2, 3))
        yield Case("adam", f"{name}_later", _adam(shapes, False, 1000, 0.1), changes=(0, 2, 3))
        yield Case("adam", f"{name}_amsgrad", _adam(shapes, True, 7), changes=(0, 2, 3, 4))
    other = _adam(SHAPES["dense"], False, 3, 0.5, (0.5, 0.9), 1e-2)
    yield Case("adam", "other_rates", other, changes=(0, 2, 3))
    million = [(1000, 1000)] * 10
    yield Case(
        "adam", "speed", _adam(million, False, 5), changes=(0, 2, 3), row="Adam 10 M parameters"
    )


CASES = list(_cases())
