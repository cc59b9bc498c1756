"""Writes docs/cookbook.md: what every script shows, and what it printed. Takes some minutes.

python examples/_cookbook.py
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "docs" / "cookbook.md"
HEAD = """# Cookbook

Forty short programs, from linear regression to a Transformer. Each runs in seconds on the digits
inside minidl, prints what it found, and is asserted in `tests/examples`. The texts they follow have
mistakes; where that is so, the script says what is right and shows it.

Written by `python examples/_cookbook.py`; times and last digits differ from machine to machine.
"""


def scripts():
    """(number, path) of every item's script, in order."""
    found = (re.match(r"(\d\d)_", p.name) for p in sorted(HERE.glob("[0-9][0-9]_*.py")))
    return [(int(m[1]), HERE / m.string) for m in found if m]


def section(number, path):
    """Title, text and output of a script."""
    doc = re.match(r'"""(.*?)"""', path.read_text(encoding="utf-8"), re.S)[1]
    title, *paragraphs = doc.strip().split("\n\n")
    title = re.sub(r"^Items? [\d, and]+:\s*", "", " ".join(title.split())).rstrip(".")
    text = "\n\n".join(p for p in paragraphs if not p.startswith("    python "))
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    title = title[0].upper() + title[1:]
    link = f"[`examples/{path.name}`](../examples/{path.name})"
    return f"## {number}. {title}\n\n{link}\n\n{text}\n\n```text\n{done.stdout.strip()}\n```\n"


def main():
    parts = [section(number, path) for number, path in scripts()]
    TARGET.write_text(HEAD + "\n" + "\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
