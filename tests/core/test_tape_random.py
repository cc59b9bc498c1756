"""Random graphs, first and second derivatives: the tape against the plain one."""

import random

import minidl
import numpy as np
import pytest
from minidl import GradientTape, ops
from minidl._tape import record_count

from tests.references import tape as oracle

UNARY = ["exp", "tanh", "square", "neg", "sum0", "transpose", "flat"]
BINARY = ["add", "subtract", "multiply", "divide", "matmul"]


def apply(module, name, *args):
    """One step of a program, the same for both tapes."""
    if name in ("exp", "tanh"):
        return getattr(module, name)(args[0] * 0.5)
    if name == "square":
        return module.square(args[0])
    if name == "neg":
        return -args[0]
    if name == "sum0":
        return module.sum(args[0], 0) + args[0]
    if name == "transpose":
        return module.transpose(args[0])
    if name == "flat":
        return module.reshape(module.reshape(args[0], (9,)), (3, 3))
    a, b = args
    if name == "divide":
        return a / (module.square(b) + 1.0)
    if name == "matmul":
        return module.tanh(a @ b)
    return {"add": a + b, "subtract": a - b, "multiply": module.tanh(a * b)}[name]


def random_program(rng):
    """Steps (name, operand indices); the operands 0..3 are two variables and two constants."""
    steps = []
    for i in range(rng.randint(3, 25)):
        if rng.random() < 0.4:
            steps.append((rng.choice(UNARY), (rng.randrange(4 + i),)))
        else:
            steps.append((rng.choice(BINARY), (rng.randrange(4 + i), rng.randrange(4 + i))))
    return steps


def run_program(module, tape_class, leaves, steps, settings):
    """First and second derivatives of a program, of all leaves and one step in the middle."""
    persistent, watched, pause = settings
    with tape_class() as outer:
        outer.watch(leaves[2])
        with tape_class(persistent=persistent) as inner:
            if watched:
                inner.watch([leaves[2], leaves[3]])
            values = list(leaves)
            for i, (name, operands) in enumerate(steps):
                args = [values[j] for j in operands]
                if i == pause:
                    inner.__exit__(None, None, None)
                    values.append(apply(module, name, *args))
                    inner.__enter__()
                else:
                    values.append(apply(module, name, *args))
            target = module.sum(values[-1]) + module.sum(values[len(values) // 2])
        sources = [*leaves, values[4 + len(steps) // 3]]
        first = inner.gradient(target, sources)
        total = None
        for g in first:
            if g is not None:
                part = module.sum(module.square(g))
                total = part if total is None else total + part
    if total is None:
        return first, [None]
    return first, outer.gradient(total, [*leaves])


@pytest.mark.parametrize("seed", range(200))
def test_random_graphs_equal_the_plain_tape(seed):
    rng = random.Random(seed)
    steps = random_program(rng)
    settings = rng.random() < 0.3, rng.random() < 0.5, rng.randrange(2 * len(steps))
    numbers = np.random.default_rng(seed)
    arrays = [numbers.standard_normal(s) for s in ((3, 3), (3, 1), (3, 3), (1, 3))]
    arrays = [np.broadcast_to(a, (3, 3)).copy() for a in arrays]

    def leaves(module):
        return [module.Variable(a) for a in arrays[:2]] + [module.Tensor(a) for a in arrays[2:]]

    got = run_program(ops, GradientTape, leaves(minidl), steps, settings)
    wanted = run_program(oracle, oracle.GradientTape, leaves(oracle), steps, settings)
    assert record_count() == 0
    for a, b in zip([*got[0], *got[1]], [*wanted[0], *wanted[1]], strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-8, atol=1e-9)
