"""Cases of the simple recurrent net: what LSTM has, with one activation."""

from minidl import ops

from tests.cases.case import Case
from tests.cases.recurrent import LARGE, SPEED, all_small
from tests.references.rnn import rnn as reference


def _arguments(config, keep=True):
    def make(g):
        batch = g.n(config.batch)
        x = g.normal(batch, config.time, config.features)
        kernel, recurrent = config.weights(g, 1)
        bias = g.normal(config.units) if config.bias else None
        h = g.uniform(-1, 1, batch, config.units) if config.state else None
        masks = config.mask_of(g, batch), config.dropout_of(g, batch)
        activation, _, backwards, zero = config.options()
        return x, kernel, recurrent, bias, h, *masks, activation, backwards, zero, keep

    return make


def _grad_arguments(config):
    forward = _arguments(config)

    def make(g):
        args = forward(g)
        x, kernel, recurrent, mask, drop = *args[:3], *args[5:7]
        kept = [g.array(a) for a in reference(*args)[2:]]
        upstream = g.normal(*x.shape[:2], config.units), g.normal(x.shape[0], config.units)
        return *upstream, x, kernel, recurrent, mask, drop, *kept, *args[7:10]

    return make


def _op(x, kernel, recurrent, bias, h, mask, drop, activation, backwards, zero, keep):
    return ops.rnn(
        x,
        kernel,
        recurrent,
        bias,
        h,
        mask,
        activation=activation,
        go_backwards=backwards,
        zero_output_for_mask=zero,
        recurrent_dropout_mask=drop,
    )


def _cases():
    for name, config in all_small():
        wrt = (0, 1, 2, *((3,) if config.bias else ()), *((4,) if config.state else ()))
        terms = 8 * config.time * config.units
        yield Case("rnn", name, _arguments(config), terms=terms, op=_op, wrt=wrt)
        yield Case("rnn_grad", name, _grad_arguments(config), terms=2 * terms)
    for name, config in LARGE.items():
        terms = 4 * config.time * max(config.units, config.batch)
        yield Case("rnn", name, _arguments(config), terms=terms)
        yield Case("rnn", f"{name}_inference", _arguments(config, False), terms=terms)
        yield Case("rnn_grad", name, _grad_arguments(config), terms=2 * terms)
    for name, config in SPEED.items():
        terms = config.time * config.units
        make = _arguments(config, False)
        yield Case("rnn", f"{name} fwd", make, terms=terms, row=f"SimpleRNN {name} fwd")
        make = _grad_arguments(config)
        yield Case("rnn_grad", name, make, terms=terms, row=f"SimpleRNN {name} fwd+bwd")


CASES = list(_cases())
