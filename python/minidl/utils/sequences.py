"""Sequences brought to one length."""

from __future__ import annotations

from typing import Any

import numpy as np


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """An array of sequences of different lengths.

    Args:
        sequences: List of sequences, of numbers or of arrays of one shape.
        maxlen: Length of the result; None for the longest.
        dtype: Of the result. Defaults to `"int32"`.
        padding: `"pre"` fills up at the beginning, `"post"` at the end.
        truncating: `"pre"` cuts off the beginning of longer ones, `"post"` the end.
        value: What is filled in. Defaults to 0.

    Returns:
        Array of shape `(len(sequences), maxlen, ...)`.

    Raises:
        ValueError: an entry is no sequence, shapes differ, or an unknown side.

    Source: `keras.utils.pad_sequences`.

    >>> import minidl
    >>> minidl.utils.pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
    array([[0, 1],
           [2, 3],
           [5, 6]], dtype=int32)
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"`{name}` must be 'pre' or 'post'. Received: {name}={side!r}")
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be a list of sequences.")
    for s in sequences:
        if not hasattr(s, "__len__"):
            raise ValueError(f"`sequences` must hold sequences. Received an entry {s!r}")
    if maxlen is None:
        maxlen = max((len(s) for s in sequences), default=0)
    if isinstance(value, str) and np.dtype(dtype).kind not in "OUS":
        raise ValueError(f"`value` is text, but dtype={dtype!r} is not: use dtype=object.")
    inner = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    out = np.full((len(sequences), maxlen, *inner), value, dtype=dtype)
    for i, s in enumerate(sequences):
        kept = s[max(len(s) - maxlen, 0) :] if truncating == "pre" else s[:maxlen]
        if not len(kept):
            continue
        row = np.asarray(kept, dtype=dtype)
        if row.shape[1:] != inner:
            raise ValueError(
                f"Entries of sequence {i} have shape {row.shape[1:]}, the others {inner}."
            )
        if padding == "post":
            out[i, : len(row)] = row
        else:
            out[i, maxlen - len(row) :] = row
    return out
