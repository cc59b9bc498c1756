"""The figures of a comparison as a table in Markdown: `python -m bench.report [FILE]`.

Reads what `python -m bench.compare` wrote. A row that is short of its aim at some thread count is
in bold.
"""

import argparse
import json
import statistics
from pathlib import Path

DEFAULT = Path(__file__).resolve().parent / "results/compare.json"


def table(results: list[dict]) -> str:
    """One line a row, at every thread count: ratio to the best peer, share of the limit, and of the
    speed of a loop that only moves the row's bytes.
    """
    threads = sorted({r["threads"] for r in results})
    head = " / ".join(map(str, threads)) + (" threads" if threads != [1] else " thread")
    lines = [
        f"| row | times faster, {head} | aim | share of limit | aim | of moving |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(r["row"] for r in results):
        found = [next(r for r in results if (r["row"], r["threads"]) == (name, t)) for t in threads]
        aim, share = found[0]["target"], found[0]["share_target"]
        ratios = " / ".join(f"{r['ratio']:.2f}" if r["ratio"] else "-" for r in found)
        shares = " / ".join(f"{r['share']:.2f}" if r["share"] else "-" for r in found)
        moved = " / ".join(f"{r['moved']:.2f}" for r in found if r.get("moved"))
        limit = f" {found[0]['limit']}" if found[0].get("limit") else ""
        short = any(r["ratio"] and r["ratio"] < aim for r in found)
        title = f"**{name}**" if short else name
        wanted = f"{share:.2f}" if share else ""
        lines.append(f"| {title} | {ratios} | {aim:g} | {shares}{limit} | {wanted} | {moved} |")
    return "\n".join(lines)


def over_torch(result: dict) -> float | None:
    """How many times faster than PyTorch's better layout."""
    theirs = [t for name, t in result["seconds"].items() if name.startswith("torch")]
    return min(theirs) / result["seconds"]["minidl"] if theirs else None


def summary(results: list[dict]) -> str:
    """Geometric mean against PyTorch over the kernel rows (no W1 to W7), and what is below 1."""
    lines = []
    for threads in sorted({r["threads"] for r in results}):
        rows = {
            r["row"]: over_torch(r)
            for r in results
            if r["threads"] == threads and not (r["row"][0] == "W" and r["row"][1:2].isdigit())
        }
        ratios = {name: ratio for name, ratio in rows.items() if ratio}
        if not ratios:
            continue
        slow = sorted((ratio, name) for name, ratio in ratios.items() if ratio < 1)
        below = ", ".join(f"{name} {ratio:.2f}" for ratio, name in slow) or "none"
        mean = statistics.geometric_mean(ratios.values())
        lines.append(
            f"{threads} thread(s): {mean:.2f} times as fast as "
            f"PyTorch over {len(ratios)} kernel rows (geometric mean); below 1: {below}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.report", description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", default=DEFAULT, help="the figures")
    results = json.loads(parser.parse_args().file.read_text())["results"]
    print(table(results))
    print()
    print(summary(results))


if __name__ == "__main__":
    main()
