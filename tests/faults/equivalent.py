"""Faults that cannot change a result, each with the reason; none of these counts.

Most decide how work is cut or laid out: by design that never changes a bit of a result, and the
tests of thread counts and layouts hold that. What they change is speed, which benchmarks watch.
"""

import re

from tests.faults.mutations import Fault

# Parts of a line: a fault within one of these changes only what the reason says.
PARTS = [
    (r"ceil_div\(kStreamGrain(?: / 4)?, (?:[^()]|\([^()]*\))*\)", "the grain of a parallel loop"),
    (r"\b1(?:\.5)?e6 / .*\) \+ 1", "the grain of a parallel loop"),
    (r"max_of<int64_t>\(1, 65536 / \(panel_size \+ 1\)\)", "the grain of a parallel loop"),
    (r"parallel\(chunks, 2,", "the grain of a parallel loop"),
]
# Whole lines: (file, pattern of the line, reason).
LINES = [
    (r"table\.cpp", r"", "the loop that benchmarks measure peak arithmetic with"),
    (r".*", r"__builtin_prefetch|kStep\b|_ahead_\b|\bbool near\b", "prefetching"),
    (r"ahead\.h", r"", "prefetching"),
    (r"stream\.h", r"l3_bytes", "whether results go past the caches"),
    (r".*", r"no_memory|OutOfMemory", "what is done without memory cannot be tested here"),
    (r".*", r"\bconst double (tile_)?work\b|\bgrain(_tiles)?\b", "the grain of a parallel loop"),
    (r".*", r"k(Panel|Block)Bytes|kMaxK\b|\bper_block\b|\bblock_panels\b", "the size of a block"),
    (
        r".*",
        r"\bpack_b =|\bcopy_a =|p\.b_cs != 1 \|\||\bcolumns && panels\.count",
        "whether to pack",
    ),
]
# Single faults: (file, pattern of the wrong line, reason).
FAULTS = [
    (r"conv2d_small\.h", r"acc\[2\];", "an array with room that nobody looks into"),
    (r"matmul\.cpp", r"p\.a_rs == 1 && p\.a_rs >= p\.m", "a shorter way, then never taken"),
    (r"hash\.h", r"bound <= 4294967295\.0", "both branches give the same number there"),
    (r"valid_range\.h", r"r\.last <= r\.first", "it is set to what it is"),
    (r"brgemm\.cpp", r"fn\[3\]\[2\]|fn\[2\]\[3\]", "a table with room that nobody looks into"),
]


def reason_to_leave_out(fault: Fault) -> str:
    """Why the fault cannot change a result, or "" when it can."""
    wrong = fault.wrong.strip()
    for part, reason in PARTS:
        if re.search(part, fault.line) and re.sub(part, "", fault.line) == re.sub(part, "", wrong):
            return reason
    for file, line, reason in LINES:
        if re.fullmatch(file, fault.file) and re.search(line, fault.line):
            return reason
    for file, pattern, reason in FAULTS:
        if re.fullmatch(file, fault.file) and re.search(pattern, wrong):
            return reason
    return ""
