"""Functional models that cannot be: disconnected, cyclic, named twice, damaged, fed wrongly."""

import minidl
import numpy as np
import pytest
from minidl import layers, ops

from .small_graphs import batch, plain, two_branches


def test_disconnected_graphs():
    a, b = minidl.Input((2,), name="here"), minidl.Input((2,), name="there")
    y = layers.Dense(2, name="lost")(b)
    with pytest.raises(ValueError, match=r"Graph disconnected.*'lost'.*'here'"):
        minidl.Model(a, layers.Dense(2)(a) + y)
    with pytest.raises(ValueError, match="Graph disconnected"):
        minidl.Model(a, b)
    with pytest.raises(ValueError, match="`inputs` is empty"):
        minidl.Model([], a)
    with pytest.raises(ValueError, match="made by `Input`"):
        minidl.Model(a, np.ones(3))
    with pytest.raises(ValueError, match="made by `Input`"):
        minidl.Model(minidl.KerasTensor((2,)), minidl.KerasTensor((2,)))


def test_names_used_twice():
    x = minidl.Input((2,))
    y = layers.Dense(2, name="twin")(layers.Dense(2, name="twin")(x))
    with pytest.raises(ValueError, match="'twin' is used 2 times"):
        minidl.Model(x, y)


def test_cycles_in_configs():
    x = minidl.Input((2,), name="x")
    y = layers.Dense(2, name="one")(x)
    config = plain(minidl.Model(x, layers.Dense(2, name="two")(y)).get_config())
    first = config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]
    first["keras_history"] = ["two", 0, 0]
    with pytest.raises(ValueError, match=r"cycle.*'one', 'two'"):
        minidl.Model.from_config(config)


def _broken():
    def drop(config):
        del config["layers"][1]

    def history(*value):
        def change(config):
            args = config["layers"][1]["inbound_nodes"][0]["args"]
            args[0]["config"]["keras_history"] = list(value)

        return change

    def output(*value):
        def change(config):
            config["output_layers"] = list(value)

        return change

    def name(config):
        config["layers"][1]["class_name"] = "Dens"

    def calls(config):
        config["layers"][1]["inbound_nodes"] = ["x"]

    return {
        "missing layer": drop,
        "unknown layer": history("nobody", 0, 0),
        "negative": history("x", -1, 0),
        "output number": history("x", 0, 7),
        "short history": history("x", 0),
        "unknown output": output("nobody", 0, 0),
        "late output": output("one", 3, 0),
        "odd output": output("one", 0),
        "unknown class": name,
        "calls": calls,
        "no layers": lambda config: config.pop("layers"),
    }


@pytest.mark.parametrize("damage", _broken().values(), ids=_broken())
def test_damaged_configs(damage):
    x = minidl.Input((2,), name="x")
    config = plain(minidl.Model(x, layers.Dense(2, name="one")(x)).get_config())
    damage(config)
    with pytest.raises(ValueError):
        minidl.models.Functional.from_config(config)


def test_wrong_inputs_name_the_layer_and_both_shapes():
    model = two_branches()
    a, b = batch(4, 3)
    for given, message in (
        ([a], r"'two' takes 2 inputs, \['a', 'b'\]"),
        (a, "'two' takes 2 inputs"),
        ([a, b, b], "'two' takes 2 inputs"),
        ({"a": a}, r"inputs named \['a', 'b'\]"),
        ([b, a], r"input 'a' takes shape \(None, 4\), but received shape \(6, 3\)"),
        ([a[0], b], "batch axis may be missing"),
        ([np.array(["x"]), b], "Input 'a'"),
    ):
        with pytest.raises(ValueError, match=message):
            model(given)
    image = minidl.Input((8, 6, 3))
    net = minidl.Model(image, layers.Flatten()(image))
    with pytest.raises(ValueError, match="channels-first"):
        net(np.zeros((2, 3, 8, 6), np.float32))
    with pytest.raises(ValueError, match=r"'right'.*size 3.*\(None, 4\)"):
        model.get_layer("right")(minidl.Input((4,)))
    with pytest.raises(ValueError, match="broadcast"):
        _ = minidl.Input((3,)) + minidl.Input((4,))


def test_ops_that_need_numbers_say_so():
    x = minidl.Input((3,))
    with pytest.raises(ValueError, match="newshape must be known"):
        ops.reshape(np.ones(6), x)

    for wrong in (ops.nonzero, ops.unique, ops.where):
        with pytest.raises(ValueError, match="depends on the data"):
            wrong(x)
    assert ops.ndim(x) == 2

    class Bad(minidl.Layer):
        def call(self, x):
            return x.shape[0]

    with pytest.raises(ValueError, match="must return tensors"):
        Bad()(x)
    with pytest.raises(TypeError, match=r"\(Dense\).*'colour'"):
        layers.Dense(2)(x, colour=1)
    with pytest.raises(ValueError, match="`outputs` must be made"):
        minidl.Model(x)
    with pytest.raises(AttributeError, match="no defined output"):
        _ = layers.Dense(2).output
