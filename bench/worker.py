"""One library in a process of its own: `python bench/worker.py LIBRARY FOLDER MODE THREADS`.

Reads the model and the data from FOLDER, does one step, writes its result (the loss, or what was
predicted) to FOLDER and says so; then answers every line of standard input with the seconds per
step, until that ends. Needs no more than NumPy and its library.
"""

import json
import os
import sys
import time
from pathlib import Path

SLICE = 0.2  # seconds of one answer


def ours(folder, train, inputs, labels):
    import minidl

    model = minidl.saving.load_model(folder / "model.keras", compile=False)
    x = inputs if len(inputs) > 1 else inputs[0]
    if not train:
        return lambda: model.predict_on_batch(x)
    model.compile(minidl.optimizers.Adam(1e-3), loss=_loss(minidl.losses, labels))
    return lambda: model.train_on_batch(x, labels)


def keras(folder, train, inputs, labels):
    import keras

    model = keras.saving.load_model(folder / "model.keras", compile=False)
    x = inputs if len(inputs) > 1 else inputs[0]
    if not train:
        return lambda: model.predict_on_batch(x)
    model.compile(keras.optimizers.Adam(1e-3), loss=_loss(keras.losses, labels))
    return lambda: model.train_on_batch(x, labels)


def _loss(losses, labels):
    if labels.ndim > 1:
        return losses.MeanSquaredError()
    return losses.SparseCategoricalCrossentropy(from_logits=True)


def torch(folder, train, inputs, labels, compiled=False):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import minidl
    import torch

    from bench import torch_models
    from bench.peers import images
    from bench.rows_models import _their_step

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = minidl.saving.load_model(folder / "model.keras", compile=False)
    layout = torch.channels_last
    network = torch_models.network(model, layout).train(train)

    def tensor(a):
        a = a.astype("int64") if a.dtype.kind == "i" else a
        return images(a, layout) if a.ndim == 4 else torch.from_numpy(a)

    x, y = [tensor(a) for a in inputs], tensor(labels)
    del model
    if compiled:
        network = torch.compile(network)
    if train:
        step = _their_step(network, x, y, labels.ndim > 1)
        return lambda: float(step().detach())

    def predict():
        with torch.inference_mode():
            out = network(*x)
        return (out.permute(0, 2, 3, 1) if out.ndim == 4 else out).numpy()

    return predict


def onnxruntime(folder, train, inputs, labels):
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = len(os.sched_getaffinity(0))
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), settings, providers=["CPUExecutionProvider"]
    )
    feed = {i.name: a for i, a in zip(session.get_inputs(), inputs, strict=True)}
    return lambda: session.run(None, feed)[0]


LIBRARIES = {
    "minidl": ours,
    "torch": torch,
    "torch compile": lambda *given: torch(*given, compiled=True),
    "keras tensorflow": keras,
    "keras jax": keras,
    "onnxruntime": onnxruntime,
}


def peak_bytes():
    """The most memory held since this program began; ru_maxrss begins with that of its parent."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the system does not tell the peak of memory")


def main():
    library, folder, mode, threads = sys.argv[1:]
    cpus = sorted(os.sched_getaffinity(0))[: int(threads)]
    os.sched_setaffinity(0, cpus)  # the one limit that every library respects
    if library.startswith("keras "):
        os.environ["KERAS_BACKEND"] = library.split()[1]
    import numpy as np

    folder = Path(folder)
    with np.load(folder / "data.npz") as data:
        inputs = [data[f"x{i}"] for i in range(len(data) - 1)]
        labels = data["y"]
    step = LIBRARIES[library](folder, mode == "train", inputs, labels)
    np.save(folder / f"{library}.npy", np.asarray(step()))
    step()
    begin = time.perf_counter()
    step()
    loops = max(1, round(SLICE / (time.perf_counter() - begin)))
    print(json.dumps("ready"), flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        for _ in range(loops):
            step()
        seconds = (time.perf_counter() - begin) / loops
        print(json.dumps({"seconds": seconds, "peak_bytes": peak_bytes()}), flush=True)


if __name__ == "__main__":
    main()
