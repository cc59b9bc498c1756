"""The node tests of the ONNX standard: what is offered gives their results, the rest is refused.

`PASSING` is the record: how many cases of each operator pass. A case may only be refused by the
name of what is missing; a wrong result, or another error, fails.
"""

import warnings
from collections import defaultdict

import numpy as np
import pytest

from .onnx_nodes import ALL_PASSING, EXPANDED_PASSING, ONNX_VERSION, PASSING
from .onnx_peer import onnx

onnx()


def _operator(case):
    """The operator of a case; "expanded" for those that spell an operator out in simpler ones."""
    nodes = case.model.graph.node
    return nodes[0].op_type if len(nodes) == 1 else "expanded"


@pytest.fixture(scope="module")
def cases():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        with np.errstate(all="ignore"):
            found = collect_testcases(None)
    groups = defaultdict(list)
    for case in found:
        groups[_operator(case)].append(case)
    return groups


def _array(x):
    return onnx().numpy_helper.to_array(x) if hasattr(x, "data_type") else np.asarray(x)


def _passes(case):
    """True for the right result, False for a refusal by name; anything else raises."""
    from minidl.saving._onnx_import import model_of

    kinds = {node.op_type for node in case.model.graph.node}
    try:
        model = model_of(case.model)
        for inputs, outputs in case.data_sets:
            found = model.call([_array(x) for x in inputs])
            found = found if isinstance(found, list) else [found]
            assert len(found) == len(outputs)
            for got, want in zip(found, map(_array, outputs), strict=True):
                got = got.numpy()
                if onnx().__version__ != ONNX_VERSION:  # older ones mix up float32 and float64
                    want = want.astype(got.dtype)
                assert got.dtype == want.dtype, case.name
                np.testing.assert_allclose(
                    got, want, rtol=case.rtol, atol=case.atol, err_msg=case.name, strict=True
                )
    except NotImplementedError as error:
        text = str(error)
        named = any(k in text for k in kinds)
        assert (
            named
            or "has the dtype" in text
            or "no tensor" in text
            or "domain" in text
            or ("opset" in text)
        ), text
        return False
    return True


@pytest.mark.parametrize("name", PASSING)
def test_operator(name, cases):
    passed = sum(map(_passes, cases.get(name, [])))
    if onnx().__version__ == ONNX_VERSION:
        assert passed >= PASSING[name]
    assert passed or not PASSING[name] or not cases.get(name)


def test_expanded(cases):
    passed = sum(map(_passes, cases["expanded"]))
    if onnx().__version__ == ONNX_VERSION:
        assert passed >= EXPANDED_PASSING


def test_the_rest_is_refused(cases):
    for name in set(cases) - set(PASSING) - {"expanded"}:
        for case in cases[name]:
            assert not _passes(case), f"{case.name} passes: add {name} to the record"


# Those with a gradient, taken at places without a kink.
DIFFERENTIABLE = """
Abs Acos Acosh Add AffineGrid Asin Asinh Atan Atanh Attention AveragePool BatchNormalization
CausalConvWithState Celu CenterCropPad Concat Conv ConvTranspose Cos Cosh CumProd CumSum
DepthToSpace Div Elu Erf Exp Expand Flatten Gather GatherElements GatherND Gelu Gemm
GlobalAveragePool GlobalMaxPool GridSample GroupNormalization GRU HardSigmoid HardSwish
InstanceNormalization LayerNormalization LeakyRelu LinearAttention Log LogSoftmax LpNormalization
LpPool LRN LSTM MatMul Max MaxPool Mean MeanVarianceNormalization Min Mul Neg
NegativeLogLikelihoodLoss PRelu Reciprocal ReduceLogSum ReduceLogSumExp ReduceL1 ReduceL2 ReduceMax
ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ReverseSequence
RMSNormalization RNN RotaryEmbedding ScatterElements ScatterND Selu Shrink Sigmoid Sin Sinh Slice
Softmax SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum SwiGLU
Swish Tan Tanh ThresholdedRelu Tile TopK Transpose Unsqueeze Where
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients(name, cases):
    """In float64, against central differences along a random direction."""
    checked = 0
    for case in cases[name]:
        checked += _gradients_agree(case)
        if checked >= 4:
            break
    assert checked or onnx().__version__ != ONNX_VERSION


def _gradients_agree(case):
    """How many inputs of a case were checked."""
    import minidl
    from minidl.saving._onnx_import import model_of
    from minidl.saving._onnx_import._program import plain

    try:
        model = model_of(case.model)
    except NotImplementedError:
        return 0
    (step,) = model._program.steps
    rng = np.random.default_rng(0)
    values = {}
    for key, x in zip(model.input_names, map(_array, case.data_sets[0][0]), strict=True):
        if x.dtype.kind == "f" and key not in ("roi", "scales"):
            x = np.asarray(x, "float64")
            x = x + 1e-3 * rng.standard_normal(x.shape) if x.ndim else x
        values[key] = x
    floats = [k for k, x in values.items() if x.dtype == np.float64 and x.ndim]

    def run(given):
        named = {
            k: x if isinstance(x, minidl.Tensor) else minidl.Tensor(x) for k, x in given.items()
        }
        step(named)
        return plain(named[next(n for n in step.outputs if n)])

    try:
        out = run(values)
    except NotImplementedError:
        return 0
    if out.data.dtype != np.float64 or not np.isfinite(out.data).all():
        return 0
    weight = rng.standard_normal(out.shape)
    tensors = {k: minidl.Tensor(values[k]) for k in floats}
    with minidl.GradientTape() as tape:
        for x in tensors.values():
            tape.watch(x)
        total = minidl.ops.sum(run({**values, **tensors}) * weight)
    gradients = tape.gradient(total, list(tensors.values()))
    for key, gradient in zip(floats, gradients, strict=True):
        way = rng.standard_normal(values[key].shape)
        ends = [
            float((run({**values, key: values[key] + s * 1e-6 * way}).data * weight).sum())
            for s in (1, -1)
        ]
        numeric = (ends[0] - ends[1]) / 2e-6
        found = 0.0 if gradient is None else float((gradient.numpy() * way).sum())
        assert found == pytest.approx(numeric, rel=2e-3, abs=2e-5), f"{case.name}, {key}"
    return len(floats)


def test_the_record():
    from minidl.saving._onnx_import import OPERATORS

    assert sum(PASSING.values()) + EXPANDED_PASSING == ALL_PASSING
    assert set(PASSING) <= set(OPERATORS)
    # those without node tests of their own
    assert set(OPERATORS) - set(PASSING) <= {"Scatter"}
