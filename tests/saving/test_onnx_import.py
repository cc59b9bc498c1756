"""Models read from ONNX files: what was exported comes back, predicts alike, and trains."""

import copy
import pickle

import minidl
import numpy as np
import pytest
from minidl import layers, saving

from .onnx_peer import checked, equal, onnx, run, shaken
from .zoo import MODELS

onnx()

L = layers


def _model_of(graph, opset=18):
    from minidl.saving._onnx_import import model_of

    helper = onnx().helper
    return model_of(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]))


def _graph(nodes, inputs, outputs, constants=None):
    """A graph; inputs and outputs are dicts of shapes."""
    from onnx import TensorProto, helper, numpy_helper

    def info(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    return helper.make_graph(
        [helper.make_node(op, a, b, **attributes) for op, a, b, attributes in nodes],
        "graph",
        [info(*x) for x in inputs.items()],
        [info(*x) for x in outputs.items()],
        [numpy_helper.from_array(v, k) for k, v in (constants or {}).items()],
    )


@pytest.mark.parametrize("name", MODELS)
def test_round_trip(name, tmp_path):
    minidl.set_random_seed(0)
    model, shapes = MODELS[name](minidl)
    shaken(model)
    path = tmp_path / "x.onnx"
    model.export(path, verbose=False)
    loaded = saving.load_onnx(path)
    rng = np.random.default_rng(0)
    x = [
        rng.integers(0, int(s[4:]), (4, 6)).astype("int32")
        if isinstance(s, str)
        else rng.standard_normal((4, *s)).astype("float32")
        for s in shapes
    ]
    given = dict(zip(["first", "second"], x, strict=True)) if name == "named_inputs" else x
    given = given if len(x) > 1 else x[0]
    want = model.predict(given, verbose=0)
    assert loaded.input_names == [k.name for k in model.inputs]
    for batch_size in (32, 3):
        got = loaded.predict(x if len(x) > 1 else x[0], verbose=0, batch_size=batch_size)
        equal(want, got, 2e-5)


@pytest.mark.parametrize("name", ["dense", "convolutions", "lstm", "bidirectional", "embedding"])
def test_loaded_models_train(name, tmp_path):
    minidl.set_random_seed(0)
    model, shapes = MODELS[name](minidl)
    path = tmp_path / "x.onnx"
    model.export(path, verbose=False)
    loaded = saving.load_onnx(path)
    trained = sum(int(np.prod(w.shape)) for w in loaded.trainable_weights)
    assert trained >= 0.9 * model.count_params()
    rng = np.random.default_rng(0)
    x = (
        rng.integers(0, 11, (16, 6)).astype("int32")
        if name == "embedding"
        else rng.standard_normal((16, *shapes[0])).astype("float32")
    )
    y = rng.standard_normal(model.predict(x, verbose=0).shape).astype("float32")
    if name == "dense":
        y = np.eye(2, dtype="float32")[rng.integers(0, 2, 16)]
    before = [w.numpy() for w in loaded.trainable_weights]
    loaded.compile(minidl.optimizers.Adam(0.02), "mse")
    losses = loaded.fit(x, y, epochs=12, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0]
    changed = [
        (a != w.numpy()).any() for a, w in zip(before, loaded.trainable_weights, strict=True)
    ]
    assert all(changed)


def test_gradients_reach_every_weight_alike(tmp_path):
    """The gradient of a loaded network is that of the one it was exported from."""
    minidl.set_random_seed(0)
    model = minidl.Sequential(
        [
            minidl.Input((8, 8, 3)),
            L.Conv2D(4, 3, 2, "same", activation="relu"),
            L.DepthwiseConv2D(3),
            L.Flatten(),
            L.Dense(2),
        ]
    )
    model.export(tmp_path / "x.onnx", verbose=False)
    loaded = saving.load_onnx(tmp_path / "x.onnx")
    x = np.random.default_rng(0).standard_normal((3, 8, 8, 3)).astype("float32")
    found = []
    for m in (model, loaded):
        with minidl.GradientTape() as tape:
            loss = minidl.ops.sum(minidl.ops.square(m(x, training=True)))
        found.append(tape.gradient(loss, m.trainable_weights))
    by_size = [sorted(float(np.abs(g.numpy()).sum()) for g in gs) for gs in found]
    np.testing.assert_allclose(*by_size, rtol=1e-4)


def test_images_keep_the_layout_of_the_file():
    rng = np.random.default_rng(0)
    constants = {
        "w": rng.standard_normal((4, 3, 3, 3)).astype("float32"),
        "b": rng.standard_normal(4).astype("float32"),
        "scale": rng.standard_normal(4).astype("float32"),
        "shift": rng.standard_normal(4).astype("float32"),
        "mean": rng.standard_normal(4).astype("float32"),
        "variance": rng.random(4).astype("float32"),
        "factor": rng.standard_normal((1, 4, 1, 1)).astype("float32"),
        "dense": rng.standard_normal((2, 4)).astype("float32"),
    }
    graph = _graph(
        [
            ("Conv", ["x", "w", "b"], ["c"], {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
            ("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["n"], {}),
            ("Relu", ["n"], ["r"], {}),
            ("Mul", ["r", "factor"], ["m"], {}),
            ("MaxPool", ["m"], ["p"], {"kernel_shape": [2, 2], "ceil_mode": 1}),
            ("Add", ["p", "p"], ["s"], {}),
            ("GlobalAveragePool", ["s"], ["g"], {}),
            ("Flatten", ["g"], ["f"], {}),
            ("Gemm", ["f", "dense"], ["y"], {"transB": 1}),
        ],
        {"x": ["n", 3, 9, 9]},
        {"y": ["n", 2], "s": ["n", 4, 3, 3]},
        constants,
    )
    model = _model_of(graph)
    assert model.input_shape == (None, 3, 9, 9)
    assert {w.name: w.shape for w in model.non_trainable_weights} == {
        "mean": (4,),
        "variance": (4,),
    }
    assert {w.name for w in model.trainable_weights} == set(constants) - {"mean", "variance"}
    x = rng.standard_normal((5, 3, 9, 9)).astype("float32")
    helper = onnx().helper
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    equal(model.predict(x, verbose=0), run(proto, [x]))
    with pytest.raises(ValueError, match=r"input 'x' takes shape \(None, 3, 9, 9\)"):
        model(np.moveaxis(x, 1, -1))


def test_numbers_in_formulas_are_not_trained():
    constants = {
        "half": np.float32(0.5),
        "two": np.array([2.0], "float32"),
        "low": np.array([-1.0, -2.0, -3.0], "float32"),
        "w": np.ones((3, 3), "float32"),
    }
    graph = _graph(
        [
            ("MatMul", ["x", "w"], ["a"], {}),
            ("Mul", ["a", "half"], ["b"], {}),
            ("Pow", ["b", "two"], ["c"], {}),
            ("Sub", ["c", "low"], ["y"], {}),
        ],
        {"x": [None, 3]},
        {"y": [None, 3]},
        constants,
    )
    model = _model_of(graph)
    assert [w.name for w in model.weights] == ["w"]
    np.testing.assert_allclose(model(np.ones((1, 3), "float32")).numpy(), [[3.25, 4.25, 5.25]])


def test_in_a_functional_model(tmp_path):
    """Transfer learning: a loaded network, frozen, under a new head."""
    minidl.set_random_seed(0)
    base = minidl.Sequential([minidl.Input((4,)), L.Dense(6, "relu")])
    base.export(tmp_path / "base.onnx", verbose=False)
    loaded = saving.load_onnx(tmp_path / "base.onnx")
    loaded.trainable = False
    x = minidl.Input((4,))
    model = minidl.Model(x, L.Dense(2)(loaded(x)))
    before = [w.numpy() for w in loaded.weights]
    model.compile("sgd", "mse")
    data = np.random.default_rng(0).standard_normal((8, 4)).astype("float32")
    losses = model.fit(data, data[:, :2], epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    for a, w in zip(before, loaded.weights, strict=True):
        np.testing.assert_array_equal(a, w.numpy())


def test_weights_travel(tmp_path):
    pytest.importorskip("h5py", reason="HDF5 files need h5py: pip install h5py")
    minidl.set_random_seed(0)
    model = minidl.Sequential([minidl.Input((4,)), L.Dense(3), L.Dense(2)])
    model.export(tmp_path / "x.onnx", verbose=False)
    first, second = (saving.load_onnx(tmp_path / "x.onnx") for _ in range(2))
    shaken(first)
    first.save_weights(tmp_path / "x.weights.h5")
    second.load_weights(tmp_path / "x.weights.h5")
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("name", ["convolutions", "bidirectional", "multi_head_attention"])
def test_out_again_with_what_was_learned(name, tmp_path):
    model, shapes = MODELS[name](minidl)
    model.export(tmp_path / "x.onnx", verbose=False)
    loaded = saving.load_onnx(tmp_path / "x.onnx")
    x = np.random.default_rng(0).standard_normal((4, *shapes[0])).astype("float32")
    y = loaded.predict(x, verbose=0)
    loaded.compile("adam", "mse")
    loaded.fit(x, y + 1, epochs=2, verbose=0)
    loaded.export(tmp_path / "y.onnx", verbose=False)
    again = saving.load_onnx(tmp_path / "y.onnx")
    new = loaded.predict(x, verbose=0)
    assert np.abs(new - y).max() > 1e-4
    equal(new, again.predict(x, verbose=0), 1e-6)
    proto = onnx().load(str(tmp_path / "y.onnx"))
    onnx().checker.check_model(proto, full_check=True)
    equal(new, run(proto, [x]))


@pytest.mark.parametrize("name", ["convolutions", "bidirectional", "attention"])
def test_out_again_inside_another_model(name, tmp_path):
    base, shapes = MODELS[name](minidl)
    shaken(base).export(tmp_path / "x.onnx", verbose=False)
    loaded = saving.load_onnx(tmp_path / "x.onnx")
    inputs = [minidl.Input(s) for s in shapes]
    whole = loaded(inputs if len(inputs) > 1 else inputs[0])
    again = loaded([x * 2 for x in inputs] if len(inputs) > 1 else inputs[0] * 2)
    y = L.Dense(2)(L.Concatenate()([whole, again]))
    model = minidl.Model(inputs, y)
    rng = np.random.default_rng(0)
    x = [rng.standard_normal((3, *s)).astype("float32") for s in shapes]
    equal(model(x if len(x) > 1 else x[0]).numpy(), run(checked(model), x))


def test_inside_another_model_of_another_opset():
    graph = _graph([("Relu", ["x"], ["y"], {})], {"x": [None, 2]}, {"y": [None, 2]})
    x = minidl.Input((2,))
    model = minidl.Model(x, _model_of(graph, opset=13)(x))
    with pytest.raises(NotImplementedError, match="of opset 13"):
        checked(model)


def test_copies(tmp_path):
    model = minidl.Sequential([minidl.Input((6, 6, 3)), L.Conv2D(2, 3), L.Flatten(), L.Dense(2)])
    model.export(tmp_path / "x.onnx", verbose=False)
    loaded = shaken(saving.load_onnx(tmp_path / "x.onnx"))
    x = np.random.default_rng(0).standard_normal((2, 6, 6, 3)).astype("float32")
    want = loaded.predict(x, verbose=0)
    for twin in (copy.deepcopy(loaded), pickle.loads(pickle.dumps(loaded))):
        assert twin.name == loaded.name
        equal(want, twin.predict(x, verbose=0), 1e-6)
        twin.set_weights([0 * w for w in twin.get_weights()])
        assert not twin.predict(x, verbose=0).any()
    equal(want, loaded.predict(x, verbose=0), 1e-6)


def test_no_config(tmp_path):
    pytest.importorskip("h5py", reason="HDF5 files need h5py: pip install h5py")
    model = minidl.Sequential([minidl.Input((4,)), L.Dense(3)])
    model.export(tmp_path / "x.onnx", verbose=False)
    with pytest.raises(NotImplementedError, match="`export` writes it as ONNX again"):
        saving.load_onnx(tmp_path / "x.onnx").save(tmp_path / "x.keras")


def test_a_branch_is_chosen_by_the_data():
    from onnx import TensorProto, helper

    def info(name, shape, kind=TensorProto.FLOAT):
        return helper.make_tensor_value_info(name, kind, shape)

    def branch(op):
        node = helper.make_node(op, ["x", "x"], [f"{op}_out"])
        return helper.make_graph([node], op, [], [info(f"{op}_out", [2])])

    graph = helper.make_graph(
        [
            helper.make_node(
                "If", ["c"], ["y"], then_branch=branch("Add"), else_branch=branch("Mul")
            )
        ],
        "graph",
        [info("c", [], TensorProto.BOOL), info("x", [2])],
        [info("y", [2])],
    )
    model = _model_of(graph)
    x = np.array([3.0, 4.0], "float32")
    assert model([np.array(True), x]).numpy().tolist() == [6.0, 8.0]
    assert model([np.array(False), x]).numpy().tolist() == [9.0, 16.0]


def test_inputs_by_name_and_number():
    graph = _graph(
        [("Sub", ["a", "b"], ["y"], {})], {"a": [None, 2], "b": [None, 2]}, {"y": [None, 2]}
    )
    model = _model_of(graph)
    a, b = np.ones((3, 2), "float32"), np.zeros((3, 2), "float32")
    np.testing.assert_array_equal(model([a, b]).numpy(), a)
    np.testing.assert_array_equal(model({"b": a, "a": b}).numpy(), -a)
    with pytest.raises(ValueError, match="takes 2 inputs"):
        model([a])
    with pytest.raises(ValueError, match=r"inputs named \['a', 'b'\]"):
        model({"a": a, "c": b})


def test_errors_while_running_name_the_node():
    graph = _graph(
        [("MatMul", ["x", "w"], ["y"], {})],
        {"x": [None, None]},
        {"y": [None, 2]},
        {"w": np.ones((3, 2), "float32")},
    )
    graph.node[0].name = "projection"
    with pytest.raises(ValueError, match=r"ONNX node 'projection' \(MatMul\)"):
        _model_of(graph)(np.ones((1, 4), "float32"))
