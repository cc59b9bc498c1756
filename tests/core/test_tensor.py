"""Tensor and Variable: making them, dtypes, operators, and that they do not change unawares."""

import copy
import pickle
import weakref

import minidl
import numpy as np
import pytest
from minidl import Tensor, Variable, ops

FLOATS = ("float32", "float64")


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.0, "float32"),
        ([1.0, 2], "float32"),
        (np.float64(1.0), "float32"),
        (np.ones(2), "float64"),
        ([np.ones(2)], "float64"),
        (np.ones(2, "float32"), "float32"),
        (3, "int32"),
        ([1, 2], "int32"),
        ([2**40], "int64"),
        (np.arange(2), "int64"),
        (np.ones(2, "uint8"), "uint8"),
        (True, "bool"),
        ([], "float32"),
        (range(3), "int64"),
    ],
)
def test_dtypes_of_what_comes_in(data, dtype):
    assert Tensor(data).dtype == dtype
    assert ops.convert_to_tensor(data).dtype == dtype


def test_a_given_dtype():
    assert Tensor([1, 2], dtype="float64").dtype == "float64"
    assert Tensor(np.ones(2), "float32").dtype == "float32"
    assert ops.convert_to_tensor([1.5], dtype="int32").tolist() == [1]


@pytest.mark.parametrize(
    "data",
    [
        np.ones(2, "float16"),
        np.ones(2, "complex64"),
        1j,
        np.array(["a"]),
        "text",
        b"bytes",
        None,
        object(),
        [None],
        np.array([1, "a"], dtype=object),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
    ],
)
def test_what_is_no_tensor_is_a_type_error(data):
    for make in (Tensor, Variable, ops.convert_to_tensor, ops.exp, lambda x: Tensor(1.0) + x):
        with pytest.raises(TypeError):
            make(data)
    if isinstance(data, np.ndarray) and data.dtype.kind != "U":
        with pytest.raises(TypeError, match=r"float32|Expected"):
            Tensor(data)


def test_ragged_lists():
    with pytest.raises(ValueError, match="rectangular"):
        Tensor([[1.0], [1.0, 2.0]])


def test_unsupported_target_dtypes():
    for dtype in ("float16", "complex64", "U3"):
        with pytest.raises(TypeError):
            ops.cast([1.0], dtype)


def test_no_copy_in_or_out():
    array = np.ones((2, 3), "float32")
    x = Tensor(array)
    assert x.data is array
    for view in (x.numpy(), np.asarray(x), ops.convert_to_numpy(x)):
        assert np.shares_memory(view, array) and not view.flags.writeable
    assert array.flags.writeable
    assert not np.shares_memory(np.array(x), array)
    assert np.shares_memory(np.from_dlpack(x), array)
    assert np.asarray(x, dtype="float64").dtype == "float64"


def test_tensors_cannot_be_changed():
    x = Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match="changed in place"):
        x[0] = 3.0
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 3.0
    with pytest.raises(AttributeError):
        x.data = np.zeros(2)
    y = x
    y += 1.0
    assert x.tolist() == [1.0, 2.0] and y.tolist() == [2.0, 3.0]


def test_big_endian_becomes_native():
    x = Tensor(np.arange(3, dtype=">f4"))
    assert x.dtype.isnative and (x + 1).tolist() == [1.0, 2.0, 3.0]


def test_properties():
    x = Tensor(np.zeros((2, 3, 4), "float32"))
    assert (x.shape, x.ndim, x.size, x.nbytes, len(x)) == ((2, 3, 4), 3, 24, 96, 2)
    assert x.T.shape == (4, 3, 2) and x.reshape(6, -1).shape == (6, 4) == x.reshape((6, 4)).shape
    assert [row.shape for row in x] == [(3, 4)] * 2
    assert x.astype("float64").dtype == "float64"
    assert x[0, ..., None].shape == (3, 4, 1)


def test_numbers():
    x = Tensor(2.5)
    assert (float(x), int(x), x.item(), bool(x), f"{x:.2f}") == (2.5, 2, 2.5, True, "2.50")
    assert float(Tensor([[2.0]])) == 2.0
    assert [10, 20, 30][Tensor(1)] == 20
    for bad in (len, iter, lambda t: [1][t]):
        with pytest.raises(TypeError):
            bad(x)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Tensor([1.0, 2.0]))
    with pytest.raises(ValueError, match="size 1"):
        float(Tensor([1.0, 2.0]))


OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: abs(a) ** b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_operators_equal_numpy(name, dtype):
    operate = OPERATORS[name]
    rng = np.random.default_rng(0)
    a = (rng.random((3, 1)) + 0.5).astype(dtype)
    b = (rng.random((1, 4)) + 0.5).astype(dtype)
    for left, right in [(a, b), (a, 2.0), (a, 2), (2.0, b), (3, b), (a, np.float64(1.5))]:
        wanted = operate(left, right)
        sides = [(Tensor(left), right)] if isinstance(left, np.ndarray) else []
        if isinstance(right, np.ndarray):
            sides += [(left, Tensor(right))]
        if len(sides) == 2:
            sides += [(Tensor(left), Tensor(right))]
        for x, y in sides:
            got = operate(x, y)
            assert isinstance(got, Tensor), name
            kind = "bool" if np.asarray(wanted).dtype == bool else dtype
            assert got.dtype == kind
            np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-6)


