"""The page of figures, docs/benchmarks.md: `python -m bench.page [--models FILE] [--again FILE]`.

Reads what `bench.compare --models` wrote; `--again` is a second run of the same, for the noise.
What was slower than a peer comes first.
"""

import argparse
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Whole models beside other libraries

Written by `python -m bench.page` from a run of `python -m bench.compare --models` (peers by
`python -m bench.install`). Every library runs in a process of its own, on the same processors, with
the same weights and data; a library whose first loss or prediction differs is not timed. Steps of
training include loss and Adam (fused in PyTorch, which has channels-last images). Keras and minidl
run `train_on_batch` and `predict_on_batch`; PyTorch runs a bare loop.
"""


def slower(results: list[dict]) -> list[str]:
    """A line for each row in which a peer was faster, the worst first."""
    lines = []
    for r in sorted(results, key=lambda r: r["ratio"] or 9):
        ours = r["seconds"]["minidl"]
        faster = [f"{lib} {ms(t)}" for lib, t in r["seconds"].items() if t < ours]
        if faster:
            lines.append(
                f"- {r['row']}, {r['threads']} threads: minidl {ms(ours)}, " + ", ".join(faster)
            )
    return lines or ["Nothing in this run."]


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds * 1e3:.0f} ms"


def table(results: list[dict]) -> list[str]:
    libraries = list(dict.fromkeys(lib for r in results for lib in (*r["seconds"], *r["missing"])))
    lines = ["| row | threads | " + " | ".join(libraries) + " | best peer / minidl |"]
    lines.append("|---" * (len(libraries) + 3) + "|")
    for r in results:
        cells = []
        for lib in libraries:
            if lib in r["seconds"]:
                peak = r["peak_bytes"][lib] / 2**20
                cells.append(f"{ms(r['seconds'][lib])}, {peak:.0f} MiB")
            else:
                cells.append("")
        ratio = f"{r['ratio']:.2f}" if r["ratio"] else ""
        lines.append(f"| {r['row']} | {r['threads']} | " + " | ".join(cells) + f" | {ratio} |")
    return lines


def absent(results: list[dict]) -> list[str]:
    found = [
        f"- {r['row']}, {r['threads']} threads, {lib}: {why.splitlines()[0][:160]}"
        for r in results
        for lib, why in r["missing"].items()
    ]
    return ["", "Not timed:", "", *found] if found else []


def noise(results: list[dict], again: list[dict]) -> str:
    """How far two identical runs are apart."""
    other = {(r["row"], r["threads"]): r["seconds"] for r in again}
    apart = [
        abs(other[r["row"], r["threads"]][lib] / t - 1)
        for r in results
        if (r["row"], r["threads"]) in other
        for lib, t in r["seconds"].items()
        if lib in other[r["row"], r["threads"]]
    ]
    if not apart:
        raise SystemExit("the second run has no row of the first")
    apart.sort()
    return (
        f"Two identical runs differ by {100 * apart[len(apart) // 2]:.1f}% in the middle and "
        f"{100 * apart[-1]:.1f}% at most."
    )


def page(run: dict, again: dict | None) -> str:
    results = run["results"]
    about = "; ".join(f"{name}: {value}" for name, value in run["machine"].items())
    lines = [HEAD, "## Where a peer was faster", "", *slower(results), ""]
    lines += [
        "## All rows",
        "",
        "Milliseconds a step (median), and the most memory that the process ",
    ]
    lines[-1] += "held."
    lines += ["", *table(results), *absent(results), "", f"Machine: {about}."]
    if again:
        lines += ["", noise(results, again["results"])]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.page", description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=Path, default=ROOT / "bench/results/models.json")
    parser.add_argument("--again", type=Path, help="a second run of the same")
    given = parser.parse_args()
    run, again = (
        json.loads(path.read_text()) if path else None for path in (given.models, given.again)
    )
    (ROOT / "docs/benchmarks.md").write_text(page(run, again))


if __name__ == "__main__":
    main()
