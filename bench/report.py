"""The figures of a comparison as a table in Markdown: `python -m bench.report [FILE]`.

Reads what `python -m bench.compare` wrote. A row that is short of its aim at some thread count is
in bold.
"""

import argparse
import json
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.report", description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", default=DEFAULT, help="the figures")
    print(table(json.loads(parser.parse_args().file.read_text())["results"]))


if __name__ == "__main__":
    main()
