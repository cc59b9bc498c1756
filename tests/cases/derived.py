"""Cases of the ops that are made of other ops or of NumPy: gradients only, no kernel."""

from tests.cases.case import Case, op
from tests.cases.elementwise import UNARY_SHAPES

UNARY = {  # op: range of inputs
    "reciprocal": (0.3, 3),
    "sin": (-4, 4),
    "cos": (-4, 4),
    "log_sigmoid": (-6, 6),
    "softsign": (-3, 3),
    "mish": (-4, 4),
    "squareplus": (-4, 4),
    "tanh_shrink": (-3, 3),
    "sparse_plus": (-3, 3),
}
# Straight pieces: values 0.1 k + 0.02 lie at least 0.02 from every corner.
PIECEWISE = (
    *("leaky_relu", "relu6", "selu", "celu", "hard_sigmoid", "hard_silu", "hard_tanh"),
    *("hard_shrink", "soft_shrink", "sparse_sigmoid"),
    *("floor", "ceil", "sign"),
)
REDUCTIONS = ("var", "std", "logsumexp")
AXES = {
    "all": ((4, 5), None, False),
    "rows": ((4, 5), 1, False),
    "columns_kept": ((5, 4), (0,), True),
    "middle": ((3, 4, 5), 1, False),
    "outer_and_inner": ((3, 4, 5), (0, 2), False),
    "negative_axis": ((3, 4, 5), -1, True),
    "images": ((3, 3, 2, 4), (0, 1, 2), False),
    "vector": ((7,), 0, False),
    "two_values": ((6, 2), 1, False),
}


def _unary():
    for name, (low, high) in UNARY.items():
        for shape_name, shape in UNARY_SHAPES.items():

            def make(g, shape=shape, low=low, high=high):
                return (g.uniform(low, high, *shape(g.n(3))),)

            yield Case("", f"{name}_{shape_name}", make, op=op(name), wrt=(0,))
    for name in PIECEWISE:
        for shape_name, shape in UNARY_SHAPES.items():

            def make(g, shape=shape):
                return (g.array(g.rng.integers(-48, 49, shape(g.n(3))) / 10 + 0.02),)

            yield Case("", f"{name}_{shape_name}", make, op=op(name), wrt=(0,))


AXES_OF_NORMS = ((-1,), (0,), (1,), (0, 2), (1, 2), (0, 1, 2))


def _norms():
    """Normalisation over any axes, with weights in the shape of those."""
    for axis in AXES_OF_NORMS:
        name = "_".join(map(str, axis)).replace("-", "minus_")
        shape = (4, 3, 5)

        def make(g, axis=axis, shape=shape):
            weights = (g.normal(*(shape[a] for a in axis)) for _ in range(2))
            return g.normal(*shape), *weights, axis, 1e-3

        def plain(g, axis=axis, shape=shape):
            return g.normal(*shape), g.normal(*(shape[a] for a in axis)), axis, 1e-3

        yield Case("", f"layer_{name}", make, op=op("layer_normalization"), wrt=(0, 1, 2))
        yield Case("", f"rms_{name}", plain, op=op("rms_normalization"), wrt=(0, 1))
        yield Case(
            "",
            f"normalize_{name}",
            lambda g, axis=axis, shape=shape: (g.normal(*shape), axis),
            op=op("normalize"),
            wrt=(0,),
        )
    for order in (1, 3, 4):
        yield Case(
            "",
            f"normalize_order_{order}",
            lambda g, order=order: (g.nonzero(3, 4), -1, order),
            op=op("normalize"),
            wrt=(0,),
        )
    for axis, groups in ((1, 2), (2, 3), (3, -1), (-2, 1)):

        def group(g, axis=axis, groups=groups):
            x = g.normal(g.n(2), 4, 6, 3)
            weights = g.normal(x.shape[axis]), g.normal(x.shape[axis])
            return x, groups, *weights, axis, 1e-3

        name = f"group_{axis % 4}_{abs(groups)}"
        yield Case("", name, group, op=op("group_normalization"), wrt=(0, 2, 3))


def _with_settings():
    settings = {
        "threshold": [(1.0, -0.5), (-0.7, 2.0)],
        "hard_shrink": [(1.3,)],
        "soft_shrink": [(1.3,)],
        "celu": [(0.5,), (2.0,)],
        "squareplus": [(1.0,)],
    }
    for name, choices in settings.items():
        for i, extra in enumerate(choices):
            for shape in ((3, 5), (2, 2, 19)):

                def make(g, shape=shape, extra=extra):
                    values = g.rng.integers(-30, 31, (g.n(shape[0]), *shape[1:])) / 10 + 0.02
                    return g.array(values), *extra

                yield Case("", f"{name}_{i}_{len(shape)}d", make, op=op(name), wrt=(0,))


