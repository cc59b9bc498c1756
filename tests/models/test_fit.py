"""fit, evaluate, predict and what is around them."""

import warnings

import minidl
import numpy as np
import pytest
from minidl import callbacks, layers


def _data(n=120, features=5, classes=3):
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, n)
    x = rng.standard_normal((n, features), np.float32)
    x[np.arange(n), y] += 2.5
    return x, y


def _model(seed=0, **kinds):
    minidl.set_random_seed(seed)
    model = minidl.Sequential(
        [
            minidl.Input((5,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    kinds = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **kinds}
    model.compile(minidl.optimizers.Adam(0.01), **kinds)
    return model


def test_learns():
    x, y = _data()
    model = _model()
    history = model.fit(x, y, epochs=20, verbose=0, validation_split=0.2)
    assert isinstance(history, callbacks.History)
    assert model.history is history
    assert list(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert all(len(v) == 20 for v in history.history.values())
    assert history.epoch == list(range(20))
    assert history.history["accuracy"][-1] > 0.9
    assert history.history["val_accuracy"][-1] > 0.8
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert loss < 0.4
    predicted = model.predict(x, verbose=0)
    assert predicted.shape == (120, 3)
    assert predicted.dtype == np.float32
    assert (predicted.argmax(1) == y).mean() == pytest.approx(accuracy)


def test_seed_decides_everything():
    x, y = _data()
    runs = []
    for seed in (0, 0, 1):
        model = _model(seed)
        model.fit(x, y, epochs=2, verbose=0)
        runs.append(model.get_weights())
    assert all((a == b).all() for a, b in zip(runs[0], runs[1], strict=True))
    assert any((a != b).any() for a, b in zip(runs[0], runs[2], strict=True))


def test_validation_takes_the_last_part():
    x, y = _data(100)
    seen = []

    class Watch(minidl.Sequential):
        def test_step(self, data):
            seen.append(data[0])
            return super().test_step(data)

    model = Watch([layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0, validation_split=0.25)
    np.testing.assert_array_equal(np.concatenate(seen), x[75:])


def test_each_sample_once_an_epoch():
    x = np.arange(50, dtype=np.float32)[:, None]
    seen = []

    class Watch(minidl.Sequential):
        def train_step(self, data):
            seen.append(data[0][:, 0].tolist())
            return super().train_step(data)

    model = Watch([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x / 50, x, batch_size=16, epochs=2, verbose=0)
    assert [len(s) for s in seen] == [16, 16, 16, 2] * 2
    first, second = np.concatenate(seen[:4]), np.concatenate(seen[4:])
    assert sorted(first) == sorted(second)
    assert first.tolist() != second.tolist()
    seen.clear()
    model.fit(x / 50, x, batch_size=16, shuffle=False, verbose=0)
    assert np.concatenate(seen).tolist() == (x / 50)[:, 0].tolist()


def test_weights_of_samples_and_classes():
    x, y = _data()
    by_class = _model()
    by_class.fit(x, y, verbose=0, shuffle=False, class_weight={0: 3.0, 2: 0.5})
    by_sample = _model()
    weights = np.array([3.0, 1.0, 0.5], np.float32)[y]
    by_sample.fit(x, y, verbose=0, shuffle=False, sample_weight=weights)
    for a, b in zip(by_class.get_weights(), by_sample.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_class_weights_with_datasets_and_generators():
    x, y = _data()
    weights = {0: 3.0, 2: 0.5}
    wanted = _model()
    wanted.fit(x, y, verbose=0, shuffle=False, batch_size=16, class_weight=weights)
    dataset = minidl.data.Dataset.from_tensor_slices((x, y)).batch(16)
    rows = range(0, len(x), 16)
    for source in (dataset, ((x[i : i + 16], y[i : i + 16]) for i in rows)):
        model = _model()
        model.fit(source, verbose=0, class_weight=weights)
        for a, b in zip(model.get_weights(), wanted.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    own = minidl.data.Dataset.from_tensor_slices((x, y, np.ones(len(x)))).batch(16)
    with pytest.raises(ValueError, match="`class_weight` and `sample_weight`"):
        _model().fit(own, verbose=0, class_weight=weights)
    with pytest.raises(ValueError, match="`class_weight` needs one array of targets"):
        _model().fit(minidl.data.Dataset.from_tensor_slices(x).batch(16), class_weight=weights)


def test_float64_and_lists_and_steps():
    x, y = _data()
    model = _model()
    model.fit(x.astype(np.float64), y.tolist(), verbose=0, steps_per_epoch=2, epochs=3)
    assert int(model.optimizer.iterations) == 6
    assert model.predict(x[:7].tolist(), verbose=0).shape == (7, 3)


def test_generators():
    x, y = _data()

    def batches():
        while True:
            for i in range(0, 120, 40):
                yield x[i : i + 40], y[i : i + 40]

    model = _model()
    history = model.fit(batches(), steps_per_epoch=3, epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 6
    assert len(history.history["loss"]) == 2
    pairs = [(x[:60], y[:60]), (x[60:], y[60:])]

    class Again:
        def __iter__(self):
            return iter(pairs)

    model.fit(Again(), epochs=2, verbose=0, validation_data=Again())
    assert int(model.optimizer.iterations) == 10
    assert model.evaluate(Again(), verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))
    assert model.predict((b for b, _ in pairs), verbose=0).shape == (120, 3)


def test_subclassed_model():
    class Net(minidl.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [layers.Dense(8, activation="relu") for _ in range(2)]
            self.drop = layers.Dropout(0.1)
            self.head = layers.Dense(3, activation="softmax")

        def call(self, x, training=None):
            for block in self.blocks:
                x = block(x)
            return self.head(self.drop(x, training=training))

    x, y = _data()
    net = Net()
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    net.fit(x, y, epochs=15, verbose=0)
    assert net.evaluate(x, y, verbose=0)[1] > 0.7
    assert len(net.layers) == 4
    assert len(net.trainable_variables) == 6
    assert net.count_params() == 5 * 8 + 8 + 8 * 8 + 8 + 8 * 3 + 3
    assert net.get_layer(net.head.name) is net.head
    lines = []
    net.summary(print_fn=lines.append)
    assert "(None, 3)" in lines[0]


def test_custom_train_step():
    class Custom(minidl.Sequential):
        def train_step(self, data):
            x, y = data
            with minidl.GradientTape() as tape:
                loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return {"mine": float(loss)}

    x, y = _data()
    model = Custom([layers.Dense(3, activation="softmax")])
    model.compile(minidl.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    losses = model.fit(x, y, epochs=5, verbose=0).history["mine"]
    assert losses[-1] < losses[0]


def test_add_loss_and_regularizers_reach_the_loss():
    x, y = _data()
    model = minidl.Sequential([layers.Dense(3, kernel_regularizer="l2", activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    total = model.evaluate(x, y, verbose=0)
    plain = float(minidl.losses.SparseCategoricalCrossentropy()(y, model.predict(x, verbose=0)))
    penalty = 0.01 * (model.get_weights()[0] ** 2).sum()
    assert total == pytest.approx(plain + penalty, rel=1e-4)


def test_constraint_holds_after_each_step():
    x, y = _data()
    limit = minidl.constraints.MaxNorm(0.3)
    model = minidl.Sequential([layers.Dense(3, kernel_constraint=limit, activation="softmax")])
    model.compile(minidl.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0)
    assert np.linalg.norm(model.get_weights()[0], axis=0).max() <= 0.3 + 1e-5


def test_frozen_layers_stay():
    x, y = _data()
    model = _model()
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    after = model.get_weights()
    for i, moved in enumerate((False, False, True, True)):
        assert (before[i] != after[i]).any() == moved
    assert len(model.trainable_weights) == 2
    assert len(model.non_trainable_weights) == 2


def test_nothing_to_train_warns():
    x, y = _data()
    model = _model()
    model.trainable = False
    with pytest.warns(UserWarning, match="no trainable"):
        model.fit(x, y, verbose=0)


def test_lazy_sequential():
    x, _ = _data()
    model = minidl.Sequential([layers.Dense(4), layers.Dense(2)])
    assert not model.built
    assert model.weights == []
    with pytest.raises(AttributeError, match="output shape"):
        _ = model.output_shape
    model(x)
    assert model.built
    assert model.output_shape == (None, 2)
    assert model.input_shape == (None, 5)
    other = minidl.Sequential([layers.Dense(4), layers.Dense(2)])
    other.build((None, 5))
    assert other.count_params() == model.count_params()


def test_add_and_pop():
    model = minidl.Sequential()
    model.add(minidl.Input((4,)))
    model.add(layers.Dense(3))
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    model.pop()
    assert model.output_shape == (None, 3)
    assert model.count_params() == 15


def test_nested_sequential():
    x, y = _data()
    minidl.set_random_seed(0)
    inner = minidl.Sequential([layers.Dense(8, activation="relu"), layers.Dropout(0.2)])
    model = minidl.Sequential([minidl.Input((5,)), inner, layers.Dense(3, activation="softmax")])
    assert len(model.weights) == 4
    adam = minidl.optimizers.Adam(0.02)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=20, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.8
    again = minidl.Sequential.from_config(model.get_config())
    assert again.count_params() == model.count_params()


def test_input_shape_argument():
    model = minidl.Sequential([layers.Conv2D(4, 3, input_shape=(8, 8, 1)), layers.Flatten()])
    assert model.input_shape == (None, 8, 8, 1)
    assert model.output_shape == (None, 144)
    assert len(model.layers) == 2


def test_summary():
    model = _model()
    lines = []
    model.summary(print_fn=lines.append, line_length=80)
    text = lines[0]
    for part in ('Model: "', "(Dense)", "(None, 16)", "Total params: 147 (588.00 B)",
                 "Non-trainable params: 0 (0.00 B)"):  # fmt: skip
        assert part in text
    model.fit(*_data(), verbose=0)
    model.summary(print_fn=lines.append, show_trainable=True)
    assert "Optimizer params: 296" in lines[1]
    assert "Trainable" in lines[1]


def test_weights_file(tmp_path):
    model, other = _model(0), _model(1)
    path = tmp_path / "w.npz"
    model.save_weights(path)
    other.load_weights(path)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [p.name for p in tmp_path.iterdir()] == ["w.npz"]
    with pytest.raises(FileExistsError, match="overwrite"):
        model.save_weights(path, overwrite=False)


def test_train_on_batch():
    x, y = _data()
    model = _model()
    first = model.train_on_batch(x, y)
    assert len(first) == 2
    for _ in range(30):
        logs = model.train_on_batch(x, y, return_dict=True)
    model.reset_metrics()
    assert model.test_on_batch(x, y)[0] < first[0]
    assert set(logs) == {"loss", "accuracy"}
    np.testing.assert_allclose(model.predict_on_batch(x), model.predict(x, verbose=0), rtol=1e-6)


def test_predictions_are_the_callers_own():
    x, _ = _data(10)
    model = _model()
    model.predict(x, verbose=0)[:] = 0
    model.predict_on_batch(x)
    assert model.predict(x, verbose=0).sum() == pytest.approx(10, rel=1e-5)


def test_no_warnings_and_no_records_left():
    from minidl._tape import record_count

    x, y = _data()
    model = _model()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(x, y, verbose=0, validation_split=0.2)
    assert record_count() == 0


def test_labels_through_softmax_are_exact():
    """A right class of probability 0 in float32 still has a finite loss and a gradient."""
    model = minidl.Sequential(
        [minidl.Input((2,)), layers.Dense(2, activation="softmax", kernel_initializer="identity")]
    )
    x = np.array([[200.0, 0.0]], np.float32)
    with minidl.GradientTape() as tape:
        loss = minidl.losses.SparseCategoricalCrossentropy()([1], model(x))
    assert float(loss) == pytest.approx(200, rel=1e-4)
    gradient = tape.gradient(loss, model.trainable_variables)[1].numpy()
    np.testing.assert_allclose(gradient, [1, -1], atol=1e-6)
