"""Optimizers by themselves: custom ones, their state, and what they refuse."""

import minidl
import numpy as np
import pytest
from minidl import optimizers

NAMES = [n for n in optimizers.__all__ if n[0].isupper() and n != "Optimizer"]


def _variables():
    return [minidl.Variable(np.ones((3, 2), np.float32), name=n) for n in ("a", "b")]


def _train(optimizer, variables, steps=3, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        optimizer.apply([rng.standard_normal((3, 2)).astype("f") for _ in variables], variables)


class Plain(optimizers.Optimizer):
    """SGD as a user would write it."""

    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, gradient * learning_rate)


class Remembering(optimizers.Optimizer):
    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.sums = self.add_optimizer_variables(variables, "sum", "ones")
        self.steps = self.add_variable((), "zeros", dtype="int64", name="steps")

    def update_step(self, gradient, variable, learning_rate):
        total = self.sums[self._get_variable_index(variable)]
        self.assign_add(total, gradient * gradient)
        self.assign(variable, variable - learning_rate * gradient / minidl.ops.sqrt(total))


def test_custom_optimizers():
    for custom, built_in in (
        (Plain(0.1), optimizers.SGD(0.1)),
        (Plain(0.1, weight_decay=0.2, clipnorm=0.5, use_ema=True, gradient_accumulation_steps=2),
         optimizers.SGD(
             0.1, weight_decay=0.2, clipnorm=0.5, use_ema=True, gradient_accumulation_steps=2)),
        (Remembering(0.1), optimizers.Adagrad(0.1, 1.0, 0.0)),
    ):  # fmt: skip
        mine, theirs = _variables(), _variables()
        _train(custom, mine)
        _train(built_in, theirs)
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)
    assert custom.variables[-1].path == f"{custom.name}/steps"
    with pytest.raises(NotImplementedError, match="update_step"):
        _train(optimizers.Optimizer(0.1), _variables())


@pytest.mark.parametrize("name", NAMES)
def test_update_step_of_a_subclass_is_used(name):
    cls = getattr(optimizers, name)

    class Twice(cls):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient * 2.0, variable, learning_rate)

    mine, theirs = _variables(), _variables()
    _train(Twice(0.1), mine)
    rng = np.random.default_rng(0)
    optimizer = cls(0.1)
    for _ in range(3):
        optimizer.apply([2 * rng.standard_normal((3, 2)).astype("f") for _ in theirs], theirs)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_state_travels(name):
    options = {"use_ema": True, "gradient_accumulation_steps": 2}
    first = getattr(optimizers, name)(0.1, **options)
    variables = _variables()
    _train(first, variables, 5)
    second = type(first).from_config(first.get_config())
    copies = [minidl.Variable(v.numpy(), name=v.name) for v in variables]
    with pytest.raises(ValueError, match="build"):
        second.set_weights([])
    second.build(copies)
    store = {}
    first.save_own_variables(store)
    assert sorted(store, key=int) == [str(i) for i in range(len(first.variables))]
    second.load_own_variables(store)
    _train(first, variables, 5, seed=1)
    _train(second, copies, 5, seed=1)
    for a, b in zip([*variables, *first.variables], [*copies, *second.variables], strict=True):
        assert np.array_equal(a.numpy(), b.numpy()), a.name
    weights = [v.numpy() for v in first.variables]
    second.set_weights(weights)
    with pytest.raises(ValueError, match=f"{len(weights)} variables"):
        second.set_weights(weights[:-1])
    with pytest.raises(ValueError, match="shape"):
        second.set_weights([*weights[:-1], np.zeros((7, 7))])
    with pytest.warns(UserWarning, match="Skipping"):
        second.load_own_variables({})


@pytest.mark.parametrize("name", NAMES)
def test_one_call_equals_variable_by_variable(name):
    """The order and number of variables in a call change nothing, to the bit."""
    rng = np.random.default_rng(0)
    shapes = [(), (1,), (40_000,), (3, 5), (0, 2)]
    grads = [rng.standard_normal(s).astype("f") for s in shapes]
    together = [minidl.Variable(np.full(s, 0.5, "f")) for s in shapes]
    apart = [minidl.Variable(np.full(s, 0.5, "f")) for s in shapes]
    optimizer = getattr(optimizers, name)(0.1)
    optimizer.apply(grads, together)
    optimizer.apply(grads[::-1], together[::-1])
    for v, g in zip(apart, grads, strict=True):
        alone = getattr(optimizers, name)(0.1)
        alone.apply([g], [v])
        alone.apply([g], [v])
    for a, b in zip(together, apart, strict=True):
        assert np.array_equal(a.numpy(), b.numpy())


