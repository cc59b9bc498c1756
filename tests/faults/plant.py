"""Do the tests bite? Plants one-line faults in the kernels and reports how many the tests catch.

    python -m tests.faults.plant                       200 faults, spread over all kernel files
    python -m tests.faults.plant --count 25 --files softmax.cpp reduce.cpp
    python -m tests.faults.plant --list                print the faults and stop

A seed makes the faults, so a run can be repeated; results lie in the work folder, and a run that
was stopped goes on where it was. Faults that do not compile are replaced by others; those that
cannot change a result are left out by the argued list in `equivalent.py`. About 20 seconds a fault
on one core, an hour for 200. Ends with 1 when fewer than 95% are caught.
"""

import argparse
import json
import random
import re
import sys
import time
from pathlib import Path

from tests.faults.equivalent import reason_to_leave_out
from tests.faults.mutations import Fault, faults_of
from tests.faults.workshop import Workshop
from tests.processes import ROOT

GOAL = 0.95
FILES = sorted(p for f in ("kernels", "simd") for p in (ROOT / "csrc" / f).glob("*.[ch]*"))


def planned(seed: int, files: list[str], isa: str):
    """Faults in the order in which they are tried: one of every file in turn."""
    queues = []
    for path in FILES:
        if files and path.name not in files:
            continue
        faults = [f for f in faults_of(path, isa) if not reason_to_leave_out(f)]
        random.Random(f"{seed} {path.name}").shuffle(faults)
        queues.append(faults)
    while any(queues):
        for queue in queues:
            if queue:
                yield queue.pop()


def names_of(file: str) -> str:
    """A pytest expression for the tests of the kernels which a file has a part in."""
    texts = {path.name: path.read_text() for path in FILES}
    users = {file}
    while True:
        more = {
            name
            for name, text in texts.items()
            if any(f"/{user}" in text for user in users if user.endswith(".h"))
        }
        if more <= users:
            break
        users |= more
    exported = "MINIDL_(?:EXPORT|BINARY|UNARY)\\((\\w+),"
    names = {n for user in users for n in re.findall(exported, texts[user]) if n != "name"}
    if file in ("brgemm.cpp", "table.cpp"):
        names |= {"matmul", "conv2d"}
    return " or ".join(sorted(names))


def try_fault(workshop: Workshop, fault: Fault, timeout: float) -> dict:
    """Plant it, build, test, and take it out again."""
    begin = time.monotonic()
    path = next(p for p in FILES if p.name == fault.file).relative_to(ROOT / "csrc")
    try:
        workshop.write(str(path), fault.number, fault.wrong)
        compiles = workshop.compile()
        caught = compiles and workshop.failure(names_of(fault.file), timeout)
    finally:
        workshop.restore(str(path))
    return {
        "key": fault.key,
        "line": fault.line,
        "compiles": compiles,
        "caught": caught or "",
        "seconds": round(time.monotonic() - begin, 1),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="faults to try (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="which faults (default 1)")
    parser.add_argument("--files", nargs="+", default=[], help="kernel files, all by default")
    parser.add_argument("--isa", default="avx2", help="the instruction set built (default avx2)")
    parser.add_argument("--work", type=Path, default=ROOT / "build/faults", help="work folder")
    parser.add_argument("--timeout", type=float, default=300, help="seconds a test run may take")
    parser.add_argument(
        "--seconds", type=float, default=1e9, help="stop after this time, go on later"
    )
    parser.add_argument("--again", action="store_true", help="try the survivors again")
    parser.add_argument("--list", action="store_true", help="print the faults and stop")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    faults = planned(args.seed, args.files, args.isa)
    if args.list:
        for fault, _ in zip(faults, range(args.count), strict=False):
            print(f"{fault.key}\n    was: {fault.line}  ({fault.kind})")
        return 0
    args.work.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(args.work.resolve(), args.isa)
    workshop.prepare()
    end = time.monotonic() + args.seconds
    log = args.work / "results.jsonl"
    known = {}
    if log.exists():
        known = {r["key"]: r for r in map(json.loads, log.read_text().splitlines())}
    if args.again:
        known = {key: r for key, r in known.items() if r["caught"] or not r["compiles"]}
    results = []
    for fault in faults:
        if len(results) == args.count or time.monotonic() > end:
            break
        result = known.get(fault.key)
        if result is None:
            result = try_fault(workshop, fault, args.timeout)
            with open(log, "a") as file:
                file.write(json.dumps(result) + "\n")
            said = result["caught"] or ("SURVIVED" if result["compiles"] else "does not compile")
            print(f"{fault.key}  [{result['seconds']} s] {said}", flush=True)
        if result["compiles"]:
            results.append(result)
    return report(results)


def report(results: list[dict]) -> int:
    if not results:
        print("no fault was tried")
        return 1
    survivors = [r for r in results if not r["caught"]]
    for r in survivors:
        print(f"survived: {r['key']}\n     was: {r['line']}")
    share = 1 - len(survivors) / len(results)
    print(f"{len(results) - len(survivors)} of {len(results)} faults caught: {share:.1%}")
    return int(share < GOAL)


if __name__ == "__main__":
    sys.exit(main())
