"""ONNX files that are damaged or made to do harm: a clear error before anything is allocated."""

import itertools
import resource
import subprocess
import sys
import tracemalloc

import minidl
import numpy as np
import pytest
from minidl import saving

from tests.processes import ROOT, how_it_ended

from .onnx_peer import onnx

onnx()

from onnx import AttributeProto, TensorProto, helper, numpy_helper  # noqa: E402


def _info(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def _model():
    """x @ w, a model that loads."""
    w = numpy_helper.from_array(np.ones((2, 2), "float32"), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "graph",
        [_info("x", ["n", 2])],
        [_info("y", ["n", 2])],
        [w],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def _outside(location):
    def change(m):
        w = m.graph.initializer[0]
        w.ClearField("raw_data")
        w.data_location = TensorProto.EXTERNAL
        w.external_data.add(key="location", value=location)

    return change


def _silently_outside(m):
    m.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")


def _constant_outside(m):
    t = TensorProto(name="t", dims=[2, 2], data_type=1, data_location=TensorProto.EXTERNAL)
    t.external_data.add(key="location", value="/etc/passwd")
    m.graph.node.add().CopyFrom(helper.make_node("Constant", [], ["c"], value=t))


def _dims(*sizes):
    def change(m):
        m.graph.initializer[0].dims[:] = sizes

    return change


def _raw(data):
    def change(m):
        m.graph.initializer[0].raw_data = data

    return change


def _typed(kind, field, values, dims=(2, 2)):
    def change(m):
        w = m.graph.initializer[0]
        w.Clear()
        w.name, w.data_type = "w", kind
        w.dims[:] = dims
        getattr(w, field).extend(values)

    return change


def _initializer(**fields):
    def change(m):
        for name, value in fields.items():
            setattr(m.graph.initializer[0], name, value)

    return change


def _node(op, inputs, outputs, domain="", **attributes):
    def change(m):
        node = helper.make_node(op, inputs, outputs, domain=domain, **attributes)
        m.graph.node.add().CopyFrom(node)

    return change


def _cycle(m):
    _node("Add", ["x", "b"], ["a"])(m)
    _node("Relu", ["a"], ["b"])(m)


def _nested(depth, op="If"):
    """Branches inside branches."""

    def change(m):
        inner = helper.make_graph(
            [helper.make_node("Identity", ["x"], ["deep"])], "g", [], [_info("deep", None)]
        )
        for i in range(depth):
            node = helper.make_node("If", ["c"], [f"o{i}"], then_branch=inner, else_branch=inner)
            inner = helper.make_graph([node], "g", [], [_info(f"o{i}", None)])
            if i > 15:  # both branches would double the size each time
                del inner.node[0].attribute[1:]
        m.graph.input.add().CopyFrom(_info("c", [], TensorProto.BOOL))
        m.graph.node.extend(inner.node)

    return change


def _branch(name):
    def change(m):
        inner = helper.make_graph(
            [helper.make_node("Relu", [name], ["deep"])], "g", [], [_info("deep", None)]
        )
        m.graph.input.add().CopyFrom(_info("c", [], TensorProto.BOOL))
        node = helper.make_node("If", ["c"], ["o"], then_branch=inner, else_branch=inner)
        m.graph.node.add().CopyFrom(node)

    return change


def _loop(m):
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"])],
        "g",
        [_info("i", [], TensorProto.INT64), _info("go", [], TensorProto.BOOL)],
        [_info("on", [], TensorProto.BOOL)],
    )
    m.graph.node.add().CopyFrom(helper.make_node("Loop", ["", ""], ["o"], body=body))


def _function(m):
    f = m.functions.add()
    f.name, f.domain = "f", "own"


def _sparse(m):
    m.graph.sparse_initializer.add()


def _sequence(m):
    m.graph.input.add(name="s").type.sequence_type.elem_type.tensor_type.elem_type = 1


def _opset(*versions):
    def change(m):
        del m.opset_import[:]
        for v in versions:
            m.opset_import.add(version=v)

    return change


def _twice(field):
    def change(m):
        items = getattr(m.graph, field)
        items.add().CopyFrom(items[0])

    return change


def _attribute(**fields):
    def change(m):
        _node("Relu", ["x"], ["r"])(m)
        attribute = m.graph.node[-1].attribute.add()
        for name, value in fields.items():
            setattr(attribute, name, value)

    return change


def _repeated_attribute(m):
    _node("LeakyRelu", ["x"], ["r"], alpha=0.1)(m)
    m.graph.node[-1].attribute.add().CopyFrom(m.graph.node[-1].attribute[0])


def _referred(m):
    _node("LeakyRelu", ["x"], ["r"])(m)
    m.graph.node[-1].attribute.add(name="alpha", ref_attr_name="outer", type=AttributeProto.FLOAT)


CRAFTED = {
    "values in another file": (_outside("/etc/passwd"), "another file"),
    "values up the folders": (_outside("../../../etc/passwd"), "another file"),
    "values by address": (_outside("http://localhost/x"), "another file"),
    "another file beside values": (_silently_outside, "another file"),
    "constant in another file": (_constant_outside, "another file"),
    "huge": (_dims(1 << 40, 1 << 20), "needs .* bytes|more values"),
    "product overflows": (_dims(1 << 33, 1 << 33), "more values than any memory"),
    "product wraps to the right size": (_dims(1 << 62, 4, 4), "more values than any memory"),
    "zero hides a huge one": (_dims(1 << 62, 0), "needs 0 bytes"),
    "negative": (_dims(-2, -2), "negative size"),
    "many axes": (_dims(*[1] * 40), "40 axes"),
    "another shape": (_dims(4, 4), "needs 64 bytes; the file has 16"),
    "raw too short": (_raw(b"abc"), "needs 16 bytes; the file has 3"),
    "raw too long": (_raw(b"a" * 1000), "the file has 1000"),
    "too few floats": (_typed(1, "float_data", [1.0]), "needs 4 values; the file has 1"),
    "too many floats": (_typed(1, "float_data", [1.0] * 9), "the file has 9"),
    "values in another field": (_typed(1, "int64_data", [1] * 4), "needs 4 values"),
    "int8 out of range": (_typed(3, "int32_data", [300] * 4), "outside the range of int8"),
    "uint32 out of range": (_typed(12, "uint64_data", [1 << 40] * 4), "outside the range"),
    "bool of bytes": (_initializer(data_type=9, raw_data=b"\1\2\3\4"), "neither 0 nor 1"),
    "no dtype": (_initializer(data_type=0), "has the dtype UNDEFINED"),
    "unknown dtype": (_initializer(data_type=99), "has the dtype 99"),
    "strings": (_typed(8, "string_data", [b"a"] * 4), "has the dtype STRING"),
    "half precision": (_initializer(data_type=10), "has the dtype FLOAT16"),
    "a segment": (lambda m: m.graph.initializer[0].segment.SetInParent(), "segment"),
    "no name": (_initializer(name=""), "without a name"),
    "two of one name": (_twice("initializer"), "two initializers"),
    "two inputs of one name": (_twice("input"), "two inputs"),
    "two results of one name": (_twice("node"), "'y', which is there already"),
    "cycle": (_cycle, "reads 'b', which nothing before it makes"),
    "reads itself": (_node("Add", ["x", "o"], ["o"]), "reads 'o'"),
    "reads nothing": (_node("Relu", ["nowhere"], ["o"]), "reads 'nowhere'"),
    "overwrites the input": (_node("Relu", ["x"], ["x"]), "'x', which is there already"),
    "missing output": (lambda m: m.graph.output.add(name="z"), "nothing makes the output 'z'"),
    "no result": (_node("Relu", ["x"], []), "no output"),
    "deep graphs": (_nested(12), "more than 8 deep"),
    "graphs of unknown names": (_branch("hidden"), "reads 'hidden'"),
    "endless loop": (_loop, "operator Loop"),
    "code of others": (_node("PyOp", ["x"], ["o"], "com.microsoft", code="ls"), "com.microsoft"),
    "unknown operator": (_node("Shell", ["x"], ["o"]), "operator Shell"),
    "functions": (_function, "functions"),
    "sparse": (_sparse, "sparse"),
    "sequence": (_sequence, "sequence_type"),
    "opset of the future": (_opset(1000), "opset 1000"),
    "opset 0": (_opset(0), "opset 0"),
    "two opsets": (_opset(18, 17), "2 opsets"),
    "no opset": (_opset(), "operators of the domains"),
    "unknown attribute": (_attribute(name="run", type=3, s=b"ls"), "attribute run"),
    "attribute twice": (_repeated_attribute, "alpha comes twice"),
    "attribute of a function": (_referred, "refers to"),
    "attribute of another kind": (
        _node("LeakyRelu", ["x"], ["o"], alpha="steep"),
        "alpha is of another kind",
    ),
    "operator of another opset": (_node("Gelu", ["x"], ["o"]), "opset 18 does not have it"),
    "attribute missing": (_node("Concat", ["x"], ["o"]), "axis"),
    "too many inputs": (_node("Relu", ["x", "x", "x"], ["o"]), "3 inputs"),
    "too few inputs": (_node("Add", ["x"], ["o"]), "1 inputs"),
    "stride 0": (_node("MaxPool", ["x"], ["o"], kernel_shape=[2], strides=[0]), "strides"),
    "huge window": (_node("MaxPool", ["x"], ["o"], kernel_shape=[1 << 40]), "kernel_shape"),
    "negative pads": (
        _node("MaxPool", ["x"], ["o"], kernel_shape=[2], pads=[-1, 0]),
        "pads",
    ),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted(name, tmp_path):
    change, message = CRAFTED[name]
    model = _model()
    change(model)
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    tracemalloc.start()
    try:
        with pytest.raises((ValueError, NotImplementedError), match=message) as caught:
            saving.load_onnx(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "x.onnx" in str(caught.value)
    assert peak < 8 << 20


def test_the_model_itself_loads(tmp_path):
    """So that the others are refused for what was changed."""
    path = tmp_path / "x.onnx"
    path.write_bytes(_model().SerializeToString())
    model = saving.load_onnx(path)
    assert model(np.ones((3, 2), "float32")).numpy().tolist() == [[2.0, 2.0]] * 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no file of this kind\n",
        b"PK\3\4" + b"\0" * 100,
        b"\x89HDF\r\n\x1a\n" * 9,
        b"\xff" * 99,
    ],
    ids=["empty", "text", "zip", "hdf5", "noise"],
)
def test_other_files(data, tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="is no ONNX file"):
        saving.load_onnx(path)


def test_cut_short(tmp_path):
    data = _model().SerializeToString()
    path = tmp_path / "x.onnx"
    refused = 0
    for n in range(0, len(data), 5):
        path.write_bytes(data[:n])
        try:
            saving.load_onnx(path)
        except (ValueError, NotImplementedError):
            refused += 1
    assert refused >= len(data) // 5


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        saving.load_onnx(tmp_path / "none.onnx")


def test_deep_messages(tmp_path):
    """Messages in messages, deeper than a stack likes."""
    inner = b""
    for _ in range(5000):  # attribute 6 (g) in node 1 in graph 7: lengths as they come
        inner = _field(6, inner)
        inner = _field(5, inner)
        inner = _field(1, inner)
    path = tmp_path / "x.onnx"
    path.write_bytes(_field(7, inner))
    with pytest.raises(ValueError, match="is no ONNX file"):
        saving.load_onnx(path)


def _field(number, data):
    length, size = b"", len(data)
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + data


def test_many_nodes_take_linear_time(tmp_path):
    model = _model()
    names = ["y", *(f"n{i}" for i in range(20_000))]
    for a, b in itertools.pairwise(names):
        node = model.graph.node.add(op_type="Relu")
        node.input.append(a)
        node.output.append(b)
    model.graph.output[0].name = names[-1]
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    loaded = saving.load_onnx(path)
    assert loaded(np.ones((1, 2), "float32")).numpy().tolist() == [[2.0, 2.0]]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 10


BOMBS = {
    "expand": ("Expand", ["x", "wide"], {}),
    "tile": ("Tile", ["x", "n"], {}),
    "constant": ("ConstantOfShape", ["n"], {}),
    "pad": ("Pad", ["x", "pads"], {}),
    "resize": ("Resize", ["x", "", "scales"], {}),
    "one hot": ("OneHot", ["n", "n1", "pair"], {}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_results_out_of_all_proportion(name):
    """What a few numbers in a file would make huge is refused when it is asked for."""
    from minidl.saving._onnx_import import model_of

    op, inputs, attributes = BOMBS[name]
    model = _model()
    for key, array in {
        "n": np.array([1 << 30, 1 << 30]),
        "wide": np.array([1 << 40, 2]),
        "n1": np.array([1 << 40]),
        "pads": np.array([0, 0, 1 << 40, 0]),
        "scales": np.array([1e9, 1e9], "float32"),
        "pair": np.array([0.0, 1.0], "float32"),
    }.items():
        if key in inputs:
            model.graph.initializer.add().CopyFrom(numpy_helper.from_array(array, key))
    _node(op, inputs, ["o"], **attributes)(model)
    loaded = model_of(model)
    with pytest.raises(ValueError, match=r"is refused: it has more than|is not resized"):
        loaded(np.ones((1, 2), "float32"))


def test_mutated_files():
    """20,000 of them, in a process of their own with its memory capped."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.saving.onnx_mutants", "--count", "20000"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert not done.returncode, f"{how_it_ended(done.returncode)}\n{done.stderr[-3000:]}"
    refused = int(done.stdout.split(" refused")[0].split()[-1])
    assert 5_000 < refused < 19_500  # neither all nor none


def test_weights_are_not_run_as_anything():
    """Loading imports and runs nothing that the file names."""
    model = minidl.Sequential([minidl.Input((2,)), minidl.layers.Lambda(lambda x: x * 2)])
    from minidl.saving._onnx_export import onnx_model
    from minidl.saving._onnx_import import model_of

    loaded = model_of(onnx_model(model))  # followed into its ops: no code travels
    np.testing.assert_array_equal(loaded(np.ones((1, 2), "float32")).numpy(), [[2.0, 2.0]])
