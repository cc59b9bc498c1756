"""Learning-rate schedules against Keras's, and the rate that each step really uses."""

import math

import minidl
import numpy as np
import pytest
from minidl.optimizers import schedules

from tests.keras_peer import keras, value

CONFIGS = [
    ("ExponentialDecay", (0.1, 30, 0.5), {}),
    ("ExponentialDecay", (0.1, 30, 0.5), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 7, 0.3), {}),
    ("InverseTimeDecay", (0.1, 7, 0.3), {"staircase": True}),
    ("PiecewiseConstantDecay", ([10, 20, 77], [1.0, 0.5, 0.25, 0.1]), {}),
    ("PolynomialDecay", (0.1, 40), {}),
    ("PolynomialDecay", (0.1, 40, 0.01), {"power": 2.0}),
    ("PolynomialDecay", (0.1, 40, 0.01), {"power": 0.5, "cycle": True}),
    ("CosineDecay", (0.1, 60), {}),
    ("CosineDecay", (0.1, 60), {"alpha": 0.1}),
    ("CosineDecay", (0.01, 60), {"warmup_target": 0.2, "warmup_steps": 15}),
    ("CosineDecay", (0.01, 60), {"warmup_target": 0.2}),
    ("CosineDecayRestarts", (0.1, 10), {}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 1.0, "m_mul": 0.8, "alpha": 0.05}),
    ("CosineDecayRestarts", (0.1, 7), {"t_mul": 1.5, "m_mul": 0.9}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CONFIGS, ids=range(len(CONFIGS)))
def test_as_in_keras(name, args, kwargs):
    ours = getattr(schedules, name)(*args, **kwargs)
    peer = getattr(keras().optimizers.schedules, name)(*args, **kwargs)
    steps = np.arange(160)
    wanted = np.array([float(value(peer(int(s)))) for s in steps])
    got = np.array([float(ours(int(s))) for s in steps])
    # at a restart Keras's float32 logarithm may still belong to the cycle before
    differs = ~np.isclose(got, wanted, rtol=2e-5, atol=2e-7)
    assert differs.sum() <= (1 if name == "CosineDecayRestarts" else 0), steps[differs]
    assert np.allclose(ours(steps).numpy(), got, rtol=1e-6)
    assert ours.get_config() == peer.get_config()
    serialized = schedules.serialize(ours)
    assert serialized == keras().optimizers.schedules.serialize(peer)
    assert schedules.deserialize(serialized).get_config() == ours.get_config()


@pytest.mark.parametrize(("name", "args", "kwargs"), CONFIGS, ids=range(len(CONFIGS)))
def test_the_rate_of_each_step_is_used(name, args, kwargs):
    schedule = getattr(schedules, name)(*args, **kwargs)
    optimizer = minidl.optimizers.SGD(schedule)
    w = minidl.Variable(np.zeros(1), dtype="float64")
    for step in range(12):
        before = float(w.numpy()[0])
        optimizer.apply([np.ones(1)], [w])
        assert before - float(w.numpy()[0]) == pytest.approx(float(schedule(step)), rel=1e-9)


def test_restarts_are_exact():
    """Cycles of 3**n steps: the first step of each has the full rate."""
    rate = schedules.CosineDecayRestarts(1.0, 1, t_mul=3.0)
    starts = [(3**n - 1) // 2 for n in range(2, 16)]
    assert all(float(rate(s)) == 1.0 for s in starts)
    assert all(float(rate(s - 1)) < 0.2 for s in starts[1:])


def test_own_schedule():
    class Root(schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5 * minidl.ops.rsqrt(minidl.ops.cast(step, "float32") + 1.0)

        def get_config(self):
            return {}

    optimizer = minidl.optimizers.SGD(Root())
    w = minidl.Variable([0.0])
    for _ in range(3):
        optimizer.apply([np.ones(1, "f")], [w])
    assert float(w.numpy()[0]) == pytest.approx(-0.5 * sum(1 / math.sqrt(n) for n in (1, 2, 3)))
    config = optimizer.get_config()
    again = minidl.optimizers.SGD.from_config(config, {"Root": Root})
    assert float(again.learning_rate) == 0.5
    with pytest.raises(ValueError, match="Root"):
        minidl.optimizers.SGD.from_config(config)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps.*0"),
        (lambda: schedules.InverseTimeDecay(0.1, -1, 0.5), "decay_steps.*-1"),
        (lambda: schedules.PolynomialDecay(0.1, 0), "decay_steps.*0"),
        (lambda: schedules.CosineDecay(0.1, 0), "decay_steps.*0"),
        (lambda: schedules.CosineDecay(0.1, 5, warmup_steps=-1), "warmup_steps.*-1"),
        (lambda: schedules.CosineDecayRestarts(0.1, 0), "first_decay_steps.*0"),
        (lambda: schedules.CosineDecayRestarts(0.1, 5, t_mul=0), "t_mul.*0"),
        (lambda: schedules.PiecewiseConstantDecay([1, 2], [1.0]), "2 boundaries and 1"),
        (lambda: schedules.PiecewiseConstantDecay([2, 1], [1.0, 0.5, 0.1]), "increase"),
        (lambda: schedules.deserialize({"class_name": "Exponential"}), "ExponentialDecay"),
    ],
)
def test_bad_arguments(make, match):
    with pytest.raises(ValueError, match=match):
        make()
