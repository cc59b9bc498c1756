"""Configurations that the recurrent families share, and their arguments."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Sequence:
    """One configuration; x is (batch, time, features)."""

    batch: int = 3
    time: int = 5
    features: int = 4
    units: int = 5
    bias: bool = True
    state: bool = True
    mask: str = ""  # "some", "right" or "rows" (whole rows out)
    dropout: str = ""  # "one" mask for all gates, or one for each of the "gates"
    projected: bool = False  # x is what the product with the kernel would give
    activation: str = "tanh"
    gate: str = "sigmoid"
    backwards: bool = False
    zero_output: bool = False

    def options(self):
        return self.activation, self.gate, self.backwards, self.zero_output

    def mask_of(self, g, batch):
        if not self.mask:
            return None
        if self.mask == "right":
            lengths = g.rng.integers(1, self.time + 1, batch)
            return np.arange(self.time) < lengths[:, None]
        mask = g.rng.random((batch, self.time)) < 0.6
        if self.mask == "rows":
            mask[::2] = False
        return mask

    def dropout_of(self, g, batch, gates=1):
        if not self.dropout:
            return None
        shape = (gates, batch, self.units) if self.dropout == "gates" else (batch, self.units)
        return g.array(g.rng.choice([0.0, 1.25], shape))

    def weights(self, g, gates):
        """kernel, recurrent kernel and bias, such that gates stay where they have a slope."""
        width = gates * self.units
        kernel = g.array(g.rng.standard_normal((self.features, width)) / self.features**0.5)
        recurrent = g.array(g.rng.standard_normal((self.units, width)) / self.units**0.5)
        return None if self.projected else kernel, recurrent


SMALL = {
    "plain": Sequence(),
    "no_bias_no_state": Sequence(bias=False, state=False),
    "one_step": Sequence(time=1),
    "one_unit": Sequence(units=1, features=1),
    "mask": Sequence(mask="some"),
    "mask_right": Sequence(mask="right", state=False, time=6),
    "mask_rows": Sequence(mask="rows", batch=4),
    "mask_backwards": Sequence(mask="some", backwards=True, time=6),
    "mask_zero": Sequence(mask="some", zero_output=True),
    "mask_zero_backwards": Sequence(mask="rows", zero_output=True, backwards=True),
    "backwards": Sequence(backwards=True),
    "dropout": Sequence(dropout="one"),
    "dropout_mask": Sequence(dropout="one", mask="some"),
    "vector": Sequence(units=16),
    "vector_plus_1": Sequence(units=17, batch=2, time=3),
}
GATED = {  # for families with more than one gate
    "gate_dropout": Sequence(dropout="gates"),
    "gate_dropout_mask": Sequence(dropout="gates", mask="some", backwards=True, units=17),
    "gate_dropout_rows": Sequence(dropout="gates", batch=19, time=3, units=70, state=False),
    "projected": Sequence(features=20, projected=True),
    "projected_dropout": Sequence(features=20, projected=True, dropout="gates", bias=False),
}
ACTIVATIONS = {  # of the cell and of its gates
    "linear": ("linear", "linear"),
    "relu": ("relu", "sigmoid"),
    "relu_hard": ("relu", "hard_sigmoid"),
    "relu6": ("relu6", "sigmoid"),
    "leaky": ("leaky_relu", "hard_sigmoid"),
    "elu": ("elu", "softsign"),
    "selu": ("selu", "tanh"),
    "softplus": ("softplus", "hard_tanh"),
    "softsign": ("softsign", "exponential"),
    "sigmoid": ("sigmoid", "relu"),
    "hard": ("hard_tanh", "hard_sigmoid"),
}
LARGE = {
    "rows": Sequence(batch=67, time=3, features=9, units=21),
    "wide": Sequence(batch=9, time=4, features=33, units=131, mask="some"),
    "long": Sequence(batch=2, time=300, features=3, units=7),
    "one_row": Sequence(batch=1, time=40, features=30, units=70),
}
SPEED = {
    "T28 B64 I28 H128": Sequence(64, 28, 28, 128, state=False),
    "T100 B32 I128 H128": Sequence(32, 100, 128, 128, state=False),
    "T50 B64 I512 H512": Sequence(64, 50, 512, 512, state=False),
    "T100 B1 I128 H128": Sequence(1, 100, 128, 128, state=False),
}


def all_small(gates=1):
    """Every small configuration, activations included."""
    yield from SMALL.items()
    for name, config in GATED.items():
        if gates > 1:
            width = gates * config.units if config.projected else config.features
            yield name, replace(config, features=width)
    for name, (activation, gate) in ACTIVATIONS.items():
        # Exponentials of what grows exponentially leave float32 at the third step.
        time = 1 if gate == "exponential" else 3
        yield name, Sequence(activation=activation, gate=gate, time=time)
