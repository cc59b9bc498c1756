"""Matrix product, one matrix of the batch at a time."""

import numpy as np


def matmul(x1, x2, transpose_x1=False, transpose_x2=False, bias=None, activation="linear"):
    a, b = np.asarray(x1, np.float64), np.asarray(x2, np.float64)
    a = a.swapaxes(-1, -2) if transpose_x1 else a
    b = b.swapaxes(-1, -2) if transpose_x2 else b
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(a, (*batch, *a.shape[-2:]))
    b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
    y = np.zeros((*batch, a.shape[-2], b.shape[-1]))
    for index in np.ndindex(*batch):
        y[index] = np.einsum("ik,kj->ij", a[index], b[index], optimize=True)
    if bias is not None:
        y += np.asarray(bias, np.float64)
    return np.where(y < 0, 0.0, y) if activation == "relu" else y
