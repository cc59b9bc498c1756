"""The ops made of other ops and of NumPy: against Keras's, and their gradients."""

import minidl
import numpy as np
import pytest
from minidl import ops
from minidl.testing import check_gradients

from tests.checks import assert_close
from tests.keras_peer import keras, value

RNG = np.random.default_rng(0)
INF = float("inf")


def normal(*shape):
    return RNG.standard_normal(shape)


def inside(*shape):
    return RNG.uniform(-0.9, 0.9, shape)


def above(*shape):
    return RNG.uniform(1.1, 3.0, shape)


def distinct(*shape):
    size = int(np.prod(shape))
    return (RNG.permutation(size).reshape(shape) - size / 2 + 0.25) / 8


def whole(*shape, low=0, high=5):
    return RNG.integers(low, high, shape).astype(np.int32)


X = (3, 4, 5)
# Name, positional arguments, keyword arguments. Float arrays are differentiated by.
SMOOTH = [
    *((name, [inside(3, 4)], {}) for name in ("tan", "arcsin", "arccos", "arctan", "sinh", "cosh")),
    *(
        (name, [inside(2, 1, 3)], {})
        for name in ("arcsinh", "arctanh", "exp2", "deg2rad", "rad2deg")
    ),
    *((name, [above(3, 4)], {}) for name in ("arccosh", "log2", "log10", "cbrt")),
    ("cbrt", [-above(3)], {}),
    ("arctan2", [normal(3, 4), normal(4)], {}),
    ("arctan2", [normal(3, 1), normal(1, 2)], {}),
    ("hypot", [normal(3, 4), normal(4)], {}),
    ("logaddexp", [normal(3, 4), normal(3, 1)], {}),
    ("erfc", [normal(3, 4)], {}),
    ("divide_no_nan", [normal(3, 4), above(3, 4)], {}),
    ("nan_to_num", [normal(3, 4)], {}),
    ("prod", [normal(*X)], {}),
    ("prod", [normal(*X)], {"axis": 1}),
    ("prod", [normal(*X)], {"axis": (0, -1), "keepdims": True}),
    ("prod", [np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]])], {"axis": 1}),
    ("cumsum", [normal(*X)], {"axis": 1}),
    ("cumsum", [normal(*X)], {"axis": -1}),
    ("cumsum", [normal(3, 4)], {}),
    ("cumprod", [normal(*X)], {"axis": 1}),
    ("cumprod", [normal(3, 2)], {}),
    ("cumprod", [np.array([2.0, 0.0, 3.0, 0.0, 4.0])], {"axis": 0}),
    ("diff", [normal(*X)], {}),
    ("diff", [normal(*X)], {"n": 2, "axis": 1}),
    ("amax", [distinct(*X)], {"axis": 1}),
    ("amin", [distinct(*X)], {"axis": (0, 2), "keepdims": True}),
    ("average", [normal(*X)], {"axis": 1, "weights": above(4)}),
    ("average", [normal(3, 4)], {"weights": above(3, 4)}),
    ("average", [normal(3, 4)], {"axis": 0}),
    *(("norm", [normal(3, 4)], {"ord": o, "axis": 1}) for o in (None, 1, 2, 3, INF, -INF)),
    *(("norm", [normal(3, 4)], {"ord": o}) for o in (None, "fro", 1, -1, INF, -INF)),
    ("norm", [normal(*X)], {"axis": (1, 2), "keepdims": True}),
    ("norm", [normal(*X)], {"axis": -1, "keepdims": True}),
    ("median", [distinct(*X)], {}),
    ("median", [distinct(*X)], {"axis": 1}),
    ("median", [distinct(*X)], {"axis": 2, "keepdims": True}),
    ("quantile", [distinct(*X), 0.3], {"axis": 1}),
    ("quantile", [distinct(3, 4), np.array([0.1, 0.5, 1.0], np.float32)], {"axis": 0}),
    *(
        ("quantile", [distinct(3, 5), 0.3], {"axis": 1, "method": m})
        for m in ("lower", "higher", "nearest")
    ),
    ("sort", [distinct(*X)], {}),
    ("sort", [distinct(*X)], {"axis": 0}),
    ("take_along_axis", [normal(3, 4), whole(3, 2, high=4)], {"axis": 1}),
    ("take_along_axis", [normal(3, 4), whole(2, 4, high=3)], {"axis": 0}),
    ("take_along_axis", [normal(6), whole(4, high=6)], {}),
    ("slice", [normal(*X), np.array([0, 1, 2]), (2, 3, 2)], {}),
    ("slice_update", [normal(*X), np.array([1, 0, 2]), normal(2, 4, 1)], {}),
    ("scatter", [np.array([[0], [2], [2]]), normal(3, 4), (5, 4)], {}),
    ("scatter", [np.array([[0, 1], [2, 0]]), normal(2), (3, 3)], {}),
    ("scatter_update", [normal(3, 4), np.array([[0, 1], [2, 3]]), normal(2)], {}),
    ("select", [[whole(3, 4) > 2, whole(3, 4) > 1], [normal(3, 4), normal(3, 4)], 0.5], {}),
    ("roll", [normal(*X), 2], {}),
    ("roll", [normal(*X), -1], {"axis": 1}),
    ("roll", [normal(*X), (1, 2)], {"axis": (0, 2)}),
    ("diagonal", [normal(3, 4)], {}),
    ("diagonal", [normal(*X)], {"offset": 1, "axis1": 1, "axis2": 2}),
    ("diagonal", [normal(*X)], {"offset": -1, "axis1": 2, "axis2": 0}),
    ("diag", [normal(3)], {"k": -1}),
    ("diag", [normal(3)], {"k": 2}),
    ("diag", [normal(3, 4)], {"k": 1}),
    ("trace", [normal(*X)], {"axis1": 1, "axis2": 2}),
    ("tril", [normal(*X)], {"k": 1}),
    ("triu", [normal(4, 3)], {"k": -1}),
    *(("rot90", [normal(*X)], {"k": k, "axes": (0, 2)}) for k in (0, 1, 2, 3, -1)),
    ("segment_sum", [normal(5, 2), np.array([0, 2, 0, 1, 2])], {"num_segments": 4}),
    ("dot", [normal(3, 4), normal(4, 2)], {}),
    ("dot", [normal(2, 3, 4), normal(5, 4, 2)], {}),
    ("dot", [normal(4), normal(4)], {}),
    ("vdot", [normal(3, 2), normal(3, 2)], {}),
    ("inner", [normal(3, 4), normal(2, 4)], {}),
    ("outer", [normal(3), normal(4)], {}),
    ("tensordot", [normal(3, 4, 5), normal(4, 5, 2)], {}),
    ("tensordot", [normal(3, 4, 5), normal(5, 3, 2)], {"axes": ([0, 2], [1, 0])}),
    ("tensordot", [normal(3), normal(2)], {"axes": 0}),
    ("cross", [normal(2, 3), normal(2, 3)], {}),
    ("hstack", [[normal(2, 3), normal(2, 1)]], {}),
    ("hstack", [[normal(2), normal(3)]], {}),
    ("vstack", [[normal(3), normal(3)]], {}),
    ("append", [normal(2, 3), normal(2, 3)], {"axis": 1}),
    ("append", [normal(2, 3), normal(4)], {}),
    ("unstack", [normal(*X)], {"axis": 1}),
    ("array_split", [normal(7, 2), 3], {}),
    ("array_split", [normal(2, 7), [2, 5]], {"axis": 1}),
    ("top_k", [distinct(3, 7), 4], {}),
    ("meshgrid", [normal(3), normal(4)], {}),
    ("meshgrid", [normal(3), normal(2), normal(4)], {"indexing": "ij"}),
]
EXACT = [
    ("sort", [whole(4, 5)], {"axis": 0}),
    ("argsort", [distinct(3, 4)], {}),
    ("argsort", [distinct(3, 4)], {"axis": None}),
    ("argsort", [distinct(3, 4)], {"axis": 0}),
    ("in_top_k", [np.array([0, 1, 2]), distinct(3, 4).astype(np.float32)], {"k": 2}),
    ("searchsorted", [np.array([1.0, 2.0, 3.0]), np.array([0.5, 2.0, 9.0])], {}),
    ("searchsorted", [np.array([1.0, 2.0, 3.0]), np.array([0.5, 2.0, 9.0])], {"side": "right"}),
    ("digitize", [np.array([0.5, 2.0, 9.0]), np.array([1.0, 2.0, 3.0])], {}),
    ("bincount", [whole(20)], {}),
    ("bincount", [whole(6)], {"weights": normal(6).astype(np.float32), "minlength": 9}),
    ("isin", [whole(3, 4), whole(3, high=9)], {}),
    ("isin", [whole(3, 4), whole(3, high=9)], {"invert": True}),
    ("count_nonzero", [whole(3, 4, high=2)], {"axis": 1}),
    ("count_nonzero", [whole(3, 4, high=2)], {}),
    ("logical_xor", [whole(3, 4) > 2, whole(4) > 1], {}),
    ("isclose", [np.array([1.0, 2.0, np.nan]), np.array([1.0, 2.001, np.nan])], {}),
    *((name, [whole(3, 4, high=99), whole(4, high=99)], {})
      for name in ("bitwise_and", "bitwise_or", "bitwise_xor")),
    ("bitwise_not", [whole(3)], {}),
    ("trunc", [normal(3, 4) * 5], {}),
    ("cumsum", [whole(3, 4)], {"axis": 1}),
    ("cumprod", [whole(3, 4)], {"axis": 1}),
    ("prod", [whole(3, 4)], {"axis": 1}),
    ("diff", [whole(6)], {}),
    ("roll", [whole(3, 4), 1], {"axis": 1}),
    ("tril", [whole(3, 4)], {}),
    ("diag", [whole(3)], {}),
    ("slice_update", [whole(3, 4), np.array([1, 1]), whole(1, 2)], {}),
    ("take_along_axis", [whole(3, 4), whole(3, 2, high=4)], {"axis": 1}),
    ("linspace", [0.0, 3.0, 7], {}),
    ("linspace", [0.0, 3.0, 6], {"endpoint": False}),
    ("linspace", [np.zeros(2, np.float32), np.ones(2, np.float32), 5], {"axis": 1}),
    ("logspace", [0.0, 2.0, 5], {}),
    ("identity", [3], {}),
    ("tri", [3, 4], {"k": 1}),
    ("multi_hot", [np.array([[0, 2], [1, 1]])], {"num_classes": 4}),
    ("nan_to_num", [np.array([1.0, np.nan, INF, -INF])], {"nan": 2.0, "posinf": 3.0, "neginf": 4}),
    ("divide_no_nan", [np.array([1.0, 2.0]), np.array([0.0, 4.0])], {}),
    ("nonzero", [whole(3, 4, high=2)], {}),
    ("top_k", [whole(2, 5), 3], {}),
]  # fmt: skip


