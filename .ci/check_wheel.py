"""What a wheel must hold and must not, and how large it may be: check_wheel.py FILE."""

import sys
import zipfile
from pathlib import Path

LIMIT = 6 * 1024 * 1024
WANTED = ("py.typed", "_tape.pyi", "datasets/digits.npz", "datasets/digits.LICENSE")
SOURCES = (".pyx", ".pxi", ".cpp", ".h", ".o")

path = Path(sys.argv[1])
names = zipfile.ZipFile(path).namelist()
size = path.stat().st_size
print(f"{path.name}: {size / 1024:.0f} KiB, {len(names)} files")
missing = [name for name in WANTED if f"minidl/{name}" not in names]
modules = [name for name in ("_core", "_tape") if f"minidl/{name}.c" not in " ".join(names)]
strays = [name for name in names if name.endswith(SOURCES) or not name.startswith("minidl")]
licences = [name for name in names if name.endswith("licenses/LICENSE")]
assert not missing and not modules, f"missing: {missing + modules}"
assert licences, "the licence is missing"
assert not strays, f"should not be there: {strays}"
assert size < LIMIT, f"{size} bytes, the limit is {LIMIT}"
