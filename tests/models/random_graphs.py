"""Random functional graphs: branches, shared and nested layers, ops, several inputs and outputs."""

import minidl
import numpy as np
from minidl import layers, ops


def random_graph(seed):
    """A model, its random inputs and the shapes of its outputs."""
    rng = np.random.default_rng(seed)
    minidl.set_random_seed(seed)
    inputs = [minidl.Input((int(rng.integers(2, 6)),)) for _ in range(rng.integers(1, 4))]
    pool = list(inputs)
    shared = layers.Dense(4, activation="tanh", name=f"shared_{seed}")
    seen = set()

    def pick():
        return pool[rng.integers(len(pool))]

    def same_width(width):
        x = pick()
        return x if x.shape[-1] == width else layers.Dense(width)(x)

    def nested():
        x = minidl.Input((4,))
        y = layers.Add()([layers.Dense(4)(x), x])
        return minidl.Model(x, [y, ops.tanh(y)] if rng.integers(2) else y)

    inner = nested()
    stack = minidl.Sequential([minidl.Input((4,)), layers.Dense(3), layers.LeakyReLU()])

    def act():
        kind = int(rng.integers(12))
        x = pick()
        seen.add(kind)
        if kind == 0:
            return layers.Dense(int(rng.integers(1, 6)), activation="relu")(x)
        if kind == 1:
            return shared(same_width(4))
        if kind == 2:
            out = inner(same_width(4))
            return out[0] + out[1] if isinstance(out, list) else out
        if kind == 3:
            return stack(same_width(4))
        if kind == 4:
            return layers.Concatenate()([x, pick()])
        if kind == 5:
            y = same_width(x.shape[-1])
            return layers.Add()([x, y])
        if kind == 6:
            return x * same_width(x.shape[-1]) - 0.5
        if kind == 7:
            return ops.softmax(x[:, : max(1, x.shape[-1] // 2)])
        if kind == 8:
            return ops.concatenate([ops.mean(x, axis=-1, keepdims=True), x], axis=-1)
        if kind == 9:
            return layers.BatchNormalization()(layers.Dense(3)(x))
        if kind == 10:
            return ops.reshape(ops.expand_dims(x, 1), (-1, x.shape[-1])) / 2.0
        return layers.Dropout(0.0)(ops.maximum(x, 0.1))

    for _ in range(int(rng.integers(3, 12))):
        pool.append(act())
    made = pool[len(inputs) :]
    chosen = [made[-1], *(made[i] for i in range(len(made) - 1) if rng.integers(4) == 0)]
    for x in inputs:  # all inputs reach an output
        chosen.append(layers.Dense(2)(x))
    structure = int(rng.integers(3))
    if structure == 0:
        outputs = chosen
    elif structure == 1:
        outputs = tuple(chosen)
    else:
        outputs = {f"o{i}": x for i, x in enumerate(chosen)}
    given = inputs[0] if len(inputs) == 1 else inputs
    if structure == 2 and len(inputs) > 1:
        given = {x.name: x for x in inputs}
    model = minidl.Model(given, outputs)
    arrays = [rng.standard_normal((5, x.shape[-1])).astype(np.float32) for x in model.inputs]
    data = dict(zip([x.name for x in model.inputs], arrays, strict=True))
    if not isinstance(given, dict):
        data = arrays[0] if len(arrays) == 1 else arrays
    return model, data
