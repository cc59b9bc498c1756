"""Datasets in `fit`, `evaluate` and `predict`."""

import threading
import time

import minidl
import numpy as np
import pytest
from minidl import layers
from minidl.data import Dataset, PyDataset

RNG = np.random.default_rng(0)
X = RNG.standard_normal((48, 3)).astype(np.float32)
Y = (X @ [[1.0], [-2.0], [0.5]]).astype(np.float32)


def _model():
    minidl.set_random_seed(0)
    model = minidl.Sequential([minidl.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def _weights(model):
    return np.concatenate([w.ravel() for w in model.get_weights()])


def test_equals_arrays():
    data = Dataset.from_tensor_slices((X, Y)).batch(16).prefetch(2)
    one, other = _model(), _model()
    a = one.fit(X, Y, batch_size=16, epochs=3, shuffle=False, verbose=0, validation_data=(X, Y))
    b = other.fit(data, epochs=3, verbose=0, validation_data=data)
    np.testing.assert_array_equal(_weights(one), _weights(other))
    assert a.history == b.history
    assert one.evaluate(X, Y, batch_size=16, verbose=0) == other.evaluate(data, verbose=0)
    np.testing.assert_array_equal(
        one.predict(X, batch_size=16, verbose=0), other.predict(data.map(lambda x, y: x), verbose=0)
    )


@pytest.mark.parametrize("steps", [None, 2])
def test_reproducible(steps):
    def run():
        model = _model()
        data = Dataset.from_tensor_slices((X, Y)).shuffle(48).batch(8)
        data = data.map(lambda x, y: (x + minidl.random.normal(x.shape, 0, 0.1), y), 2).prefetch(2)
        model.fit(data, epochs=3, steps_per_epoch=steps, verbose=0)
        return _weights(model)

    np.testing.assert_array_equal(run(), run())


def test_unknown_and_infinite_lengths():
    model = _model()
    unknown = Dataset.from_generator(lambda: ((X[i : i + 8], Y[i : i + 8]) for i in (0, 8, 16)))
    history = model.fit(unknown, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    endless = Dataset.from_tensor_slices((X, Y)).repeat().batch(8)
    model.fit(endless, epochs=2, steps_per_epoch=5, verbose=0)
    for call in (lambda: model.fit(endless, verbose=0), lambda: model.evaluate(endless, verbose=0)):
        with pytest.raises(ValueError, match="no end"):
            call()


def test_data_that_ends_early():
    model = _model()
    seen = []
    counter = minidl.callbacks.LambdaCallback(on_train_batch_end=lambda *_: seen.append(1))
    once = iter(Dataset.from_tensor_slices((X, Y)).batch(16))
    with pytest.raises(ValueError, match="ran out"):
        model.fit(once, epochs=2, verbose=0, callbacks=[counter])
    assert len(seen) == 3
    with pytest.raises(ValueError, match=r"empty|no batch"):
        model.fit(Dataset.from_tensor_slices((X, Y)).batch(16).take(0), verbose=0)

    def broken():
        yield X[:8], Y[:8]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        model.fit(Dataset.from_generator(broken).prefetch(2), verbose=0)
    assert np.isfinite(_weights(model)).all()


@pytest.mark.parametrize("workers", [1, 2])
def test_py_dataset_in_fit(workers):
    class Data(PyDataset):
        passes = 0

        def __len__(self):
            return 6

        def __getitem__(self, i):
            return X[8 * i : 8 * i + 8], Y[8 * i : 8 * i + 8]

        def on_epoch_end(self):
            self.passes += 1

    data = Data(workers=workers)
    one, other = _model(), _model()
    one.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    other.fit(data, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_array_equal(_weights(one), _weights(other))
    assert data.passes == 2
    shuffled = _model()
    shuffled.fit(data, epochs=2, verbose=0)
    assert (_weights(shuffled) != _weights(other)).any()


def test_augmentation_layers_in_a_pipeline():
    images = RNG.uniform(0, 1, (32, 8, 8, 1)).astype(np.float32)
    augment = minidl.Sequential(
        [minidl.layers.RandomFlip("horizontal"), minidl.layers.RandomRotation(0.1)]
    )
    data = Dataset.from_tensor_slices((images, np.arange(32) % 2)).shuffle(32).batch(8)
    data = data.map(lambda x, y: (augment(x, training=True), y), num_parallel_calls=2).prefetch(2)
    model = minidl.Sequential(
        [minidl.layers.Flatten(), minidl.layers.Dense(2, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert len(model.fit(data, epochs=2, verbose=0).history["accuracy"]) == 2


def test_augmentation_goes_on_while_training_does():
    """Threads make the next batches during a step, and the whole takes less than the two parts."""
    flip = layers.RandomFlip("horizontal", seed=1)
    x = np.random.default_rng(0).random((24 * 32, 16, 16, 3), dtype=np.float32)
    y = np.zeros(len(x), np.int64)
    made, trained = [], []

    def augment(images, labels):
        begin = time.perf_counter()
        images = flip(images, training=True)
        time.sleep(0.01)  # as long as reading a batch of files might take
        made.append((begin, time.perf_counter(), threading.get_ident()))
        return images, labels

    class Clock(minidl.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.begin = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            time.sleep(0.01)  # a longer step than this small model's
            trained.append((self.begin, time.perf_counter()))

    model = minidl.Sequential(
        [minidl.Input((16, 16, 3)), layers.Conv2D(8, 3), layers.Flatten(), layers.Dense(2)]
    )
    model.compile("sgd", minidl.losses.SparseCategoricalCrossentropy(from_logits=True))
    batches = Dataset.from_tensor_slices((x, y)).batch(32)
    ahead = batches.map(augment, num_parallel_calls=2).prefetch(2)
    model.fit(ahead, verbose=0)  # builds the model, starts threads once
    del made[:], trained[:]
    begin = time.perf_counter()
    model.fit(ahead, verbose=0, callbacks=[Clock()])
    took = time.perf_counter() - begin
    assert len(trained) == 24 and len(made) >= 24
    assert threading.get_ident() not in {thread for *_, thread in made}
    during = sum(any(b < end and e > start for b, e in trained) for start, end, _ in made)
    assert during >= 18  # all but the first ones, were there nothing else on the machine
    parts = sum(e - b for b, e, _ in made) + sum(e - b for b, e in trained)
    assert took < 0.8 * parts
