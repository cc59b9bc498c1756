"""A tape in plain Python, the oracle for `minidl._tape`: the same interface, the simplest code.

Tensors are looked up by identity, every tape keeps all it saw alive, values are float64, and
nothing is pruned, shared or freed early.
"""

import numpy as np

_tapes = []


class Tensor:
    __array_priority__ = 1000

    def __init__(self, data):
        self.data = np.array(data, dtype=np.float64)

    @property
    def shape(self):
        return self.data.shape

    def numpy(self):
        return self.data

    def __add__(self, other):
        return add(self, other)

    def __radd__(self, other):
        return add(other, self)

    def __sub__(self, other):
        return add(self, -_tensor(other))

    def __rsub__(self, other):
        return add(other, -self)

    def __mul__(self, other):
        return multiply(self, other)

    def __rmul__(self, other):
        return multiply(other, self)

    def __truediv__(self, other):
        return multiply(self, reciprocal(_tensor(other)))

    def __rtruediv__(self, other):
        return multiply(other, reciprocal(self))

    def __neg__(self):
        return multiply(self, -1.0)

    def __matmul__(self, other):
        return matmul(self, other)


class Variable(Tensor):
    def __init__(self, data, trainable=True):
        super().__init__(data)
        self.trainable = trainable

    def assign(self, value):
        self.data = np.array(value, dtype=np.float64)


class GradientTape:
    def __init__(self, persistent=False, watch_accessed_variables=True):
        self.persistent = persistent
        self.automatic = watch_accessed_variables
        self.entries = []  # (output, inputs, gradients), in order
        self.known = {}  # id -> tensor
        self.used = False

    def __enter__(self):
        _tapes.append(self)
        return self

    def __exit__(self, *error):
        if self in _tapes:
            _tapes.remove(self)

    def watch(self, tensors):
        for x in tensors if isinstance(tensors, (list, tuple)) else [tensors]:
            self.known[id(x)] = x

    def follow(self, output, inputs, gradients):
        for x in inputs:
            if self.automatic and isinstance(x, Variable) and x.trainable:
                self.watch(x)
        if any(id(x) in self.known for x in inputs):
            self.known[id(output)] = output
            self.entries.append((output, inputs, gradients))

    def gradient(self, target, sources):
        if self.used:
            raise RuntimeError("used up")
        if not self.persistent:
            self.used = True
            self.__exit__()
        targets = target if isinstance(target, list) else [target]
        slopes = {}
        for x in targets:
            if id(x) in self.known:
                one = Tensor(np.ones(x.shape))
                slopes[id(x)] = slopes[id(x)] + one if id(x) in slopes else one
        for output, inputs, gradients in reversed(list(self.entries)):
            if id(output) not in slopes:
                continue
            for x, gradient in zip(inputs, gradients, strict=True):
                if id(x) in self.known:
                    slope = gradient(slopes[id(output)])
                    slopes[id(x)] = slopes[id(x)] + slope if id(x) in slopes else slope
        return [slopes.get(id(x)) for x in sources]


def record(output, inputs, gradients):
    for tape in list(_tapes):
        tape.follow(output, inputs, gradients)
    return output


def _tensor(x):
    return x if isinstance(x, Tensor) else Tensor(x)


def sum_to(x, shape):
    """The sum over the axes along which `shape` broadcasts to x."""
    if x.shape == shape:
        return x
    extra = len(x.shape) - len(shape)
    axes = tuple(range(extra)) + tuple(
        i + extra for i, n in enumerate(shape) if n == 1 and x.shape[i + extra] != 1
    )
    before = x.shape
    return record(
        Tensor(x.data.sum(axes).reshape(shape)),
        [x],
        [lambda dy: _spread(dy, before, axes)],
    )


def _spread(x, shape, axes):
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
    before = x.shape
    return record(
        Tensor(np.broadcast_to(x.data.reshape(kept), shape)),
        [x],
        [lambda dy: reshape(sum_to(dy, kept), before)],
    )


def add(x1, x2):
    x1, x2 = _tensor(x1), _tensor(x2)
    return record(
        Tensor(x1.data + x2.data),
        [x1, x2],
        [lambda dy: sum_to(dy, x1.shape), lambda dy: sum_to(dy, x2.shape)],
    )


def multiply(x1, x2):
    x1, x2 = _tensor(x1), _tensor(x2)
    return record(
        Tensor(x1.data * x2.data),
        [x1, x2],
        [lambda dy: sum_to(dy * x2, x1.shape), lambda dy: sum_to(dy * x1, x2.shape)],
    )


def reciprocal(x):
    y = Tensor(1 / x.data)
    return record(y, [x], [lambda dy: -(dy * y * y)])


def exp(x):
    y = Tensor(np.exp(x.data))
    return record(y, [x], [lambda dy: dy * y])


def tanh(x):
    y = Tensor(np.tanh(x.data))
    return record(y, [x], [lambda dy: dy * (1.0 - y * y)])


def square(x):
    return x * x


def sum(x, axis=None):
    axes = tuple(range(x.data.ndim)) if axis is None else (axis % x.data.ndim,)
    shape = x.shape
    return record(Tensor(x.data.sum(axes)), [x], [lambda dy: _spread(dy, shape, axes)])


def reshape(x, shape):
    before = x.shape
    return record(Tensor(x.data.reshape(shape)), [x], [lambda dy: reshape(dy, before)])


def transpose(x):
    return record(Tensor(x.data.T), [x], [transpose])


def matmul(x1, x2):
    return record(
        Tensor(x1.data @ x2.data),
        [x1, x2],
        [lambda dy: dy @ transpose(x2), lambda dy: transpose(x1) @ dy],
    )
