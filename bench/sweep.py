"""Where conv2d is slow: share of peak over channels, size and dilation: `python -m bench.sweep`.

Every cell is one shape, timed alone, `out channels = max(channels, 16)`; a hole is a cell that is
more than twice as slow, for its work, as a neighbour with as much work of either side. Prints a
table a pass and draws them all into one picture.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT)) if str(ROOT) not in sys.path else None

import minidl  # noqa: E402
from minidl import _core  # noqa: E402

from bench import machine  # noqa: E402

CHANNELS = (1, 2, 3, 4, 6, 8, 16, 24, 32, 64, 96, 128, 256, 512)
SIZES = (1, 7, 14, 28, 56, 112)
DILATIONS = (1, 2, 6)
PASSES = ("conv2d", "conv2d_input_grad", "conv2d_filter_grad")
WORK = 1.5e8  # multiplications and additions of a cell, about, through the batch size
SECONDS, RUNS = 0.03, 5  # spent on one cell at least


def share(name: str, channels: int, size: int, dilation: int, kernel: int, stride: int) -> float:
    """GFLOP/s of one pass at one shape."""
    filters = max(channels, 16)
    pad = (kernel - 1) * dilation // 2
    rest = (stride, stride), (pad,) * 4, (dilation, dilation), 1
    one = _work(1, size, channels, filters, kernel, stride, dilation)
    batch = int(min(max(round(WORK / one), 1), 512, max(1, (64 << 20) / (4 * size**2 * filters))))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, size, size, channels), np.float32)
    weights = rng.standard_normal((kernel, kernel, channels, filters), np.float32)
    y = _core.conv2d(x, weights, None, *rest)
    dy = rng.standard_normal(y.shape, np.float32)
    arguments = {
        "conv2d": (x, weights, None, *rest),
        "conv2d_input_grad": (dy, weights, x.shape, *rest),
        "conv2d_filter_grad": (x, dy, (kernel, kernel), *rest),
    }[name]
    run, best, runs = getattr(_core, name), np.inf, 0
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or runs < RUNS:
        runs += 1
        begin = time.perf_counter()
        run(*arguments)
        best = min(best, time.perf_counter() - begin)
    return _work(batch, size, channels, filters, kernel, stride, dilation) / best * 1e-9


def _work(batch, size, channels, filters, kernel, stride, dilation):
    """Operations on real pixels: those of the padding are none."""
    reach = (kernel - 1) * dilation // 2
    met = sum(
        0 <= o * stride - reach + k * dilation < size
        for o in range((size + 2 * reach - (kernel - 1) * dilation - 1) // stride + 1)
        for k in range(kernel)
    )
    return 2.0 * batch * met**2 * channels * filters


def holes(table: np.ndarray) -> list[tuple[int, int]]:
    """Cells slower than half of what both neighbours along channels or along size reach."""
    found = []
    for i, j in np.ndindex(*table.shape):
        for axis, at in ((0, i), (1, j)):
            if 0 < at < table.shape[axis] - 1:
                around = np.take(table[:, j] if axis == 0 else table[i], (at - 1, at + 1))
                if table[i, j] * 2 < around.min():
                    found.append((i, j))
    return sorted(set(found))


def draw(tables: dict[tuple[str, int], np.ndarray], title: str, path: Path) -> None:
    """All tables as one picture; needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(PASSES), len(DILATIONS), figsize=(13, 12), squeeze=False)
    for (name, dilation), table in tables.items():
        axis = axes[PASSES.index(name)][DILATIONS.index(dilation)]
        axis.imshow(table, vmin=0, vmax=1, cmap="viridis", aspect="auto")
        for i, j in np.ndindex(*table.shape):
            color = "white" if table[i, j] < 0.6 else "black"
            label = f"{table[i, j]:.2f}"
            axis.text(j, i, label, ha="center", va="center", color=color, fontsize=7)
        axis.set_xticks(range(len(SIZES)), SIZES)
        axis.set_yticks(range(len(CHANNELS)), CHANNELS)
        axis.set_title(f"{name}, dilation {dilation}", fontsize=9)
        axis.set_xlabel("image size")
        axis.set_ylabel("channels")
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.sweep", description=__doc__.split("\n")[0])
    parser.add_argument("--kernel", type=int, default=3, help="kernel size (default 3)")
    parser.add_argument("--stride", type=int, default=1, help="stride (default 1)")
    parser.add_argument("--threads", type=int, default=1, help="threads (default 1)")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "bench/results/sweep.png", help="the picture"
    )
    options = parser.parse_args()
    minidl.set_num_threads(options.threads)
    tables = {}
    for name in PASSES:
        for dilation in DILATIONS:
            peak = machine.limit("peak")
            table = np.array(
                [
                    [
                        share(name, c, size, dilation, options.kernel, options.stride) / peak
                        for size in SIZES
                    ]
                    for c in CHANNELS
                ]
            )
            tables[name, dilation] = table
            print(f"\n{name}, dilation {dilation}: share of {peak:.0f} GFLOP/s")
            print("channels " + "".join(f"{size:>7}" for size in SIZES) + "   (image size)")
            for c, row in zip(CHANNELS, table, strict=True):
                print(f"{c:8} " + "".join(f"{value:7.2f}" for value in row))
            for i, j in holes(table):
                print(f"  hole: {CHANNELS[i]} channels, size {SIZES[j]}: {table[i, j]:.2f}")
    title = (
        f"conv2d {options.kernel}x{options.kernel}, stride {options.stride}: share of peak "
        f"({_core.isa()}, {options.threads} thread(s))"
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    figures = {f"{name} dilation {d}": t.round(3).tolist() for (name, d), t in tables.items()}
    record = {"title": title, "channels": CHANNELS, "sizes": SIZES, "share of peak": figures}
    options.output.with_suffix(".json").write_text(json.dumps(record, indent=1))
    try:
        draw(tables, title, options.output)
        print(f"\npicture: {options.output}")
    except ImportError:
        print("\nno picture: matplotlib is not installed")


if __name__ == "__main__":
    main()
