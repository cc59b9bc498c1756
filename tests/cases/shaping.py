"""Cases of the ops that only move values: gradients only, no kernel."""

import numpy as np
from minidl import ops

from tests.cases.case import Case, op

X = (3, 4, 5)  # the first is the batch, 1 in the size-1-dimension variant


def _ones(shape, *values):
    """Arguments of the op called `name`: an array of `shape`, then `values` as they are."""

    def make(g):
        n = g.n(shape[0]) if shape else 0
        arrays = g.normal(n, *shape[1:]) if shape else g.normal()
        return arrays, *(v(n) if callable(v) else v for v in values)

    return make


CALLS = {  # op: configurations, each the shape of x and the other arguments
    "reshape": [
        *((X, (-1,)), (X, lambda n: (n, 20)), (X, lambda n: (n, 2, 10)), (X, (4, -1))),
        *(((6,), (-1, 1)), (X, (5, 4, -1)), ((3, 2), -1), (X, lambda n: (2, 2, n, 5))),
    ],
    "ravel": [(X,), ((7,),), ((2, 3),), ((3, 1),), ((1, 1, 4),), ((2, 2, 2, 2),), ((),), ((5, 2),)],
    "transpose": [
        *((X, None), (X, (1, 0, 2)), (X, (2, 1, 0)), (X, (0, 2, 1)), (X, (1, 2, 0))),
        *(((3, 4), None), ((5,), None), ((2, 3, 1, 4), (3, 1, 0, 2))),
    ],
    "swapaxes": [
        *((X, 0, 1), (X, 1, 2), (X, 0, 2), (X, -1, 0), (X, 1, 1)),
        *(((3, 4), 0, 1), ((3, 4), -1, -2), ((2, 1, 3), 1, 2)),
    ],
    "moveaxis": [
        *((X, 0, 2), (X, 2, 0), (X, 0, 1), (X, -1, 1), (X, (0, 1), (2, 0))),
        *(((3, 4), 0, 1), ((3, 4), 1, 1), ((2, 1, 3, 2), (0, 3), (3, 0))),
    ],
    "expand_dims": [
        *((X, 0), (X, 1), (X, -1), (X, 3), (X, (0, 2)), ((5,), 0), ((5,), -1), ((), 0)),
    ],
    "squeeze": [
        *(((3, 1, 4), 1), ((3, 1, 1), (1, 2)), ((3, 1, 1), -1), ((2, 4, 1), 2)),
        *(((3, 1), 1), ((3, 2, 1, 2), -2), ((5, 1, 2, 1), (1, 3)), ((2, 1, 1, 3), 2)),
    ],
    "broadcast_to": [
        *(((1, 4), (3, 4)), ((4,), lambda n: (3, n)), ((1,), (5,)), ((), (2, 3))),
        *(
            ((1, 3, 1), (2, 3, 4)),
            ((1, 1), (3, 4)),
            ((3, 1), lambda n: (n, 5)),
            (X, lambda n: (n, 4, 5)),
        ),
    ],
    "flip": [
        *((X, None), (X, 0), (X, 1), (X, -1), (X, (0, 2)), ((7,), 0), ((7,), None), ((2, 1, 3), 1)),
    ],
    "repeat": [
        *((X, 2, None), (X, 3, 0), (X, 2, 1), (X, 2, -1), ((7,), 2, 0), ((3, 4), 1, 1)),
        *(((3, 1), 4, 1), ((2, 2), 3, None)),
    ],
    "tile": [
        *((X, (2, 1, 1)), (X, (1, 2, 3)), ((4,), 3), ((3, 4), (2, 2)), ((4,), (2, 3))),
        *(((3, 1), (1, 4)), ((2, 3), (1, 1)), ((2, 3), (2, 1, 2))),
    ],
    "pad": [
        *((X, ((1, 1), (0, 2), (3, 0))), (X, ((0, 0), (0, 0), (1, 1))), ((5,), ((2, 3),))),
        *(((3, 4), ((1, 0), (0, 1))), ((3, 4), ((0, 0), (0, 0))), ((3, 1), ((0, 0), (2, 2)))),
        *(((2, 3, 3, 2), ((0, 0), (1, 1), (1, 1), (0, 0))), ((1,), ((4, 0),))),
    ],
    "copy": [(X,), ((7,),), ((),), ((3, 1),), ((2, 2),), ((1, 1),), ((3, 4, 1),), ((2, 3, 4, 5),)],
    "take": [
        *(((6,), np.array([0, 3, 3])), ((6, 2), np.array([[-1, 2], [0, 0]]), 0)),
        *(((3, 4), np.array([1, 1, 3]), 1), ((3, 4), np.array([0, 2]), None)),
        *((X, np.array([2, 0, 2]), -1), (X, np.array([3]), 1), ((5, 2), np.array([], int), 0)),
        *(((3, 4), 2, 1),),
    ],
}
KEYS = {
    "row": 0,
    "last": -1,
    "slice": slice(1, 3),
    "step": (slice(None), slice(None, None, 2)),
    "backwards": (slice(None), slice(None, None, -1)),
    "new_axis": (slice(None), None, 1),
    "dots": (..., 2),
    "mixed": (slice(None), slice(1, None), 0),
    "list": (slice(None), [0, 2, 2]),
    "mask": (slice(None), np.array([True, False, True, True])),
    "two_lists": (slice(None), [0, 1], [2, 2]),
}


