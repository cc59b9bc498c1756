"""The networks of `minidl.applications` beside Keras's own: names, order of weights, results."""

import importlib

import minidl
import numpy as np
import pytest
from minidl import applications

from tests.keras_peer import keras, value

# A network, its module, and a size that is not its usual one.
NETWORKS = {
    "ResNet50": ("resnet50", 40),
    "ResNet50V2": ("resnet_v2", 33),
    "InceptionV3": ("inception_v3", 75),
    "MobileNetV2": ("mobilenet_v2", 50),
    "Xception": ("xception", 71),
    "VGG16": ("vgg16", 35),
}


def _weights(model, seed=0):
    """Weights with which activations neither vanish nor explode, and variances are positive."""
    rng = np.random.default_rng(seed)
    found = []
    for w in model.get_weights():
        if w.ndim > 1:
            scale = np.sqrt(2 / np.prod(w.shape[:-1]))
            found.append((rng.standard_normal(w.shape) * scale).astype("float32"))
        else:
            found.append(rng.uniform(0.5, 1.5, w.shape).astype("float32"))
    return found


def _images(size, count=2):
    return np.random.default_rng(1).standard_normal((count, size, size, 3)).astype("float32")


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_keras(name):
    size = NETWORKS[name][1]
    theirs_of = getattr(keras().applications, name)
    settings = {"weights": None, "include_top": False, "input_shape": (size, size, 3)}
    ours = getattr(applications, name)(**settings, pooling="avg")
    theirs = theirs_of(**settings, pooling="avg")
    assert [w.shape for w in ours.get_weights()] == [tuple(w.shape) for w in theirs.weights]
    named = [layer.name for layer in theirs.layers if "_" in layer.name and layer.weights]
    mine = [layer.name for layer in ours.layers if "_" in layer.name and layer.weights]
    automatic = ("conv2d", "batch_normalization", "input_layer")
    assert [n for n in mine if not n.startswith(automatic)] == [
        n for n in named if not n.startswith(automatic)
    ]
    weights = _weights(ours)
    ours.set_weights(weights)
    theirs.set_weights(weights)
    x = _images(size)
    wanted = value(theirs(x, training=False))
    got = ours.predict(x, verbose=0)
    assert np.abs(got - wanted).max() <= 1e-4 * np.abs(wanted).max()
    # Batch norm is folded away in predict: the plain call is the same to 1e-5.
    plain = ours(x, training=False).numpy()
    assert np.abs(got - plain).max() <= 1e-5 * np.abs(plain).max()


@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2"])
def test_top_equals_keras(name):
    settings = {"weights": None, "input_shape": (32, 32, 3), "classes": 11}
    ours = getattr(applications, name)(**settings)
    theirs = getattr(keras().applications, name)(**settings)
    assert ours.name == theirs.name and ours.output_shape == theirs.output_shape
    weights = _weights(ours, 2)
    ours.set_weights(weights)
    theirs.set_weights(weights)
    x = _images(32)
    wanted = value(theirs(x, training=False))
    assert np.abs(ours.predict(x, verbose=0) - wanted).max() <= 1e-4


def test_width_of_mobilenet():
    settings = {"weights": None, "input_shape": (32, 32, 3), "alpha": 0.35, "include_top": False}
    ours = applications.MobileNetV2(**settings)
    theirs = keras().applications.MobileNetV2(**settings)
    assert [w.shape for w in ours.get_weights()] == [tuple(w.shape) for w in theirs.weights]


def test_any_size_without_the_top():
    model = applications.ResNet50(weights=None, include_top=False)
    assert model.output_shape == (None, None, None, 2048)
    for side, out in ((32, 1), (65, 3)):
        assert model(_images(side, 1)).shape == (1, out, out, 2048)


def test_built_upon_a_tensor():
    inputs = minidl.Input((48, 48, 3))
    scaled = minidl.layers.Rescaling(1 / 255)(inputs)
    model = applications.MobileNetV2(
        input_tensor=scaled, weights=None, include_top=False, pooling="max"
    )
    assert model.input_shape == (None, 48, 48, 3)
    assert model(_images(48)).shape == (2, 1280)


def test_transfer_leaves_a_frozen_base_unchanged():
    base = applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg"
    )
    base.trainable = False
    before = base.get_weights()
    model = minidl.Sequential([base, minidl.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    head = model.layers[-1].get_weights()
    model.fit(_images(32, 8), np.arange(8) % 3, epochs=2, batch_size=4, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True))
    assert not np.array_equal(head[0], model.layers[-1].get_weights()[0])


@pytest.mark.parametrize("name", NETWORKS)
def test_preprocess_input_equals_keras(name):
    module = NETWORKS[name][0]
    theirs = importlib.import_module(f"keras.applications.{module}") if keras() else None
    x = np.random.default_rng(0).uniform(0, 255, (2, 3, 4, 3)).astype("float32")
    ours = getattr(applications, module)
    kept = x.copy()
    got = ours.preprocess_input(x)
    assert np.array_equal(x, kept)
    assert np.allclose(got, theirs.preprocess_input(x.copy()), atol=1e-4)
    tensor = ours.preprocess_input(minidl.ops.convert_to_tensor(x))
    assert np.allclose(tensor.numpy(), got, atol=1e-4)


BAD = [
    (dict(weights="nowhere.h5"), "`weights` must be None"),
    (dict(weights=None, pooling="sum"), "`pooling`"),
    (dict(weights=None, classes=0), "`classes`"),
    (dict(weights="imagenet", classes=10), "must be 1000"),
    (dict(weights=None, input_shape=(20, 20, 3)), "at least"),
    (dict(weights=None, input_shape=(20, 20)), "(height, width, channels)"),
    (dict(weights=None, input_shape=(None, None, 3)), "height and width"),
    (dict(weights="imagenet", classifier_activation="relu"), "`classifier_activation`"),
    (dict(weights=None, input_tensor=np.zeros(3)), "`input_tensor`"),
]


@pytest.mark.parametrize("arguments, message", BAD)
@pytest.mark.parametrize("name", ["ResNet50", "InceptionV3"])
def test_bad_arguments(name, arguments, message):
    import re

    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(applications, name)(**arguments)


def test_bad_preprocessing():
    with pytest.raises(ValueError, match="`mode`"):
        applications.imagenet_utils.preprocess_input(np.zeros((1, 1, 3)), mode="rgb")
    with pytest.raises(ValueError, match="channels-last"):
        applications.vgg16.preprocess_input(np.zeros((1, 1, 3)), data_format="channels_first")
    with pytest.raises(ValueError, match=r"shape \(3, 4, 4\)"):
        applications.vgg16.preprocess_input(np.zeros((3, 4, 4)))
