"""Calls that must fail, with the error and what its message must tell.

Each is (call, type of the error, pattern of the message). The calls are text, so that they can be
run in another process and read in a report. Names in them: see `names`. Patterns name the
argument and the value that was given.
"""

import numpy as np

from tests.ops.bad_attention_calls import ATTENTION, EMBEDDING
from tests.ops.bad_recurrent_calls import RECURRENT
from tests.ops.bad_window_calls import WINDOWS

T, V, I = TypeError, ValueError, IndexError  # noqa: E741


def names() -> dict:
    """What the calls below may use, fresh each time."""
    import minidl
    from minidl import _core, ops

    rng = np.random.default_rng(0)

    def array(*shape, dtype=np.float32):
        return rng.standard_normal(shape).astype(dtype)

    return {
        "np": np,
        "minidl": minidl,
        "core": _core,
        "ops": ops,
        "a": array,
        "m": array(4, 5),
        "n": array(5, 3),
        "v": array(5),
        "x": array(2, 6, 6, 3),
        "k": array(3, 3, 3, 4),
        "b": array(4),
        "m64": array(4, 5, dtype=np.float64),
        "n64": array(5, 3, dtype=np.float64),
        "k64": array(3, 3, 3, 4, dtype=np.float64),
        "half": array(4, 5, dtype=np.float16),
        "complex": array(4, 5).astype(np.complex64),
        "object": np.array([[1, "a"]], dtype=object),
        "text": np.array(["a", "b"]),
        "labels": np.array([0, 1, 2, 1]),
        "w": minidl.Variable(array(4, 5)),
    }


MIXED = r"float32.*float64|float64.*float32"
BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
UNARY = ("exp", "log", "sqrt", "tanh", "sigmoid", "relu", "elu", "softmax", "log_softmax")
UNARY += ("expm1", "log1p", "erf", "softplus", "silu", "gelu", "celu", "mish", "sparsemax", "glu")

