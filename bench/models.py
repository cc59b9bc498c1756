"""Whole models beside the peers, each in a process of its own: `python -m bench.compare --models`.

All get the same weights and data. Their first loss (or prediction) must agree before they are
timed, in turns of random order, on the same processors. Peak memory is that of the whole process.
"""

import json
import os
import random
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench import machine
from bench.install import python_of
from bench.timing import REST, median, spread
from bench.whole import WORKS

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ["minidl", "torch", "torch compile", "keras tensorflow", "keras jax", "onnxruntime"]
START = 240  # seconds until a library must have done its first step
TOLERANCE = 2e-3


class Worker:
    """A library that waits in its own process."""

    def __init__(self, library: str, folder: Path, mode: str, threads: int):
        self.library = library
        python = python_of(library)
        if python is None:
            raise RuntimeError("not installed: python -m bench.install")
        paths = [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(paths),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "JAX_PLATFORMS": "cpu",
        }
        self.errors = (folder / f"{library}.log").open("w+")
        self.process = subprocess.Popen(
            [python, str(ROOT / "bench/worker.py"), library, str(folder), mode, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            text=True,
        )
        try:
            while self._line() != "ready":
                pass
        except BaseException:
            self.close()
            raise

    def _line(self):
        assert self.process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(START):
                raise RuntimeError(f"no answer in {START} s")
        text = self.process.stdout.readline()
        if not text:
            self.errors.seek(0)
            last = self.errors.read().strip().splitlines()[-1:] or ["no message"]
            raise RuntimeError(last[0])
        try:
            return json.loads(text)
        except ValueError:
            return None  # something that the library prints

    def ask(self) -> dict:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        while not isinstance(answer := self._line(), dict):
            pass
        return answer

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.errors.close()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()


def prepare(name: str, folder: Path, onnx: bool) -> None:
    """Model and data, where the workers read them."""
    work = WORKS[name]
    model = work.make()
    inputs, labels = work.arrays(model)
    model.save(folder / "model.keras")
    if onnx:
        model.export(folder / "model.onnx")
    np.savez(folder / "data.npz", y=labels, **{f"x{i}": a for i, a in enumerate(inputs)})


def measure(name: str, mode: str, threads: int, turns: int, libraries=LIBRARIES) -> dict:
    """Seconds and peak memory of every library that runs and agrees; why not, of the others."""
    asked = [lib for lib in libraries if mode == "predict" or lib != "onnxruntime"]
    missing: dict[str, str] = {}
    workers: list[Worker] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        prepare(name, folder, "onnxruntime" in asked)
        try:
            for library in asked:
                try:
                    workers.append(Worker(library, folder, mode, threads))
                except RuntimeError as error:
                    missing[library] = str(error)
            if not workers or workers[0].library != "minidl":
                raise SystemExit(f"{name} {mode}: minidl: {missing.get('minidl', 'not asked')}")
            expected = np.load(folder / "minidl.npy")
            for worker in list(workers[1:]):
                got = np.load(folder / f"{worker.library}.npy")
                error = float(np.abs(got.reshape(expected.shape) - expected).max())
                error /= float(np.abs(expected).max()) + 1e-30
                if not error <= TOLERANCE:
                    missing[worker.library] = f"differs from minidl by {error:.2g} of the scale"
                    workers.remove(worker)
                    worker.close()
            times: dict[str, list[float]] = {w.library: [] for w in workers}
            peaks: dict[str, int] = {}
            order = random.Random(0)
            for _ in range(turns):
                for worker in order.sample(workers, len(workers)):
                    time.sleep(REST)
                    answer = worker.ask()
                    times[worker.library].append(answer["seconds"])
                    peaks[worker.library] = answer["peak_bytes"]
        finally:
            for worker in workers:
                worker.close()
    seconds = {library: median(values) for library, values in times.items()}
    best = min((t for library, t in seconds.items() if library != "minidl"), default=None)
    return {
        "row": f"{name} {mode}",
        "threads": threads,
        "seconds": seconds,
        "spread": {library: spread(values) for library, values in times.items()},
        "peak_bytes": peaks,
        "missing": missing,
        "ratio": best / seconds["minidl"] if best else None,
    }


def print_row(result: dict) -> None:
    ratio = f"{result['ratio']:.2f}" if result["ratio"] else "-"
    print(f"{result['row']}, {result['threads']} threads: {ratio} of the best peer's speed")
    for library, seconds in sorted(result["seconds"].items(), key=lambda item: item[1]):
        peak = result["peak_bytes"][library] / 2**20
        print(f"  {library:<18}{seconds * 1e3:>10.2f} ms{peak:>9.0f} MiB at most")
    for library, why in result["missing"].items():
        print(f"  {library:<18}{why[:100]}")
    sys.stdout.flush()


def run(patterns: list[str] | None, threads: list[int], turns: int, path: Path) -> None:
    """All works that match, printed and written to `path`."""
    rows = [
        (name, mode)
        for name, work in WORKS.items()
        for mode in ("train", "predict")
        if getattr(work, mode)
        if not patterns or any(p in f"{name} {mode}" for p in patterns)
    ]
    results = []
    for name, mode in rows:
        for count in threads:
            results.append(measure(name, mode, count, turns))
            print_row(results[-1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"machine": machine.describe(), "results": results}))
