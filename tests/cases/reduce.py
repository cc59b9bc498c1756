"""Cases of the reductions: every kind of axis, sizes around vector and block limits."""

from math import prod

from minidl import ops

from tests.cases.case import Case

CONFIGURATIONS = {  # shape, axes, keepdims
    "all": ((5, 7), (0, 1), False),
    "all_kept": ((5, 7), (0, 1), True),
    "rows": ((6, 35), (1,), False),
    "columns": ((6, 35), (0,), False),
    "columns_kept": ((6, 35), (0,), True),
    "middle": ((3, 5, 9), (1,), False),
    "outer_and_inner": ((3, 5, 9), (0, 2), False),
    "channels": ((2, 4, 3, 17), (0, 1, 2), False),
    "spatial": ((2, 4, 3, 17), (1, 2), False),
    "nothing": ((2, 5), (), False),
    "one_element_axes": ((3, 1, 4, 1), (1, 3), False),
}
LARGE = {  # forward only: many terms, where accuracy and the splitting of work show
    "long_vector": ((100_003,), (0,), False),
    "tall": ((20_011, 5), (0,), False),
    "wide": ((5, 20_011), (1,), False),
    "images": ((8, 28, 28, 33), (0, 1, 2), False),
    "middle_of_three": ((7, 1001, 13), (1,), True),
}


def _op(name):
    def call(x, axes, keepdims):
        return getattr(ops, name)(x, axis=axes, keepdims=keepdims)

    return call


def _cases():
    for kernel, values in (
        ("sum", "normal"),
        ("mean", "normal"),
        ("max", "distinct"),
        ("min", "distinct"),
    ):
        for name, (shape, axes, keepdims) in {**CONFIGURATIONS, **LARGE}.items():
            small = name in CONFIGURATIONS

            def make(g, shape=shape, axes=axes, keepdims=keepdims, values=values):
                return getattr(g, values)(g.n(shape[0]), *shape[1:]), axes, keepdims

            yield Case(
                kernel,
                name,
                make,
                terms=prod(shape[a] for a in axes) if values == "normal" else 1,
                op=_op(kernel) if small else None,
                wrt=(0,) if small else (),
            )


CASES = list(_cases())