BAD: dict[str, list[tuple[str, type, str]]] = {
    op: [
        (f"ops.{op}(m, n)", V, r"\(4, 5\).*\(5, 3\)"),
        (f"ops.{op}(m, a(2, 4, 3))", V, r"\(4, 5\).*\(2, 4, 3\)"),
        (f"ops.{op}(m, m64)", T, MIXED),
        (f"ops.{op}(m64, m)", T, MIXED),
        (f"ops.{op}(half, m)", T, "float16"),
        (f"ops.{op}(m, complex)", T, "complex64"),
        (f"ops.{op}(m, object)", T, "object"),
        (f"ops.{op}(m, 'abc')", T, "str|<U3|abc"),
        (f"ops.{op}(m, None)", T, "None"),
    ]
    for op in BINARY
}
BAD |= {
    op: [
        (f"ops.{op}(half)", T, "float16"),
        (f"ops.{op}(complex)", T, "complex64"),
        (f"ops.{op}(object)", T, "object"),
        (f"ops.{op}(text)", T, "str|<U1"),
        (f"ops.{op}(None)", T, "None"),
    ]
    for op in UNARY
}
BAD["relu"] += [
    ("ops.relu(m, negative_slope='a')", (T, V), "negative_slope"),
    ("ops.relu(m, max_value='a')", (T, V), "max_value"),
    ("ops.relu(m, threshold=None)", T, "threshold"),
]
BAD["activations"] = [
    ("ops.elu(m, alpha='a')", T, "alpha.*a"),
    ("ops.celu(m, alpha=0)", V, "alpha.*0"),
    ("ops.hard_shrink(m, -1)", V, "threshold.*-1"),
    ("ops.soft_shrink(m, None)", T, "threshold.*None"),
    ("ops.threshold(m, 'a', 0)", T, "threshold.*a"),
    ("ops.threshold(m, 0, float('nan'))", V, "default_value.*nan"),
    ("ops.squareplus(m, None)", T, "b=None"),
    ("ops.glu(m)", V, r"\(4, 5\)"),
    ("ops.glu(m, axis=2)", V, "axis.*2"),
    ("ops.sparsemax(m, axis=2)", V, "axis.*2"),
    ("core.gelu_grad(m, v)", V, r"\(5,\)"),
    ("core.silu_grad(m, m64)", T, MIXED),
    ("minidl.activations.get('rellu')", V, "rellu.*relu"),
]
BAD["softmax"] += [
    ("ops.softmax(m, axis=2)", V, "axis.*2"),
    ("ops.softmax(m, axis=-3)", V, "axis.*-3"),
    ("ops.softmax(m, axis=0.5)", T, "axis.*0.5"),
    ("ops.softmax(a(4, 0))", V, r"\(4, 0\)"),
    ("ops.softmax(np.float32(1))", V, r"\(\)|axis"),
]
BAD["reduce"] = [
    (f"ops.{op}({args})", error, pattern)
    for op in ("sum", "mean", "max", "min")
    for args, error, pattern in (
        ("m, axis=2", V, "axis.*2"),
        ("m, axis=-3", V, "axis.*-3"),
        ("m, axis=(0, 0)", V, r"axis.*\(0, 0\)|duplicate|repeated|twice"),
        ("m, axis=1.5", T, "axis.*1.5"),
        ("m, axis='rows'", T, "axis.*rows"),
        ("half", T, "float16"),
        ("complex", T, "complex64"),
    )
]
BAD["reduce"] += [
    ("ops.max(a(0, 3), axis=0)", V, r"\(0, 3\)|empty"),
    ("ops.min(a(3, 0))", V, r"\(3, 0\)|empty"),
    ("core.sum(m, (2,), False)", V, "axis|axes"),
    ("core.sum(m, (0, 0), False)", V, "axis|axes"),
    ("core.max(a(0, 3), (0,), False)", V, r"empty|\(0, 3\)"),
]
BAD["matmul"] = [
    ("ops.matmul(m, m)", V, r"\(4, 5\).*\(4, 5\)"),
    ("ops.matmul(n, m)", V, r"\(5, 3\).*\(4, 5\)"),
    ("ops.matmul(m, np.float32(2))", V, r"\(\)|dimension|axes|axis"),
    ("ops.matmul(np.float32(2), m)", V, r"\(\)|dimension|axes|axis"),
    ("ops.matmul(m, 3.0)", V, r"\(\)|dimension|axes|axis"),
    ("ops.matmul(a(2, 4, 5), a(3, 5, 4))", V, r"\(2, 4, 5\).*\(3, 5, 4\)"),
    ("ops.matmul(m, n64)", T, MIXED),
    ("ops.matmul(half, n)", T, "float16"),
    ("ops.matmul(m, complex.T)", T, "complex64"),
    ("ops.matmul(m, None)", T, "None"),
    ("ops.matmul(v, m)", V, r"\(5,\).*\(4, 5\)"),
    ("ops.dense(m, n, a(4))", V, r"bias.*\(4,\)"),
    ("ops.dense(m, n, a(1, 3))", V, r"bias.*\(1, 3\)"),
    ("ops.dense(m, m)", V, r"\(4, 5\)"),
    ("ops.dense(m, v)", V, r"kernel.*\(5,\)"),
    ("ops.dense(m, n, activation='tanh')", V, "activation.*tanh"),
    ("ops.dense(m, n, activation=3)", V, "activation.*3"),
    ("ops.dense(m, n, n64[0])", T, MIXED),
    ("core.matmul(m, n, activation='gelu')", V, "activation.*gelu"),
    ("core.matmul(m, n, bias=a(7))", V, r"bias.*\(7,\)|bias.*7"),
    ("core.matmul(m, m)", V, r"\(4, 5\)"),
    ("core.matmul(v, n)", V, r"\(5,\)|dimension|2"),
    ("core.matmul(m, n64)", T, MIXED),
    ("core.matmul(m.astype(int), n)", T, "int64"),
    ("core.matmul(m.tolist(), n)", T, "x1|list|array"),
]
BAD["losses"] = [
    ("ops.softmax_cross_entropy(m, np.array([0, 1, 2, 5]))", V, r"5"),
    ("ops.softmax_cross_entropy(m, np.array([0, 1, -1, 2]))", V, "-1"),
    ("ops.softmax_cross_entropy(m, labels[:3])", V, r"\(3,\)|3"),
    ("ops.softmax_cross_entropy(m, labels.astype(np.int32) + 9)", V, "9|10|11"),
    ("ops.softmax_cross_entropy(m, a(4, 4))", V, r"\(4, 4\)"),
    ("ops.softmax_cross_entropy(m, m64)", T, MIXED),
    ("ops.softmax_cross_entropy(m, labels.astype(np.complex128))", T, "complex128"),
    ("ops.softmax_cross_entropy(m, None)", T, "None"),
    ("ops.softmax_cross_entropy(v, labels)", V, r"\(5,\)"),
    ("ops.softmax_cross_entropy(half, labels)", T, "float16"),
    ("ops.softmax_cross_entropy(a(4, 0), labels)", V, r"\(4, 0\)|0"),
    ("core.softmax_cross_entropy(m, np.array([0, 1, 2, 2**40]))", V, str(2**40)),
    ("core.softmax_cross_entropy(m, labels.reshape(2, 2))", V, r"\(2, 2\)|labels"),
    ("core.softmax_cross_entropy_grad(v, m, labels, a(4, 2))", V, r"dy"),
    ("core.softmax_cross_entropy_grad(a(4), m, labels, a(4))", V, r"log_sum.*\(4,\)"),
    ("core.softmax_cross_entropy_grad(a(4), m, labels + 9, a(4, 2))", V, "labels"),
    ("ops.sparse_categorical_crossentropy(labels + 4, m, from_logits=True)", V, "[5-7]"),
    ("ops.sparse_categorical_crossentropy(labels[:2], m, from_logits=True)", V, r"\(2,\)|2"),
    ("ops.categorical_crossentropy(a(4, 3), m)", V, r"\(4, 3\).*\(4, 5\)|\(4, 5\).*\(4, 3\)"),
    ("ops.binary_crossentropy(a(4, 3), m)", V, r"\(4, 3\).*\(4, 5\)|\(4, 5\).*\(4, 3\)"),
]
BAD["normalization"] = [
    ("ops.batch_norm(m, a(4), None, 1e-3)", V, r"gamma.*\(4,\)"),
    ("ops.batch_norm(m, None, a(1, 5), 1e-3)", V, r"beta.*\(1, 5\)"),
    ("ops.batch_norm(m, v.astype(float), None, 1e-3)", T, MIXED),
    ("ops.batch_norm(half, None, None, 1e-3)", T, "float16"),
    ("ops.batch_norm(np.float32(1), None, None, 1e-3)", V, r"\(\)"),
    ("ops.batch_norm(m, None, None, -1.0)", V, "epsilon.*-1"),
    ("ops.batch_norm(m, None, None, float('nan'))", V, "epsilon.*nan"),
    ("ops.batch_norm(a(0, 5), None, None, 1e-3)", V, r"\(0, 5\)|empty"),
    ("ops.batch_norm_inference(m, v, v, a(4), v, 1e-3)", V, r"mean.*\(4,\)"),
    ("ops.batch_norm_inference(m, v, v, v, a(6), 1e-3)", V, r"variance.*\(6,\)"),
    ("core.batch_norm(m, a(3), None, 1e-3)", V, "gamma"),
    ("core.batch_norm_grad(a(4, 4), m, None, v, v, 1e-3)", V, "dy"),
    ("core.batch_norm_grad(m, m, None, v[:2], v, 1e-3)", V, "mean"),
]
BAD["layer_norm"] = [
    (f"ops.{op}({args})", error, pattern)
    for op in ("layer_norm", "rms_norm", "group_norm")
    for args, error, pattern in (
        ("m, a(4)", V, r"gamma.*\(4,\)"),
        ("m, v.astype(float)", T, MIXED),
        ("half", T, "float16"),
        ("np.float32(1)", V, r"\(\)"),
        ("m, epsilon=-1.0", V, "epsilon.*-1"),
        ("m, epsilon='a'", T, "epsilon.*a"),
    )
]
BAD["layer_norm"] += [
    ("ops.layer_norm(m, None, a(1, 5))", V, r"beta.*\(1, 5\)"),
    ("ops.layer_norm(a(4, 0))", V, r"\(4, 0\)"),
    ("ops.layer_normalization(m, axis=2)", V, "axis.*2"),
    ("ops.layer_normalization(m, axis=(0, 0))", V, r"axis.*\(0, 0\)"),
    ("ops.layer_normalization(m, a(4), axis=-1)", V, r"gamma.*\(4,\)"),
    ("ops.layer_normalization(m, None, a(5, 4), axis=(0, 1))", V, r"beta.*\(5, 4\)"),
    ("ops.rms_normalization(m, a(5), axis=0)", V, r"scale.*\(5,\)"),
    ("ops.rms_normalization(a(0, 5), axis=0)", V, r"\(0, 5\)"),
    ("ops.normalize(m, axis=2)", V, "axis.*2"),
    ("ops.normalize(m, order=0)", V, "order.*0"),
    ("ops.normalize(m, order=1.5)", V, "order.*1.5"),
    ("ops.normalize(m, axis=(0, 1), order=1)", V, "order.*1"),
    ("ops.normalize(m, epsilon=0)", V, "epsilon.*0"),
    ("ops.group_norm(m, groups=2)", V, "groups.*2"),
    ("ops.group_norm(m, groups=0)", V, "groups.*0"),
    ("ops.group_norm(m, groups=-2)", V, "groups.*-2"),
    ("ops.group_norm(m, groups=2.5)", T, "groups.*2.5"),
    ("ops.group_norm(v)", V, r"\(5,\)"),
    ("ops.group_norm(a(2, 0, 3, 4), groups=2)", V, r"\(2, 0, 3, 4\)"),
    ("ops.group_normalization(m, 2, axis=0)", V, "axis.*0"),
    ("ops.group_normalization(m, 2, axis=2)", V, "axis.*2"),
    ("core.layer_norm(m, a(3), None, 1e-3)", V, "gamma"),
    ("core.layer_norm(a(2, 0), None, None, 1e-3)", V, r"\(2, 0\)"),
    ("core.layer_norm_grad(a(4, 4), m, None, v[:4], v[:4])", V, "dy"),
    ("core.layer_norm_grad(m, m, None, v, v[:4])", V, "mean"),
    ("core.layer_norm_grad(m, m, None, v[:4], v)", V, "scale"),
    ("core.rms_norm(m, a(3), 1e-3)", V, "gamma"),
    ("core.rms_norm_grad(m, m, None, a(4, 1))", V, "scale"),
    ("core.group_norm(m, None, None, 3, 1e-3)", V, "groups.*3"),
    ("core.group_norm(m, None, None, 5, -1e-3)", V, "epsilon"),
    ("core.group_norm_grad(m, m, None, a(4, 5), a(4, 1))", V, r"\(4, 5\).*\(4, 1\)"),
    ("core.group_norm_grad(m, m, None, a(4, 2), a(4, 2))", V, "groups.*2"),
    ("core.group_norm_grad(m, m, None, a(3, 5), a(3, 5))", V, r"mean.*\(3, 5\)"),
]
BAD["dropout"] = [
    ("ops.dropout(m, 1.5, seed=1)", V, "rate.*1.5"),
    ("ops.dropout(m, -0.1, seed=1)", V, "rate.*-0.1"),
    ("ops.dropout(m, float('nan'), seed=1)", V, "rate.*nan"),
    ("ops.dropout(m, 'half', seed=1)", (T, V), "rate.*half"),
    ("ops.dropout(half, 0.5, seed=1)", T, "float16"),
    ("core.dropout(m, 2.0, 1)", V, "rate.*2"),
    ("core.dropout(m, -1.0, 1)", V, "rate.*-1"),
]
BAD["optimizers"] = [
    ("core.sgd([w.data], [m[:3]], None, 0.1, 0.0, False)", V, r"gradients|\(3, 5\)"),
    ("core.sgd([w.data], [], None, 0.1, 0.0, False)", V, "gradients|length"),
    ("core.sgd([w.data], [m64], None, 0.1, 0.0, False)", T, MIXED),
    ("core.sgd([w.data], [m], [v], 0.1, 0.9, False)", V, r"velocities|\(5,\)"),
    ("core.sgd([w.data], [m], [], 0.1, 0.9, False)", V, "velocities|length"),
    ("core.sgd([m.T], [m.T], None, 0.1, 0.0, False)", (T, V), "contiguous|variables"),
    ("core.sgd([half], [half], None, 0.1, 0.0, False)", T, "float16"),
    ("core.sgd([labels], [labels], None, 0.1, 0.0, False)", T, "int64"),
    ("core.sgd(w.data, m, None, 0.1, 0.0, False)", (T, V), "variables|list"),
    ("core.adam([w.data], [m], [m * 0], [v], None, .1, .9, .99, 1e-7, 1)", V, r"\(5,\)|v"),
    ("core.adam([w.data], [m], [], [], None, .1, .9, .99, 1e-7, 1)", V, "m|length"),
    ("core.adam([w.data], [m], [m * 0], [m * 0], None, .1, .9, .99, 1e-7, 0)", V, "step.*0"),
    ("core.adam([w.data], [m], [m * 0], [m * 0], [], .1, .9, .99, 1e-7, 1)", V, "v_hat|length"),
    (
        "core.adam([w.data] * 2, [m, v], [m * 0] * 2, [m * 0] * 2, None, .1, .9, .99, 1e-7, 1)",
        V,
        r"gradients|\(5,\)",
    ),
    ("core.sgd([w.data], [m], None, 0.1, 0.0, False, [])", V, "keep has 0.*1"),
    ("core.rmsprop([w.data], [m], [m * 0], None, [], .1, .9, .0, 1e-7)", V, "means|length"),
    ("core.rmsprop([w.data], [m], [m * 0], [v], None, .1, .9, .5, 1e-7)", V, r"momentums|\(5,\)"),
    ("core.rmsprop([w.data], [m], [m * 0], None, None, .1, 1.5, .0, 1e-7)", V, "rho.*1.5"),
    ("core.adagrad([w.data], [m], [m[:2]], .1, 1e-7)", V, "sums"),
    ("core.adagrad([w.data], [m], [m * 0], -1.0, 1e-7)", V, "learning_rate.*-1"),
    ("core.adadelta([w.data], [m], [m * 0], None, .1, .9, -1.0)", V, "epsilon.*-1"),
    ("core.adamax([w.data], [m], [m * 0], [m * 0], .1, 1.0, .99, 1e-7, 1)", V, "beta_1.*1"),
    ("core.nadam([w.data], [m], [m * 0], [m * 0], .1, .9, .99, 1e-7, 1, 1.0)", V, "product.*1"),
    ("core.lion([w.data], [m], [m * 0], .1, -0.5, .99)", V, "beta_1.*-0.5"),
    ("core.ftrl([w.data], [m], [m], [m], 0.0, -.5, 0, 0, 0, 0)", V, "learning_rate.*0"),
    ("core.ftrl([w.data], [m], [m], [m], 0.1, .5, 0, 0, 0, 0)", V, "power.*0.5"),
    ("minidl.optimizers.SGD(0.1).apply_gradients([(m[:2], w)])", V, r"\(2, 5\)|shape"),
    ("minidl.optimizers.Adam(0.1).apply_gradients([(m64, w)])", (T, V), MIXED),
    ("minidl.optimizers.SGD(0.1).apply_gradients([(None, w)])", V, "gradient"),
    ("minidl.optimizers.SGD('fast')", (T, V), "learning_rate.*fast"),
    ("minidl.optimizers.SGD(0.1, momentum=2.0)", V, "momentum.*2"),
    ("minidl.optimizers.SGD(0.1, momentum=-0.1)", V, "momentum.*-0.1"),
]
BAD["shaping"] = [
    ("ops.reshape(m, (3, 7))", V, r"\(4, 5\).*\(3, 7\)"),
    ("ops.reshape(m, (-1, -1))", V, "-1"),
    ("ops.reshape(m, (0, -1))", V, r"\(0, -1\)|\(4, 5\)"),
    ("ops.transpose(m, (0, 0))", V, r"\(0, 0\)"),
    ("ops.transpose(m, (0, 2))", V, r"\(0, 2\)|axes|axis"),
    ("ops.transpose(m, (0,))", V, r"\(0,\)|axes"),
    ("ops.expand_dims(m, 4)", V, "axis.*4"),
    ("ops.squeeze(m, 0)", V, r"axis.*0|\(4, 5\)"),
    ("ops.broadcast_to(m, (4, 6))", V, r"\(4, ?5\).*\(4, ?6\)"),
    ("ops.concatenate([m, n], axis=0)", V, r"\(4, 5\).*\(5, 3\)"),
    ("ops.concatenate([], axis=0)", V, "empty|at least one|xs"),
    ("ops.concatenate([m, m64])", T, MIXED),
    ("ops.stack([m, n])", V, r"\(4, 5\).*\(5, 3\)"),
    ("ops.split(m, 3)", V, "3"),
    ("ops.pad(m, ((1, 1), (0, 0), (2, 2)))", V, "pad"),
    ("ops.pad(m, ((-1, 0), (0, 0)))", V, "-1|negative"),
    ("ops.take(m, np.array([4]), axis=0)", (I, V), "4"),
    ("ops.take(m, np.array([-5]), axis=0)", (I, V), "-5"),
    ("ops.take(m, np.array([0.5]), axis=0)", T, "indices.*float64"),
    ("ops.take(m, np.array([0]), axis=2)", V, "axis.*2"),
    ("ops.one_hot(np.array([0.5]), 3)", T, "float64"),
    ("ops.one_hot(np.array([1]), -1)", V, "num_classes.*-1"),
    ("ops.where(np.array([True, False]), m, m)", V, r"\(2,\).*\(4, ?5\)"),
    ("ops.getitem(m, 4)", I, "4"),
    ("ops.getitem(m, (0, 0, 0))", I, "indices|dimension"),
    ("ops.cast(m, 'float99')", (T, V), "float99"),
    ("ops.cast(m, 'float16')", T, "float16"),
    ("ops.argmax(m, axis=2)", V, "axis.*2"),
    ("ops.flip(m, axis=2)", V, "axis.*2"),
    ("ops.swapaxes(m, 0, 2)", V, "axis.*2"),
]
BAD["runtime"] = [
    ("core.set_isa('sse9')", V, "sse9"),
    ("core.set_isa(None)", T, ""),
    ("core.set_num_threads(0)", V, "num_threads.*0"),
    ("core.bench_fma('float32', 0)", V, "iterations.*0"),
    ("core.bench_triad(np.ones(3), np.ones(3), np.ones(2))", V, "3, 3 and 2"),
    ("core.bench_move(np.ones(3))", V, "a has 3 values.*float32"),
    ("core.bench_move(np.ones(3, 'f'), np.ones(2, 'f'))", V, "b has 2 values.*of 3"),
    ("minidl.Variable(half)", T, "float16"),
    ("w.assign(n)", V, r"\(5, 3\).*\(4, 5\)|\(4, 5\).*\(5, 3\)"),
    ("w.assign_add(v[:2])", V, r"\(2,\)"),
    ("bool(ops.convert_to_tensor(m))", V, r"ambiguous|\(4, 5\)"),
    ("float(ops.convert_to_tensor(m))", (T, V), r"\(4, 5\)|scalar|one element"),
    ("len(ops.convert_to_tensor(1.0))", T, "axes|scalar|0"),
]
BAD |= {"attention": ATTENTION, "embedding": EMBEDDING} | RECURRENT | WINDOWS
