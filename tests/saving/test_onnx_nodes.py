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


def test_the_record():
    from minidl.saving._onnx_import import OPERATORS

    assert sum(PASSING.values()) + EXPANDED_PASSING == ALL_PASSING
    assert set(PASSING) <= set(OPERATORS)
    # those without node tests of their own
    assert set(OPERATORS) - set(PASSING) <= {"Scatter"}
