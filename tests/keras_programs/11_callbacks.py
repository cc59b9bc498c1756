"""Callbacks: stopping, a rate that follows the epoch and the plateau, and one's own."""

import keras
import numpy as np


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.events = []
        self.rates = []

    def on_train_begin(self, logs=None):
        self.events.append("begin")

    def on_train_batch_end(self, batch, logs=None):
        self.events.append(batch)

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate.numpy()))
        self.events.append(f"epoch {epoch} of {self.params['epochs']}: {sorted(logs)}")

    def on_train_end(self, logs=None):
        self.events.append("end")


def build():
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])


def run(model):
    rng = np.random.default_rng(10)
    x = rng.normal(size=(40, 5)).astype("float32")
    y = x @ np.arange(5, dtype="float32")[:, None]
    recorder = Recorder()
    losses = []
    model.compile(optimizer=keras.optimizers.SGD(0.4), loss="mse", metrics=["mae"])
    history = model.fit(
        x,
        y,
        epochs=20,
        batch_size=20,
        shuffle=False,
        verbose=0,
        validation_data=(x[:10], y[:10]),
        callbacks=[
            keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True),
            keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr * (1.5 if epoch > 3 else 1)),
            keras.callbacks.ReduceLROnPlateau("loss", factor=0.9, patience=1),
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda e, logs: losses.append(logs["loss"])
            ),
            keras.callbacks.TerminateOnNaN(),
            recorder,
        ],
    )
    return {
        "history": history.history,
        "epochs": history.epoch,
        "events": recorder.events,
        "rates": recorder.rates,
        "losses": losses,
        "predict": model.predict(x, verbose=0),
    }


if __name__ == "__main__":
    print(run(build()))
