"""Peers into environments of their own: `python -m bench.install [FOLDER]`.

TensorFlow and JAX (both run through Keras) get one each; PyTorch and ONNX Runtime run in the
environment of minidl, where `pip install torch==2.13.0 onnx onnxruntime h5py matplotlib` puts them.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(
    os.environ.get(
        "MINIDL_PEERS", Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "minidl-peers"
    )
).expanduser()
PEERS = {"tf": ["tensorflow-cpu", "keras"], "jax": ["jax", "keras"]}
LIBRARIES = {"keras tensorflow": "tf", "keras jax": "jax"}


def python_of(library: str) -> str | None:
    """The interpreter that runs a library; None where it is not installed."""
    if library not in LIBRARIES:
        return sys.executable
    path = FOLDER / LIBRARIES[library] / "bin/python"
    return str(path) if path.exists() else None


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.install", description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    for name, packages in PEERS.items():
        place = folder / name
        if not (place / "bin/python").exists():
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin/pip"), "install", "--quiet", *packages], check=True)
        print(place)
    if folder != FOLDER:
        print(f"set MINIDL_PEERS={folder} for bench.models")


if __name__ == "__main__":
    main()
