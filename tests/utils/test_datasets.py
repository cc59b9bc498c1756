"""The public data sets, from a local server with small files of the same formats."""

import contextlib
import gzip
import io
import json
import pickle
import struct
import tarfile

import minidl
import numpy as np
import pytest
from minidl.datasets import _fetch, cifar10, fashion_mnist, imdb, mnist
from minidl.datasets._plain_pickle import read_plain

from tests.keras_peer import keras
from tests.utils.server import serve

RNG = np.random.default_rng(0)


@pytest.fixture
def hosted(monkeypatch, tmp_path):
    """A function that serves files in place of Keras's, into an empty cache."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    running = []

    def host(**files):
        context = serve(**files)
        server = context.__enter__()
        running.append(context)
        monkeypatch.setattr(_fetch, "FOLDER", server.url)
        return server

    yield host
    for context in running:
        context.__exit__(None, None, None)


def _sha(data):
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _npz(allow=False, **arrays):
    out = io.BytesIO()
    np.savez(out, allow_pickle=allow, **arrays)
    return out.getvalue()


def test_mnist(hosted, monkeypatch):
    arrays = {
        "x_train": RNG.integers(0, 255, (6, 28, 28), np.uint8),
        "y_train": RNG.integers(0, 10, 6, np.uint8),
        "x_test": RNG.integers(0, 255, (2, 28, 28), np.uint8),
        "y_test": RNG.integers(0, 10, 2, np.uint8),
    }
    body = _npz(**arrays)
    server = hosted(**{"mnist.npz": body})
    with pytest.raises(ValueError, match="hash"):
        mnist.load_data()
    monkeypatch.setattr(mnist, "HASH", _sha(body))
    for _ in range(2):
        (x, y), (x_test, y_test) = minidl.datasets.mnist.load_data()
        found = {"x_train": x, "y_train": y, "x_test": x_test, "y_test": y_test}
        for key, wanted in arrays.items():
            np.testing.assert_array_equal(found[key], wanted)
    assert len(server.requests) == 2


def test_no_network(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(_fetch, "FOLDER", "http://127.0.0.1:1/")
    monkeypatch.setattr(cifar10, "ORIGIN", "http://127.0.0.1:1/x")
    for load in (mnist.load_data, fashion_mnist.load_data, imdb.load_data, cifar10.load_data):
        with pytest.raises(ConnectionError, match="Without a network, put the file at"):
            load()


def _idx(array):
    head = bytes((0, 0, 8, array.ndim)) + b"".join(struct.pack(">i", n) for n in array.shape)
    return gzip.compress(head + array.tobytes())


def test_fashion_mnist(hosted, monkeypatch):
    images = [RNG.integers(0, 255, (n, 28, 28), np.uint8) for n in (5, 3)]
    labels = [RNG.integers(0, 10, n, np.uint8) for n in (5, 3)]
    bodies = [_idx(a) for a in (images[0], labels[0], images[1], labels[1])]
    files = dict(zip(fashion_mnist.FILES, bodies, strict=True))
    hosted(**files)
    monkeypatch.setattr(fashion_mnist, "FILES", {k: _sha(v) for k, v in files.items()})
    (x, y), (x_test, y_test) = fashion_mnist.load_data()
    for got, wanted in ((x, images[0]), (y, labels[0]), (x_test, images[1]), (y_test, labels[1])):
        np.testing.assert_array_equal(got, wanted)


def test_idx_files_are_checked(tmp_path):
    good = gzip.decompress(_idx(np.zeros((2, 3), np.uint8)))
    path = tmp_path / "a.gz"
    for bad in (b"", good[:6], good[:-1], good + b"0", b"\1" + good[1:],
                good[:4] + b"\xff" * 8 + good[12:]):  # fmt: skip
        path.write_bytes(gzip.compress(bad))
        with pytest.raises(ValueError, match=r"a\.gz"):
            _fetch.read_idx(str(path), 2)


class Py2Batch:
    """A pickle as Python 2 and an old NumPy wrote CIFAR's: protocol 2, byte strings."""

    def __init__(self, data, labels):
        minus_one = b"J\xff\xff\xff\xff"
        u1 = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNN" + minus_one * 2 + b"K\x00tb"
        shape = b"(M" + struct.pack("<H", len(data)) + b"M\x00\x0ct"
        raw = data.tobytes()
        array = (
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01"
            + shape + u1 + b"\x89T" + struct.pack("<i", len(raw)) + raw + b"tb"
        )  # fmt: skip
        numbers = b"](" + b"".join(b"K" + bytes([n]) for n in labels) + b"e"
        self.body = b"\x80\x02}(U\x04data" + array + b"U\x06labels" + numbers + b"u."


