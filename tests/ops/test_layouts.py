"""The memory layout of the inputs never matters: any array gives what its plain copy gives."""

import numpy as np
import pytest
from minidl import _core

from tests.cases import all_cases, with_gaps
from tests.checks import FLOATS, assert_same_bits, make, run_kernel

CASES = [case for case in all_cases() if case.kernel and not case.row]


def _fortran(a):
    return np.array(a, order="F")  # asfortranarray would give a 0-d array an axis


def _negative(a):
    """Read from the end to the start along every axis, of a buffer that lies the other way."""
    if a.ndim == 0:
        return a
    backwards = (slice(None, None, -1),) * a.ndim
    return a[backwards].copy()[backwards]


def _transposed(a):
    """Last two axes exchanged in memory."""
    return a.swapaxes(-1, -2).copy().swapaxes(-1, -2) if a.ndim >= 2 else a


def _misaligned(a):
    buffer = np.empty(a.nbytes + 1, np.uint8)
    view = buffer[1:].view(a.dtype) if a.size else a.reshape(-1)
    view[...] = a.reshape(-1)
    return view.reshape(a.shape)


def _off_by_one_element(a):
    """Aligned for one number, but not for a vector of them."""
    buffer = np.empty(a.size + 1, a.dtype)
    view = buffer[1:].reshape(a.shape)
    view[...] = a
    return view


def _big_endian(a):
    return a.astype(a.dtype.newbyteorder(">"))


def _read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def _one_row_repeated(a):
    return a if a.ndim < 2 else np.broadcast_to(a[:1], a.shape)


LAYOUTS = {
    "gaps": with_gaps,
    "fortran": _fortran,
    "negative": _negative,
    "transposed": _transposed,
    "misaligned": _misaligned,
    "off_by_one": _off_by_one_element,
    "big_endian": _big_endian,
    "read_only": _read_only,
    "repeated": _one_row_repeated,
}


def _relaid(case, args, layout):
    """The arguments in another layout; what an optimizer writes to keeps its own."""

    def convert(i, a):
        if isinstance(a, np.ndarray) and a.dtype.kind == "f":
            return layout(a)
        if isinstance(a, list) and i not in case.changes:
            return [layout(part) for part in a]
        return a

    return tuple(convert(i, a) for i, a in enumerate(args))


def _plain(a):
    if isinstance(a, np.ndarray):
        return np.ascontiguousarray(a, a.dtype.newbyteorder("=")).reshape(a.shape)
    return [_plain(part) for part in a] if isinstance(a, list) else a


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kernel", sorted({case.kernel for case in CASES}))
def test_layout_does_not_matter(kernel, layout):
    for case in CASES:
        if case.kernel != kernel:
            continue
        for dtype in FLOATS:
            odd = _relaid(case, make(case, dtype), LAYOUTS[layout])
            expected = run_kernel(case, tuple(_plain(a) for a in odd))
            for got, right in zip(run_kernel(case, odd), expected, strict=True):
                assert_same_bits(got, right, f"{case.id} in {np.dtype(dtype)}, {layout}")


@pytest.mark.parametrize("kernel", ["sgd", "adam", "rmsprop", "ftrl", "lion"])
@pytest.mark.parametrize("layout", ["gaps", "big_endian", "read_only", "negative", "misaligned"])
def test_optimizers_refuse_to_write_to_other_layouts(kernel, layout):
    case = next(c for c in CASES if c.kernel == kernel and c.name == "dense")
    for changed in case.changes:
        args = list(make(case))
        args[changed] = [LAYOUTS[layout](a) for a in args[changed]]
        before = [[np.array(a) for a in args[i]] for i in case.changes]
        with pytest.raises((TypeError, ValueError)):
            getattr(_core, kernel)(*args)
        for i, arrays in zip(case.changes, before, strict=True):
            for array, old in zip(args[i], arrays, strict=True):
                np.testing.assert_array_equal(array, old)


def _zeros(*shape):
    return np.zeros(shape, np.float32)


