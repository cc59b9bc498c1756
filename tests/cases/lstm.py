"""Cases of LSTM: tails of vectors and tiles, masks, directions, dropout, every activation."""

from minidl import ops

from tests.cases.case import Case
from tests.cases.recurrent import LARGE, SPEED, all_small
from tests.references.lstm import lstm as reference


def _arguments(config, keep=True):
    def make(g):
        batch, states = g.n(config.batch), [None, None]
        x = g.normal(batch, config.time, config.features)
        kernel, recurrent = config.weights(g, 4)
        bias = g.normal(4 * config.units) if config.bias else None
        if config.state:
            states = [g.uniform(-1, 1, batch, config.units) for _ in range(2)]
        masks = config.mask_of(g, batch), config.dropout_of(g, batch, 4)
        return x, kernel, recurrent, bias, *states, *masks, *config.options(), keep

    return make


def _grad_arguments(config):
    forward = _arguments(config)

    def make(g):
        args = forward(g)
        x, kernel, recurrent, _, _, c, mask, drop = args[:8]
        kept = [g.array(a) for a in reference(*args)[3:]]
        shape = (x.shape[0], config.units)
        upstream = g.normal(*x.shape[:2], config.units), g.normal(*shape), g.normal(*shape)
        return *upstream, x, kernel, recurrent, c, mask, drop, *kept, *args[8:12]

    return make


def _op(x, kernel, recurrent, bias, h, c, mask, drop, activation, gate, backwards, zero, keep):
    return ops.lstm(
        x,
        kernel,
        recurrent,
        bias,
        [h, c],
        mask,
        activation=activation,
        recurrent_activation=gate,
        go_backwards=backwards,
        zero_output_for_mask=zero,
        recurrent_dropout_mask=drop,
    )


def _cases():
    for name, config in all_small(4):
        wrt = (
            0,
            *(() if config.projected else (1,)),
            2,
            *((3,) if config.bias else ()),
            *((4, 5) if config.state else ()),
        )
        terms = 8 * config.time * config.units
        yield Case("lstm", name, _arguments(config), terms=terms, op=_op, wrt=wrt)
        yield Case("lstm_grad", name, _grad_arguments(config), terms=2 * terms)
    for name, config in LARGE.items():
        terms = 4 * config.time * max(config.units, config.batch)
        yield Case("lstm", name, _arguments(config), terms=terms)
        yield Case("lstm", f"{name}_inference", _arguments(config, False), terms=terms)
        yield Case("lstm_grad", name, _grad_arguments(config), terms=2 * terms)
    for name, config in SPEED.items():
        terms = config.time * config.units
        yield Case(
            "lstm", f"{name} fwd", _arguments(config, False), terms=terms, row=f"LSTM {name} fwd"
        )
        yield Case(
            "lstm_grad", name, _grad_arguments(config), terms=terms, row=f"LSTM {name} fwd+bwd"
        )


CASES = list(_cases())
