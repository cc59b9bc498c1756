"""Depthwise convolution: channel c of x meets kernel[:, :, c], its results lie side by side.

x is NHWC, the kernel (height, width, channels, multiplier), padding (top, bottom, left, right).
"""

import numpy as np

from tests.references.conv2d import conv2d_filter_grad, conv2d_input_grad


def depthwise_conv2d(
    x, kernel, bias, strides, padding, dilation, activation="linear", residual=None
):
    x, kernel = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    top, bottom, left, right = padding
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    sizes = [
        (n - (k - 1) * d - 1) // s + 1
        for n, k, d, s in zip(padded.shape[1:3], kernel.shape[:2], dilation, strides, strict=True)
    ]
    y = np.zeros((x.shape[0], *sizes, *kernel.shape[2:]))
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            rows = slice(a * dilation[0], a * dilation[0] + sizes[0] * strides[0], strides[0])
            columns = slice(b * dilation[1], b * dilation[1] + sizes[1] * strides[1], strides[1])
            pixels = padded[:, rows, columns][:, : sizes[0], : sizes[1]]
            y += pixels[..., None] * kernel[a, b]
    y = y.reshape(*y.shape[:3], -1)
    if bias is not None:
        y += np.asarray(bias, np.float64)
    if residual is not None:
        y += np.asarray(residual, np.float64)
    return np.where(y < 0, 0.0, y) if activation == "relu" else y


def depthwise_conv2d_input_grad(dy, kernel, input_shape, strides, padding, dilation):
    """As a convolution with one group a channel."""
    grouped = np.reshape(kernel, (*kernel.shape[:2], 1, -1))
    groups = kernel.shape[2]
    return conv2d_input_grad(dy, grouped, input_shape, strides, padding, dilation, groups)


def depthwise_conv2d_filter_grad(x, dy, kernel_size, strides, padding, dilation):
    dk = conv2d_filter_grad(x, dy, kernel_size, strides, padding, dilation, x.shape[3])
    return dk.reshape(*kernel_size, x.shape[3], -1)
