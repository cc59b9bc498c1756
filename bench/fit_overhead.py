"""What `fit` costs per step beyond a bare tape loop: `python -m bench.fit_overhead`.

One metric, a live progress bar, and a model so small that the kernels take next to nothing; the
least of several interleaved runs counts. The promise is 60 us.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from typing import Any

import minidl
import numpy as np
from minidl import layers

STEPS, SIZE = 300, 16


class Terminal(io.StringIO):
    """A stream that says it is a terminal, so that the bar is drawn as in one."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def _sequential() -> Any:
    return minidl.Sequential([minidl.Input((8,)), layers.Dense(4)])


def _functional() -> Any:
    x = minidl.Input((8,))
    return minidl.Model(x, layers.Dense(4)(x))


class _Own(minidl.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def call(self, x):
        return self.dense(x)


KINDS: dict[str, Callable[[], Any]] = {
    "Sequential": _sequential,
    "functional": _functional,
    "subclass": _Own,
}


def measure(kind: str, shuffle: bool = False, rounds: int = 7) -> tuple[float, float]:
    """Seconds a step in `fit` and in the loop."""
    model = KINDS[kind]()
    loss = minidl.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    rng = np.random.default_rng(0)
    x = rng.standard_normal((STEPS * SIZE, 8)).astype(np.float32)
    y = rng.integers(0, 4, STEPS * SIZE)

    def fit():
        with contextlib.redirect_stdout(Terminal()):
            model.fit(x, y, batch_size=SIZE, verbose=1, shuffle=shuffle)

    def loop():
        for i in range(0, STEPS * SIZE, SIZE):
            with minidl.GradientTape() as tape:
                value = loss(y[i : i + SIZE], model(x[i : i + SIZE], training=True))
            variables = model.trainable_variables
            model.optimizer.apply(tape.gradient(value, variables), variables)

    def seconds(run: Callable[[], None]) -> float:
        start = time.perf_counter()
        run()
        return (time.perf_counter() - start) / STEPS

    fit()
    loop()
    times = [(seconds(fit), seconds(loop)) for _ in range(rounds)]
    return min(t for t, _ in times), min(t for _, t in times)


def main() -> None:
    print(f"{'model':12} {'shuffle':8} {'fit us':>8} {'loop us':>8} {'beyond us':>10}")
    for kind in KINDS:
        for shuffle in (False, True):
            fit, loop = (t * 1e6 for t in measure(kind, shuffle))
            print(f"{kind:12} {shuffle!s:8} {fit:8.1f} {loop:8.1f} {fit - loop:10.1f}")


if __name__ == "__main__":
    main()
