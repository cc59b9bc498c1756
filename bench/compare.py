"""minidl beside its peers, interleaved on this machine: `python -m bench.compare`.

For each row: median time of every library, how many times faster than the best peer we are, and
which share of the machine's limit (FMA loop or memory triad, measured in the same run) we reach.
"moves" is the time of a loop that makes the passes over memory a row needs, and nothing else, over
ours: near 1, nobody can be faster.
"""

import argparse
import fnmatch
import json
import os
import subprocess
import sys
import time
from pathlib import Path

# OpenBLAS's idle threads spin for longer than our pauses and would take the next library's core.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT)) if str(ROOT) not in sys.path else None

from bench import machine, peers  # noqa: E402
from bench.report import summary  # noqa: E402
from bench.rows import Row, all_rows  # noqa: E402
from bench.timing import check_agreement, measure, median, spread  # noqa: E402

MOVES = "stored", "streamed"  # how the loop that only moves a row's bytes writes results
# What holds the libraries to an instruction set; they read it when they are loaded.
LEVELS = {
    "avx2": {"MINIDL_ISA": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
}
RESULTS = ROOT / "bench" / "results"


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def thread_counts(text: str) -> list[int]:
    return [positive(part) for part in text.split(",")]


def options(arguments=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.compare", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--rows",
        metavar="PATTERN",
        action="append",
        help="only rows that contain PATTERN or match it (* and ?); may be given more than once",
    )
    parser.add_argument(
        "--threads", type=thread_counts, default=[1, 2], help="comma-separated counts (default 1,2)"
    )
    parser.add_argument(
        "--repeat", type=positive, default=15, help="turns of every library (default 15)"
    )
    parser.add_argument("--quick", action="store_true", help="5 turns only")
    parser.add_argument(
        "--json",
        type=Path,
        default=RESULTS / "compare.json",
        metavar="FILE",
        help="where the figures go (default bench/results/compare.json); a PNG goes beside it",
    )
    parser.add_argument("--no-picture", action="store_true", help="leave the PNG out")
    parser.add_argument(
        "--models", action="store_true", help="W1-W7 whole, each library in its own process"
    )
    parser.add_argument(
        "--isa", choices=sorted(LEVELS), help="hold us, PyTorch and oneDNN to that instruction set"
    )
    parser.add_argument("--list", action="store_true", help="print the names of all rows and stop")
    return parser.parse_args(arguments)


def chosen(patterns: list[str] | None) -> list[Row]:
    rows = all_rows()
    if not patterns:
        return rows
    found = [
        row for row in rows if any(p in row.name or fnmatch.fnmatch(row.name, p) for p in patterns)
    ]
    if not found:
        raise SystemExit(f"no row matches {patterns}; --list prints all of them")
    return found


def time_row(row: Row, threads: int, turns: int) -> dict:
    """Check that the libraries agree, time them, and work out ratio and share.

    The limit takes its turns among the libraries, so that it too starts from a short rest and a
    machine that the others have used.
    """
    calls = row.build()
    check_agreement(calls, row.tolerance)
    if row.limit:
        calls["limit"] = machine.LIMITS[row.limit]()
        limit_work = float(calls["limit"].run())
    if row.moves:
        calls |= {f"moves {s}": machine.move_call(row.moves, s == "streamed") for s in MOVES}
    times = measure(calls, turns)
    medians = {library: median(values) for library, values in times.items()}
    limit = limit_work / medians.pop("limit") * 1e-9 if row.limit else None
    moved = min(medians.pop(f"moves {s}") for s in MOVES) if row.moves else None
    ours = medians["minidl"]
    best = min((t for library, t in medians.items() if library != "minidl"), default=None)
    work = row.bytes if row.limit == "triad" else row.flops
    return {
        "row": row.name,
        "threads": threads,
        "seconds": medians,
        "spread": {library: spread(values) for library, values in times.items()},
        "gflops": row.flops / ours * 1e-9 if row.flops else None,
        "ratio": best / ours if best else None,
        "target": row.target,
        "share": work / ours * 1e-9 / limit if limit else None,
        "share_target": row.share or None,
        "limit": row.limit or None,
        "limit_rate": limit,
        "moved": moved / ours if moved else None,
    }


def time_text(seconds: float) -> str:
    for unit, scale in (("us", 1e6), ("ms", 1e3)):
        if seconds * scale < 1000:
            return (
                f"{seconds * scale:.3g} {unit}"
                if seconds * scale < 100
                else (f"{seconds * scale:.0f} {unit}")
            )
    return f"{seconds:.2f} s"


def print_row(result: dict) -> None:
    seconds = result["seconds"]
    others = {library: t for library, t in seconds.items() if library != "minidl"}
    best = min(others, key=others.get) if others else ""
    ratio = f"{result['ratio']:5.2f}" if result["ratio"] else "    -"
    mark = " " if not result["ratio"] or result["ratio"] >= result["target"] else "<"
    share = f"{result['share']:5.2f} {result['limit']}" if result["share"] else ""
    moved = f"{result['moved']:5.2f} moves" if result["moved"] else ""
    rate = f"{result['gflops']:6.0f}" if result["gflops"] else " " * 6
    print(
        f"{result['row']:<36} {result['threads']}  {time_text(seconds['minidl']):>8} {rate}  "
        f"{ratio}{mark} (goal {result['target']:.2f})  {share:<12} {moved:<12} "
        f"best: {best} {time_text(others[best]) if best else ''}",
        flush=True,
    )


def picture(results: list[dict], path: Path) -> bool:
    """Bars of `best peer / minidl`, one group a row; False without matplotlib."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        return False
    names = list(dict.fromkeys(r["row"] for r in results))
    counts = sorted({r["threads"] for r in results})
    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.32 * len(names)), layout="constrained")
    height = 0.8 / len(counts)
    for i, threads in enumerate(counts):
        ratios = {r["row"]: r["ratio"] or 0 for r in results if r["threads"] == threads}
        places = [n + (i - (len(counts) - 1) / 2) * height for n in range(len(names))]
        label = f"{threads} thread{'s' if threads > 1 else ''}"
        axes.barh(places, [ratios.get(name, 0) for name in names], height * 0.9, label=label)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("time of the best peer / time of minidl (longer is better)")
    axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return True


def header(about: dict[str, str]) -> None:
    print(f"{about['cpu']}, {os.cpu_count()} CPUs; {about['system']}; Python {about['python']}")
    print(f"minidl on {about['isa']}, built with {about['compiler']}")
    print(f"NumPy multiplies with {about['numpy_blas']}; {about['versions']}")
    if float(about["load"]) > 0.5:
        print(f"the machine is busy (load {about['load']}): these figures are not worth keeping")
    print()


def main(arguments=None) -> int:
    given = options(arguments)
    if given.list:
        print("\n".join(row.name for row in all_rows()))
        return 0
    turns = 5 if given.quick else given.repeat
    if given.isa and any(os.environ.get(k) != v for k, v in LEVELS[given.isa].items()):
        given_again = sys.argv[1:] if arguments is None else list(arguments)
        command = [sys.executable, "-m", "bench.compare", *given_again]
        environment = os.environ | LEVELS[given.isa]
        return subprocess.run(command, check=False, env=environment).returncode
    if given.models:
        from bench import models

        models.run(given.rows, given.threads, turns, given.json.with_stem("models"))
        return 0
    rows = chosen(given.rows)
    about = machine.describe()
    header(about)
    results, limits_of, failed = [], {}, []
    for threads in given.threads:
        with peers.threads(threads):
            limits = {name: machine.limit(name) for name in machine.LIMITS}
            limits_of[threads] = limits
            print(
                f"{threads} thread(s): peak {limits['peak']:.0f} GFLOP/s, "
                f"triad {limits['triad']:.1f} GB/s"
            )
            for row in rows:
                try:
                    results.append(time_row(row, threads, turns))
                except AssertionError as error:
                    failed.append(row.name)
                    print(f"{row.name:<36} {threads}  NOT TIMED, results differ: {error}")
                    continue
                print_row(results[-1])
        print()
    print(summary(results))
    given.json.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "machine": about,
        "limits": limits_of,
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "turns": turns,
        "results": results,
    }
    given.json.write_text(json.dumps(report, indent=1))
    print(f"wrote {given.json}")
    image = given.json.with_suffix(".png")
    if results and not given.no_picture and picture(results, image):
        print(f"wrote {image}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
