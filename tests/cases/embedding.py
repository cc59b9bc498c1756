"""Cases of embedding: rows used never, once and often, widths below and beyond a vector."""

import numpy as np

from tests.cases.case import Case, op

SHAPES = {  # rows, width, shape of the indices, their dtype
    "plain": (7, 4, (5,), "int64"),
    "batch": (9, 3, (2, 6), "int32"),
    "one_row": (1, 5, (4,), "int64"),
    "one_wide": (6, 1, (2, 3), "int64"),
    "vectors": (5, 33, (3, 4), "uint8"),
    "three_axes": (4, 2, (2, 2, 3), "int32"),
    "scalar": (3, 4, (), "int64"),
    "repeated": (3, 6, (40,), "int64"),
    "sparse": (50, 2, (3,), "int64"),
}
LARGE = {"long": (40, 70, (1000,), "int64"), "tall": (9000, 17, (300,), "int32")}


def _cases():
    for name, (rows, width, shape, kind) in {**SHAPES, **LARGE}.items():

        def make(g, rows=rows, width=width, shape=shape, kind=kind):
            return g.normal(rows, width), np.asarray(g.rng.integers(0, rows, shape), kind)

        def gradient(g, make=make, rows=rows, width=width):
            _, indices = make(g)
            return g.normal(*indices.shape, width), indices, rows

        checked = {"op": op("embedding"), "wrt": (0,)} if name in SHAPES else {}
        yield Case("embedding", name, make, **checked)
        yield Case("embedding_grad", name, gradient, terms=1 + int(np.prod(shape)) // rows)


CASES = list(_cases())