def _moves():
    for name, configurations in CALLS.items():
        for number, (shape, *rest) in enumerate(configurations):
            # Values that belong to the length of the first axis keep it at its size.
            make = _ones(shape, *rest)
            if name in ("take", "broadcast_to") and not any(callable(v) for v in rest):
                make = _fixed(shape, *rest)
            yield Case("", f"{name}_{number}", make, op=op(name), wrt=(0,))
    for name, key in KEYS.items():
        yield Case("", f"getitem_{name}", _fixed(X, key), op=op("getitem"), wrt=(0,))


def _fixed(shape, *rest):
    return lambda g: (g.normal(*shape), *rest)


def _joins():
    settings = [
        ((3, 4), 0),
        ((3, 4), 1),
        ((3, 4), -1),
        ((5,), 0),
        (X, 1),
        (X, 2),
        (X, 0),
        ((3, 1), 1),
    ]
    for name in ("concatenate", "stack"):
        for number, (shape, axis) in enumerate(settings):

            def call(first, second, third, axis, name=name):
                return getattr(ops, name)([first, second, third], axis=axis)

            def make(g, shape=shape, axis=axis):
                size = g.n(shape[0]), *shape[1:]
                return g.normal(*size), g.normal(*size), g.normal(*size), axis

            yield Case("", f"{name}_{number}", make, op=call, wrt=(0, 1, 2))
    for number, (shape, parts, axis) in enumerate(
        [
            *(((4, 6), 2, 0), ((4, 6), 3, 1), ((6,), 3, 0), ((4, 6), [1, 4], 1), ((3, 4), 2, -1)),
            *(((3, 5), [2], 1), ((2, 2, 4), 4, 2), ((3, 4), 1, 1)),
        ]
    ):
        yield Case("", f"split_{number}", _fixed(shape, parts, axis), op=op("split"), wrt=(0,))


def _where():
    shapes = [
        *(
            ((3, 4), (3, 4), (3, 4)),
            ((3, 4), (), (3, 4)),
            ((3, 4), (4,), ()),
            ((4,), (3, 4), (3, 1)),
        ),
        *(((), (3,), (3,)), ((3, 1), (1, 4), (3, 4)), ((5,), (5,), (5,)), ((1, 1), (2, 3), (2, 3))),
    ]
    for number, (condition, first, second) in enumerate(shapes):

        def make(g, condition=condition, first=first, second=second):
            return g.rng.integers(0, 2, condition) > 0, g.normal(*first), g.normal(*second)

        yield Case("", f"where_{number}", make, op=op("where"), wrt=(1, 2))


CASES = [*_moves(), *_joins(), *_where()]
