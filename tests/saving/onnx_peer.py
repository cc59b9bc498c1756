"""onnx and onnxruntime as the judges of what is written."""

import numpy as np
import pytest


def onnx():
    """The onnx package, or a skip."""
    return pytest.importorskip("onnx", reason="ONNX files need onnx: pip install onnx")


def run(proto, inputs):
    """Outputs of a model in onnxruntime; a skip without it."""
    runtime = pytest.importorskip(
        "onnxruntime", reason="running ONNX files needs onnxruntime: pip install onnxruntime"
    )
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [x.name for x in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True)))


def checked(model, signature=None):
    """The model as ONNX, after the checker has seen it, shapes included."""
    from minidl.saving._onnx_export import onnx_model

    proto = onnx_model(model, signature)
    onnx().checker.check_model(proto, full_check=True)
    return proto


def equal(ours, theirs, tolerance=1e-4):
    """Whether lists of arrays have equal shapes and dtypes, and values within the tolerance."""
    ours, theirs = ([x] if isinstance(x, np.ndarray) else x for x in (ours, theirs))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def shaken(model, seed=0):
    """The model with weights that are not at their start: zeros and ones hide mistakes."""
    rng = np.random.default_rng(seed)
    for w in model.weights:
        if np.dtype(w.dtype).kind == "f":
            change = rng.standard_normal(w.shape) * 0.2
            new = np.abs(w.numpy() + change) + 0.1 if "variance" in w.path else w.numpy() + change
            w.assign(new.astype(w.dtype))
    return model
