"""Cases of the matrix product: tails of every tile, transposes, batches, the speed rows."""

from minidl import ops

from tests.cases.case import Case

SHAPES = {  # rows, inner, columns: around and between the limits of the register tiles
    "one": (1, 1, 1),
    "row": (1, 7, 5),
    "column": (6, 7, 1),
    "inner_1": (5, 1, 4),
    "square": (8, 8, 8),
    "tile": (12, 16, 32),
    "tile_plus_1": (13, 17, 33),
    "tile_minus_1": (11, 15, 31),
    "tall": (37, 3, 5),
    "wide": (3, 5, 71),
    "deep": (4, 67, 6),
}
LARGE = {
    "gemv": (1, 1001, 515),
    "gemv_transposed": (515, 1001, 1),
    "skinny": (700, 65, 9),
    "deep_blocks": (61, 1031, 67),
    "many_rows": (1153, 129, 35),
    "many_columns": (35, 129, 2051),
    "cube": (257, 259, 263),
    "power_of_two": (128, 512, 256),
}
BATCHES = {  # leading axes of both operands
    "batch": ((3,), (3,)),
    "batch_left": ((4,), ()),
    "batch_right": ((), (4,)),
    "batch_of_1": ((1,), (3,)),
    "two_axes": ((2, 3), (2, 3)),
    "outer": ((2, 1), (1, 3)),
    "missing_axis": ((3,), (2, 3)),
}
SPEED = {
    "matmul 512 cubed": (512, 512, 512),
    "matmul 1024 cubed": (1024, 1024, 1024),
    "matmul 2048 cubed": (2048, 2048, 2048),
    "matmul 256 cubed": (256, 256, 256),
    "matmul 64x128x784": (64, 784, 128),
    "matmul 4096x64x1152": (4096, 1152, 64),
    "matmul 1x4096x4096": (1, 4096, 4096),
}


def _op(x1, x2, transpose_x1=False, transpose_x2=False, bias=None, activation="linear"):
    if bias is not None or activation != "linear":
        return ops.dense(x1, x2, bias, activation=activation)
    x1 = ops.transpose(x1, _swapped(x1)) if transpose_x1 else x1
    x2 = ops.transpose(x2, _swapped(x2)) if transpose_x2 else x2
    return ops.matmul(x1, x2)


def _swapped(x):
    axes = list(range(len(x.shape)))
    return (*axes[:-2], axes[-1], axes[-2])


def _make(shape, batches=((), ()), transposes=(False, False)):
    m, k, n = shape

    def make(g):
        rows = g.n(m)
        left = (k, rows) if transposes[0] else (rows, k)
        right = (n, k) if transposes[1] else (k, n)
        return g.normal(*batches[0], *left), g.normal(*batches[1], *right), *transposes

    return make


def _fused(shape, activation, bias):
    m, k, n = shape

    def make(g):
        # Sums near zero would put the kink of relu within reach of a difference: bias +-50.
        offset = g.array(50.0 * g.rng.choice([-1.0, 1.0], n)) if bias == "far" else g.normal(n)
        x, kernel = g.normal(g.n(m), k), g.normal(k, n)
        return x, kernel, False, False, offset if bias else None, activation

    return make


def _cases():
    both = (0, 1)
    for name, (m, k, n) in SHAPES.items():
        yield Case("matmul", name, _make((m, k, n)), terms=k, op=_op, wrt=both)
    for first in (False, True):
        for second in (False, True):
            name = f"{'t' if first else 'n'}{'t' if second else 'n'}"
            small = _make((7, 5, 9), transposes=(first, second))
            yield Case("matmul", f"{name}_small", small, terms=5, op=_op, wrt=both)
            large = _make((131, 77, 97), transposes=(first, second))
            yield Case("matmul", f"{name}_large", large, terms=77)
            batched = _make((4, 6, 5), ((3,), (3,)), (first, second))
            yield Case("matmul", f"{name}_batch", batched, terms=6, op=_op, wrt=both)
            gemv = _make((1, 300, 130), transposes=(first, second))
            yield Case("matmul", f"{name}_gemv", gemv, terms=300)
    for name, batches in BATCHES.items():
        yield Case("matmul", name, _make((4, 5, 3), batches), terms=5, op=_op, wrt=both)
        large = _make((33, 34, 35), batches)
        yield Case("matmul", f"{name}_larger", large, terms=34)
    for name, shape in LARGE.items():
        yield Case("matmul", name, _make(shape), terms=shape[1])
    yield Case(
        "matmul", "bias", _fused((5, 6, 7), "linear", "near"), terms=6, op=_op, wrt=(0, 1, 4)
    )
    yield Case(
        "matmul", "bias_relu", _fused((5, 6, 7), "relu", "far"), terms=6, op=_op, wrt=(0, 1, 4)
    )
    yield Case("matmul", "bias_relu_row", _fused((1, 70, 40), "relu", "near"), terms=70)
    yield Case("matmul", "bias_large", _fused((130, 140, 150), "linear", "near"), terms=140)
    yield Case("matmul", "bias_relu_large", _fused((130, 600, 150), "relu", "near"), terms=600)
    yield Case("matmul", "relu_only", _fused((130, 60, 50), "relu", None), terms=60)
    for row, shape in SPEED.items():
        yield Case("matmul", row.removeprefix("matmul "), _make(shape), terms=shape[1], row=row)


CASES = list(_cases())