def _over_an_axis():
    for name, (shape, axis) in {
        "last": ((3, 6), -1),
        "first": ((4, 3), 0),
        "middle": ((2, 4, 3), 1),
        "long": ((2, 38), 1),
    }.items():

        def make(g, shape=shape, axis=axis):
            # Sums over a distance of 1/64 keep away from the border of the support.
            return g.distinct(*shape), axis

        for function in ("sparsemax", "glu"):
            yield Case("", f"{function}_{name}", make, op=op(function), wrt=(0,))


def _reductions():
    for name in REDUCTIONS:
        for axes_name, (shape, axis, keepdims) in AXES.items():

            def make(g, shape=shape, axis=axis, keepdims=keepdims):
                # A single value has no deviation and its root no slope: at least two rows.
                return g.distinct(max(g.n(shape[0]), 2), *shape[1:]), axis, keepdims

            yield Case("", f"{name}_{axes_name}", make, op=op(name), wrt=(0,))


def _power():
    for name, exponent in (("2", 2.0), ("3", 3.0), ("half", 0.5), ("minus_1", -1.0), ("1.7", 1.7)):
        yield Case(
            "",
            f"power_{name}",
            lambda g, e=exponent: (g.uniform(0.3, 2, g.n(3), 5), e),
            op=op("power"),
            wrt=(0,),
        )
    for name, shapes in {
        "same": ((3, 4), (3, 4)),
        "row": ((3, 4), (4,)),
        "both": ((3, 1), (1, 4)),
    }.items():
        yield Case(
            "",
            f"power_{name}",
            lambda g, s=shapes: (g.uniform(0.3, 2, *s[0]), g.uniform(-2, 2, *s[1])),
            op=op("power"),
            wrt=(0, 1),
        )


def _clip():
    limits = {
        "both": (-1.0, 1.0),
        "narrow": (0.0, 0.3),
        "wide": (-9.0, 9.0),
        "one_side": (0.0, 99.0),
    }
    for name, (low, high) in limits.items():
        for shape in ((3, 5), (2, 2, 9)):

            def make(g, shape=shape, low=low, high=high):
                values = g.rng.integers(-30, 31, (g.n(shape[0]), *shape[1:])) / 10 + 0.02
                return g.array(values), low, high

            yield Case("", f"clip_{name}_{len(shape)}d", make, op=op("clip"), wrt=(0,))


def _losses():
    kinds = ("categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy")
    for rows, classes in ((4, 3), (1, 5), (6, 2), (3, 17)):
        for from_logits in (True, False):
            for kind in kinds:

                def make(g, kind=kind, rows=rows, classes=classes, from_logits=from_logits):
                    rows = g.n(rows)
                    if kind.startswith("sparse"):
                        target = g.labels(rows, classes)
                    elif kind.startswith("binary"):
                        target = g.integers(0, 1, rows, classes)
                    else:
                        target = g.distributions(rows, classes)
                    if from_logits:
                        return target, g.normal(rows, classes), True
                    return target, g.uniform(0.1, 0.9, rows, classes), False

                name = f"{kind}_{rows}x{classes}_{'logits' if from_logits else 'probabilities'}"
                yield Case("", name, make, op=op(kind), wrt=(1,))


def _dense():
    for shape, units in (((3, 4), 5), ((2, 3, 4), 2), ((1, 7), 1), ((5, 1), 6)):
        for bias in (True, False):
            for activation in (None, "relu"):

                def make(g, shape=shape, units=units, bias=bias, activation=activation):
                    far = g.array(30.0 * g.rng.choice([-1.0, 1.0], units))
                    arrays = g.normal(g.n(shape[0]), *shape[1:]), g.normal(shape[-1], units)
                    return *arrays, far if bias else None, activation

                # Without the far bias a sum may come near the kink of relu.
                if bias or activation is None:
                    name = f"dense_{len(shape)}d_{units}_{activation}_{'bias' if bias else 'plain'}"
                    wrt = (0, 1, 2) if bias else (0, 1)
                    yield Case("", name, make, op=op("dense"), wrt=wrt)


CASES = [
    *_unary(),
    *_with_settings(),
    *_over_an_axis(),
    *_reductions(),
    *_power(),
    *_clip(),
    *_losses(),
    *_dense(),
    *_norms(),
]
