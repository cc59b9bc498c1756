"""Cases of the convolution and its two gradients, from one list of configurations."""

from dataclasses import dataclass

from minidl import ops

from tests.cases.case import Case


@dataclass(frozen=True)
class Conv:
    """Shape of one convolution; x is NHWC, the kernel HWIO, padding top, bottom, left, right."""

    x: tuple[int, int, int, int]
    out: int
    kernel: tuple[int, int] = (3, 3)
    strides: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    def kernel_shape(self):
        return (*self.kernel, self.x[3] // self.groups, self.out)

    def out_shape(self):
        sizes = []
        for axis in (0, 1):
            padded = self.x[1 + axis] + sum(self.padding[2 * axis : 2 * axis + 2])
            span = (self.kernel[axis] - 1) * self.dilation[axis] + 1
            sizes.append((padded - span) // self.strides[axis] + 1)
        return (self.x[0], *sizes, self.out)

    def terms(self):
        return self.kernel[0] * self.kernel[1] * self.x[3] // self.groups

    def settings(self):
        return self.strides, self.padding, self.dilation, self.groups

    def flops(self):
        """Multiplications and additions, cells of padding counted as if they were there."""
        n, height, width, channels = self.out_shape()
        return 2 * n * height * width * channels * self.terms()


SMALL = {
    "3x3": Conv((2, 5, 6, 3), 4),
    "1x1": Conv((2, 4, 3, 5), 6, (1, 1)),
    "3x3_same": Conv((2, 5, 4, 2), 3, padding=(1, 1, 1, 1)),
    "5x3": Conv((1, 7, 6, 2), 3, (5, 3), padding=(2, 2, 1, 1)),
    "even_kernel": Conv((1, 6, 6, 2), 3, (2, 4), padding=(0, 1, 1, 2)),
    "stride_2": Conv((2, 7, 7, 2), 3, strides=(2, 2)),
    "stride_2_same": Conv((1, 6, 6, 3), 2, strides=(2, 2), padding=(0, 1, 0, 1)),
    "stride_uneven": Conv((1, 8, 7, 2), 3, (3, 2), (3, 2), (1, 0, 0, 1)),
    "stride_past_kernel": Conv((1, 9, 8, 2), 3, (2, 1), (4, 3)),
    "dilation_2": Conv((1, 7, 8, 2), 3, dilation=(2, 2), padding=(2, 2, 2, 2)),
    "dilation_uneven": Conv((1, 9, 6, 2), 2, dilation=(3, 1)),
    "stride_and_dilation": Conv(
        (1, 9, 9, 2), 3, strides=(2, 3), dilation=(2, 1), padding=(1, 2, 0, 1)
    ),
    "groups_2": Conv((1, 5, 5, 4), 6, groups=2),
    "groups_3_same": Conv((2, 4, 5, 9), 6, padding=(1, 1, 1, 1), groups=3),
    "depthwise": Conv((1, 5, 6, 5), 5, padding=(1, 1, 1, 1), groups=5),
    "depthwise_doubled": Conv((1, 5, 5, 3), 6, strides=(2, 1), groups=3),
    "whole_image": Conv((2, 4, 3, 2), 5, (4, 3)),
    "far_padding": Conv((1, 2, 3, 2), 2, padding=(3, 4, 5, 2)),
    "one_pixel": Conv((3, 1, 1, 4), 5, (1, 1)),
    "one_channel": Conv((2, 6, 6, 1), 1),
}
LARGE = {
    "64_channels": Conv((2, 14, 15, 64), 64, padding=(1, 1, 1, 1)),
    "67_to_35": Conv((1, 13, 9, 67), 35, padding=(1, 1, 1, 1)),
    "7x7_map": Conv((3, 7, 7, 96), 70, padding=(1, 1, 1, 1)),
    "1x1_wide": Conv((2, 14, 14, 130), 33, (1, 1)),
    "1x1_stride_2": Conv((1, 15, 14, 40), 50, (1, 1), (2, 2)),
    "stem": Conv((1, 37, 38, 3), 20, (7, 7), (2, 2), (3, 3, 3, 3)),
    "one_to_many": Conv((2, 28, 28, 1), 32),
    "atrous_6": Conv((1, 20, 20, 33), 40, padding=(6, 6, 6, 6), dilation=(6, 6)),
    "groups_wide": Conv((1, 10, 11, 48), 96, padding=(1, 1, 1, 1), groups=4),
    "depthwise_wide": Conv((1, 15, 15, 70), 70, strides=(2, 2), padding=(1, 1, 1, 1), groups=70),
    "stride_3": Conv((1, 22, 20, 17), 34, (4, 5), (3, 3), (1, 2, 2, 1)),
}
_SAME = (1, 1, 1, 1)
SPEED = {
    "conv 3x3 64ch 8x56x56": Conv((8, 56, 56, 64), 64, padding=_SAME),
    "conv 3x3 256ch 8x14x14": Conv((8, 14, 14, 256), 256, padding=_SAME),
    "conv 1x1 512->128 8x28x28": Conv((8, 28, 28, 512), 128, (1, 1)),
    "stem 7x7 s2 3->64 8x224x224": Conv((8, 224, 224, 3), 64, (7, 7), (2, 2), (3, 3, 3, 3)),
    "conv 3x3 1->32 64x28x28": Conv((64, 28, 28, 1), 32),
    "atrous d2 64ch 8x56x56": Conv((8, 56, 56, 64), 64, padding=(2, 2, 2, 2), dilation=(2, 2)),
    "atrous d6 256ch 4x32x32": Conv((4, 32, 32, 256), 256, padding=(6, 6, 6, 6), dilation=(6, 6)),
}


def _op(x, kernel, bias, strides, padding, dilation, groups, activation="linear", residual=None):
    top, bottom, left, right = padding
    return ops.conv2d(
        x,
        kernel,
        bias,
        strides=strides,
        padding=((top, bottom), (left, right)),
        dilation_rate=dilation,
        groups=groups,
        activation=activation,
        residual=residual,
    )


def _forward(conv, activation="linear", bias=True, residual=False):
    def make(g):
        x = g.normal(g.n(conv.x[0]), *conv.x[1:])
        offset = None
        if bias:  # far from zero under relu: no kink within reach of a difference
            far = 60.0 * g.rng.choice([-1.0, 1.0], conv.out)
            offset = g.array(far if activation == "relu" else g.rng.standard_normal(conv.out))
        fixed = (x, g.normal(*conv.kernel_shape()), offset, *conv.settings(), activation)
        return (*fixed, g.normal(len(x), *conv.out_shape()[1:])) if residual else fixed

    return make


def _input_grad(conv):
    return lambda g: (
        g.normal(*conv.out_shape()),
        g.normal(*conv.kernel_shape()),
        conv.x,
        *conv.settings(),
    )


def _transposed(conv):
    """The input gradient as a transposed convolution uses it: with bias and relu."""
    return lambda g: (*_input_grad(conv)(g), g.normal(conv.x[3]), "relu")


def _filter_grad(conv):
    return lambda g: (g.normal(*conv.x), g.normal(*conv.out_shape()), conv.kernel, *conv.settings())


def _three(name, conv, row="", **forward):
    """Forward pass, input gradient and filter gradient of one configuration."""
    n, height, width, channels = conv.out_shape()
    taps = conv.kernel[0] * conv.kernel[1]
    grads = row and f"{row} grads"
    yield Case(
        "conv2d", name, _forward(conv), terms=conv.terms(), row=row and f"{row} fwd", **forward
    )
    terms = taps * channels // conv.groups
    yield Case("conv2d_input_grad", name, _input_grad(conv), terms=terms, row=grads)
    terms = n * height * width
    yield Case("conv2d_filter_grad", name, _filter_grad(conv), terms=terms, row=grads)


def _cases():
    for name, conv in SMALL.items():
        yield from _three(name, conv, op=_op, wrt=(0, 1, 2))
    for name, conv in LARGE.items():
        yield from _three(name, conv)
    for name in ("3x3", "1x1", "stride_2", "groups_2"):
        conv = SMALL[name]
        terms = conv.terms()
        yield Case(
            "conv2d", f"{name}_no_bias", _forward(conv, bias=False), terms=terms, op=_op, wrt=(0, 1)
        )
        yield Case(
            "conv2d", f"{name}_relu", _forward(conv, "relu"), terms=terms, op=_op, wrt=(0, 1, 2)
        )
        yield Case(
            "conv2d",
            f"{name}_residual",
            _forward(conv, "relu", residual=True),
            terms=terms,
            op=_op,
            wrt=(0, 1, 2, 8),
        )
    for name in ("3x3", "stride_2", "groups_2", "stride_past_kernel", "stride_and_dilation"):
        conv = SMALL[name]
        taps = conv.kernel[0] * conv.kernel[1] * conv.out // conv.groups
        yield Case("conv2d_input_grad", f"{name}_transposed", _transposed(conv), terms=taps)
    for name in ("64_channels", "stem", "7x7_map", "depthwise_wide"):
        made = _forward(LARGE[name], residual=True)
        yield Case("conv2d", f"{name}_residual", made, terms=LARGE[name].terms())
        conv = LARGE[name]
        yield Case("conv2d", f"{name}_relu", _forward(conv, "relu", bias=False), terms=conv.terms())
    for row, conv in SPEED.items():
        yield from _three(row.replace(" ", "_"), conv, row)


CASES = list(_cases())
