"""Transposed convolution, as its definition says.

`conv2d_transpose` scatters: each input pixel adds its window to a canvas. How much of the canvas
is the result follows Keras: for "valid" all of it and `output_padding` more; for "same" as many
cells as TensorFlow's SAME convolution of stride s needs to come back to the input's size.
"""

import numpy as np


def conv2d_transpose(x, kernel, strides, padding, output_padding, dilation):
    """x is NHWC, the kernel (height, width, out, in)."""
    x, kernel = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel.shape[:2], dilation, strict=True)]
    full = [(n - 1) * s + r for n, s, r in zip(x.shape[1:3], strides, reach, strict=True)]
    room = [f + s + r for f, s, r in zip(full, strides, reach, strict=True)]
    canvas = np.zeros((x.shape[0], *room, kernel.shape[2]))
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            for a in range(kernel.shape[0]):
                for b in range(kernel.shape[1]):
                    row, column = i * strides[0] + a * dilation[0], j * strides[1] + b * dilation[1]
                    canvas[:, row, column] += x[:, i, j] @ kernel[a, b].T
    cuts = [
        _cut(n, r, s, padding, None if output_padding is None else output_padding[axis])
        for axis, (n, r, s) in enumerate(zip(x.shape[1:3], reach, strides, strict=True))
    ]
    return canvas[:, cuts[0], cuts[1]]


def _cut(size, reach, stride, padding, extra):
    """The part of the canvas along one axis."""
    full = (size - 1) * stride + reach
    if padding == "valid":
        return slice(0, max(full, size * stride) if extra is None else full + extra)
    if extra is None:
        # The SAME convolution from size * stride back to size pads reach - stride in all, the
        # smaller half in front; without any padding the windows begin at the first cell.
        front = max(reach - stride, 0) // 2
        return slice(front, front + size * stride)
    # With output_padding the result has (size - 1) * stride + reach % 2 + extra cells; what is too
    # much is cut off on both sides, the smaller half in front.
    length = (size - 1) * stride + reach % 2 + extra
    front = max(full - length, 0) // 2
    return slice(front, front + length)
