"""Wrong data, wrong targets, wrong settings: a clear error, weights and optimizer unchanged."""

import minidl
import numpy as np
import pytest
from minidl import layers

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 6, 6, 3), np.float32)
Y = RNG.integers(0, 4, 12)


def _model(loss="sparse_categorical_crossentropy", compiled=True):
    model = minidl.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(6, 6, 3), name="conv"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(4, activation="softmax", name="head"),
        ]
    )
    if compiled:
        model.compile("adam", loss, metrics=["accuracy"])
        model.train_on_batch(X, Y if loss.startswith("sparse") else np.eye(4)[Y])
    return model


def _state(model):
    return [v.numpy() for v in (*model.weights, *model.optimizer.variables)]


ONE_HOT = np.eye(4, dtype=np.float32)[Y]
DATA = [
    (X[..., :2], Y, "axis -1|shape"),
    (np.moveaxis(X, -1, 1), Y, "channels-first"),
    (X[0], Y[:6], "4 axes|batch axis"),
    (X.reshape(12, -1), Y, "shape"),
    (X[:, :5], Y, r"\(12, 5, 6, 3\)|\(1, 5, 6, 3\)"),
    (X, Y[:11], "12.*11"),
    (X[:0], Y[:0], "empty"),
    (X, None, "targets"),
    (None, Y, "None"),
    ("text", Y, "str"),
    (X.astype(str), Y, "numbers"),
    (X.astype(complex), Y, "numbers"),
    (np.float32(3), Y, "batch axis"),
    (X, Y + 1, r"from 1 to 4.*4 outputs"),
    (X, Y - 1, "from -1"),
    (X, ONE_HOT, "one-hot.*categorical_crossentropy"),
    (X, Y + 0.5, "whole"),
    (X, Y.astype(str), "numbers"),
    (X, np.stack([Y, Y], 1), "shape"),
]


