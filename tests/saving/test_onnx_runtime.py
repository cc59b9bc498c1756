"""Single operators with many settings, read here and run in onnxruntime: equal results."""

import itertools

import numpy as np
import pytest

from .onnx_peer import equal, onnx, run

onnx()
pytest.importorskip(
    "onnxruntime", reason="running ONNX files needs onnxruntime: pip install onnxruntime"
)

from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def _model(op, inputs, constants, outputs=1, opset=18, **attributes):
    """A model of one node; `inputs` are arrays by name, None for one that is left out."""
    names = [n if x is not None else "" for n, x in {**inputs, **constants}.items()]
    made = [f"out{i}" for i in range(outputs)]
    attributes = {k: v for k, v in attributes.items() if v is not None}
    graph = helper.make_graph(
        [helper.make_node(op, names, made, **attributes)],
        "graph",
        [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
            for n, x in inputs.items()
            if x is not None
        ],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in made],
        [numpy_helper.from_array(x, n) for n, x in constants.items() if x is not None],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _same(model, *data):
    from minidl.saving._onnx_import import model_of

    found = model_of(model)(list(data) if len(data) > 1 else data[0])
    found = found if isinstance(found, list) else [found]
    equal([y.numpy() for y in found], run(model, data), 1e-5)


def _normal(rng, *shape):
    return rng.standard_normal(shape).astype("float32")


@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
def test_conv_transpose(auto_pad):
    rng = np.random.default_rng(0)
    ranges = ((2, 3), (1, 2), (1, 2), (False, True), (1, 2), (0, 1))
    for k, s, d, shaped, groups, more in itertools.product(*ranges):
        if more >= s:
            continue
        covered = 4 * s + (k - 1) * d + 1 + more
        model = _model(
            "ConvTranspose",
            {"x": _normal(rng, 2, 4, 5)},
            {"w": _normal(rng, 4, 3, k), "b": _normal(rng, 3 * groups)},
            kernel_shape=[k],
            strides=[s],
            dilations=[d],
            group=groups,
            output_padding=[more] if more else None,
            auto_pad=auto_pad,
            output_shape=[covered - 1] if shaped else None,
            pads=[1, 0] if auto_pad == "NOTSET" and not shaped else None,
        )
        _same(model, _normal(rng, 2, 4, 5))


@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
def test_conv(auto_pad):
    rng = np.random.default_rng(0)
    for k, s, d, groups, rank in itertools.product((1, 3), (1, 2), (1, 2), (1, 2, 4), (1, 2)):
        if d > 1 and auto_pad.startswith("SAME"):
            continue  # onnxruntime does not take it
        x = _normal(rng, 2, 4, *(7, 8)[:rank])
        model = _model(
            "Conv",
            {"x": x},
            {"w": _normal(rng, 8, 4 // groups, *[k] * rank), "b": _normal(rng, 8)},
            strides=[s] * rank,
            dilations=[d] * rank,
            group=groups,
            auto_pad=auto_pad,
            pads=[1, 0, 2, 1][: 2 * rank] if auto_pad == "NOTSET" else None,
        )
        _same(model, x)


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_pools(op):
    rng = np.random.default_rng(0)
    pads = ([0, 0], [1, 0], [0, 1], [1, 1])
    for k, s, n, ceil, zeros, pad in itertools.product(
        (2, 3), (1, 2, 3), (5, 6, 7), (0, 1), (None, 1), pads
    ):
        if zeros and op == "MaxPool":
            continue
        x = _normal(rng, 2, 3, n)
        options = {"ceil_mode": ceil, "count_include_pad": zeros, "pads": pad}
        _same(_model(op, {"x": x}, {}, opset=19, kernel_shape=[k], strides=[s], **options), x)


@pytest.mark.parametrize("op", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_recurrent(op, direction):
    rng = np.random.default_rng(0)
    gates, both = {"RNN": 1, "GRU": 3, "LSTM": 4}[op], 1 + (direction == "bidirectional")
    for bias, lengths, start, other in itertools.product((False, True), repeat=4):
        x = _normal(rng, 5, 3, 2)  # (steps, batch, features)
        inputs = {
            "x": x,
            "w": _normal(rng, both, gates * 4, 2),
            "r": _normal(rng, both, gates * 4, 4),
            "b": _normal(rng, both, 2 * gates * 4) if bias else None,
            "lengths": np.array([5, 2, 4], "int32") if lengths else None,
            "h": _normal(rng, both, 3, 4) if start else None,
        }
        if op == "LSTM":
            inputs["c"] = _normal(rng, both, 3, 4) if start else None
        functions = {
            "RNN": ["Relu"],
            "GRU": ["Sigmoid", "Relu"],
            "LSTM": ["Sigmoid", "Relu", "Relu"],
        }
        model = _model(
            op,
            {"x": x},
            {k: v for k, v in inputs.items() if k != "x"},
            outputs=3 if op == "LSTM" else 2,
            hidden_size=4,
            direction=direction,
            activations=functions[op] * both if other else None,
            linear_before_reset=1 if op == "GRU" and other else None,
        )
        _same(model, x)
