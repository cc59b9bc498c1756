"""Run Python code in a fresh interpreter: for what happens at import, and for what may crash."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run_python(
    code: str, *, timeout: float = 60, **environment: str
) -> subprocess.CompletedProcess:
    """Run `code`; the caller looks at returncode, stdout and stderr."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=ROOT,
        check=False,
    )


def output_of(code: str, *, timeout: float = 60, **environment: str) -> str:
    """What `code` prints; fails with its error output when it does not end well."""
    done = run_python(code, timeout=timeout, **environment)
    assert done.returncode == 0, f"{how_it_ended(done.returncode)}\n{done.stderr}"
    return done.stdout.strip()


def how_it_ended(returncode: int) -> str:
    """'exit status 1', or the name of the signal that killed the process."""
    if returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    return f"exit status {returncode}"
