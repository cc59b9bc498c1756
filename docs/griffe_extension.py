"""For mkdocstrings: examples as code, and functions that have the name of their module."""

import importlib
import inspect

import griffe


def fenced(text: str) -> str:
    """From `>>>` to the next empty line is a block of code."""
    lines, indent = [], None
    for line in [*text.splitlines(), ""]:
        if indent is None and line.lstrip().startswith(">>>"):
            indent = line[: len(line) - len(line.lstrip())]
            lines += ["", f"{indent}```pycon"]
        elif indent is not None and not line.strip():
            lines.append(f"{indent}```")
            indent = None
        lines.append(line)
    return "\n".join(lines)


class Fences(griffe.Extension):
    def on_object(self, *, obj: griffe.Object, **_) -> None:
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)

    def on_package(self, *, pkg: griffe.Module, **_) -> None:
        """`ops.conv` is a function, not the file it stands in; decorators write docstrings."""
        found = []
        for module in [pkg, *pkg.modules.values()]:
            for name in map(str, module.exports or ()):
                there = inspect.unwrap(getattr(importlib.import_module(module.path), name))
                if not callable(there) or name not in module.members:
                    continue
                home, _, inside = f"{there.__module__}.{there.__name__}".partition(".")
                if home != pkg.name or inside.startswith("_tape"):
                    continue
                file, here = pkg[inside.rpartition(".")[0]], module.members[name]
                member = file.members.get(there.__name__)
                if member is None:
                    continue
                if not member.docstring:
                    text = fenced(inspect.getdoc(there) or "")
                    member.docstring = griffe.Docstring(text, parent=member)
                if here is not member and not (here.is_alias and here.target is member):
                    found.append((module, name, member))
        for module, name, member in found:
            module.members[name] = griffe.Alias(name, member, parent=module)
