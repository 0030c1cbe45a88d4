"""Commands as whole processes: run, timed from outside, and asked for their peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NamedTuple

# A process inherits the peak of whoever starts it, so a small one stands between.
_MEASURE = """\
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


class Command(NamedTuple):
    """A command line, the folder that it runs in, and the exit codes that it may end with."""

    arguments: tuple[str, ...]
    folder: str
    expected: tuple[int, ...] = (0,)

    def run(self) -> None:
        """Run it with its output thrown away. Raises RuntimeError for an unexpected exit code."""
        done = subprocess.run(
            self.arguments,
            cwd=self.folder,
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        self._refuse(done.returncode)

    def measure_memory(self) -> int:
        """The largest resident size of the process, in bytes."""
        done = subprocess.run(
            (sys.executable, "-S", "-c", _MEASURE, *self.arguments),
            cwd=self.folder,
            env=clean_environment(),
            capture_output=True,
            check=True,
        )
        code, kilobytes = map(int, done.stdout.split())
        self._refuse(code)
        return kilobytes * 1024

    def _refuse(self, code: int) -> None:
        if code not in self.expected:
            raise RuntimeError(f"{' '.join(self.arguments)} ended with {code}, expected {self.expected}")


def clean_environment() -> dict[str, str]:
    """The environment without settings of Python's, which may forbid to keep compiled modules."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def find_script(name: str) -> str | None:
    """A command that is installed beside the running Python, or None."""
    path = os.path.join(os.path.dirname(sys.executable), name)
    return path if os.access(path, os.X_OK) else None
