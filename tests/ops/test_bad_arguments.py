"""Wrong arguments raise the right error, say what was wrong, and change nothing.

The calls run in a process of their own, one a group, so that a crash fails its test and no more.
"""

import functools
import json
import re
import subprocess
import sys

import pytest

from tests.ops.bad_calls import BAD
from tests.processes import ROOT, how_it_ended

CALLS = [(group, number) for group, calls in BAD.items() for number in range(len(calls))]


@functools.cache
def _outcomes(group):
    done = subprocess.run(
        [sys.executable, "-m", "tests.ops.run_bad_calls", group],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=False,
    )
    found = {}
    for line in done.stdout.splitlines():
        entry = json.loads(line)
        if "number" in entry:
            found[entry["number"]] = entry
        else:
            started = entry["start"]
    if done.returncode:
        call = BAD[group][started][0] if done.stdout else "before the first call"
        found["crash"] = f"{how_it_ended(done.returncode)} at {call}\n{done.stderr[-2000:]}"
    return found


@pytest.mark.parametrize(("group", "number"), CALLS, ids=[f"{g}-{BAD[g][n][0]}" for g, n in CALLS])
def test_bad_call(group, number):
    call, errors, pattern = BAD[group][number]
    outcomes = _outcomes(group)
    if number not in outcomes:
        pytest.fail(f"{call}: not reached; {outcomes['crash']}")
    outcome = outcomes[number]
    errors = errors if isinstance(errors, tuple) else (errors,)
    wanted = " or ".join(error.__name__ for error in errors)
    got = f"{call} gave {(outcome['kinds'] or ['no error'])[0]}: {outcome['message']}"
    assert {error.__name__ for error in errors} & set(outcome["kinds"]), f"{got}; wanted {wanted}"
    assert re.search(pattern, outcome["message"], re.DOTALL), f"{got}; wanted {pattern!r}"
    assert outcome["changed"] == [], f"{got}, and changed {outcome['changed']}"


def test_there_are_enough_calls():
    assert len(CALLS) >= 150


def test_the_harness_sees_a_crash():
    crash = "__import__('os').abort()"
    code = (
        "from tests.ops import bad_calls, run_bad_calls\n"
        f"bad_calls.BAD['crash'] = [('1 / 0', TypeError, ''), ({crash!r}, TypeError, '')]\n"
        "run_bad_calls.main('crash')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == -6
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[1]["kinds"][0] == "ZeroDivisionError" and lines[-1] == {"start": 1}
