"""A copy of the sources to spoil, its build, and the tests run on what was built."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.processes import ROOT, how_it_ended

MEMORY_KIB = 8 << 20  # a fault may ask for any amount
# Slow or about other things than kernels; everything else may catch a fault.
LEFT_OUT = ["--ignore=tests/core", "--ignore=tests/examples", "--ignore=tests/saving"]


class Workshop:
    """`folder` holds src (the copy), build, and site (the package that the tests import)."""

    def __init__(self, folder: Path, isa: str):
        self.folder, self.isa = folder, isa
        self.source, self.build, self.site = (folder / name for name in ("src", "build", "site"))
        self.path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def prepare(self) -> None:
        """Copy what differs from the repository, configure, build, and lay out the package."""
        for name in ("CMakeLists.txt", "cmake", "csrc", "python"):
            self._refresh(ROOT / name, self.source / name)
        options = {
            "CMAKE_BUILD_TYPE": "Release",
            "Python_EXECUTABLE": sys.executable,
            "pybind11_DIR": self._output("-m", "pybind11", "--cmakedir"),
            "SKBUILD_PROJECT_VERSION": "0",
            "MINIDL_ONLY_ISAS": self.isa,
        }
        flags = [f"-D{name}={value}" for name, value in options.items()]
        command = ["cmake", "-S", self.source, "-B", self.build, "-G", "Ninja", *flags]
        subprocess.run(command, env={**os.environ, "PATH": self.path}, check=True, stdout=-3)
        if not self.compile():
            raise RuntimeError(f"the sources do not compile as they are: see {self.folder}")
        package = self.site / "minidl"
        shutil.rmtree(self.site, ignore_errors=True)
        package.mkdir(parents=True)
        for entry in (ROOT / "python/minidl").iterdir():
            if entry.suffix != ".so":
                (package / entry.name).symlink_to(entry)
        for module in ("_core", "_tape"):
            name = module + sysconfig.get_config_var("EXT_SUFFIX")
            (package / name).symlink_to(self.build / name)

    def compile(self) -> bool:
        """Build what changed; False when it does not compile."""
        command = ["ninja", "-C", self.build, "_core", "_tape"]
        with open(self.folder / "compile.log", "w") as log:
            done = subprocess.run(
                command, env={**os.environ, "PATH": self.path}, stdout=log, stderr=log, check=False
            )
        return done.returncode == 0

    def write(self, file: str, number: int, line: str) -> None:
        """Put `line` into the copy of a kernel file."""
        path = self.source / "csrc" / file
        lines = (ROOT / "csrc" / file).read_text().splitlines()
        lines[number - 1] = line
        path.write_text("\n".join(lines) + "\n")

    def restore(self, file: str) -> None:
        (self.source / "csrc" / file).write_text((ROOT / "csrc" / file).read_text())

    def failure(self, names: str, timeout: float) -> str:
        """The first test that fails, or how the run ended; "" when all pass.

        The tests that have one of `names` in theirs run first: most faults fall there.
        """
        likely = self._pytest(["tests/ops", "-k", names], timeout)
        return likely or self._pytest(
            ["tests", "-k", f"not ({names}) or not ops", *LEFT_OUT], timeout
        )

    def _pytest(self, arguments: list[str], timeout: float) -> str:
        limit = ["sh", "-c", f'ulimit -d {MEMORY_KIB}; exec "$@"', "sh"]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
        process = subprocess.Popen(
            [*limit, *command, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return f"not done after {timeout:.0f} s"
        if process.returncode == 0:
            return ""
        failed = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        return failed[0].split(" - ")[0] if failed else how_it_ended(process.returncode)

    def _refresh(self, source: Path, copy: Path) -> None:
        """Write only what differs, so that only that is built again."""
        files = [source] if source.is_file() else [p for p in source.rglob("*") if p.is_file()]
        for path in files:
            to = copy if path == source else copy / path.relative_to(source)
            if path.suffix in {".so", ".pyc"} or "__pycache__" in path.parts:
                continue
            if not to.exists() or to.read_bytes() != path.read_bytes():
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(path.read_bytes())
        if source.is_dir():
            for path in [p for p in copy.rglob("*") if p.is_file()]:
                if not (source / path.relative_to(copy)).exists():
                    path.unlink()

    def _output(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()
