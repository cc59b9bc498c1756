"""Cases of the activations: every setting, every sign, nothing near a kink."""

from minidl import ops

from tests.cases.case import Case, op
from tests.cases.elementwise import UNARY_SHAPES, unary

RELU = {  # negative_slope, max_value, threshold
    "plain": (0.0, float("inf"), 0.0),
    "leaky": (0.2, float("inf"), 0.0),
    "leaky_more": (1.5, float("inf"), 0.0),
    "capped": (0.0, 1.5, 0.0),
    "relu6": (0.0, 6.0, 0.0),
    "shifted": (0.0, float("inf"), 0.55),
    "leaky_shifted": (0.1, float("inf"), -0.55),
    "everything": (0.3, 2.05, 0.55),
}


def _away(g, slope, cap, threshold, shape):
    """Values on a grid of 0.1 shifted by 0.02: no kink above is within 0.02 of them."""
    values = g.rng.integers(-30, 31, shape) / 10 + 0.02
    return g.array(values)


def _relu():
    for name, settings in RELU.items():

        def call(x, slope, cap, threshold):
            cap = None if cap == float("inf") else cap
            return ops.relu(x, negative_slope=slope, max_value=cap, threshold=threshold)

        for size in ((5, 7), (2, 3, 3, 19)):
            yield Case(
                "relu",
                f"{name}_{len(size)}d",
                lambda g, s=settings, z=size: (_away(g, *s, (g.n(z[0]), *z[1:])), *s),
                op=call,
                wrt=(0,),
            )
            yield Case(
                "relu_grad",
                f"{name}_{len(size)}d",
                lambda g, s=settings, z=size: (g.normal(*z), _away(g, *s, z), *s),
            )
    for alpha in (1.0, 0.5, 2.0, 1.6732632423543772):
        for size in ((4, 9), (2, 2, 35)):
            name = f"{alpha:.1f}_{len(size)}d"
            yield Case(
                "elu",
                name,
                lambda g, a=alpha, z=size: (g.nonzero(g.n(z[0]), *z[1:]), a),
                op=op("elu"),
                wrt=(0,),
            )
            yield Case(
                "elu_grad",
                name,
                lambda g, a=alpha, z=size: (g.normal(*z), g.uniform(-0.9 * a, 2, *z), a),
            )


def _grads():
    for kernel, low, high in (("tanh_grad", -1, 1), ("sigmoid_grad", 0, 1)):
        for name, shape in UNARY_SHAPES.items():
            yield Case(
                kernel,
                name,
                lambda g, s=shape, lo=low, hi=high: (g.normal(*s(3)), g.uniform(lo, hi, *s(3))),
            )


def _from_input():
    """Smooth functions of an input whose gradient takes the input as well."""
    settings = {"softplus": [()], "silu": [()], "gelu": [(True,), (False,)]}
    for kernel, choices in settings.items():
        for extra in choices:
            for name, shape in UNARY_SHAPES.items():
                name = "_".join([name, *("tanh" if given else "erf" for given in extra)])

                def make(g, shape=shape, extra=extra):
                    return (g.uniform(-6, 6, *shape(g.n(3))), *extra)

                def gradient(g, shape=shape, extra=extra):
                    return (g.normal(*shape(3)), g.uniform(-6, 6, *shape(3)), *extra)

                yield Case(kernel, name, make, op=op(kernel), wrt=(0,))
                yield Case(f"{kernel}_grad", name, gradient)

            def wide(g, extra=extra):
                return (g.uniform(-85, 85, 999), *extra)

            def wide_gradient(g, extra=extra):
                return (g.normal(999), g.uniform(-85, 85, 999), *extra)

            name = "_".join(["wide", *("tanh" if given else "erf" for given in extra)])
            yield Case(kernel, name, wide)
            yield Case(f"{kernel}_grad", name, wide_gradient)


ROWS = {  # of the comparison: kernel, further arguments
    "tanh 8x56x56x64": ("tanh", ()),
    "sigmoid 8x56x56x64": ("sigmoid", ()),
    "silu 8x56x56x64": ("silu", ()),
    "gelu 8x56x56x64": ("gelu", (False,)),
    "gelu by tanh 8x56x56x64": ("gelu", (True,)),
}


def _rows():
    for row, (kernel, extra) in ROWS.items():
        yield Case(
            kernel, f"speed_{row}", lambda g, e=extra: (g.normal(8, 56, 56, 64), *e), row=row
        )


def _dropout():
    for shape in ((20,), (4, 9), (2, 3, 3, 5)):
        for rate in (0.1, 0.5, 0.9):

            def make(g, shape=shape, rate=rate):
                return g.normal(g.n(shape[0]), *shape[1:]), rate, 42

            yield Case("dropout", f"{len(shape)}d_{rate}", make, op=op("dropout"), wrt=(0,))
    # Longer than several blocks of keys; extreme rates and seeds.
    for name, rate, seed in (("long", 0.3, 7), ("none", 0.0, 1), ("big_seed", 0.25, 2**63 - 1)):

        def long(g, rate=rate, seed=seed):
            return g.normal(3, 33_333), rate, seed

        yield Case("dropout", name, long)


CASES = [
    *_dropout(),
    *unary("tanh", -4, 4),
    Case("tanh", "wide", lambda g: (g.uniform(-85, 85, 999),)),
    Case("sigmoid", "wide", lambda g: (g.uniform(-85, 85, 999),)),
    *unary("sigmoid", -8, 8),
    *_relu(),
    *_grads(),
    *_from_input(),
    *_rows(),
    Case("relu", "speed", lambda g: (g.normal(8, 56, 56, 64),), row="relu 8x56x56x64"),
]
