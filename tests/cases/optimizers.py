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


def _step(shapes, slots, *numbers, decays=False):
    """Arguments of a step: `slots` says for each slot whether it is signed, positive or None."""

    def make(g):
        lists = [
            None
            if kind is None
            else _arrays(g, shapes)
            if kind == "signed"
            else _arrays(g, shapes, "uniform", 0.1, 2.0)
            for kind in slots
        ]
        keep = (tuple(0.9 + 0.02 * i for i in range(len(shapes))),) if decays else ()
        weights, gradients = _arrays(g, shapes), _arrays(g, shapes)
        return weights, gradients, *lists, *numbers, *keep

    return make


def _case(kernel, name, shapes, slots, *numbers, row="", decays=False):
    changes = (0, *(i + 2 for i, kind in enumerate(slots) if kind is not None))
    make = _step(shapes, slots, *numbers, decays=decays)
    return Case(kernel, name, make, changes=changes, row=row)


SIGNED, POSITIVE = "signed", "positive"
MOMENTS = (SIGNED, POSITIVE, None)
BETAS = (0.9, 0.999, 1e-7)

# kernel: name of a variant -> (slots, numbers)
VARIANTS = {
    "sgd": {
        "": ((None,), (0.01, 0.0, False)),
        "momentum": ((SIGNED,), (0.1, 0.9, False)),
        "nesterov": ((SIGNED,), (0.1, 0.9, True)),
    },
    "adam": {
        "": (MOMENTS, (1e-3, *BETAS, 1)),
        "later": (MOMENTS, (0.1, *BETAS, 1000)),
        "amsgrad": ((SIGNED, POSITIVE, POSITIVE), (1e-3, *BETAS, 7)),
        "other_rates": (MOMENTS, (0.5, 0.5, 0.9, 1e-2, 3)),
    },
    "adamax": {
        "": ((SIGNED, POSITIVE), (1e-2, *BETAS, 1)),
        "later": ((SIGNED, POSITIVE), (0.1, 0.5, 0.9, 1e-2, 50)),
    },
    "nadam": {
        "": ((SIGNED, POSITIVE), (1e-2, *BETAS, 1, 0.468)),
        "later": ((SIGNED, POSITIVE), (0.1, 0.5, 0.9, 1e-2, 50, 1e-9)),
    },
    "rmsprop": {
        "": ((POSITIVE, None, None), (1e-2, 0.9, 0.0, 1e-7)),
        "momentum": ((POSITIVE, SIGNED, None), (1e-2, 0.9, 0.5, 1e-7)),
        "centered": ((POSITIVE, None, SIGNED), (1e-2, 0.5, 0.0, 10.0)),
        "both": ((POSITIVE, SIGNED, SIGNED), (1e-2, 0.5, 0.9, 10.0)),
    },
    "adagrad": {
        "": ((POSITIVE,), (0.1, 1e-7)),
        "epsilon": ((POSITIVE,), (1.0, 0.5)),
    },
    "adadelta": {
        "": ((POSITIVE, POSITIVE), (1.0, 0.95, 1e-7)),
        "epsilon": ((POSITIVE, POSITIVE), (0.1, 0.5, 0.1)),
    },
    "lion": {
        "": ((SIGNED,), (1e-3, 0.9, 0.99)),
        "slow": ((SIGNED,), (0.1, 0.99, 0.5)),
    },
    "ftrl": {
        "": ((POSITIVE, SIGNED), (0.1, -0.5, 0.0, 0.0, 0.0, 0.0)),
        "regularised": ((POSITIVE, SIGNED), (0.1, -0.5, 0.3, 0.2, 0.1, 0.5)),
        "power": ((POSITIVE, SIGNED), (0.1, -0.7, 0.3, 0.2, 0.0, 0.0)),
    },
}


def _cases():
    for kernel, variants in VARIANTS.items():
        for variant, (slots, numbers) in variants.items():
            for name, shapes in SHAPES.items():
                full = f"{name}_{variant}" if variant else name
                yield _case(kernel, full, shapes, slots, *numbers)
        slots, numbers = variants[""]
        yield _case(kernel, "decayed", SHAPES["many"], slots, *numbers, decays=True)
    slots, numbers = VARIANTS["adam"][""]
    million = [(1000, 1000)] * 10
    yield _case("adam", "speed", million, slots, *numbers, row="Adam 10 M parameters")


CASES = list(_cases())