BAD = [
    ("SGD", {"momentum": 1.5}, "momentum.*1.5"),
    ("RMSprop", {"rho": -0.1}, "rho.*-0.1"),
    ("RMSprop", {"momentum": "x"}, "momentum.*x"),
    ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value.*-1"),
    ("Adadelta", {"rho": 1.1}, "rho.*1.1"),
    ("Adam", {"beta_1": 1.0}, "beta_1.*1.0"),
    ("Adam", {"epsilon": float("nan")}, "epsilon.*nan"),
    ("AdamW", {"weight_decay": None}, "weight_decay.*None"),
    ("Adamax", {"beta_2": -1}, "beta_2.*-1"),
    ("Nadam", {"beta_2": True}, "beta_2.*True"),
    ("Ftrl", {"learning_rate_power": 0.5}, "learning_rate_power.*0.5"),
    ("Ftrl", {"l1_regularization_strength": -1.0}, "l1_regularization_strength.*-1"),
    ("Lion", {"beta_1": 0.0}, r"beta_1.*0\.0"),
    ("Muon", {"ns_steps": 2.5}, "ns_steps.*2.5"),
    ("Muon", {"adam_beta_1": 2}, "adam_beta_1.*2"),
    *(
        (name, bad, match)
        for name in NAMES
        for bad, match in (
            ({"learning_rate": "fast"}, "learning_rate.*fast"),
            ({"learning_rate": float("inf")}, "learning_rate.*inf"),
            ({"clipnorm": 1.0, "clipvalue": 1.0}, "Only one"),
            ({"clipvalue": -1.0}, "clipvalue.*-1"),
            ({"use_ema": True, "ema_momentum": 2.0}, "ema_momentum.*2"),
            ({"use_ema": True, "ema_overwrite_frequency": 0}, "ema_overwrite_frequency.*0"),
            ({"gradient_accumulation_steps": 1}, "gradient_accumulation_steps.*1"),
            ({"nonsense": 1}, "nonsense"),
        )
    ),
]


@pytest.mark.parametrize(("name", "config", "match"), BAD, ids=lambda x: str(x)[:40])
def test_bad_arguments(name, config, match):
    with pytest.raises(ValueError, match=match):
        getattr(optimizers, name)(**config)


def test_look_up():
    assert isinstance(optimizers.get("adamw"), optimizers.AdamW)
    assert isinstance(optimizers.get("NAdam"), optimizers.Nadam)
    assert optimizers.get(None) is None
    with pytest.raises(ValueError, match="Did you mean 'adamax'"):
        optimizers.get("adamx")
    with pytest.raises(ValueError, match="class_name"):
        optimizers.deserialize({})
    custom = optimizers.deserialize(
        {"class_name": "Plain", "config": {"learning_rate": 0.5}}, {"Plain": Plain}
    )
    assert isinstance(custom, Plain)


def test_learning_rate_of_all_kinds():
    variable = minidl.Variable([1.0])

    def moved(optimizer):
        variable.assign([1.0])
        optimizer.apply([np.ones(1, "f")], [variable])
        return round(1.0 - float(variable.numpy()[0]), 4)

    schedule = optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
    optimizer = optimizers.SGD(schedule)
    assert [moved(optimizer) for _ in range(3)] == [0.5, 0.25, 0.125]
    assert float(optimizer.learning_rate) == 0.0625
    assert [v.name for v in optimizer.variables] == ["iteration"]
    with pytest.raises(TypeError, match="LearningRateSchedule"):
        optimizer.learning_rate = 0.1
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()

    rates = iter([0.5, 0.25])
    optimizer = optimizers.SGD(lambda: next(rates))
    assert [moved(optimizer) for _ in range(2)] == [0.5, 0.25]
    config = optimizer.get_config()
    assert config["learning_rate"]["config"] == "<lambda>"
    with pytest.raises(ValueError, match="custom_objects"):
        optimizers.SGD.from_config(config)
    assert optimizers.SGD.from_config(config, {"<lambda>": lambda: 0.5}).learning_rate == 0.5

    optimizer = optimizers.SGD(1)
    assert moved(optimizer) == 1.0
    optimizer.learning_rate = 0.25
    assert moved(optimizer) == 0.25
    optimizer.learning_rate = schedule
    assert [v.name for v in optimizer.variables] == ["iteration"]
    assert moved(optimizer) == 0.125
    optimizer.learning_rate = minidl.Variable(0.5, name="mine")
    assert [v.name for v in optimizer.variables] == ["iteration", "mine"]
    assert moved(optimizer) == 0.5
    with pytest.raises(ValueError, match="finite"):
        optimizers.SGD(lambda: float("nan")).apply([np.ones(1, "f")], [variable])


@pytest.mark.parametrize("name", [n for n in NAMES if n != "Muon"])
def test_nan_and_infinity_stay_where_they_are(isa, name):
    """A gradient that is no number spoils its own weight, visibly, and no other."""
    g = np.linspace(-1, 1, 37, dtype=np.float32)
    for bad in (np.nan, np.inf, -np.inf):
        results = []
        for value in (bad, 0.5):
            w = minidl.Variable(np.ones(37, np.float32))
            optimizer = getattr(optimizers, name)(0.01)
            g[11] = value
            with np.errstate(all="ignore"):
                for _ in range(2):
                    optimizer.apply([g], [w])
            results.append(w.numpy())
        spoilt, sound = results
        others = np.arange(37) != 11
        assert np.array_equal(spoilt[others], sound[others])
        if np.isnan(bad):
            assert np.isnan(spoilt[11])
        assert np.isfinite(sound).all()


@pytest.mark.parametrize("name", NAMES)
def test_zero_gradients_move_nothing(name):
    w = minidl.Variable(np.full((3, 4), 0.5, np.float32))
    optimizer = getattr(optimizers, name)(0.01, weight_decay=0.0)
    if name == "Muon":
        optimizer.adam_weight_decay = None
    start = w.numpy()
    for _ in range(3):
        optimizer.apply([np.zeros((3, 4), np.float32)], [w])
    if name == "Ftrl":  # starts from its own minimum, 0, and not from the weight
        assert np.array_equal(w.numpy(), np.zeros((3, 4)))
    else:
        assert np.array_equal(w.numpy(), start)
