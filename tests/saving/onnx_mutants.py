"""ONNX files mutated by the thousand, in their bytes and in the fields of their messages: each is
read or refused, with no crash, no hang and memory within bounds.

`python -m tests.saving.onnx_mutants --count 1000000` is the long run; with `--nodes` it starts from
the node tests of the standard, every operator, in place of a few networks.
"""

import argparse
import random
import resource
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

MOST_SECONDS = 5.0  # a file
MOST_MEMORY = 256 << 20  # bytes beyond what was there at the start

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
        found.append((proto, [np.ones((1, *model.input_shape[1:]), "float32")]))
    return found


def node_seeds():
    """The node tests that pass here, as `seeds` gives them."""
    from minidl.saving._onnx_import import model_of
    from onnx import numpy_helper
    from onnx.backend.test.case.node import collect_testcases

    found = []
    with np.errstate(all="ignore"):
        cases = collect_testcases(None)
    for case in cases:
        try:
            model_of(case.model)
        except NotImplementedError:
            continue
        inputs = [
            numpy_helper.to_array(x) if hasattr(x, "data_type") else np.asarray(x)
            for x in case.data_sets[0][0]
        ]
        found.append((case.model, inputs))
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


def of_bytes(rng, data):
    """One to eight changes: bits, bytes, and pieces cut, doubled or moved."""
    data = bytearray(data)
    for _ in range(1 + int(rng.random() ** 3 * 8)):
        if not data:
            break
        at = rng.randrange(len(data))
        end = at + rng.choice([1, 4, 16, 256])
        kind = rng.randrange(7)
        if kind < 2:
            data[at] ^= 1 << rng.randrange(8)
        elif kind < 4:
            data[at] = rng.choice([0, 1, 2, 8, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        elif kind == 4:
            data[at:end] = data[at:end] * 2 if rng.random() < 0.5 else b""
        elif kind == 5:
            begin = rng.randrange(len(data))
            data[at:end] = data[begin : begin + end - at]
        elif rng.random() < 0.3:
            del data[at:]
    return bytes(data)


def work(count, seed, nodes=False):
    """All cases, in this process. Returns a report."""
    from minidl import saving

    warnings.simplefilter("ignore")
    rng = random.Random(seed)
    prepared = [
        (proto, proto.SerializeToString(), x) for proto, x in (node_seeds if nodes else seeds)()
    ]
    refused, slowest, start = 0, 0.0, _peak()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.onnx"
        for case in range(count):
            if case == min(200, count // 2):
                start = _peak()
                _limit_memory()
            proto, data, inputs = rng.choice(prepared)
            if rng.random() < 0.5:
                data = of_bytes(rng, data)
            else:
                data = of_proto(rng, proto).SerializeToString()
            path.write_bytes(data)
            begin = time.perf_counter()
            try:
                model = saving.load_onnx(path)
            except (ValueError, NotImplementedError) as error:
                refused += 1
                assert str(error), "an error without a message"
            else:
                _run(model, inputs)
            slowest = max(slowest, time.perf_counter() - begin)
            assert slowest <= MOST_SECONDS, f"{slowest:.1f} s for one file"
    grown = _peak() - start
    assert grown <= MOST_MEMORY, f"memory grew by {grown >> 20} MiB"
    return f"{count} files, {refused} refused, slowest {slowest:.3f} s, {grown >> 20} MiB more"


def _run(model, inputs):
    """What was read is run once; there too an error must be a plain one."""
    try:
        model.call(inputs)
    except (ValueError, NotImplementedError, MemoryError) as error:
        assert isinstance(error, MemoryError) or str(error)


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _limit_memory():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main():
    parser = argparse.ArgumentParser(prog="tests.saving.onnx_mutants")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--nodes", action="store_true")
    given = parser.parse_args()
    print(work(given.count, given.seed, given.nodes))


if __name__ == "__main__":
    main()