def _float32(structure):
    if isinstance(structure, (list, tuple)):
        return type(structure)(_float32(s) for s in structure)
    if isinstance(structure, dict):
        return {k: _float32(v) for k, v in structure.items()}
    if isinstance(structure, np.ndarray) and structure.dtype == np.float64:
        return structure.astype(np.float32)
    return structure


# Where Keras's PyTorch backend takes less than Keras promises, or warns, NumPy is the oracle.
BY_NUMPY = ("average", "count_nonzero", "cross", "nonzero", "vdot")
BY_NUMPY_IDS = ("dot1", "array_split1", "linspace2")


def _compare(case, exact, number=""):
    name, args, kwargs = _float32(case)
    got = getattr(ops, name)(*args, **kwargs)
    if name == "unstack":
        expected = [a[:, i] for a in args for i in range(a.shape[1])]
    elif name in BY_NUMPY or number in BY_NUMPY_IDS:
        expected = getattr(np, name)(*args, **kwargs)
    else:
        expected = getattr(keras().ops, name)(*args, **kwargs)
    got, expected = (list(v) if isinstance(v, (list, tuple)) else [v] for v in (got, expected))
    assert len(got) == len(expected)
    for mine, theirs in zip(got, expected, strict=True):
        theirs = value(theirs) if hasattr(theirs, "detach") else np.asarray(theirs)
        if name == "top_k" and exact and mine is got[1]:
            continue  # which of equal elements comes first is not told
        if mine.dtype.kind == "f":
            assert mine.dtype == np.float32
            assert_close(mine, theirs, 2e-5, name)
        else:
            # PyTorch's sums of integers are int64 in places where Keras promises int32
            assert mine.dtype.kind == theirs.dtype.kind
            np.testing.assert_array_equal(mine, theirs)


