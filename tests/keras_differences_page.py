"""Writes the lists of docs/keras.md: `python -m tests.keras_differences_page`."""

import textwrap

from tests import keras_differences as differences
from tests.processes import ROOT

PAGE = ROOT / "docs" / "keras.md"
MARK = "<!-- differences -->\n"


def _by_reason(names: dict[str, str], prefix: str = "") -> list[str]:
    grouped: dict[str, list[str]] = {}
    for name, reason in names.items():
        grouped.setdefault(reason, []).append(f"`{name}`")
    return [f"- {prefix}{', '.join(same)}: {reason}." for reason, same in grouped.items()]


def _by_module(modules: dict[str, dict[str, str]]) -> list[str]:
    return [line for m, names in modules.items() for line in _by_reason(names, f"`{m}`: ")]


def lists() -> str:
    parts = {
        "Names that are not here": _by_module(differences.NOT_OFFERED),
        "Names of our own": _by_module(differences.OWN),
        "Arguments": _by_reason(differences.ARGUMENTS),
        "Methods and attributes": _by_module(differences.METHODS),
    }
    text = []
    for title, lines in parts.items():
        wrapped = [
            textwrap.fill(line, 104, subsequent_indent="  ", break_on_hyphens=False)
            for line in lines
        ]
        text.append(f"\n### {title}\n\n" + "\n".join(wrapped) + "\n")
    return "".join(text)


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text().split(MARK)[0] + MARK + lists())