def test_cifar10(hosted, monkeypatch):
    images = RNG.integers(0, 255, (6, 4, 3072), np.uint8)
    labels = RNG.integers(0, 10, (6, 4), np.uint8)
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, x, y in zip(names, images, labels, strict=True):
            body = Py2Batch(x, y).body
            theirs = pickle.loads(body, encoding="bytes")  # the test's own data
            np.testing.assert_array_equal(theirs[b"data"], x)
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    server = hosted(cifar=out.getvalue())
    monkeypatch.setattr(cifar10, "ORIGIN", server.url + "cifar")
    monkeypatch.setattr(cifar10, "HASH", _sha(out.getvalue()))
    (x, y), (x_test, y_test) = cifar10.load_data()
    assert x.shape == (20, 32, 32, 3) and x_test.shape == (4, 32, 32, 3)
    expected = images.reshape(24, 3, 32, 32).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(np.concatenate([x, x_test]), expected)
    np.testing.assert_array_equal(np.concatenate([y, y_test]), labels.reshape(-1, 1))
    assert y.dtype == np.uint8


def _reviews(n):
    rows = np.empty(n, object)
    rows[:] = [RNG.integers(1, 90_000, RNG.integers(1, 30)).tolist() for _ in range(n)]
    return rows


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"num_words": 20_000},
        {"num_words": 40_000, "skip_top": 50, "oov_char": None},
        {"maxlen": 15, "seed": 7},
        {"start_char": None},
        {"start_char": None, "index_from": 0},
    ],
)
def test_imdb_equals_keras(hosted, monkeypatch, kwargs):
    keras()
    keras_imdb = pytest.importorskip("keras.src.datasets.imdb")
    arrays = {"x_train": _reviews(12), "y_train": RNG.integers(0, 2, 12),
              "x_test": _reviews(9), "y_test": RNG.integers(0, 2, 9)}  # fmt: skip
    body = _npz(allow=True, **arrays)
    hosted(**{"imdb.npz": body})
    monkeypatch.setattr(imdb, "HASH", _sha(body))
    monkeypatch.setattr(keras_imdb, "get_file", lambda *args, **kwargs: "unused")

    class Loader:
        @staticmethod
        def load_npz(path):
            return arrays

    monkeypatch.setattr(keras_imdb, "npz_utils", Loader, raising=False)
    for _ in range(2):  # the second time from the plain copy
        ours, theirs = imdb.load_data(**kwargs), keras_imdb.load_data(**kwargs)
        for (x, y), (their_x, their_y) in zip(ours, theirs, strict=True):
            assert x.dtype == object
            assert x.tolist() == their_x.tolist()
            np.testing.assert_array_equal(y, their_y)
    with pytest.raises(ValueError, match="maxlen=1"):
        imdb.load_data(maxlen=1)


def test_imdb_words(hosted, monkeypatch):
    body = json.dumps({"the": 1, "fawn": 34701}).encode()
    hosted(**{"imdb_word_index.json": body})
    monkeypatch.setattr(imdb, "INDEX_HASH", _sha(body))
    assert imdb.get_word_index() == {"the": 1, "fawn": 34701}


@pytest.mark.parametrize("protocol", range(5))
def test_plain_pickles(protocol):
    rows = np.empty(3, object)
    rows[:] = [[1, 300, 70_000], [], [2**40, -5]]
    value = {
        "a": [1, 2.5, True, None],
        "b": (1, (2, 3)),
        "c": {"d": "é"},
        "e": b"bytes",
        "x": rows,
        "y": np.arange(6).reshape(2, 3),
        "z": np.asfortranarray(np.ones((2, 3), ">f4")),
    }
    if protocol == 0:
        value = {"a": [1, -70_000, True, False, None], "b": {"c": (1, 2, 3, 4)}}
    found = read_plain(pickle.dumps(value, protocol), "x")
    assert found.keys() == value.keys()
    for key, wanted in value.items():
        if isinstance(wanted, np.ndarray):
            assert found[key].dtype == wanted.dtype and found[key].tolist() == wanted.tolist()
        else:
            assert found[key] == wanted


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/minidl-was-here",)


def test_nothing_runs():
    hostile = [pickle.dumps(Evil(), protocol) for protocol in range(6)]
    hostile += [
        pickle.dumps([np.random.default_rng(0)]),
        b"cos\nsystem\n(S'true'\ntR.",
        b"(S'true'\nios\nsystem\n.",
        b"cbuiltins\neval\n.",
        b"cnumpy\ndtype\n(U\x02O9K\x00K\x01tR.",
        b"cnumpy\nndarray\n(K\x01tR.",
        b"\x80\x02]K\x01s.",
        b"", b".", b"K", b"]", b"h\x00.", b"(((", b"e.", b"X\xff\xff\xff\x7fabc.",
        b"T\xff\xff\xff\xffabc.", b"cnumpy\ndtype\n.",
    ]  # fmt: skip
    for body in hostile:
        with pytest.raises(ValueError, match="cannot be read as plain data"):
            read_plain(body, "the file")
    rng = np.random.default_rng(1)
    good = bytearray(pickle.dumps({"x": np.arange(9), "y": [1, 2, [3]], "z": "text"}, 2))
    for _ in range(2000):  # damaged at random: a value or a ValueError, never anything else
        body = bytearray(good)
        for place in rng.integers(0, len(body), 3):
            body[place] = rng.integers(256)
        with contextlib.suppress(ValueError):
            read_plain(bytes(body), "the file")
