"""Nothing compiled for one instruction set may be merged into code for another.

An inline function or template that two objects share is a weak symbol: the linker keeps one copy,
perhaps the one full of AVX-512 instructions, and a machine without them dies of SIGILL.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from minidl import _core

WEAK = "vVwWu"


def _objects():
    build = Path(os.environ.get("MINIDL_BUILD_DIR") or _core.build_info()["kernel_objects"])
    found = {}
    for path in sorted(build.rglob("*.o")):
        match = re.search(r"minidl_kernels_(\w+)\.dir", str(path))
        if match:
            found.setdefault(match[1], []).append(path)
    return found


@pytest.fixture(scope="module")
def symbols():
    """(instruction set, file, kind, name) of every symbol of every kernel object."""
    objects, nm = _objects(), shutil.which("nm")
    if not objects or not nm:
        if os.environ.get("CI"):
            pytest.fail("the kernel objects and nm must be there in CI: set MINIDL_BUILD_DIR")
        pytest.skip("no kernel objects (the build folder is gone) or no nm on this machine")
    rows = []
    for isa, paths in objects.items():
        for path in paths:
            listing = subprocess.run([nm, "-C", path], capture_output=True, text=True, check=True)
            for line in listing.stdout.splitlines():
                kind, name = re.fullmatch(r"[0-9a-f]* *(\w) (.+)", line).groups()
                rows.append((isa, path.name, kind, name))
    return rows


def test_every_instruction_set_has_objects(symbols):
    found = {isa for isa, *_ in symbols}
    assert set(_core.isa_available()) <= found


def test_no_weak_symbols(symbols):
    weak = [row for row in symbols if row[2] in WEAK]
    assert not weak, f"symbols the linker may merge across instruction sets: {weak[:10]}"


def test_exported_names_carry_their_instruction_set(symbols):
    shared = [row for row in symbols if row[2] in "TDBRG" and f"minidl::{row[0]}::" not in row[3]]
    assert not shared, f"exported without the namespace of its instruction set: {shared[:10]}"
