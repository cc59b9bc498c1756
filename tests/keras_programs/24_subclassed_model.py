"""A residual network as subclasses of Model, with a loop of blocks and a training flag."""

import keras
import numpy as np
from keras import layers


class Block(keras.layers.Layer):
    def __init__(self, filters, stride=1, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)
        self.norm1 = layers.BatchNormalization(momentum=0.9)
        self.conv2 = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.norm2 = layers.BatchNormalization(momentum=0.9)
        self.shortcut = layers.Conv2D(filters, 1, strides=stride) if stride > 1 else None

    def call(self, x, training=None):
        y = keras.activations.relu(self.norm1(self.conv1(x), training=training))
        y = self.norm2(self.conv2(y), training=training)
        if self.shortcut is not None:
            x = self.shortcut(x)
        return keras.ops.relu(x + y)


class ResNet(keras.Model):
    def __init__(self, classes):
        super().__init__(name="resnet")
        self.stem = layers.Conv2D(6, 3, padding="same")
        self.blocks = [Block(6), Block(8, stride=2)]
        self.pool = layers.GlobalAveragePooling2D()
        self.head = layers.Dense(classes)

    def call(self, x, training=False):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, training=training)
        return self.head(self.pool(x))


def build():
    model = ResNet(3)
    model(np.zeros((1, 8, 8, 1), "float32"))
    return model


def run(model):
    rng = np.random.default_rng(23)
    x = rng.random((24, 8, 8, 1), dtype="float32")
    y = rng.integers(0, 3, 24)
    model.compile(
        optimizer="sgd",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    return {
        "history": history.history,
        "evaluate": model.evaluate(x, y, verbose=0),
        "predict": model.predict(x, verbose=0),
        "call": model(x, training=True),
        "weights": [w.shape for w in model.weights],
    }


if __name__ == "__main__":
    print(run(build()))