def test_other_operators():
    x = Tensor([1.0, -2.0])
    assert (-x).tolist() == [-1.0, 2.0] and (+x) is x and abs(x).tolist() == [1.0, 2.0]
    assert (x @ [1.0, 1.0]).item() == -1.0
    assert (np.ones((1, 2), "float32") @ x).tolist() == [-1.0]
    t, f = Tensor([True, False]), Tensor([True, True])
    assert (t & f).tolist() == [True, False] and (t | f).tolist() == [True, True]
    assert (t ^ f).tolist() == [False, True] and (~t).tolist() == [False, True]
    assert (x == None) is False  # noqa: E711
    assert (x == "text") is False
    assert 1.0 in x and 5.0 not in x
    assert len({x: 1, Tensor([1.0, -2.0]): 2}) == 2


def test_floats_do_not_mix():
    a, b = Tensor(np.ones(2, "float32")), Tensor(np.ones(2))
    for operate in [
        *OPERATORS.values(),
        ops.maximum,
        ops.matmul,
        lambda a, b: ops.where(a > 0, a, b),
    ]:
        if operate in (OPERATORS[k] for k in ("==", "!=", "<", "<=", ">", ">=")):
            continue
        for x, y in ((a, b), (b, a), (a, b.data)):
            with pytest.raises(TypeError, match=r"float32|float64") as error:
                operate(x, y)
            assert "ops.cast" in str(error.value)
    for joined in (ops.concatenate, ops.stack):
        with pytest.raises(TypeError, match=r"ops\.cast"):
            joined([a, b])


def test_integers_follow_the_floats():
    a, i = Tensor(np.ones(2, "float64")), Tensor([1, 2])
    assert (a + i).dtype == "float64" and (i * a).dtype == "float64"
    assert (Tensor([1.0]) * np.arange(2)).dtype == "float32"
    assert (i + 1).dtype == "int32" and (i * 0.5).dtype == "float32"
    assert (i / 2).tolist() == [0.5, 1.0] and (i / 2).dtype == "float32"
    assert (i + i).tolist() == [2, 4] and (i // 2).tolist() == [0, 1]
    assert (Tensor([True, False]) + 1.0).tolist() == [2.0, 1.0]
    assert ops.sum([1, 2]).dtype == "int32" and ops.mean([1, 2]).dtype == "float32"


def test_repr():
    assert repr(Tensor([1.0])) == "Tensor([1.], shape=(1,), dtype=float32)"
    text = repr(Variable([1.0], name="w"))
    assert text == "<Variable path=w, shape=(1,), dtype=float32, value=[1.]>"


def test_copies_and_pickles():
    x, v = Tensor([1.0]), Variable([1.0, 2.0], name="w", trainable=False)
    assert copy.copy(x) is x and copy.deepcopy(x).data is not x.data
    assert pickle.loads(pickle.dumps(x)).tolist() == [1.0]
    for twin in (copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        twin.assign([5.0, 6.0])
        assert (twin.name, twin.trainable, twin.tolist()) == ("w", False, [5.0, 6.0])
    assert v.tolist() == [1.0, 2.0]
    assert weakref.ref(x)() is x and weakref.ref(v)() is v


def test_variables_own_their_memory():
    array = np.ones(3, "float32")
    v = Variable(array)
    array[:] = 7
    assert v.tolist() == [1.0, 1.0, 1.0]
    taken, data = v.numpy(), v.data
    v.assign([2.0, 3.0, 4.0])
    assert taken.tolist() == [1.0, 1.0, 1.0] and v.data is data
    assert not np.shares_memory(np.asarray(v), data)
    assert not np.shares_memory(np.from_dlpack(v), data)
    assert Variable(np.ones((2, 3), order="F")).data.flags.c_contiguous


def test_assignments():
    v = Variable(np.zeros(2, "float32"), name="w")
    assert v.version == 0
    assert v.assign([1.0, 2.0]) is v and v.version == 1
    v.assign_add(np.ones(2))  # float64 is cast, as in Keras
    v.assign_sub(Tensor([0.5, 0.5]))
    assert v.tolist() == [1.5, 2.5] and v.dtype == "float32" and v.version == 3
    for change in (v.assign, v.assign_add, v.assign_sub):
        for bad in (np.ones(3), 1.0, np.ones((1, 2))):
            with pytest.raises(ValueError, match=r"'w'.*\(2,\)"):
                change(bad)
    assert v.tolist() == [1.5, 2.5] and v.version == 3
    counter = Variable(0, dtype="int64")
    counter.assign_add(1)
    assert int(counter) == 1 and counter.dtype == "int64"
    with pytest.raises(TypeError, match="int64"):
        counter.assign_add(0.5)


def test_making_variables():
    v = Variable(lambda shape, dtype: np.full(shape, 3, dtype), shape=(2,), dtype="float64")
    assert v.tolist() == [3.0, 3.0] and v.dtype == "float64"
    with pytest.raises(ValueError, match="shape"):
        Variable(lambda shape, dtype: 0)
    with pytest.raises(ValueError, match="shape"):
        Variable(np.ones(3), shape=(2,))
    v.note = "attributes are free"
    v.constraint = abs
    v.trainable = False
    assert (v.note, v.constraint, v.trainable) == ("attributes are free", abs, False)


def test_the_default_float():
    minidl._tape.set_default_float("float64")
    try:
        assert Tensor(1.0).dtype == "float64" and ops.zeros(2).dtype == "float64"
    finally:
        minidl._tape.set_default_float("float32")
    with pytest.raises(ValueError, match="float16"):
        minidl._tape.set_default_float("float16")