NO = (0, 0, 0, 0)
EMPTY = {  # call: arguments, shape of the (first) result
    "add": ((_zeros(0, 3), _zeros(3)), (0, 3)),
    "multiply": ((_zeros(2, 0), _zeros(1, 1)), (2, 0)),
    "exp": ((_zeros(0),), (0,)),
    "relu": ((_zeros(3, 0), 0.0, float("inf"), 0.0), (3, 0)),
    "sum": ((_zeros(0, 3), (0,), False), (3,)),
    "max": ((_zeros(0, 3), (1,), False), (0,)),
    "min": ((_zeros(0, 3), (1,), True), (0, 1)),
    "softmax": ((_zeros(0, 5),), (0, 5)),
    "log_softmax": ((_zeros(0, 5),), (0, 5)),
    "softmax_cross_entropy": ((_zeros(0, 5), np.zeros(0, np.int64)), (0,)),
    "batch_norm_inference": ((_zeros(0, 3), None, None, _zeros(3), _zeros(3), 1e-3), (0, 3)),
    "layer_norm": ((_zeros(0, 3), None, _zeros(3), 1e-3), (0, 3)),
    "layer_norm_grad": ((_zeros(0, 3), _zeros(0, 3), None, _zeros(0), _zeros(0)), (0, 3)),
    "rms_norm": ((_zeros(2, 0, 3), _zeros(3), 1e-3), (2, 0, 3)),
    "rms_norm_grad": ((_zeros(0, 3), _zeros(0, 3), None, _zeros(0)), (0, 3)),
    "group_norm": ((_zeros(0, 2, 4), None, None, 2, 1e-3), (0, 2, 4)),
    "group_norm_grad": (
        (_zeros(0, 2, 4), _zeros(0, 2, 4), None, _zeros(0, 2), _zeros(0, 2)),
        (0, 2, 4),
    ),
    "matmul": ((_zeros(0, 3), _zeros(3, 4)), (0, 4)),
    "conv2d": ((_zeros(0, 4, 4, 2), _zeros(3, 3, 2, 5), None, (1, 1), NO, (1, 1), 1), (0, 2, 2, 5)),
    "conv2d_input_grad": (
        (_zeros(0, 2, 2, 5), _zeros(3, 3, 2, 5), (0, 4, 4, 2), (1, 1), NO, (1, 1), 1),
        (0, 4, 4, 2),
    ),
    "conv2d_filter_grad": (
        (_zeros(0, 4, 4, 2), _zeros(0, 2, 2, 5), (3, 3), (1, 1), NO, (1, 1), 1),
        (3, 3, 2, 5),
    ),
    "max_pool2d": ((_zeros(0, 4, 4, 2), (2, 2), (2, 2), NO), (0, 2, 2, 2)),
    "average_pool2d": ((_zeros(0, 4, 4, 2), (2, 2), (2, 2), NO), (0, 2, 2, 2)),
    "resize2d": ((_zeros(0, 4, 4, 2), (8, 6), "bilinear"), (0, 8, 6, 2)),
    "resize2d_grad": ((_zeros(0, 8, 6, 2), (0, 4, 4, 2), "nearest"), (0, 4, 4, 2)),
    "average_pool2d_grad": ((_zeros(0, 2, 2, 2), (0, 4, 4, 2), (2, 2), (2, 2), NO), (0, 4, 4, 2)),
}


@pytest.mark.parametrize("kernel", EMPTY)
def test_empty_arrays(kernel):
    args, shape = EMPTY[kernel]
    result = getattr(_core, kernel)(*args)
    result, *others = result if isinstance(result, tuple) else (result,)
    assert result.shape == shape
    assert not any(other.any() for other in others)
    assert not result.any()  # sums of nothing are zeros


def test_product_over_an_empty_axis_is_zero():
    bias = np.arange(3, dtype=np.float32)
    assert not _core.matmul(_zeros(2, 0), _zeros(0, 3)).any()
    with_bias = _core.matmul(_zeros(2, 0), _zeros(0, 3), bias=bias)
    np.testing.assert_array_equal(with_bias, [bias, bias])


@pytest.mark.parametrize("kernel", ["max", "min"])
def test_extreme_of_nothing_is_an_error(kernel):
    with pytest.raises(ValueError, match=r"empty|zero|no element"):
        getattr(_core, kernel)(_zeros(0, 3), (0,), False)


@pytest.mark.parametrize("kernel", ["exp", "negative", "square", "tanh", "sigmoid", "absolute"])
def test_zero_dimensional_arrays(kernel):
    for dtype in FLOATS:
        x = np.array(0.3, dtype)
        got = getattr(_core, kernel)(x)
        assert got.shape == ()
        assert got == getattr(_core, kernel)(x.reshape(1))[0]


@pytest.mark.parametrize("kernel", ["add", "subtract", "multiply", "divide", "maximum", "minimum"])
def test_zero_dimensional_operands(kernel):
    for dtype in FLOATS:
        x, y = np.array(0.3, dtype), np.array(-0.7, dtype)
        got = getattr(_core, kernel)(x, y)
        assert got.shape == ()
        assert got == getattr(_core, kernel)(x.reshape(1), y.reshape(1))[0]
