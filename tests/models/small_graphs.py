"""Helpers of the tests of functional models."""

import json

import minidl
import numpy as np
from minidl import layers


def plain(config):
    return json.loads(json.dumps(config))


def two_branches():
    a, b = minidl.Input((4,), name="a"), minidl.Input((3,), name="b")
    x = layers.Dense(5, activation="relu", name="left")(a)
    y = layers.Dense(5, name="right")(b)
    z = layers.Add(name="sum")([x, y])
    return minidl.Model([a, b], [layers.Dense(2, name="head")(z), z], name="two")


def batch(*widths, n=6, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((n, w)).astype(np.float32) for w in widths]
