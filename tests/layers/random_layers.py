"""Random configurations of layers: those of the convolution family, and the basic ones.

`configuration(name, rng)` gives the arguments of a layer and the shape of an input that fits.
"""

import numpy as np

ACTIVATIONS = (None, "relu", "tanh", "sigmoid", "linear")
NAMES = [
    *("Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D"),
    *("SeparableConv1D", "SeparableConv2D", "Conv1DTranspose", "Conv2DTranspose"),
    *("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"),
    *("GlobalMaxPooling1D", "GlobalMaxPooling2D"),
    *("GlobalAveragePooling1D", "GlobalAveragePooling2D"),
    *("ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D"),
    *("UpSampling1D", "UpSampling2D", "SpatialDropout1D", "SpatialDropout2D"),
]
BASIC = [
    *("Dense", "BatchNormalization", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"),
    *("Flatten", "Reshape", "Dropout"),
]


def configuration(name: str, rng: np.random.Generator) -> tuple[dict, tuple[int, ...]]:
    """The arguments of a layer, and the shape of an input."""
    if name in BASIC:
        return _basic(name, rng)
    rank = 2 if "2D" in name else 1
    size = [int(n) for n in rng.integers(7, 13, rank)]
    shape = (int(rng.integers(1, 4)), *size, int(rng.integers(1, 6)))
    kind = next(k for k in _MAKERS if k in name)
    return _MAKERS[kind](name, rng, rank, shape)


def _pick(rng, *values):
    return values[rng.integers(len(values))]


def _sizes(rng, rank, low, high):
    """One number for all axes, or one per axis."""
    if rng.integers(2):
        return int(rng.integers(low, high + 1))
    return tuple(int(n) for n in rng.integers(low, high + 1, rank))


def _window(rng, rank, both=False):
    """Strides or dilation, or `both`, where Keras has it."""
    strides = dilation = 1
    which = rng.integers(3)
    if which == 0 or both:
        strides = _sizes(rng, rank, 1, 3)
    if which == 1 or both:
        dilation = _sizes(rng, rank, 1, 2)
    return {
        "kernel_size": _sizes(rng, rank, 1, 4),
        "strides": strides,
        "dilation_rate": dilation,
        "padding": str(_pick(rng, "valid", "same")),
        "activation": _pick(rng, *ACTIVATIONS),
        "use_bias": bool(rng.integers(4)),
    }


def _conv(name, rng, rank, shape):
    config = _window(rng, rank)
    config["filters"] = int(rng.integers(1, 7))
    if rng.integers(3) == 0:
        groups = int(rng.integers(2, 4))
        config |= {"groups": groups, "filters": 2 * groups}
        shape = (*shape[:-1], groups * int(rng.integers(1, 4)))
    if rank == 1 and rng.integers(3) == 0:
        config["padding"] = "causal"
    return config, shape


def _depthwise(name, rng, rank, shape):
    return {**_window(rng, rank), "depth_multiplier": int(rng.integers(1, 4))}, shape


def _separable(name, rng, rank, shape):
    return {
        **_window(rng, rank),
        "filters": int(rng.integers(1, 7)),
        "depth_multiplier": int(rng.integers(1, 4)),
    }, shape


def _transpose(name, rng, rank, shape):
    config = {**_window(rng, rank), "filters": int(rng.integers(1, 7))}
    if rng.integers(2):
        strides = np.broadcast_to(config["strides"], rank)
        config["output_padding"] = tuple(int(rng.integers(s)) for s in strides)
    return config, shape


def _pool(name, rng, rank, shape):
    config = {"pool_size": _sizes(rng, rank, 1, 4), "padding": str(_pick(rng, "valid", "same"))}
    if rng.integers(2):
        config["strides"] = _sizes(rng, rank, 1, 4)
    if name.startswith("Average") and config["padding"] == "same":
        # Keras on PyTorch counts some padding as pixels; minidl and TensorFlow never do. The two
        # agree where a window reaches over the border by one repeated pixel, or not at all.
        config |= {"pool_size": 2, "strides": 2}
    return config, shape


def _global(name, rng, rank, shape):
    return {"keepdims": bool(rng.integers(2))}, shape


def _pad(name, rng, rank, shape):
    if rank == 1:
        return {"padding": _sizes(rng, 2, 0, 3)}, shape
    return {"padding": _sides(rng)}, shape


def _crop(name, rng, rank, shape):
    if rank == 1:
        return {"cropping": _sizes(rng, 2, 0, 3)}, shape
    return {"cropping": _sides(rng)}, shape


def _sides(rng):
    if rng.integers(2):
        return _sizes(rng, 2, 0, 3)
    return tuple(tuple(int(n) for n in rng.integers(0, 4, 2)) for _ in range(2))


def _upsample(name, rng, rank, shape):
    if rank == 1:
        return {"size": int(rng.integers(1, 5))}, shape
    interpolation = str(_pick(rng, "nearest", "bilinear"))
    return {"size": _sizes(rng, 2, 1, 4), "interpolation": interpolation}, shape


def _dropout(name, rng, rank, shape):
    return {"rate": float(rng.integers(0, 10)) / 10}, shape


def _basic(name, rng):
    shape = tuple(int(n) for n in rng.integers(2, 6, rng.integers(2, 5)))
    axes = range(1, len(shape))
    if name == "Dense":
        bias = bool(rng.integers(2))
        activation = _pick(rng, *ACTIVATIONS, "softmax", "elu")
        return {"units": int(rng.integers(1, 9)), "use_bias": bias, "activation": activation}, shape
    if name == "BatchNormalization":
        config = {"scale": bool(rng.integers(3)), "center": bool(rng.integers(3))}
        axis = int(_pick(rng, -1, *axes))
        return {**config, "axis": axis, "epsilon": float(rng.uniform(1e-3, 0.1))}, shape
    if name == "ReLU":
        config = {"negative_slope": float(rng.uniform(0, 0.5)), "threshold": float(rng.uniform())}
        return {**config, "max_value": _pick(rng, None, float(rng.uniform(1, 2)))}, shape
    if name == "Reshape":
        target = [int(n) for n in rng.permutation(shape[1:])]
        if rng.integers(2):
            target[int(rng.integers(len(target)))] = -1
        return {"target_shape": tuple(target)}, shape
    config = {
        "Activation": {"activation": _pick(rng, *ACTIVATIONS[1:], "softmax", "elu", "softplus")},
        "LeakyReLU": {"negative_slope": float(rng.uniform(0, 0.5))},
        "ELU": {"alpha": float(rng.uniform(0.2, 2))},
        "Softmax": {"axis": int(_pick(rng, -1, *axes))},
        "Flatten": {},
        "Dropout": {"rate": float(rng.integers(0, 10)) / 10},
    }[name]
    return config, shape


_MAKERS = {  # the first key that is part of the layer's name
    "Depthwise": _depthwise,
    "Separable": _separable,
    "Transpose": _transpose,
    "Conv": _conv,
    "Global": _global,
    "Pooling": _pool,
    "ZeroPadding": _pad,
    "Cropping": _crop,
    "UpSampling": _upsample,
    "SpatialDropout": _dropout,
}
