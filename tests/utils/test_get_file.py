"""Downloads: cache, hash, going on after a break, archives that want to get out."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest
from minidl.utils import extract_archive, get_file, hash_file

from tests.utils.server import serve

BODY = bytes(range(256)) * 2000
SHA = hashlib.sha256(BODY).hexdigest()
MD5 = hashlib.md5(BODY).hexdigest()


def _left(folder):
    return sorted(os.listdir(folder / "datasets"))


def test_downloads_once(tmp_path):
    with serve(data=BODY) as server:
        for kwargs in ({}, {"file_hash": SHA}, {"md5_hash": MD5}, {"file_hash": MD5.upper()}):
            path = get_file("a.bin", server.url + "data", cache_dir=str(tmp_path), **kwargs)
            with open(path, "rb") as file:
                assert file.read() == BODY
        assert len(server.requests) == 1
        assert _left(tmp_path) == ["a.bin"]
        get_file("a.bin", server.url + "data", cache_dir=str(tmp_path), force_download=True)
        assert len(server.requests) == 2
    assert hash_file(path) == SHA
    path = get_file("a.bin", "http://127.0.0.1:1/gone", cache_dir=str(tmp_path), file_hash=SHA)
    assert os.path.exists(path)  # no network is needed for what is there


def test_replaces_what_has_another_hash(tmp_path):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "data").write_bytes(b"old")
    with serve(data=BODY) as server:
        path = get_file(origin=server.url + "data", cache_dir=str(tmp_path), file_hash=SHA)
        assert hash_file(path) == SHA
        with pytest.raises(ValueError, match="hash"):
            get_file("b", server.url + "data", cache_dir=str(tmp_path), file_hash="0" * 64)
    assert _left(tmp_path) == ["data"]


@pytest.mark.parametrize("with_hash", [True, False])
def test_goes_on_after_a_break(tmp_path, with_hash):
    kwargs = {"file_hash": SHA} if with_hash else {}
    with serve(data=BODY) as server:
        server.cut = 300_000
        with pytest.raises(ConnectionError, match="300000 of 512000"):
            get_file("data", server.url + "data", cache_dir=str(tmp_path), **kwargs)
        assert "data" not in _left(tmp_path)
        path = get_file("data", server.url + "data", cache_dir=str(tmp_path), **kwargs)
        assert server.requests[1] == ("data", "bytes=300000-")
    assert hash_file(path) == SHA
    assert _left(tmp_path) == ["data"]


def test_starts_anew_when_the_file_has_changed(tmp_path):
    with serve(data=(b"x" * 1000, '"one"')) as server:
        server.cut = 600
        with pytest.raises(ConnectionError):
            get_file("data", server.url + "data", cache_dir=str(tmp_path))
        server.files["data"] = (BODY, '"two"')
        path = get_file("data", server.url + "data", cache_dir=str(tmp_path))
    assert hash_file(path) == SHA


def test_a_part_of_another_file_with_the_same_tag(tmp_path):
    with serve(data=(b"y" * 512_000, '"same"')) as server:
        server.cut = 600
        with pytest.raises(ConnectionError):
            get_file("data", server.url + "data", cache_dir=str(tmp_path), file_hash=SHA)
        server.files["data"] = (BODY, '"same"')
        path = get_file("data", server.url + "data", cache_dir=str(tmp_path), file_hash=SHA)
    assert hash_file(path) == SHA
    with serve(data=(BODY[:500], '"same"')) as server:  # the part is longer than the file
        (tmp_path / "datasets" / "short.part").write_bytes(b"z" * 900)
        (tmp_path / "datasets" / "short.part.tag").write_text('"same"')
        path = get_file("short", server.url + "data", cache_dir=str(tmp_path))
        assert os.path.getsize(path) == 500


def test_no_network(tmp_path):
    with pytest.raises(ConnectionError, match=r"could not be downloaded.*datasets/file"):
        get_file("file", "http://127.0.0.1:1/x", cache_dir=str(tmp_path))
    with serve() as server, pytest.raises(ConnectionError, match="404"):
        get_file("file", server.url + "gone", cache_dir=str(tmp_path))
    assert _left(tmp_path) == []


def test_two_processes_at_once(tmp_path):
    code = (
        "import sys, minidl; print(minidl.utils.get_file('f', sys.argv[1], cache_dir=sys.argv[2],"
        f" file_hash='{SHA}'))"
    )
    with serve(data=BODY) as server:
        command = [sys.executable, "-c", code, server.url + "data", str(tmp_path)]
        running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
        assert [p.wait(60) for p in running] == [0, 0, 0]
        assert len(server.requests) == 1
    assert "f" in _left(tmp_path)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"origin": None}, "origin"),
        ({"origin": "ftp://a/b"}, "https"),
        ({"origin": "http://a/"}, "fname"),
        ({"origin": "http://a/b", "fname": "../b"}, "fname"),
        ({"origin": "http://a/b", "fname": ".."}, "fname"),
    ],
)
def test_bad_arguments(tmp_path, kwargs, message):
    with pytest.raises(ValueError, match=message):
        get_file(cache_dir=str(tmp_path), **kwargs)


def _zip(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in entries:
            archive.writestr(name, body)
    return out.getvalue()


def _tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, body in entries:
            info = tarfile.TarInfo(name)
            if isinstance(body, bytes):
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
            else:
                info.type, info.linkname = body
                archive.addfile(info)
    return out.getvalue()


@pytest.mark.parametrize("make", [_zip, _tar])
def test_archives(tmp_path, make):
    body = make([("one.txt", b"1"), ("in/two.txt", b"2")])
    with serve(**{"things.x": body}) as server:
        url = server.url + "things.x"
        for name, folder in (("things.x", "things_extracted"), (None, "things.x"), ("t", "t")):
            cache = str(tmp_path / f"cache_{name}")
            path = get_file(name, url, extract=True, cache_dir=cache)
            assert os.path.basename(path) == folder  # Keras's names
            assert path == get_file(name, url, extract=True, cache_dir=cache)
            with open(os.path.join(path, "in", "two.txt")) as file:
                assert file.read() == "2"
        if make is _tar:
            assert get_file("u", url, untar=True, cache_dir=str(tmp_path)).endswith("/u")
        else:
            with pytest.raises(ValueError, match="no archive"):
                get_file("u", url, untar=True, cache_dir=str(tmp_path))
    assert not [n for n in _left(tmp_path) if "unpacking" in n]


SYM, HARD, FIFO = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE


@pytest.mark.parametrize(
    "body",
    [
        _zip([("ok", b"1"), ("../evil", b"2")]),
        _zip([("/tmp/evil", b"2")]),
        _zip([("a/../../evil", b"2")]),
        _zip([("..\\evil", b"2")]),
        _zip([("C:evil", b"2")]),
        _tar([("ok", b"1"), ("../evil", b"2")]),
        _tar([("/evil", b"2")]),
        _tar([("a/../../evil", b"2")]),
        _tar([("link", (SYM, "/etc")), ("link/evil", b"2")]),
        _tar([("link", (SYM, ".."))]),
        _tar([("link", (HARD, "/etc/passwd"))]),
        _tar([("pipe", (FIFO, ""))]),
    ],
)
def test_archives_do_not_get_out(tmp_path, body):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "archive").write_bytes(body)
    with pytest.raises(ValueError, match="Nothing was unpacked"):
        extract_archive(str(inner / "archive"), str(inner / "out"))
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "archive", "b"]


def test_archives_that_are_none(tmp_path):
    (tmp_path / "x").write_bytes(b"nothing")
    assert not extract_archive(str(tmp_path / "x"), str(tmp_path / "out"))
    assert not extract_archive(str(tmp_path / "x"), str(tmp_path / "out"), None)
    with pytest.raises(ValueError, match="rar"):
        extract_archive(str(tmp_path / "x"), str(tmp_path / "out"), "rar")
