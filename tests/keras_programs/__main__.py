"""`python -m tests.keras_programs [NAME...]`: a table of what the programs give on both sides."""

import os
import sys
import warnings

os.environ.setdefault("KERAS_BACKEND", "torch")

from tests.keras_programs.runner import PROGRAMS, compare, differences, source


def main(names: list[str]) -> int:
    warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
    chosen = [p for p in PROGRAMS if not names or any(n in p for n in names)]
    failed = 0
    print(f"{'program':34} {'differs by':>10} {'Keras':>8} {'minidl':>8}")
    for name in chosen:
        title = source(name).splitlines()[0].strip('"')
        try:
            result = compare(name)
        except Exception as error:
            failed += 1
            print(f"{name:34} {type(error).__name__}: {error}")
            if names:
                raise
            continue
        found, worst = differences(result.keras, result.minidl)
        failed += bool(found)
        a, b = result.seconds
        print(f"{name:34} {worst:10.1e} {a:7.2f}s {b:7.2f}s  {title}")
        for text in found:
            print(f"    {text}")
    print(f"{len(chosen) - failed} of {len(chosen)} give the same")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
