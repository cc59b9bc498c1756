"""A tensor of the graph in the making."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Shape = tuple[Any, ...]  # of sizes, None where one is open


class Value:
    """A tensor of the graph, as minidl sees it.

    Args:
        name: Its name in the graph.
        shape: Its shape after `perm`, None where a size is open.
        dtype: Its dtype.
        perm: How the tensor in the graph is to be transposed; None for as it stands.
        array: What it holds, where that is known.
    """

    def __init__(
        self,
        name: str,
        shape: Sequence[int | None],
        dtype: Any,
        perm: tuple[int, ...] | None = None,
        array: np.ndarray | None = None,
    ):
        self.name = name
        self.shape: Shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self.perm = perm
        self.array = array
        self.mask: Value | None = None  # the mask that travels with it

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)
