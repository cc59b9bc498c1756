"""Residual networks of bottleneck blocks, with activations after the sums (v1) or before (v2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import layers
from ..models import Model
from ._building import Arguments, Published, build

_EPSILON = 1.001e-5


def _norm(x: Any, name: str, relu: str | None = None) -> Any:
    x = layers.BatchNormalization(epsilon=_EPSILON, name=name)(x)
    return layers.Activation("relu", name=relu)(x) if relu else x


def _block_v1(x: Any, filters: int, stride: int, project: bool, name: str) -> Any:
    shortcut = x
    if project:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = _norm(shortcut, f"{name}_0_bn")
    x = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = _norm(x, f"{name}_1_bn", f"{name}_1_relu")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = _norm(x, f"{name}_2_bn", f"{name}_2_relu")
    x = _norm(layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x), f"{name}_3_bn")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _block_v2(x: Any, filters: int, stride: int, project: bool, name: str) -> Any:
    before = _norm(x, f"{name}_preact_bn", f"{name}_preact_relu")
    if project:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(before)
    else:
        shortcut = layers.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(before)
    x = _norm(x, f"{name}_1_bn", f"{name}_1_relu")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = _norm(x, f"{name}_2_bn", f"{name}_2_relu")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def residual_network(
    a: Arguments, published: Published, blocks: Sequence[int], version: int
) -> Model:
    """Four stacks of so many blocks each, of 64, 128, 256 and 512 filters.

    A stack of version 1 halves height and width in its first block, but for the first stack; one
    of version 2 in its last block, but for the last stack.
    """

    def body(x: Any) -> Any:
        x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
        x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
        if version == 1:
            x = _norm(x, "conv1_bn", "conv1_relu")
        x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
        for k, count in enumerate(blocks):
            for i in range(count):
                name = f"conv{k + 2}_block{i + 1}"
                if version == 1:
                    stride = 2 if i == 0 and k > 0 else 1
                    x = _block_v1(x, 64 << k, stride, i == 0, name)
                else:
                    stride = 2 if i == count - 1 and k < len(blocks) - 1 else 1
                    x = _block_v2(x, 64 << k, stride, i == 0, name)
        return x if version == 1 else _norm(x, "post_bn", "post_relu")

    names = ("avg_pool", "avg_pool", "max_pool")
    return build(a, body, published, size=224, least=32, names=names)