def _id(case):
    return case[0]


@pytest.mark.parametrize("case", SMOOTH, ids=_id)
def test_equals_keras(case, request):
    _compare(case, exact=False, number=request.node.callspec.id)


@pytest.mark.parametrize("case", EXACT, ids=_id)
def test_exact_results_equal_keras(case, request):
    _compare(case, exact=True, number=request.node.callspec.id)


def _is_variable(x):
    return isinstance(x, np.ndarray) and x.dtype == np.float64


@pytest.mark.parametrize("case", SMOOTH, ids=_id)
def test_gradients(case):
    name, args, kwargs = case
    if name == "quantile":
        args = [args[0], np.asarray(args[1], np.float32).astype(float).tolist()]
    flat = [a for arg in args for a in (arg if isinstance(arg, list) else [arg]) if _is_variable(a)]

    def call(*tensors):
        rest = iter(tensors)

        def fill(a):
            if isinstance(a, list):
                return [fill(b) for b in a]
            return next(rest) if _is_variable(a) else a

        return getattr(ops, name)(*(fill(a) for a in args), **kwargs)

    check_gradients(call, flat, max_jacobian=30, projections=2)


def test_no_gradient_at_corners():
    for name, x in (("norm", np.zeros(3)), ("hypot", np.zeros(1))):
        with minidl.GradientTape() as tape:
            t = minidl.Tensor(x)
            tape.watch(t)
            y = ops.norm(t) if name == "norm" else ops.hypot(t, t)
        assert not tape.gradient(y, t).numpy().any()
    with minidl.GradientTape() as tape:
        t = minidl.Tensor(np.array([1.0, 2.0]))
        tape.watch(t)
        y = ops.divide_no_nan(t, np.array([0.0, 2.0]))
    assert tape.gradient(y, t).numpy().tolist() == [0.0, 0.5]


