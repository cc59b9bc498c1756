"""Every differentiable op against central differences, and float32 against float64."""

import numpy as np
import pytest
from minidl import GradientTape, ops
from minidl.testing import check_gradients

from tests.cases import op_cases
from tests.checks import assert_close, make

CASES = op_cases()
FLOAT32 = 2e-3  # relative
VARIANTS = ("contiguous", "strided", "size_1")


def _function(case, args, strided):
    """`case.op` as a function of the arguments to differentiate by, and their values."""

    def call(*tensors):
        full = list(args)
        for index, tensor in zip(case.wrt, tensors, strict=True):
            # Every second element of twice as many: a view with gaps reaches the op.
            full[index] = tensor[..., ::2] if strided and tensor.ndim else tensor
        return case.op(*full, **case.kwargs)

    return call


def _values(case, args, strided):
    values = [args[index] for index in case.wrt]
    return [np.repeat(v, 2, axis=-1) if v.ndim else v for v in values] if strided else values


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_gradient_equals_central_differences(case, variant):
    args = make(case, np.float64, ones=variant == "size_1")
    strided = variant == "strided"
    check_gradients(_function(case, args, strided), _values(case, args, strided))


def _gradients(case, args, seed=5):
    tensors = [ops.convert_to_tensor(args[index]) for index in case.wrt]
    with GradientTape() as tape:
        tape.watch(tensors)
        out = _function(case, args, strided=False)(*tensors)
        outs = list(out) if isinstance(out, (tuple, list)) else [out]
    rng = np.random.default_rng(seed)
    upstream = [rng.standard_normal(o.shape).astype(o.dtype) for o in outs]
    return tape.gradient(outs, tensors, output_gradients=upstream, unconnected_gradients="zero")


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_float32_follows_float64(case):
    low, high = _gradients(case, make(case, np.float32)), _gradients(case, make(case, np.float64))
    for number, (got, right) in enumerate(zip(low, high, strict=True)):
        assert got.dtype == np.float32
        assert_close(got, right, FLOAT32, f"{case.id}, input {case.wrt[number]}")


def test_there_are_enough_checks():
    assert len(CASES) * len(VARIANTS) >= 1500
