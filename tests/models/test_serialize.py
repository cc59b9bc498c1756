"""Objects as configs and back: Keras's format, classes of the user's own, nothing imported."""

import json

import minidl
import numpy as np
import pytest
from minidl import layers, saving

from tests.keras_peer import keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def doubled(x):
    return x * 2


class Weighty(minidl.Regularizer):
    def __init__(self, factor=0.5):
        self.factor = factor

    def __call__(self, x):
        return self.factor * minidl.ops.sum(minidl.ops.abs(x))

    def get_config(self):
        return {"factor": self.factor}


class Wrapped(minidl.Layer):
    """Holds another layer, and writes it into its config."""

    def __init__(self, inner, times=2, **kwargs):
        super().__init__(**kwargs)
        self.inner, self.times = inner, times

    def call(self, x):
        for _ in range(self.times):
            x = self.inner(x)
        return x

    def get_config(self):
        inner = saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner, "times": self.times}

    @classmethod
    def from_config(cls, config):
        config["inner"] = saving.deserialize_keras_object(config["inner"])
        return cls(**config)


CUSTOM = {"doubled": doubled, "Weighty": Weighty, "Wrapped": Wrapped}


def model():
    x = minidl.Input((3,))
    inner = layers.Dense(3, activation=doubled, kernel_regularizer=Weighty(0.25), name="inner")
    return minidl.Model(x, Wrapped(inner, times=3, name="wrapped")(x))


def test_nested_custom_layers_activations_and_regularizers():
    ours = model()
    config = json.loads(json.dumps(saving.serialize_keras_object(ours)))
    with pytest.raises(ValueError, match="Wrapped"):
        saving.deserialize_keras_object(config)
    again = saving.deserialize_keras_object(config, custom_objects=CUSTOM)
    with saving.custom_object_scope(CUSTOM):
        scoped = minidl.Model.from_config(json.loads(json.dumps(ours.get_config())))
    x = np.ones((2, 3), np.float32)
    for twin in (again, scoped):
        inner = twin.get_layer("wrapped").inner
        assert inner.activation is doubled
        assert isinstance(inner.kernel_regularizer, Weighty)
        assert inner.kernel_regularizer.factor == 0.25
        assert twin.get_layer("wrapped").times == 3
        twin.set_weights(ours.get_weights())
        np.testing.assert_array_equal(twin(x).numpy(), ours(x).numpy())
    with pytest.raises(ValueError, match="Wrapped"):  # the scope has ended
        saving.deserialize_keras_object(config)


def test_registered_names():
    @saving.register_keras_serializable("kitchen", "stir")
    def stirred(x):
        return x + 1

    @saving.register_keras_serializable("kitchen")
    class Pot(minidl.Layer):
        def call(self, x):
            return x

    layer = layers.Dense(2, activation=stirred)
    config = json.loads(json.dumps(layers.serialize(layer)))
    assert config["config"]["activation"]["config"] == "kitchen>stir"
    assert layers.deserialize(config).activation is stirred
    config = layers.serialize(Pot(name="pot"))
    assert config["registered_name"] == "kitchen>Pot"
    assert type(layers.deserialize(config)) is Pot
    with pytest.raises(ValueError, match="needs `get_config`"):
        saving.register_keras_serializable()(type("Bare", (), {}))


VALUES = [
    None,
    {"a": [1, 2.5, "x"], "b": {"c": True}},
    slice(1, None, 2),
    Ellipsis,
    b"bytes",
    np.arange(3, dtype="int32"),
    minidl.initializers.HeNormal(seed=3),
    minidl.regularizers.L2(0.1),
    minidl.constraints.MaxNorm(2.0),
    minidl.losses.BinaryCrossentropy(label_smoothing=0.1),
    minidl.metrics.Precision(),
    minidl.optimizers.Adam(0.02),
]


@pytest.mark.parametrize("obj", VALUES, ids=lambda v: type(v).__name__)
def test_there_and_back_here_and_in_keras(obj):
    config = saving.serialize_keras_object(obj)
    again = saving.deserialize_keras_object(json.loads(json.dumps(config)))
    peer = keras().saving.deserialize_keras_object(json.loads(json.dumps(config)))
    theirs = json.loads(json.dumps(keras().saving.serialize_keras_object(peer)))
    third = saving.deserialize_keras_object(theirs)
    for twin in (again, third):
        assert type(twin) is type(obj)
        if hasattr(obj, "get_config"):
            assert json.dumps(twin.get_config()) == json.dumps(obj.get_config())
        else:
            np.testing.assert_equal(twin, obj)


def test_constants_in_graphs():
    x = minidl.Input((3,))
    net = minidl.Model(x, x * np.arange(3, dtype="float32") + minidl.Tensor([1.0, 2.0, 3.0]))
    config = json.loads(json.dumps(net.get_config()))
    data = np.ones((1, 3), np.float32)
    for twin in (minidl.Model.from_config(config), keras().Model.from_config(config)):
        np.testing.assert_array_equal(np.asarray(twin(data)), net(data).numpy())


BAD = [
    ({"class_name": "__lambda__", "config": {"value": "x"}}, "not safe"),
    ({"class_name": "__secret__", "config": {}}, "Unknown kind"),
    ({"class_name": "function", "config": "os.system"}, "Unknown function"),
    ({"class_name": "system", "module": "os", "config": {}}, "system"),
    ({"class_name": "Sytem", "module": "keras.src.ops.numpy", "config": {}}, "no op"),
    ({"class_name": "__keras_tensor__", "config": {"keras_history": [1]}}, "keras_history"),
    (
        {"class_name": "OneHot", "module": "keras.src.ops.nn", "config": {"sparse": True}},
        "does not offer sparse=True",
    ),
]


@pytest.mark.parametrize(("config", "message"), BAD, ids=range(len(BAD)))
def test_nothing_is_imported_or_run(config, message):
    with pytest.raises(ValueError, match=message):
        saving.deserialize_keras_object(config)


def test_bad_scopes_and_objects():
    with pytest.raises(ValueError, match="`custom_objects` must be a dict"):
        saving.custom_object_scope([doubled])
    with pytest.raises(ValueError, match="no `get_config`"):
        saving.serialize_keras_object(object())

    class Odd(minidl.Layer):
        def __init__(self, thing):
            super().__init__()

    with pytest.raises(NotImplementedError, match="get_config"):
        layers.serialize(Odd(object()))