def test_scatter_add_and_the_last_of_several():
    x = np.zeros(3)
    places = np.array([[1], [1]])
    assert ops.scatter_update(x, places, np.array([2.0, 3.0])).numpy().tolist() == [0, 3, 0]
    check_gradients(lambda a, b: ops.scatter_update(a, places, b), [normal(3), normal(2)])
    check_gradients(lambda a, b: ops.scatter_update(a, places, b, "add"), [normal(3), normal(2)])


def test_loops_and_branches():
    k = keras().ops
    for o in (ops, k):
        assert o.cond(True, lambda: 1, lambda: 2) == 1
        assert int(o.switch(1, [lambda x: x, lambda x: x * 2], 3)) == 6
        assert int(o.fori_loop(0, 4, lambda i, s: s + i, 0)) == 6
        done = o.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s * 2), (0, 1))
        assert [int(v) for v in done] == [4, 16]
        limited = o.while_loop(lambda i: i < 9, lambda i: i + 1, 0, maximum_iterations=3)
        assert int(limited[0] if isinstance(limited, (tuple, list)) else limited) == 3
    xs = np.arange(4.0, dtype=np.float32)
    for reverse in (False, True):
        (carry, ys), (their_carry, their_ys) = (
            o.scan(
                lambda c, x: (c + x, c * x), o.convert_to_tensor(np.float32(0)), xs, reverse=reverse
            )
            for o in (ops, k)
        )
        assert float(carry) == float(their_carry)
        np.testing.assert_allclose(ys, value(their_ys))
    both = ops.map(lambda pair: {"sum": pair[0] + pair[1]}, (xs, xs))
    assert both["sum"].numpy().tolist() == [0, 2, 4, 6]
    sums = ops.vectorized_map(ops.sum, np.ones((3, 2)))
    assert sums.numpy().tolist() == [2, 2, 2]
    assert ops.scan(lambda c, x: (c + 1, None), 0, length=3) == (3, None)
    with pytest.raises(ValueError, match="length"):
        ops.scan(lambda c, x: (c, x), 0)
    with pytest.raises(ValueError, match="rows"):
        ops.map(lambda x: x, (np.ones(2), np.ones(3)))


