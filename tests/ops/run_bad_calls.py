"""Runs the bad calls of one group and prints a line of JSON about each, as it goes.

`python -m tests.ops.run_bad_calls matmul`: a call that kills the interpreter leaves the list of
those before it.
"""

import json
import sys

import numpy as np

from tests.ops.bad_calls import BAD, names


def _snapshot(scope):
    arrays = {n: v for n, v in scope.items() if isinstance(v, np.ndarray)}
    arrays["w"] = np.asarray(scope["w"])
    return {
        name: (a.shape, a.dtype.str, a.tobytes()) for name, a in arrays.items() if a.dtype != object
    }


def _outcome(call, scope):
    before = _snapshot(scope)
    try:
        eval(call, scope)  # the text is our own list
    except Exception as error:  # whatever comes is the result
        kinds = [kind.__name__ for kind in type(error).__mro__]
        outcome = {"kinds": kinds, "message": str(error)}
    else:
        outcome = {"kinds": [], "message": "no error"}
    after = _snapshot(scope)
    return outcome | {"changed": sorted(n for n in before if before[n] != after[n])}


def main(group):
    for number, (call, *_) in enumerate(BAD[group]):
        print(json.dumps({"start": number}), flush=True)
        print(json.dumps({"number": number} | _outcome(call, names())), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
