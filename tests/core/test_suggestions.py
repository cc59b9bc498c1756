"""Misspelt names: the error suggests the near one; names not offered: it says what to use."""

import minidl
import pytest
from minidl import layers, optimizers


def model():
    return minidl.Sequential([minidl.Input((4,)), layers.Dense(3, name="head")])


NAMES = [
    (lambda: model().compile("adam", "categorical_crosentropy"), "categorical_crossentropy"),
    (lambda: model().compile("adam", "mse", metrics=["acuracy"]), "accuracy"),
    (lambda: model().compile("adm", "mse"), "adam"),
    (lambda: layers.Dense(3, "rleu"), "relu"),
    (lambda: layers.Dense(3, activaton="relu"), "activation"),
    (lambda: layers.Dense(3, nme="x"), "name"),
    (lambda: layers.Dense(3, kernel_initializer="glorot_unifrm"), "glorot_uniform"),
    (lambda: layers.Dense(3, kernel_constraint="max_nrm"), "max_norm"),
    (lambda: layers.deserialize({"class_name": "Dens", "config": {}}), "Dense"),
    (lambda: optimizers.Adam(weight_decy=0.1), "weight_decay"),
    (
        lambda: optimizers.schedules.deserialize({"class_name": "CosineDcay", "config": {}}),
        "CosineDecay",
    ),
    (lambda: model().get_layer("haed"), "head"),
]


@pytest.mark.parametrize(("call", "near"), NAMES, ids=[near for _, near in NAMES])
def test_near_names(call, near):
    with pytest.raises(ValueError, match=f"Did you mean '{near}'") as raised:
        call()
    assert len(str(raised.value)) < 200  # no list of all names


def test_all_names_where_none_is_near():
    with pytest.raises(ValueError, match=r"Known names: .*mean_squared_error"):
        model().compile("adam", "zzz")


@pytest.mark.parametrize(
    ("module", "name", "text"),
    [
        (minidl, "Sequental", "Did you mean 'Sequential'"),
        (layers, "Conv2d", "Did you mean 'Conv2D'"),
        (minidl.ops, "matmull", "Did you mean 'matmul'"),
        (minidl.losses, "MeanSquareError", "Did you mean 'MeanSquaredError'"),
        (minidl.callbacks, "EarlyStoping", "Did you mean 'EarlyStopping'"),
        (minidl.utils, "to_categoric", "Did you mean 'to_categorical'"),
        (minidl.data, "DataSet", "Did you mean 'Dataset'"),
        (layers, "StringLookup", "not offered: turn text into numbers"),
        (layers, "TFSMLayer", "not offered: it runs another framework's code"),
        (minidl.callbacks, "RemoteMonitor", "not offered: .*LambdaCallback"),
    ],
)
def test_attributes_of_modules(module, name, text):
    with pytest.raises(AttributeError, match=text):
        getattr(module, name)
    assert not hasattr(module, "__nothing__")


def test_shape_errors_name_both_layers():
    first, second = layers.Conv2D(3, 3, name="first"), layers.LSTM(3, name="second")
    with pytest.raises(ValueError, match=r"'second' .*3 axes.*from 'first' \(Conv2D\)\.$"):
        minidl.Sequential([minidl.Input((4, 4, 1)), first, second])
    x = minidl.Input((4,), name="given")
    a = layers.Dense(3, name="a")(x)
    with pytest.raises(ValueError, match=r"'sum'.*from 'a' \(Dense\) and 'given' \(InputLayer\)"):
        layers.Add(name="sum")([a, x])
    inner = minidl.Sequential([minidl.Input((5,)), layers.Dense(2)], name="inner")
    with pytest.raises(ValueError, match="from 'a'") as raised:
        inner(a)
    assert str(raised.value).count("comes from") == 1
