"""Rows that time recurrent nets: whole sequences, forward and with all gradients."""

import minidl
import numpy as np
from minidl import ops

from bench.peers import torch
from bench.rows import Row, aligned, arguments
from bench.timing import Call
from tests.cases.recurrent import SPEED

GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
OPS = {"LSTM": ops.lstm, "GRU": ops.gru, "SimpleRNN": ops.rnn}
TARGETS = {  # forward, forward and backward: ratio, share of peak
    "T28 B64 I28 H128": ((1.1, 0.0), (1.4, 0.0)),
    "T100 B32 I128 H128": ((1.1, 0.80), (1.4, 0.75)),
    "T50 B64 I512 H512": ((1.1, 0.85), (1.5, 0.80)),
    "T100 B1 I128 H128": ((1.2, 0.0), (1.3, 0.0)),
}


def _turned(weights, kind):
    """Keras's gate order as PyTorch's, transposed: z r n becomes r z n, i f g o is the same."""
    gates = np.split(weights, GATES[kind], -1)
    if kind == "GRU":
        gates = [gates[1], gates[0], gates[2]]
    return np.ascontiguousarray(np.concatenate(gates, -1).T)


def _network(kind, features, units, kernel, recurrent, biases):
    layer = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "SimpleRNN": torch.nn.RNN}[kind]
    network = layer(features, units, batch_first=True)
    values = kernel, recurrent, *biases
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(_turned(value, kind)))
    return network


def _build(kind, row, backward):
    def build():
        config = SPEED[row]
        name = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}[kind]
        (args,) = arguments(f"{kind} {row} fwd", name)
        x, kernel, recurrent, bias = args[:4]
        inner = args[4] if kind == "GRU" else np.zeros_like(bias)
        weights = [minidl.Variable(a) for a in (kernel, recurrent)]
        weights.append(minidl.Variable(np.stack([bias, inner]) if kind == "GRU" else bias))
        sequence = ops.convert_to_tensor(x)
        rng = np.random.default_rng(1)
        upstream = aligned(rng.standard_normal((*x.shape[:2], config.units)).astype(np.float32))

        def ours():
            return OPS[kind](sequence, *weights)[0]

        def ours_back():
            with minidl.GradientTape() as tape:
                tape.watch(sequence)
                y = ours()
            return tape.gradient(y, [sequence, *weights[:2]], output_gradients=upstream)

        calls = {"minidl": Call(ours_back if backward else ours)}
        if torch:
            biases = bias, inner
            network = _network(kind, config.features, config.units, kernel, recurrent, biases)
            their_x = torch.from_numpy(x).requires_grad_(backward)
            dy = torch.from_numpy(upstream)

            def theirs():
                with torch.no_grad():
                    return network(their_x)[0]

            def theirs_back():
                y = network(their_x)[0]
                return torch.autograd.grad(y, [their_x, *network.parameters()], dy)

            def back(grads):
                # Both turns of the first two gates are the same one.
                return [grads[0].numpy(), *(_keras_order(g.numpy().T, kind) for g in grads[1:3])]

            calls["torch"] = (
                Call(theirs_back, back)
                if backward
                else Call(theirs, lambda y: [y.detach().numpy()])
            )
        return calls

    return build


def _keras_order(weights, kind):
    return _turned(weights, kind).T


def _rows():
    for kind, gates in GATES.items():
        for row, config in SPEED.items():
            steps = config.batch * config.time
            flops = 2.0 * steps * (config.features + config.units) * gates * config.units
            for backward in (False, True):
                ratio, share = TARGETS[row][backward]
                yield Row(
                    f"{kind} {row} {'fwd+bwd' if backward else 'fwd'}",
                    _build(kind, row, backward),
                    flops * (3 if backward else 1),
                    0.0,
                    "peak",
                    ratio,
                    share if kind == "LSTM" else 0.0,
                )


ROWS = list(_rows())
