"""Cases of the convolutions made of conv2d: transposed, depthwise, separable, of sequences."""

from minidl import ops

from tests.cases.case import Case, op

TRANSPOSED = {  # x, kernel, strides, padding, output_padding, dilation_rate
    "stride_2": ((2, 3, 4, 2), (3, 3, 3, 2), 2, "valid", None, 1),
    "stride_2_same": ((1, 4, 3, 3), (3, 3, 2, 3), 2, "same", None, 1),
    "stride_uneven": ((1, 3, 3, 2), (2, 4, 2, 2), (3, 2), "same", None, 1),
    "output_padding": ((1, 3, 3, 2), (4, 3, 2, 2), (2, 3), "same", (1, 2), 1),
    "output_padding_valid": ((1, 2, 3, 2), (2, 3, 2, 2), 3, "valid", (2, 0), 1),
    "kernel_below_stride": ((2, 3, 2, 2), (1, 2, 3, 2), 3, "same", None, 1),
    "dilation_2": ((1, 4, 3, 2), (3, 2, 2, 2), 1, "same", None, 2),
    "dilation_uneven": ((1, 3, 3, 2), (2, 3, 2, 2), 1, "valid", None, (3, 1)),
    "one_pixel": ((2, 1, 1, 5), (4, 4, 2, 5), 2, "valid", None, 1),
}
TRANSPOSED_1D = {
    "stride_2_1d": ((2, 4, 3), (3, 2, 3), 2, "same", None, 1),
    "dilation_1d": ((1, 5, 2), (2, 3, 2), 1, "valid", None, 3),
    "output_padding_1d": ((1, 3, 2), (4, 2, 2), 3, "same", 2, 1),
}
DEPTHWISE = {  # x, kernel, strides, padding, dilation_rate
    "3x3": ((2, 5, 4, 3), (3, 3, 3, 1), 1, "valid", 1),
    "doubled": ((1, 5, 5, 2), (2, 3, 2, 2), 1, "same", 1),
    "stride_2": ((1, 6, 5, 2), (3, 3, 2, 3), 2, "same", 1),
    "stride_uneven": ((1, 7, 6, 2), (2, 3, 2, 1), (2, 3), "valid", 1),
    "dilation_2": ((1, 6, 7, 2), (3, 2, 2, 2), 1, "same", 2),
    "stride_and_dilation": ((1, 9, 8, 2), (3, 3, 2, 1), 2, "same", (2, 1)),
    "one_channel": ((2, 4, 4, 1), (3, 3, 1, 4), 1, "same", 1),
    "1d": ((2, 7, 3), (3, 3, 2), 1, "same", 2),
    "1d_stride": ((2, 8, 2), (4, 2, 2), 3, "valid", 1),
}
CONV_1D = {
    "1d": ((2, 6, 3), (3, 3, 4), 1, "valid", 1),
    "1d_same": ((1, 7, 2), (4, 2, 3), 2, "same", 1),
    "1d_dilation": ((1, 9, 2), (3, 2, 2), 1, "same", 3),
    "1d_groups": ((2, 6, 4), (3, 2, 4), 1, "valid", 1),
}
POOL_1D = {  # x, pool_size, strides, padding
    "1d": ((2, 6, 3), 2, None, "valid"),
    "1d_overlap": ((1, 7, 2), 3, 1, "valid"),
    "1d_same": ((2, 7, 2), 3, 2, "same"),
}


def _transposed(x, kernel, strides, padding, output_padding, dilation):
    return ops.conv_transpose(x, kernel, strides, padding, output_padding, dilation_rate=dilation)


def _depthwise(x, kernel, strides, padding, dilation):
    return ops.depthwise_conv(x, kernel, strides, padding, dilation_rate=dilation)


def _separable(x, kernel, pointwise, bias, strides, padding, dilation):
    return ops.separable_conv(
        x, kernel, pointwise, strides, padding, dilation_rate=dilation, bias=bias
    )


def _conv(x, kernel, strides, padding, dilation):
    return ops.conv(x, kernel, strides, padding, dilation_rate=dilation)


def _two(function, name, x, kernel, *rest):
    """A case of an op of x and a kernel."""

    def make(g):
        return g.normal(g.n(x[0]), *x[1:]), g.normal(*kernel), *rest

    return Case("", name, make, op=function, wrt=(0, 1))


def _fused(name, function, x, kernel, filters, *rest):
    """With a bias, so far from zero that relu has no kink within reach of a difference."""

    def make(g):
        far = g.array(60.0 * g.rng.choice([-1.0, 1.0], filters))
        return g.normal(g.n(x[0]), *x[1:]), g.normal(*kernel), far, *rest, "relu"

    return Case("", name, make, op=op(function), wrt=(0, 1, 2))


def _cases():
    for name, (x, kernel, *rest) in (TRANSPOSED | TRANSPOSED_1D).items():
        yield _two(_transposed, f"conv_transpose_{name}", x, kernel, *rest)
    for name in ("stride_2", "output_padding", "dilation_2"):
        x, kernel, *rest = TRANSPOSED[name]
        yield _fused(
            f"conv2d_transpose_{name}_relu", "conv2d_transpose", x, kernel, kernel[2], *rest
        )
    for name, (x, kernel, *rest) in DEPTHWISE.items():
        yield _two(_depthwise, f"depthwise_conv_{name}", x, kernel, *rest)
        channels = kernel[-2] * kernel[-1]
        if len(x) == 4:
            yield _fused(
                f"depthwise_conv2d_{name}_relu", "depthwise_conv2d", x, kernel, channels, *rest
            )

        def make(g, x=x, kernel=kernel, channels=channels, rest=rest):
            ones = (1,) * (len(x) - 2)
            weights = g.normal(*kernel), g.normal(*ones, channels, 3), g.normal(3)
            return g.normal(g.n(x[0]), *x[1:]), *weights, *rest

        yield Case("", f"separable_conv_{name}", make, op=_separable, wrt=(0, 1, 2, 3))
    for name, (x, kernel, *rest) in CONV_1D.items():
        yield _two(_conv, f"conv_{name}", x, kernel, *rest)
    for name, (x, *rest) in POOL_1D.items():
        for kind in ("max_pool", "average_pool"):

            def make(g, x=x, rest=rest):
                return g.distinct(g.n(x[0]), *x[1:]), *rest

            yield Case("", f"{kind}_{name}", make, op=op(kind), wrt=(0,))


CASES = list(_cases())
