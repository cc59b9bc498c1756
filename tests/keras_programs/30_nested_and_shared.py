"""One nested model used twice, parts of it taken out, cut and cloned."""

import keras
import numpy as np
from keras import layers


def build():
    inner_in = keras.Input((4,))
    h = layers.Dense(6, "relu", name="inner_hidden")(inner_in)
    h = layers.BatchNormalization(name="inner_norm")(h)
    inner = keras.Model(inner_in, [layers.Dense(3, name="inner_out")(h), h], name="tower")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    (left, left_h), (right, _) = inner(a), inner(b)
    together = layers.Concatenate(name="both")([layers.Subtract()([left, right]), left_h])
    return keras.Model([a, b], layers.Dense(1, "sigmoid", name="head")(together))


def run(model):
    rng = np.random.default_rng(30)
    a, b = rng.normal(size=(2, 26, 4)).astype("float32")
    y = (a[:, :1] > b[:, :1]).astype("float32")
    results = {}
    model.compile(keras.optimizers.Nadam(0.01), "bce", metrics=["accuracy", "AUC"])
    fit = model.fit({"a": a, "b": b}, y, class_weight={0: 1.0, 1: 3.0}, shuffle=False, verbose=0)
    results["history"] = fit.history
    results["predict"] = model.predict([a, b], verbose=0)
    tower = model.get_layer("tower")
    results["names"] = [layer.name for layer in tower.layers[1:]]
    features = keras.Model(model.inputs, model.get_layer("both").output)
    results["features"] = features.predict([a, b], verbose=0)
    results["hidden"] = keras.Model(tower.inputs, tower.layers[-2].output).predict(a, verbose=0)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    results["clone"] = copy.predict([a, b], verbose=0)
    results["count"] = [model.count_params(), copy.count_params(), len(copy.layers)]

    flat = keras.Sequential([keras.Input((4,)), tower.get_layer("inner_hidden"), layers.Dense(9)])
    results["before"] = flat.output_shape
    flat.pop()
    results["popped"] = [flat.output_shape, len(flat.layers), len(flat.weights)]
    results["cut"] = flat.predict(a, verbose=0)
    flat.add(layers.Flatten())
    results["longer"] = [flat.layers[-1].output.shape, flat.predict(a, verbose=0)]
    tower.trainable = False
    results["left"] = [len(model.trainable_weights), len(model.non_trainable_weights)]
    return results


if __name__ == "__main__":
    print(run(build()))
