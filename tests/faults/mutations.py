"""One-line faults of the kind people make: a sign, a bound, an index, a term that is missing.

Works on the text of a kernel file, line by line; what does not compile is thrown away later.
"""

import re
from dataclasses import dataclass
from pathlib import Path

# kind -> (pattern, replacements): every match in a line is one candidate for each replacement.
TOKENS = {
    "sign": [(r" \+ ", [" - "]), (r" - ", [" + "]), (r" \+= ", [" -= "]), (r" -= ", [" += "])],
    "operator": [
        (r"(?<=[\w)\]]) \* (?=[\w(])", [" + "]),
        (r" / ", [" * "]),
        (r" % ", [" / "]),
        (r" \*= ", [" /= "]),
        (r" /= ", [" *= "]),
    ],
    "comparison": [
        (r" < ", [" <= ", " >= "]),
        (r" <= ", [" < "]),
        (r" > ", [" >= ", " < "]),
        (r" >= ", [" > "]),
        (r" == ", [" != "]),
        (r" != ", [" == "]),
    ],
    "logic": [
        (r" && ", [" || "]),
        (r" \|\| ", [" && "]),
        (r" \| ", [" & "]),
        (r" & ", [" | "]),
        (r"\btrue\b", ["false"]),
        (r"\bfalse\b", ["true"]),
        (r"\bif \(!", ["if ("]),
    ],
    "bound": [
        (r"(?<=; )(\w+ < [\w.\[\]()]+)(?=; )", [r"\1 - 1"]),
        (r"(?<=for \(int64_t )(\w+ = 0)(?=;)", [r"\1 + 1"]),
        (r"\bmin_of\b", ["max_of"]),
        (r"\bmax_of\b", ["min_of"]),
        (r"\bvmax\b", ["vmin"]),
        (r"\bvmin\b", ["vmax"]),
    ],
    "constant": [
        (r"(?<![\w.])0(?![\w.])", ["1"]),
        (r"(?<![\w.])1(?![\w.])", ["0", "2"]),
        (r"(?<![\w.])2(?![\w.])", ["1", "3"]),
        (r"(?<![\w.])4(?![\w.])", ["3"]),
    ],
    "index": [
        (rf"(?<!\w){a}(?!\w)", [b])
        for pair in (
            ("stride_h", "stride_w"),
            ("dilation_h", "dilation_w"),
            ("pool_h", "pool_w"),
            ("pad_top", "pad_left"),
            (r"kh", "kw"),
            (r"oh", "ow"),
            (r"ih", "iw"),
            (r"ic", "oc"),
            (r"sh", "sw"),
            (r"gh", "gw"),
            (r"dh", "dw"),
            (r"(?<=[pq]\.)h", "w"),
            (r"rows", "columns"),
            (r"rows", "cols"),
            (r"begin", "end"),
            (r"first", "last"),
            (r"mean", "variance"),
            (r"gamma", "beta"),
            (r"xs", "ys"),
            (r"a_rs", "a_cs"),
            (r"b_rs", "b_cs"),
            (r"beta_1", "beta_2"),
        )
        for a, b in (pair, (pair[1], pair[0].replace(r"(?<=[pq]\.)", "")))
    ],
    "dropped term": [(r" [+-] [\w.\[\]]+(?=[;,)\]])", [""]), (r" \* [\w.\[\]]+(?=[;,)\]])", [""])],
    "dropped statement": [
        (r"^\s*[\w.\[\]*]+ [-+*/]?= [^=].*;$", [";"]),
        (r"(?<=\) )[\w.\[\]*]+ [-+*/]?= [^=].*;$", [";"]),
        (r"\b(continue|break);", [";"]),
    ],
}
# Declarations of types and templates hold nothing to get wrong that would still compile.
SKIPPED = re.compile(
    r"^\s*(//|#|template|using |namespace|struct |class |static_assert|MINIDL_|typedef|\}|$)"
)


@dataclass(frozen=True)
class Fault:
    """Line `number` (from 1) of `file` turned from `line` into `wrong`."""

    file: str
    number: int
    kind: str
    line: str
    wrong: str

    @property
    def key(self) -> str:
        return f"{self.file}:{self.number}: {self.wrong.strip()}"


def compiled_lines(text: str, isa: str):
    """(number, line) of the lines which the build for `isa` sees."""
    branches = []  # of each open #if: is this branch compiled, was an earlier one?
    for number, line in enumerate(text.splitlines(), 1):
        asked = re.match(r"#(?:el)?if defined\(MINIDL_ISA_(\w+)\)( &&.*)?$", line)
        wanted = asked is None or asked[1] == isa
        if line.startswith("#if"):
            branches.append((wanted, wanted))
        elif line.startswith(("#elif", "#else")):
            done = branches[-1][1]
            branches[-1] = (wanted and not done, wanted or done)
        elif line.startswith("#endif"):
            branches.pop()
        elif all(compiled for compiled, _ in branches):
            yield number, line


def faults_of(path: Path, isa: str) -> list[Fault]:
    """All faults of a file, in order."""
    found = []
    for number, line in compiled_lines(path.read_text(), isa):
        code = line.split("//")[0].rstrip()
        if SKIPPED.match(code):
            continue
        for kind, patterns in TOKENS.items():
            for pattern, replacements in patterns:
                for match in re.finditer(pattern, code):
                    for replacement in replacements:
                        wrong = code[: match.start()] + match.expand(replacement)
                        wrong += code[match.end() :]
                        found.append(Fault(path.name, number, kind, code.strip(), wrong))
    unique = {(fault.number, fault.wrong): fault for fault in found if fault.wrong != fault.line}
    return list(unique.values())
