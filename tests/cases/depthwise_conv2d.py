"""Cases of the depthwise convolution and its two gradients."""

from minidl import ops

from tests.cases.case import Case
from tests.cases.conv2d import Conv

_SAME = (1, 1, 1, 1)


def _conv(x, multiplier=1, *rest, **settings):
    return Conv(x, x[3] * multiplier, *rest, groups=x[3], **settings)


SMALL = {
    "3x3": _conv((2, 5, 6, 3)),
    "3x3_same": _conv((1, 5, 9, 4), padding=_SAME),
    "multiplier_2": _conv((1, 5, 5, 3), 2, padding=_SAME),
    "multiplier_3_stride_2": _conv((1, 6, 7, 2), 3, strides=(2, 2), padding=(0, 1, 0, 1)),
    "1x1": _conv((2, 3, 4, 2), 1, (1, 1)),
    "5x2": _conv((1, 7, 6, 2), 1, (5, 2), padding=(2, 2, 0, 1)),
    "dilation_2": _conv((1, 7, 8, 3), padding=(2, 2, 2, 2), dilation=(2, 2)),
    "stride_3_dilation_2": _conv((1, 9, 9, 2), strides=(3, 3), dilation=(2, 2)),
    "stride_and_dilation": _conv(
        (1, 9, 9, 2), strides=(2, 1), dilation=(1, 3), padding=(1, 2, 0, 1)
    ),
    "far_padding": _conv((1, 2, 3, 2), padding=(3, 4, 5, 2)),
}
LARGE = {
    "70_channels_stride_2": _conv((1, 15, 15, 70), strides=(2, 2), padding=_SAME),
    "33_channels_7x7": _conv((2, 12, 19, 33), 1, (7, 7), padding=(3, 3, 3, 3)),
    "31x31": _conv((1, 9, 14, 18), 1, (31, 31), padding=(15, 15, 15, 15)),
    "7x7_map": _conv((3, 7, 7, 96), padding=_SAME),
    "multiplier_4": _conv((2, 10, 11, 20), 4, (3, 5), padding=(1, 1, 2, 2)),
    "sequence": _conv((2, 1, 40, 24), 1, (1, 4), dilation=(1, 3), padding=(0, 0, 9, 0)),
}
SPEED = {
    "depthwise 3x3 64ch 8x112x112": _conv((8, 112, 112, 64), padding=_SAME),
    "depthwise 3x3 512ch 8x14x14": _conv((8, 14, 14, 512), padding=_SAME),
    "depthwise atrous d2 256ch 8x28x28": _conv(
        (8, 28, 28, 256), padding=(2, 2, 2, 2), dilation=(2, 2)
    ),
}


def _op(x, kernel, bias, strides, padding, dilation, activation="linear", residual=None):
    top, bottom, left, right = padding
    borders = (top, bottom), (left, right)
    return ops.depthwise_conv2d(x, kernel, bias, strides, borders, dilation, activation, residual)


def _kernel(g, conv):
    return g.normal(*conv.kernel, conv.x[3], conv.out // conv.x[3])


def _forward(conv, activation="linear", residual=False):
    def make(g):
        x = g.normal(g.n(conv.x[0]), *conv.x[1:])
        # Far from zero under relu: no kink within reach of a difference.
        far = 60.0 * g.rng.choice([-1.0, 1.0], conv.out)
        bias = g.array(far if activation == "relu" else g.rng.standard_normal(conv.out))
        fixed = (x, _kernel(g, conv), bias, *conv.settings()[:3], activation)
        return (*fixed, g.normal(len(x), *conv.out_shape()[1:])) if residual else fixed

    return make


def _input_grad(conv):
    return lambda g: (
        g.normal(*conv.out_shape()),
        _kernel(g, conv),
        conv.x,
        *conv.settings()[:3],
    )


def _filter_grad(conv):
    settings = conv.settings()[:3]
    return lambda g: (g.normal(*conv.x), g.normal(*conv.out_shape()), conv.kernel, *settings)


def _three(name, conv, row="", **forward):
    """Forward pass, input gradient and filter gradient of one configuration."""
    n, height, width, _ = conv.out_shape()
    grads = row and f"{row} grads"
    family = "depthwise_conv2d"
    row = row and f"{row} fwd"
    yield Case(family, name, _forward(conv), terms=conv.terms(), row=row, **forward)
    terms = conv.kernel[0] * conv.kernel[1] * conv.out // conv.x[3]
    yield Case(f"{family}_input_grad", name, _input_grad(conv), terms=terms, row=grads)
    terms = n * height * width
    yield Case(f"{family}_filter_grad", name, _filter_grad(conv), terms=terms, row=grads)


def _cases():
    for name, conv in SMALL.items():
        yield from _three(name, conv, op=_op, wrt=(0, 1, 2))
    for name, conv in LARGE.items():
        yield from _three(name, conv)
    for name in ("3x3_same", "multiplier_2"):
        conv, terms = SMALL[name], SMALL[name].terms()
        made = _forward(conv, "relu")
        yield Case("depthwise_conv2d", f"{name}_relu", made, terms=terms, op=_op, wrt=(0, 1, 2))
        made = _forward(conv, residual=True)
        wrt = (0, 1, 2, 7)
        yield Case("depthwise_conv2d", f"{name}_residual", made, terms=terms, op=_op, wrt=wrt)
    for row, conv in SPEED.items():
        yield from _three(row.replace(" ", "_"), conv, row)


CASES = list(_cases())
