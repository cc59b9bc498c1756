"""The command `minidl`: `minidl demo` trains a network, `minidl info` tells about the engine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="minidl", description="A small deep-learning framework with Keras's API."
    )
    commands = parser.add_subparsers(dest="command", metavar="{demo,info}")
    demo = commands.add_parser(
        "demo", help="train a convolutional network on real handwritten digits"
    )
    demo.add_argument("--epochs", type=_positive, default=12, help="passes over the data (12)")
    demo.add_argument("--seed", type=_seed, default=0, help="seed of all random numbers (0)")
    demo.add_argument(
        "--output",
        default=".",
        metavar="FOLDER",
        help="where weights and picture are saved (the current folder)",
    )
    commands.add_parser("info", help="version, instruction set, threads, allocator, CUDA")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"must lie in [0, 2**32), not {value}")
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments; None for those of the process.

    Returns:
        Exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        if options.command == "info":
            from .runtime import show_config

            show_config()
            return 0
        from ._demo import run

        return run(options.epochs, options.seed, options.output)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except (OSError, ValueError) as error:
        print(f"minidl {options.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
