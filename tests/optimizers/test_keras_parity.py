"""Every optimizer against Keras's own: 20 steps with random gradients, and each shared option."""

import json

import minidl
import numpy as np
import pytest
from minidl import optimizers

from tests.checks import assert_close
from tests.keras_peer import keras, pytorch, value

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAMES = [n for n in optimizers.__all__ if n[0].isupper() and n != "Optimizer"]
OWN = {
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    "RMSprop": [{"momentum": 0.5}, {"centered": True}, {"momentum": 0.5, "centered": True}],
    "Adagrad": [{"initial_accumulator_value": 0.0, "epsilon": 1e-3}],
    "Adadelta": [{"learning_rate": 1.0, "rho": 0.8, "epsilon": 1e-3}],
    "Adam": [{"amsgrad": True}, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}],
    "AdamW": [{"amsgrad": True, "weight_decay": 0.1}],
    "Adamax": [{"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}],
    "Nadam": [{"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}],
    "Ftrl": [
        {"l1_regularization_strength": 0.5, "l2_regularization_strength": 0.1},
        {"l2_shrinkage_regularization_strength": 0.1, "beta": 0.5},
        {"learning_rate_power": -0.8, "initial_accumulator_value": 0.5},
    ],
    "Lion": [{"beta_1": 0.5, "beta_2": 0.8}],
    "Muon": [
        {"nesterov": False, "rms_rate": None, "ns_steps": 3},
        {"exclude_layers": ["w0"], "adam_lr_ratio": 0.5, "adam_weight_decay": None},
    ],
}
SHARED = [
    {},
    {"clipnorm": 0.5},
    {"clipvalue": 0.2},
    {"global_clipnorm": 0.7},
    {"weight_decay": 0.05},
    {"loss_scale_factor": 4.0},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 3},
    {
        "gradient_accumulation_steps": 2,
        "use_ema": True,
        "ema_momentum": 0.6,
        "ema_overwrite_frequency": 3,
        "weight_decay": 0.05,
        "global_clipnorm": 0.7,
        "loss_scale_factor": 4.0,
    },
]
CONFIGS = [
    *((name, {"learning_rate": 0.05, **shared}) for name in NAMES for shared in SHARED),
    *((name, {"learning_rate": 0.05, **own}) for name, all_own in OWN.items() for own in all_own),
    *((name, {}) for name in NAMES),
]
IDS = [f"{name}-{'-'.join(map(str, config)) or 'defaults'}" for name, config in CONFIGS]


def _pair(name, config, shapes=((3, 4), (4,), (5, 2), (2, 2, 2))):
    rng = np.random.default_rng(0)
    start = [rng.standard_normal(s).astype(np.float32) for s in shapes]
    ours = [minidl.Variable(w, name=f"w{i}") for i, w in enumerate(start)]
    theirs = [keras().Variable(w, name=f"w{i}") for i, w in enumerate(start)]
    return (
        (getattr(optimizers, name)(**config), ours),
        (getattr(keras().optimizers, name)(**config), theirs),
        rng,
    )


def _step(ours, theirs, grads):
    torch = pytorch()

    ours[0].apply_gradients(zip([minidl.Tensor(g) for g in grads], ours[1], strict=True))
    with torch.no_grad():
        theirs[0].apply_gradients(zip([torch.tensor(g) for g in grads], theirs[1], strict=True))


@pytest.mark.parametrize(("name", "config"), CONFIGS, ids=IDS)
def test_20_steps(name, config):
    ours, theirs, rng = _pair(name, config)
    for step in range(20):
        grads = [rng.standard_normal(v.shape).astype(np.float32) for v in ours[1]]
        _step(ours, theirs, grads)
        if step in (0, 19):
            for a, b in zip(ours[1], theirs[1], strict=True):
                assert_close(a.numpy(), value(b.value), 5e-5, f"{name} after step {step}")
    state, peer_state = ours[0].variables, theirs[0].variables
    assert [tuple(v.shape) for v in state] == [tuple(v.shape) for v in peer_state]
    for a, b in zip(state, peer_state, strict=True):
        assert_close(a.numpy(), value(b.value), 5e-5, f"{name}: {a.name}")
        assert a.name in (b.name, "variable")
    assert int(ours[0].iterations) == int(theirs[0].iterations)
    ours[0].finalize_variable_values(ours[1])
    theirs[0].finalize_variable_values(theirs[1])
    for a, b in zip(ours[1], theirs[1], strict=True):
        assert_close(a.numpy(), value(b.value), 5e-5, f"{name} finalised")


@pytest.mark.parametrize(("name", "config"), CONFIGS, ids=IDS)
def test_configs(name, config):
    mine = getattr(optimizers, name)(**config, name="same")
    peer = getattr(keras().optimizers, name)(**config, name="same")
    assert mine.get_config() == peer.get_config()
    wanted = keras().optimizers.serialize(peer)
    serialized = optimizers.serialize(mine)
    assert serialized["module"] == "keras.optimizers"  # Keras names its PyTorch half there
    assert (serialized["class_name"], serialized["config"]) == (name, wanted["config"])
    again = optimizers.deserialize(json.loads(json.dumps(wanted)))
    assert type(again) is type(mine)
    assert again.get_config() == mine.get_config()


@pytest.mark.parametrize("name", NAMES)
def test_excluded_variables_do_not_decay(name):
    ours, theirs, rng = _pair(name, {"learning_rate": 0.05, "weight_decay": 0.5})
    for optimizer, variables in (ours, theirs):
        optimizer.exclude_from_weight_decay(var_list=[variables[0]], var_names=["w1"])
    for _ in range(3):
        _step(ours, theirs, [rng.standard_normal(v.shape).astype(np.float32) for v in ours[1]])
    for a, b in zip(ours[1], theirs[1], strict=True):
        assert_close(a.numpy(), value(b.value), 2e-5, name)
    with pytest.raises(ValueError, match="before the first step"):
        ours[0].exclude_from_weight_decay(var_names=["w0"])


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_gradient_leaves_its_variable_alone(name):
    ours, _, rng = _pair(name, {"learning_rate": 0.05})
    optimizer, variables = ours
    before = variables[1].numpy()
    grads = [rng.standard_normal(v.shape).astype(np.float32) for v in variables]
    grads[1] = None
    with pytest.warns(UserWarning, match="w1"):
        optimizer.apply(grads, variables)
    assert np.array_equal(variables[1].numpy(), before)
    assert not np.array_equal(variables[0].numpy(), before[:1])


@pytest.mark.parametrize("name", NAMES)
def test_float64_stays_float64(name):
    optimizer = getattr(optimizers, name)(0.01)
    exact = minidl.Variable(np.ones((2, 3)), dtype="float64")
    plain = minidl.Variable(np.ones((2, 3)), dtype="float32")
    g = np.random.default_rng(0).standard_normal((2, 3))
    optimizer.apply([minidl.Tensor(g), minidl.Tensor(g.astype(np.float32))], [exact, plain])
    assert exact.numpy().dtype == np.float64
    assert_close(plain.numpy(), exact.numpy(), 1e-5, name)
    assert np.any(exact.numpy() != plain.numpy())
