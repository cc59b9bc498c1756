"""Cases of resizing: larger, smaller, uneven, single pixels, few and many channels."""

from tests.cases.case import Case, op

SIZES = {  # input shape, new size
    "doubled": ((2, 4, 5, 3), (8, 10)),
    "tripled": ((1, 3, 4, 2), (9, 12)),
    "uneven": ((1, 4, 3, 5), (6, 11)),
    "one_axis": ((2, 3, 5, 1), (3, 15)),
    "smaller": ((1, 9, 8, 4), (4, 3)),
    "smaller_and_larger": ((2, 7, 4, 2), (3, 9)),
    "same_size": ((1, 4, 6, 3), (4, 6)),
    "one_pixel": ((2, 1, 1, 4), (3, 2)),
    "to_one_pixel": ((2, 4, 5, 3), (1, 1)),
    "channels_33": ((1, 3, 3, 33), (6, 6)),
    "wide": ((1, 20, 30, 17), (40, 60)),
}
SPEED = "upsample 2x 8x56x56x64"


def _cases():
    for name, (shape, size) in SIZES.items():
        for how in ("nearest", "bilinear"):

            def forward(g, shape=shape, size=size, how=how):
                return g.normal(g.n(shape[0]), *shape[1:]), size, how

            def backward(g, shape=shape, size=size, how=how):
                return g.normal(shape[0], *size, shape[3]), shape, how

            factor = max(n // m for n, m in zip(size, shape[1:3], strict=True)) + 1
            yield Case("resize2d", f"{name}_{how}", forward, terms=4, op=op("resize2d"), wrt=(0,))
            yield Case("resize2d_grad", f"{name}_{how}", backward, terms=4 * factor**2)
    for how in ("nearest", "bilinear"):

        def fast(g, how=how):
            return g.normal(8, 56, 56, 64), (112, 112), how

        def fast_grad(g, how=how):
            return g.normal(8, 112, 112, 64), (8, 56, 56, 64), how

        yield Case("resize2d", f"speed_{how}", fast, terms=4, row=f"{SPEED} {how} fwd")
        yield Case("resize2d_grad", f"speed_{how}", fast_grad, terms=16, row=f"{SPEED} {how} grad")


CASES = list(_cases())
