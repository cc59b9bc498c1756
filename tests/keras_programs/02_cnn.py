"""A convolutional network on small pictures, one-hot labels."""

import keras
import numpy as np
from keras import layers


def build():
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, (3, 3), activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.0),
            layers.Dense(10, activation="softmax"),
        ],
        name="cnn",
    )


def run(model):
    rng = np.random.default_rng(1)
    x = rng.random((48, 12, 12, 1), dtype="float32")
    y = keras.utils.to_categorical(rng.integers(0, 10, 48), num_classes=10)
    model.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate=1e-3),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(k=3)],
    )
    history = model.fit(x, y, epochs=2, batch_size=20, shuffle=False, verbose=0)
    return {
        "history": history.history,
        "evaluate": model.evaluate(x, y, batch_size=32, verbose=0, return_dict=True),
        "predict": model.predict(x, verbose=0),
        "shapes": [layer.output.shape[1:] for layer in model.layers],
        "parameters": model.count_params(),
    }


if __name__ == "__main__":
    print(run(build()))
