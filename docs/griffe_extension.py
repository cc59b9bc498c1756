"""For mkdocstrings: the reference shows what a reader may call, wherever it is written."""

import importlib
import inspect
import re

import griffe

OPTIONS = {
    "warn_unknown_params": False,
    "warn_missing_types": False,
    "returns_multiple_items": False,
    "returns_named_value": False,
}


def marked(text: str) -> str:
    """From `>>>` to the next empty line is a block of code; arguments of calls are a list."""
    if "```pycon" in text:
        return text
    text = re.sub(r"^( *)Call arguments:$", r"\1Other Args: Call arguments:", text, flags=re.M)
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


def docstring(text: str, parent: griffe.Object) -> griffe.Docstring:
    return griffe.Docstring(marked(text), parent=parent, parser="google", parser_options=OPTIONS)


def exported(pkg: griffe.Module) -> list:
    """(module, name, object) for all that `__all__` of the package and its modules lists."""
    return [
        (module, name, getattr(importlib.import_module(module.path), name))
        for module in [pkg, *pkg.modules.values()]
        for name in map(str, module.exports or ())
    ]


def written(pkg: griffe.Module, thing) -> griffe.Object | None:
    """Where a class or function stands; None for what is compiled or not ours."""
    home, _, inside = f"{thing.__module__}.{thing.__name__}".partition(".")
    if home != pkg.name or inside.startswith("_tape"):
        return None
    return pkg[inside.rpartition(".")[0]].members.get(thing.__name__)


class Reference(griffe.Extension):
    def on_object(self, *, obj: griffe.Object, **_) -> None:
        if obj.docstring:
            obj.docstring.value = marked(obj.docstring.value)

    def on_package(self, *, pkg: griffe.Module, **_) -> None:
        self.public = exported(pkg)
        self.name_functions(pkg)
        self.lift_from_private_bases(pkg)
        self.document_compiled(pkg["_tape"])

    def name_functions(self, pkg: griffe.Module) -> None:
        """`ops.conv` is a function, not the file it stands in; decorators write docstrings."""
        found = []
        for module, name, thing in self.public:
            there = inspect.unwrap(thing) if callable(thing) else None
            member = written(pkg, there) if hasattr(there, "__name__") else None
            if member is None:
                continue
            if not member.docstring:
                member.docstring = docstring(inspect.getdoc(there) or "", member)
            here = module.members.get(name)
            if here is not member and not (here and here.is_alias and here.target is member):
                found.append((module, name, member))
        for module, name, member in found:
            module.members[name] = griffe.Alias(name, member, parent=module)

    def document_compiled(self, tape: griffe.Module) -> None:
        """The stub has the signatures, the compiled module the docstrings."""
        compiled = importlib.import_module(tape.path)
        for cls in tape.classes.values():
            there = getattr(compiled, cls.name)
            for name in [n for n in cls.members if n.startswith("__") and n != "__init__"]:
                del cls.members[name]
            described = [(cls, there)]
            described += [(m, getattr(there, n)) for n, m in cls.members.items() if n[0] != "_"]
            for member, thing in described:
                text = inspect.getdoc(thing) or ""
                first, _, rest = text.partition("\n\n")
                if re.match(r"[\w.]+\(", first):  # the signature
                    text = rest
                member.docstring = docstring(text, member) if text else None

    def lift_from_private_bases(self, pkg: griffe.Module) -> None:
        """`Model.fit` is written in a base class that has no place of its own."""
        classes = {thing for _, _, thing in self.public if inspect.isclass(thing)}
        for thing in classes:
            target = written(pkg, thing)
            for base in thing.__mro__[1:] if target else ():
                if base in classes:
                    break
                source = written(pkg, base)
                for name, member in source.members.items() if source else ():
                    if name.startswith("_") or name in target.members or not member.docstring:
                        continue
                    target.members[name] = griffe.Alias(name, member, parent=target)
