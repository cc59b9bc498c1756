"""Small ONNX files and their mutations: of bytes, and of the fields of the messages."""

import numpy as np

WIDE = [0, 1, 2, -1, 127, 255, 1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1, -(1 << 63)]
TEXTS = ["", "x", "y", "../../etc/passwd", "Relu", "Loop", "FLOAT", "ab,bc->ac", "\x00", "é" * 50]


def seeds():
    """Protos of a few small networks, with the inputs they take."""
    import minidl
    from minidl import layers as L
    from minidl.saving._onnx_export import onnx_model

    minidl.set_random_seed(0)
    images = minidl.Sequential(
        [
            minidl.Input((6, 6, 2)),
            L.Conv2D(2, 3, padding="same", activation="relu"),
            L.BatchNormalization(),
            L.MaxPooling2D(2),
            L.Flatten(),
            L.Dense(2, "softmax"),
        ]
    )
    steps = minidl.Sequential(
        [minidl.Input((4, 2)), L.Masking(), L.GRU(2, return_sequences=True), L.LSTM(2)]
    )
    x = minidl.Input((3, 4))
    words = minidl.Model(
        x, L.LayerNormalization()(L.MultiHeadAttention(2, 2)(x, x, use_causal_mask=True))
    )
    pixels = minidl.Sequential([minidl.Input((4, 4, 1)), L.Resizing(3, 3), L.UpSampling2D(2)])
    found = []
    for model in (images, steps, words, pixels):
        proto = onnx_model(model)
        for value in (*proto.graph.value_info, *proto.graph.output):
            del value.type.tensor_type.shape.dim[:]
        found.append((proto, np.ones((1, *model.input_shape[1:]), "float32")))
    return found


def of_proto(rng, proto):
    """A copy with one to four fields changed, left out, doubled or taken from elsewhere."""
    changed = type(proto)()
    changed.CopyFrom(proto)
    for _ in range(1 + int(rng.random() ** 2 * 4)):
        message = changed.graph
        while True:
            fields = message.ListFields()
            if not fields:
                break
            field, value = rng.choice(fields)
            inner = field.message_type is not None
            if inner and rng.random() < 0.8:
                message = rng.choice(value) if hasattr(value, "add") else value
                continue
            _change(rng, message, field, value, inner)
            break
    return changed


def _change(rng, message, field, value, inner):
    name = field.name
    if rng.random() < 0.1:
        message.ClearField(name)
    elif inner:
        if not hasattr(value, "add"):
            return
        at = rng.randrange(len(value))
        kind = rng.randrange(3)
        if kind == 0:
            del value[at]
        elif kind == 1:
            value.add().CopyFrom(value[at])
        else:
            value[at].CopyFrom(value[rng.randrange(len(value))])
    elif hasattr(value, "append"):  # numbers or texts
        at = rng.randrange(len(value))
        kind = rng.randrange(4)
        if kind == 0:
            del value[at]
        elif kind == 1:
            value.append(value[at])
        else:
            _set(rng, lambda new: value.__setitem__(at, new), value[at])
    else:
        _set(rng, lambda new: setattr(message, name, new), value)


def _set(rng, put, old):
    if isinstance(old, (bytes, str)):
        text = rng.choice(TEXTS) if rng.random() < 0.6 else old[: len(old) // 2]
        new = text.encode() if isinstance(old, bytes) and isinstance(text, str) else text
    elif isinstance(old, float):
        new = rng.choice([0.0, -1.0, 1e30, float("nan"), float("inf")])
    else:
        new = rng.choice(WIDE)
    try:
        put(new)
    except (ValueError, TypeError):  # too wide for the field
        put(old)


def onnx_file(folder):
    """Half bytes, half fields; a file that is taken is run once."""
    import warnings

    from minidl import saving

    from .mutate import of_bytes

    prepared = [(proto, proto.SerializeToString(), x) for proto, x in seeds()]
    inputs = []

    def make(rng):
        proto, data, x = rng.choice(prepared)
        inputs[:] = [x]
        return (
            of_bytes(rng, data) if rng.random() < 0.5 else of_proto(rng, proto).SerializeToString()
        )

    def attempt(path):
        try:
            model = saving.load_onnx(path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.call(inputs)
        except (NotImplementedError, MemoryError) as error:  # the latter while running
            raise ValueError(f"{type(error).__name__}: {error}") from error

    return make, attempt