def test_gradients_go_through_loops():
    check_gradients(lambda x: ops.scan(lambda c, r: (c * r, c + r), x[0], x)[1], [normal(4)])
    check_gradients(lambda x: ops.map(lambda r: ops.sin(r) * r, x), [normal(3, 2)])

    def squared_thrice(x):
        return ops.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * v), (0, x))[1]

    check_gradients(squared_thrice, [normal(3)])


def test_custom_gradient():
    @ops.custom_gradient
    def clipped(x, y):
        def backward(upstream):
            return ops.clip(upstream, -1.0, 1.0), upstream * 3.0

        return x * y, backward

    x, y = minidl.Variable([2.0]), minidl.Variable([5.0])
    with minidl.GradientTape() as tape:
        z = clipped(x, y) * 4.0
    assert z.numpy() == 40
    dx, dy = tape.gradient(z, [x, y])
    assert (dx.numpy(), dy.numpy()) == (1.0, 12.0)

    @ops.custom_gradient
    def two(x):
        return (x * 2.0, x * 3.0), lambda a, b: a * 10.0 + b * 100.0

    with minidl.GradientTape() as tape:
        a, _ = two(x)
    assert tape.gradient(a, x).numpy() == 10


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.norm([1.0], ord="nuc"), ValueError, "ord"),
        (lambda: ops.quantile([1.0], 1.5), ValueError, "q"),
        (lambda: ops.quantile([1.0], 0.5, method="odd"), ValueError, "method"),
        (lambda: ops.diff([1.0], n=-1), ValueError, "n"),
        (lambda: ops.average(np.ones((2, 3)), weights=np.ones(2)), ValueError, "weights"),
        (lambda: ops.top_k([1.0], 2), ValueError, "k"),
        (lambda: ops.in_top_k([1], [1.0], 1), ValueError, "predictions"),
        (lambda: ops.searchsorted([[1.0]], 1.0), ValueError, "sorted_sequence"),
        (lambda: ops.bincount([-1]), ValueError, ">= 0"),
        (lambda: ops.take_along_axis([1.0], [0.5]), TypeError, "integers"),
        (lambda: ops.take_along_axis(np.ones((2, 2)), [0], 1), ValueError, "axes"),
        (lambda: ops.take_along_axis([1.0], [3], 0), IndexError, "3"),
        (lambda: ops.slice([1.0, 2.0], [1], [2]), ValueError, "outside"),
        (lambda: ops.slice([1.0, 2.0], [1, 1], [2]), ValueError, "start"),
        (lambda: ops.slice_update([1.0], [0], [1.0, 2.0]), ValueError, "outside"),
        (lambda: ops.scatter([[5]], [1.0], (3,)), IndexError, "5"),
        (lambda: ops.scatter_update([1.0], [[0]], [1.0], "mul"), ValueError, "reduction"),
        (lambda: ops.select([], []), ValueError, "conditions"),
        (lambda: ops.unstack([1.0], 2), ValueError, "num"),
        (lambda: ops.diagonal(np.ones((2, 2)), axis1=1), ValueError, "differ"),
        (lambda: ops.diag(np.ones((2, 2, 2))), ValueError, "axis"),
        (lambda: ops.tril([1.0]), ValueError, "axes"),
        (lambda: ops.rot90(np.ones((2, 2)), axes=(0, 0)), ValueError, "axes"),
        (lambda: ops.segment_sum([1.0], [0, 1]), ValueError, "segment_ids"),
        (lambda: ops.tensordot([1.0], [1.0, 2.0], 1), ValueError, "sizes"),
        (lambda: ops.cross([1.0], [2.0]), ValueError, "3 entries"),
        (lambda: ops.array_split([1.0], 0), ValueError, "part"),
        (lambda: ops.meshgrid([1.0], indexing="yx"), ValueError, "indexing"),
        (lambda: ops.bitwise_and(1.0, 2), TypeError, "bitwise_and"),
        (lambda: ops.cumsum([1.0], axis=3), ValueError, "axis"),
        (lambda: ops.image.resize(np.ones((2, 2)), (3, 3)), ValueError, r"\(2, 2\)"),
        (
            lambda: ops.image.affine_transform(np.ones((2, 2, 1)), np.ones(7)),
            ValueError,
            "transform",
        ),
        (lambda: ops.image.rgb_to_grayscale(np.ones((2, 2, 1))), ValueError, "3 channels"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_grayscale_equals_keras():
    x = RNG.uniform(0, 255, (2, 3, 4, 3)).astype(np.float32)
    theirs = keras().ops.image.rgb_to_grayscale(x)
    assert_close(ops.image.rgb_to_grayscale(x), value(theirs), 1e-5)


def test_in_functional_models():
    a, b = minidl.Input((4, 3)), minidl.Input((4, 3))
    results = [
        ops.cumsum(a, axis=1),
        ops.tril(a),
        ops.take_along_axis(a, ops.argsort(b, axis=1), axis=1),
        ops.tensordot(a, np.ones((3, 3), np.float32), 1),
        ops.norm(a, axis=-1, keepdims=True) * b,
        ops.arctan2(a, b),
        ops.diff(a, axis=1),
        ops.roll(b, 1, axis=1),
        ops.fori_loop(0, 3, lambda i, v: v * 2.0, a),
    ]
    assert ops.ndim(a) == 3 and ops.dtype(a) == "float32"
    model = minidl.Model([a, b], results)
    again = minidl.models.Functional.from_config(model.get_config())
    x, y = normal(2, 4, 3).astype(np.float32), normal(2, 4, 3).astype(np.float32)
    wanted = [
        np.cumsum(x, 1), np.tril(x), np.take_along_axis(x, y.argsort(1), 1), x @ np.ones((3, 3)),
        np.linalg.norm(x, axis=-1, keepdims=True) * y, np.arctan2(x, y), np.diff(x, axis=1),
        np.roll(y, 1, 1), x * 8,
    ]  # fmt: skip
    for made in (model, again):
        for got, result, expected in zip(made([x, y]), results, wanted, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
            assert result.shape[1:] == expected.shape[1:]


def test_unique():
    x = whole(4, 3, high=3)
    for axis in (None, 0):
        wanted = np.unique(x, True, True, True, axis)
        found = ops.unique(x, True, True, True, True, axis)
        for got, expected in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(ops.unique(x), np.unique(x))
    with pytest.raises(ValueError, match="axis"):
        ops.unique(x, axis=3)
