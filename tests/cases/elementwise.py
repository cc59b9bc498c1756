"""Cases of the elementwise kernels: broadcasting, signs, extremes of the range."""

from tests.cases.case import Case, op

SHAPES = {  # of both operands; b is the batch size, 1 in the size-1-dimension variant
    "vector": lambda b: ((b * 17,), (b * 17,)),
    "matrix": lambda b: ((b, 9), (b, 9)),
    "scalar_right": lambda b: ((b, 5), ()),
    "scalar_left": lambda b: ((), (b, 5)),
    "row": lambda b: ((b, 3, 7), (7,)),
    "column": lambda b: ((b, 3, 7), (3, 1)),
    "outer": lambda b: ((b, 1, 6), (1, 5, 1)),
    "channels": lambda b: ((b, 2, 2, 33), (33,)),
    "missing_axes": lambda b: ((4,), (b, 3, 4)),
    "both_ways": lambda b: ((b, 1, 4, 1), (3, 1, 5)),
}


def _binary(kernel, left, right):
    for name, shapes in SHAPES.items():

        def make(g, shapes=shapes):
            first, second = shapes(g.n(4))
            return getattr(g, left)(*first), getattr(g, right)(*second)

        yield Case(kernel, name, make, op=op(kernel), wrt=(0, 1))


def _extreme(kernel):
    """Pairs that never tie: a whole multiple of 1/64 against one shifted by 1/128."""
    for name, shapes in SHAPES.items():

        def make(g, shapes=shapes):
            first, second = shapes(g.n(4))
            return g.distinct(*first), g.array(g.distinct(*second) + 1 / 128)

        yield Case(kernel, name, make, op=op(kernel), wrt=(0, 1))


UNARY_SHAPES = {
    "scalar": lambda b: (),
    "one": lambda b: (1,),
    "odd": lambda b: (b, 7),
    "one_vector": lambda b: (b * 16,),
    "tail_1": lambda b: (b * 64 + 1,),
    "tail_15": lambda b: (b, 3, 5),
    "image": lambda b: (b, 3, 3, 2),
    "long": lambda b: (b, 257),
}


def unary(kernel, low, high):
    """Cases of a function of one array, with values between `low` and `high`."""
    for name, shape in UNARY_SHAPES.items():

        def make(g, shape=shape):
            return (g.uniform(low, high, *shape(g.n(3))),)

        yield Case(kernel, name, make, op=op(kernel), wrt=(0,))
    yield Case(kernel, "tiny_values", lambda g: (g.uniform(1e-6, 1e-4, 99),))


def _wide():
    """The whole range: thirty powers of ten up and down, exponents to the edge of float32."""
    for kernel in ("log", "sqrt", "rsqrt"):
        yield Case(kernel, "wide", lambda g: (g.array(10 ** g.rng.uniform(-30, 30, 999)),))
    for kernel in ("exp", "expm1", "erf"):
        yield Case(kernel, "wide", lambda g: (g.uniform(-85, 85, 999),))
    yield Case("log1p", "wide", lambda g: (g.array(10 ** g.rng.uniform(-30, 30, 999)),))


def _absolute():
    for name, shape in UNARY_SHAPES.items():

        def make(g, shape=shape):
            return (g.nonzero(*shape(g.n(3))),)

        yield Case("absolute", name, make, op=op("absolute"), wrt=(0,))


CASES = [
    *_binary("add", "normal", "normal"),
    *_binary("subtract", "normal", "normal"),
    *_binary("multiply", "normal", "normal"),
    *_binary("divide", "normal", "nonzero"),
    *_extreme("maximum"),
    *_extreme("minimum"),
    *unary("negative", -3, 3),
    *unary("exp", -6, 6),
    *unary("expm1", -3, 3),
    *unary("log", 0.05, 20),
    *unary("log1p", -0.6, 5),
    *unary("erf", -3, 3),
    *unary("sqrt", 0.05, 20),
    *unary("rsqrt", 0.05, 20),
    *unary("square", -3, 3),
    *_absolute(),
    *_wide(),
]