@pytest.mark.parametrize(("x", "y", "message"), DATA, ids=range(len(DATA)))
@pytest.mark.parametrize("method", ["fit", "train_on_batch", "evaluate"])
def test_data(method, x, y, message):
    model = _model()
    before = _state(model)
    options = {} if method == "train_on_batch" else {"verbose": 0}
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(x, y, **options)
    for a, b in zip(before, _state(model), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("batch", [12, 4])
def test_wrong_label_late_in_the_data(batch):
    model = _model()
    before = _state(model)
    y = Y.copy()
    y[-1] = 9
    with pytest.raises(ValueError, match="9"):
        model.fit(X, y, batch_size=batch, shuffle=False, verbose=0)
    for a, b in zip(before, _state(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_class_numbers_for_a_one_hot_loss():
    model = _model("categorical_crossentropy")
    before = _state(model)
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy"):
        model.fit(X, Y, verbose=0)
    for a, b in zip(before, _state(model), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy", "mae"])
def test_targets_of_another_shape(loss):
    model = minidl.Sequential([layers.Dense(3)])
    model.compile("sgd", loss)
    with pytest.raises(ValueError, match="shape"):
        model.fit(np.ones((4, 2)), np.ones((4, 5)), verbose=0)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_not_compiled(method):
    with pytest.raises(ValueError, match=f"compile.*{method}"):
        getattr(_model(compiled=False), method)(X, Y)


FIT = [
    ({"epochs": 0}, "epochs"),
    ({"epochs": 1.5}, "epochs"),
    ({"batch_size": 0}, "batch_size"),
    ({"batch_size": -3}, "batch_size"),
    ({"batch_size": "big"}, "batch_size"),
    ({"steps_per_epoch": 0}, "steps_per_epoch"),
    ({"validation_split": 1.5}, "validation_split"),
    ({"validation_split": -0.1}, "validation_split"),
    ({"validation_split": 0.999}, "validation_split"),
    ({"validation_data": (X, Y[:3])}, "12.*3"),
    ({"validation_data": (X, Y, Y, Y)}, "validation_data"),
    ({"validation_data": (X[..., :1], Y)}, "axis -1|shape"),
    ({"validation_data": (X, Y + 7)}, "outputs"),
    ({"shuffle": "often"}, "shuffle"),
    ({"validation_data": (X, Y), "validation_freq": 0}, "validation_freq"),
    ({"validation_data": (X, Y), "validation_freq": 1.5}, "validation_freq"),
    ({"class_weight": [1, 2]}, "class_weight"),
    ({"class_weight": {0: 1.0}, "sample_weight": np.ones(12)}, "class_weight"),
    ({"sample_weight": np.ones(5)}, "12.*5|samples"),
    ({"callbacks": ["progress"]}, "Callback"),
]


@pytest.mark.parametrize(("options", "message"), FIT, ids=range(len(FIT)))
def test_fit_arguments(options, message):
    model = _model()
    before = _state(model)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, verbose=0, **options)
    for a, b in zip(before, _state(model), strict=True):
        np.testing.assert_array_equal(a, b)


SETTINGS = [
    (lambda m: m.compile("adm", "mse"), "adm.*adam"),
    (lambda m: m.compile(3, "mse"), "optimizer.*3"),
    (lambda m: m.compile("adam", "sparse_categorical_crossentrpy"), "crossentrpy.*crossentropy"),
    (lambda m: m.compile("adam", 3), "loss.*3"),
    (lambda m: m.compile("adam", ["mse", "msse"]), "msse.*mse"),
    (lambda m: m.compile("adam", "mse", metrics="accuracy"), r"metrics=\['accuracy'\]"),
    (lambda m: m.compile("adam", "mse", metrics=["acuracy"]), "acuracy.*accuracy"),
    (lambda m: m.compile("adam", "mse", metrics=[3]), "metric"),
    (lambda m: m.compile("adam", "mse", loss_weights=["1"]), "loss_weights"),
    (lambda m: m.get_layer("nobody"), "nobody.*head"),
    (lambda m: m.get_layer(index=9), "9"),
    (lambda m: m.get_layer(), "name"),
    (lambda m: m.add(3), "layers"),
    (lambda m: m.add(layers.Dense(2, name="head")), "head"),
    (lambda m: m.add(minidl.Input((3,))), "input shape|Input"),
    (lambda m: m.build((None, 5)), "input_shape"),
    (lambda m: m.predict(X[:0], verbose=0), "empty"),
    (lambda m: m.set_weights([]), "weights"),
    (lambda m: m.save_weights("x.h5"), r"\.weights\.h5.*x\.h5"),
    (lambda m: m.save_weights("x.onnx"), r"\.safetensors.*\.npz"),
    (lambda m: m.save("x.h5"), r"\.keras.*x\.h5"),
    (lambda m: m.load_weights("x.npz", by_name=True), "by_name"),
    (lambda m: m.load_weights("x.npz", skip_mismatch=True), "skip_mismatch"),
    (lambda m: m.save_weights("x"), r"\.npz"),
    (lambda m: m.load_weights("x.pkl"), r"\.npz"),
    (lambda m: minidl.Sequential.from_config({"layers": []}), "name"),
    (lambda m: minidl.Sequential([layers.Dense(2), "relu"]), "relu"),
    (lambda m: minidl.Sequential().build((None, 2)), "no layers"),
    (lambda m: minidl.Sequential([layers.Dense(2)]).save_weights("x.npz"), "built|build"),
    (lambda m: minidl.losses.MeanSquaredError(reduction="total"), "total"),
    (lambda m: minidl.losses.BinaryCrossentropy(label_smoothing=2), "label_smoothing"),
    (lambda m: minidl.metrics.BinaryAccuracy(threshold=3), "threshold"),
    (lambda m: minidl.utils.to_categorical([0, 5], 3), "5"),
    (lambda m: minidl.utils.to_categorical([0.5]), "whole"),
    (lambda m: minidl.datasets.digits.load_data(test_split=2), "test_split"),
]


@pytest.mark.parametrize(("call", "message"), SETTINGS, ids=range(len(SETTINGS)))
def test_settings(call, message):
    model = _model()
    before = _state(model)
    with pytest.raises(ValueError, match=message):
        call(model)
    for a, b in zip(before, _state(model), strict=True):
        np.testing.assert_array_equal(a, b)


NAN = float("nan")
OPTIMIZERS = [
    (lambda: minidl.optimizers.Adam(NAN), "learning_rate.*nan"),
    (lambda: minidl.optimizers.SGD(float("inf")), "learning_rate.*inf"),
    (lambda: minidl.optimizers.SGD("fast"), "learning_rate.*fast"),
    (lambda: minidl.optimizers.SGD(None), "learning_rate"),
    (lambda: minidl.optimizers.SGD(0.1, momentum=2), "momentum"),
    (lambda: minidl.optimizers.SGD(0.1, momentum="much"), "momentum"),
    (lambda: minidl.optimizers.SGD(0.1, clipnorm=-1), "clipnorm"),
    (lambda: minidl.optimizers.SGD(0.1, clipnorm=1, clipvalue=1), "clipnorm.*clipvalue"),
    (lambda: minidl.optimizers.SGD(0.1, weight_decay=NAN), "weight_decay"),
    (lambda: minidl.optimizers.SGD(0.1, decay=1), "decay"),
    (lambda: minidl.optimizers.SGD(0.1, use_ema=True, ema_momentum=3), "ema_momentum"),
    (lambda: minidl.optimizers.SGD(0.1, gradient_accumulation_steps=1), "gradient_accumulation"),
    (lambda: minidl.optimizers.Adam(beta_1=1.0), "beta_1"),
    (lambda: minidl.optimizers.Adam(beta_2=-1), "beta_2"),
    (lambda: minidl.optimizers.Adam(epsilon=-1), "epsilon"),
]


@pytest.mark.parametrize(("call", "message"), OPTIMIZERS, ids=range(len(OPTIMIZERS)))
def test_optimizer_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


T = minidl.Tensor
GRADIENTS = [
    ([T([1.0, 2.0, 3.0])], r"shape \(3,\).*\(2,\)"),
    ([T(np.ones(2))], "float64.*float32"),
    ([T([1.0, 2.0]), T([1.0])], "2.*1|length"),
    ([None], "No gradients"),
]


@pytest.mark.parametrize(("grads", "message"), GRADIENTS, ids=range(len(GRADIENTS)))
@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop"])
def test_gradients(kind, grads, message):
    w = minidl.Variable([1.0, 2.0])
    optimizer = getattr(minidl.optimizers, kind)(0.1)
    optimizer.apply([T([1.0, 1.0])], [w])
    before = [v.numpy() for v in (w, *optimizer.variables)]
    with pytest.raises(ValueError, match=message):
        optimizer.apply(grads, [w])
    for a, b in zip(before, (w, *optimizer.variables), strict=True):
        np.testing.assert_array_equal(a, b.numpy())


def test_learning_rate_that_turns_nan():
    w = minidl.Variable([1.0])
    rates = iter([0.1, NAN])
    optimizer = minidl.optimizers.Adam(lambda: next(rates))
    optimizer.apply([T([1.0])], [w])
    before = w.numpy()
    with pytest.raises(ValueError, match="nan"):
        optimizer.apply([T([1.0])], [w])
    np.testing.assert_array_equal(w.numpy(), before)
    assert int(optimizer.iterations) == 1


def test_unknown_variable():
    optimizer = minidl.optimizers.SGD(0.1)
    optimizer.apply([T([1.0])], [minidl.Variable([1.0])])
    stranger = minidl.Variable([1.0], name="stranger")
    with pytest.raises(ValueError, match="stranger"):
        optimizer.apply([T([1.0])], [stranger])
    assert stranger.numpy() == [1.0]


def test_files_that_do_not_fit(tmp_path):
    model = _model()
    path = tmp_path / "w.npz"
    other = minidl.Sequential([minidl.Input((3,)), layers.Dense(2)])
    other.save_weights(path)
    before = _state(model)
    with pytest.raises(ValueError, match="2 weights"):
        model.load_weights(path)
    names = [f"{i:04d}" for i in range(len(model.weights))]
    shaped = dict(zip(names, model.get_weights(), strict=True))
    np.savez(path, **{**shaped, names[0]: np.ones((2, 2))})
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        model.load_weights(path)
    np.savez(path, **{**shaped, names[1]: np.array([None] * 4, object)})
    with pytest.raises(ValueError, match=r"dtype|object"):
        model.load_weights(path)
    np.savez(path, **shaped)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="cannot be loaded"):
        model.load_weights(path)
    path.write_bytes(b"junk")
    with pytest.raises(ValueError, match="cannot be loaded"):
        model.load_weights(path)
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "none.npz")
    for a, b in zip(before, _state(model), strict=True):
        np.testing.assert_array_equal(a, b)
