"""Early stopping under averaged weights; schedules that read what happened; odd epochs."""

import keras
import numpy as np
from keras import layers


def build():
    return keras.Sequential(
        [keras.Input((3,)), layers.Dense(8, "gelu"), layers.Dense(1, use_bias=False)]
    )


class Note(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append([epoch, *sorted(logs)])

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            self.seen.append(float(logs["loss"]))

    def on_test_end(self, logs=None):
        self.seen.append(["test", *sorted(logs)])


def run(model):
    rng = np.random.default_rng(31)
    x = rng.normal(size=(40, 3)).astype("float32")
    y = (np.sin(x).sum(axis=1, keepdims=True) + rng.normal(size=(40, 1))).astype("float32")
    results = {}
    note = Note()
    model.compile(
        keras.optimizers.AdamW(
            0.05, use_ema=True, ema_momentum=0.7, clipnorm=0.5, gradient_accumulation_steps=2
        ),
        "log_cosh",
        metrics=["mse"],
    )
    callbacks = [
        keras.callbacks.EarlyStopping(
            monitor="val_mse", patience=2, restore_best_weights=True, min_delta=0.05
        ),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * (0.8 if epoch else 1)),
        note,
    ]
    history = model.fit(
        x, y, epochs=9, initial_epoch=2, batch_size=6, shuffle=False, verbose=0,
        validation_split=0.3, validation_freq=1, callbacks=callbacks,
    )  # fmt: skip
    results["history"] = history.history
    results["epochs"] = history.epoch
    results["stopped"] = callbacks[0].stopped_epoch
    results["seen"] = [str(entry) for entry in note.seen if isinstance(entry, list)]
    results["batches"] = [entry for entry in note.seen if isinstance(entry, float)]
    results["after"] = model.evaluate(x, y, verbose=0, return_dict=True)
    history = model.fit(
        x, y, epochs=4, batch_size=8, shuffle=False, verbose=0,
        validation_data=(x[:9], y[:9], np.linspace(0, 1, 9)), validation_freq=[2, 4],
        validation_batch_size=4,
    )  # fmt: skip
    results["rarely"] = history.history
    return results


if __name__ == "__main__":
    print(run(build()))
