"""Gradients of the tape against central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minidl._tape import GradientTape, Tensor, Variable, wrap


def check_gradients(
    fn: Callable[..., Any],
    inputs: Sequence[Any],
    *,
    variables: Sequence[Variable] = (),
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    max_jacobian: int = 64,
    projections: int = 4,
    seed: int = 0,
) -> float:
    """Compare the gradients of a function with central differences, in float64.

    The whole Jacobian is compared where an input and the outputs have at most `max_jacobian`
    elements each, else random projections of it. Two backward runs must agree to the bit.

    Args:
        fn: function of as many tensors as there are inputs; returns a tensor, or a tuple or list
            of them. It must give the same values each time it is called.
        inputs: arrays or tensors. Floats become float64 and are differentiated; integers and bools
            are passed on.
        variables: float64 Variables that `fn` uses, to be differentiated as well, e.g. the weights
            of a layer of dtype "float64". They end with the values they had.
        eps: the step of the differences.
        atol: the absolute tolerance.
        rtol: the relative tolerance.
        max_jacobian: see above.
        projections: the number of random projections.
        seed: of the random projections.

    Returns:
        The largest difference found.

    Raises:
        AssertionError: if a gradient is wrong, has the wrong shape or dtype, or is not repeatable.
        TypeError: if there is nothing to differentiate, or a variable is not float64.

    Source: the method of `torch.autograd.gradcheck`.

    >>> from minidl import ops
    >>> check_gradients(lambda x: ops.tanh(x) * x, [[0.5, -1.0]]) < 1e-8
    True
    """
    return _Check(fn, inputs, variables, eps, atol, rtol).run(max_jacobian, projections, seed)


class _Check:
    def __init__(self, fn, inputs, variables, eps, atol, rtol):
        self.fn, self.eps, self.atol, self.rtol = fn, eps, atol, rtol
        self.arguments = [_as_float64(x) for x in inputs]
        self.variables = list(variables)
        for v in self.variables:
            if v.dtype != np.float64:
                raise TypeError(f"check_gradients needs float64 Variables. Received: {v!r}")
        # (name, array that is changed in place to shift the argument)
        self.places = [
            (f"input {i}", a) for i, a in enumerate(self.arguments) if a.dtype.kind == "f"
        ]
        self.places += [(f"variable '{v.path}'", v.data) for v in self.variables]
        if not self.places:
            raise TypeError("check_gradients: there is no float input and no variable.")
        self.worst = 0.0

    def run(self, max_jacobian: int, projections: int, seed: int) -> float:
        outputs = self.evaluate()
        ones = [np.ones_like(y) for y in outputs]
        for (name, _), once, again in zip(
            self.places, self.gradients(ones), self.gradients(ones), strict=True
        ):
            if once.tobytes() != again.tobytes():
                raise AssertionError(f"Two backward runs differ in the gradient of {name}.")
        rng = np.random.default_rng(seed)
        count = sum(y.size for y in outputs)
        small = [count <= max_jacobian and a.size <= max_jacobian for _, a in self.places]
        if any(small):
            self.compare_jacobians(outputs, small)
        for i in range(len(self.places)):
            if not small[i] and self.places[i][1].size and count:
                for _ in range(projections):
                    self.compare_projection(i, outputs, rng)
        return self.worst

    def evaluate(self) -> list[np.ndarray]:
        results = self.fn(*[wrap(a.copy()) for a in self.arguments])
        return [np.array(y.data, order="C") for y in _floats(results)]

    def gradients(self, seeds: list[np.ndarray]) -> list[np.ndarray]:
        """What the tape says: one gradient per place."""
        tensors = [wrap(a.copy()) for a in self.arguments]
        floats = [x for x in tensors if x.dtype.kind == "f"]
        with GradientTape() as tape:
            tape.watch(floats)
            tape.watch(self.variables)
            outputs = _floats(self.fn(*tensors))
        found = tape.gradient(
            outputs, floats + self.variables, output_gradients=[wrap(s) for s in seeds]
        )
        result = []
        for (name, array), g in zip(self.places, found, strict=True):
            values = np.zeros_like(array) if g is None else np.asarray(g.data)
            if values.shape != array.shape or values.dtype != array.dtype:
                raise AssertionError(
                    f"The gradient of {name} has shape {values.shape} and dtype {values.dtype}; "
                    f"expected {array.shape} and {array.dtype}."
                )
            result.append(values)
        return result

    def difference(self, i: int, direction: np.ndarray) -> list[np.ndarray]:
        """The outputs' central difference when place `i` moves along `direction`."""
        array = self.places[i][1]
        kept = array.copy()
        try:
            self.put(array, kept + self.eps * direction)
            above = self.evaluate()
            self.put(array, kept - self.eps * direction)
            below = self.evaluate()
        finally:
            self.put(array, kept)
        return [(a - b) / (2 * self.eps) for a, b in zip(above, below, strict=True)]

    def put(self, array: np.ndarray, values: np.ndarray) -> None:
        """Change a place, and tell what was worked out from the variables before."""
        array[...] = values
        for variable in self.variables:
            variable._bump_version()

    def compare_jacobians(self, outputs: list[np.ndarray], chosen: list[bool]) -> None:
        rows = []
        for k, y in enumerate(outputs):
            for j in range(y.size):
                seeds = [np.zeros_like(other) for other in outputs]
                seeds[k].reshape(-1)[j] = 1
                rows.append(self.gradients(seeds))
        for i, (name, array) in enumerate(self.places):
            if not (chosen[i] and array.size and rows):
                continue
            columns = []
            for j in range(array.size):
                direction = np.zeros_like(array)
                direction.reshape(-1)[j] = 1
                columns.append(np.concatenate([d.ravel() for d in self.difference(i, direction)]))
            expected = np.stack(columns, 1)
            self.compare(np.stack([row[i].ravel() for row in rows]), expected, name, "Jacobian")

    def compare_projection(self, i: int, outputs: list[np.ndarray], rng) -> None:
        name, array = self.places[i]
        direction = rng.standard_normal(array.shape)
        seeds = [rng.standard_normal(y.shape) for y in outputs]
        expected = sum(
            float(np.vdot(s, d)) for s, d in zip(seeds, self.difference(i, direction), strict=True)
        )
        got = float(np.vdot(self.gradients(seeds)[i], direction))
        self.compare(np.array([got]), np.array([expected]), name, "projected gradient")

    def compare(self, got: np.ndarray, expected: np.ndarray, name: str, what: str) -> None:
        error = np.abs(got - expected)
        wrong = ~(error <= self.atol + self.rtol * np.abs(expected))
        if wrong.any():
            at = np.unravel_index(np.argmax(np.where(wrong, error, -1)), error.shape)
            at = tuple(int(n) for n in at)
            raise AssertionError(
                f"The {what} of {name} is wrong in {wrong.sum()} of {wrong.size} values, most at "
                f"{at} (output, input): the tape gives {got[at]:.9g}, differences give "
                f"{expected[at]:.9g}."
            )
        self.worst = max(self.worst, float(error.max(initial=0.0)))


def _as_float64(x: Any) -> np.ndarray:
    array = np.array(x.data if isinstance(x, Tensor) else x, order="C")
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _floats(results: Any) -> list[Tensor]:
    """The float tensors among the results of a function."""
    results = results if isinstance(results, (tuple, list)) else [results]
    return [y for y in results if isinstance(y, Tensor) and y.dtype.kind == "f"]
