"""Cases of GRU: what LSTM has, with the reset gate after the product and before it."""

from minidl import ops

from tests.cases.case import Case
from tests.cases.recurrent import LARGE, SPEED, all_small
from tests.references.gru import gru as reference


def _arguments(config, after, keep=True):
    def make(g):
        batch = g.n(config.batch)
        x = g.normal(batch, config.time, config.features)
        kernel, recurrent = config.weights(g, 3)
        bias, inner = (g.normal(3 * config.units) for _ in range(2))
        if not config.bias:
            bias = inner = None
        h = g.uniform(-1, 1, batch, config.units) if config.state else None
        masks = config.mask_of(g, batch), config.dropout_of(g, batch, 3)
        activation, gate, backwards, zero = config.options()
        options = activation, gate, after, backwards, zero, keep
        return x, kernel, recurrent, bias, inner if after else None, h, *masks, *options

    return make


def _grad_arguments(config, after):
    forward = _arguments(config, after)

    def make(g):
        args = forward(g)
        x, kernel, recurrent, mask, drop = *args[:3], *args[6:8]
        kept = [g.array(a) for a in reference(*args)[2:]]
        upstream = g.normal(*x.shape[:2], config.units), g.normal(x.shape[0], config.units)
        return *upstream, x, kernel, recurrent, mask, drop, *kept, *args[8:13]

    return make


def _op(x, kernel, recurrent, bias, inner, h, mask, drop, activation, gate, *options):
    after, backwards, zero, _ = options
    if inner is not None:
        bias = ops.stack([bias, inner])
    return ops.gru(
        x,
        kernel,
        recurrent,
        bias,
        h,
        mask,
        activation=activation,
        recurrent_activation=gate,
        reset_after=after,
        go_backwards=backwards,
        zero_output_for_mask=zero,
        recurrent_dropout_mask=drop,
    )


def _cases():
    for after in (True, False):
        where = "" if after else "_before"
        for name, config in all_small(3):
            biases = ((3, 4) if after else (3,)) if config.bias else ()
            wrt = (
                0,
                *(() if config.projected else (1,)),
                2,
                *biases,
                *((5,) if config.state else ()),
            )
            terms = 8 * config.time * config.units
            make = _arguments(config, after)
            yield Case("gru", f"{name}{where}", make, terms=terms, op=_op, wrt=wrt)
            yield Case(
                "gru_grad", f"{name}{where}", _grad_arguments(config, after), terms=2 * terms
            )
        for name, config in LARGE.items():
            terms = 4 * config.time * max(config.units, config.batch)
            yield Case("gru", f"{name}{where}", _arguments(config, after), terms=terms)
            inference = _arguments(config, after, False)
            yield Case("gru", f"{name}_inference{where}", inference, terms=terms)
            yield Case(
                "gru_grad", f"{name}{where}", _grad_arguments(config, after), terms=2 * terms
            )
    for name, config in SPEED.items():
        terms = config.time * config.units
        make = _arguments(config, True, False)
        yield Case("gru", f"{name} fwd", make, terms=terms, row=f"GRU {name} fwd")
        make = _grad_arguments(config, True)
        yield Case("gru_grad", name, make, terms=terms, row=f"GRU {name} fwd+bwd")


CASES = list(_cases())
