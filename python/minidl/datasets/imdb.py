"""IMDB: 50,000 film reviews as word numbers, good or bad (Maas et al. 2011)."""

from __future__ import annotations

import io
import json
import os
import zipfile
from typing import Any

import numpy as np

from ._fetch import fetch
from ._plain_pickle import read_plain

HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
INDEX_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple:
    """The reviews, downloaded once (17 MB). Words are numbered by how frequent they are.

    Args:
        path: Name of the file in the cache.
        num_words: Only words with numbers below; None for all.
        skip_top: Only words with numbers from here on. Defaults to 0.
        maxlen: Longer reviews are left out; None keeps all.
        seed: Seed of the shuffle. Defaults to 113.
        start_char: The number that every review begins with, or None. Defaults to 1.
        oov_char: The number in the place of words left out; None drops them. Defaults to 2.
        index_from: What is added to all word numbers. Defaults to 3.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays of lists of integers, and labels
        0 (bad) or 1 (good).

    Raises:
        ConnectionError: the file is not in the cache and could not be downloaded.
        ValueError: it holds more than plain data, or `maxlen` leaves no review.

    Source: `keras.datasets.imdb.load_data`. The file holds pickled arrays; they are read by a
    reader of plain data, which runs nothing, once: the result is kept beside it.

    >>> import minidl
    >>> (x, y), _ = minidl.datasets.imdb.load_data(num_words=10000)  # doctest: +SKIP
    """
    parts = _read(fetch("imdb.npz", HASH, path))
    rng = np.random.RandomState(seed)
    shift = index_from if start_char is not None or index_from else 0
    head = [] if start_char is None else [start_char]
    chosen = []
    for x, y in parts:
        order = np.arange(len(x))
        rng.shuffle(order)
        rows = [(head + (x[i] + shift).tolist(), y[i]) for i in order]
        if maxlen:
            rows = [(row, label) for row, label in rows if len(row) < maxlen]
        if not rows:
            raise ValueError(f"No review is shorter than maxlen={maxlen}.")
        chosen.append(rows)
    top = num_words or max(max(row, default=0) for rows in chosen for row, _ in rows)
    results = []
    for rows in chosen:
        kept = np.empty(len(rows), object)
        kept[:] = [_limited(row, skip_top, top, oov_char) for row, _ in rows]
        results.append((kept, np.array([label for _, label in rows], np.int64)))
    return tuple(results)


def _limited(row: list[int], low: int, high: int, other: int | None) -> list[int]:
    if other is None:
        return [w for w in row if low <= w < high]
    return [w if low <= w < high else other for w in row]


def _read(path: str) -> list[tuple[list[np.ndarray], np.ndarray]]:
    """Reviews and labels of both parts, from the plain copy where there is one."""
    plain = f"{path}.plain.npz"
    if not os.path.exists(plain) or os.path.getmtime(plain) < os.path.getmtime(path):
        arrays: dict[str, np.ndarray] = {}
        with zipfile.ZipFile(path) as archive:
            for part in ("train", "test"):
                x = _member(archive, f"x_{part}.npy", path)
                arrays[f"words_{part}"] = np.concatenate([np.array(r, np.int32) for r in x])
                arrays[f"lengths_{part}"] = np.array([len(r) for r in x])
                arrays[f"y_{part}"] = np.array(_member(archive, f"y_{part}.npy", path), np.int64)
        with open(f"{plain}.{os.getpid()}", "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(f"{plain}.{os.getpid()}", plain)
    parts = []
    with np.load(plain, allow_pickle=False) as file:
        for part in ("train", "test"):
            cuts = np.cumsum(file[f"lengths_{part}"])[:-1]
            parts.append((np.split(file[f"words_{part}"], cuts), file[f"y_{part}"]))
    return parts


def _member(archive: zipfile.ZipFile, name: str, path: str) -> Any:
    data = archive.read(name)
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else (
        np.lib.format.read_array_header_2_0)  # fmt: skip
    _, _, dtype = read(stream)
    if dtype.hasobject:
        return read_plain(data[stream.tell() :], f"{path}: {name}")
    return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The numbers of the words, before `index_from` is added.

    Args:
        path: Name of the file in the cache.

    Source: `keras.datasets.imdb.get_word_index`.

    >>> import minidl
    >>> minidl.datasets.imdb.get_word_index()["the"]  # doctest: +SKIP
    1
    """
    with open(fetch("imdb_word_index.json", INDEX_HASH, path), encoding="utf-8") as file:
        return json.load(file)
