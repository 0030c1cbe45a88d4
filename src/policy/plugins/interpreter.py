"""Fresh interpreters that run one function of this package, and can be ended.

`multiprocessing` is not used: the processes that it spawns import from the working folder before anything else,
and that is the repository under judgement.
"""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subprocess import Popen
    from typing import BinaryIO

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# With -P nothing is imported from the working folder; afterwards everything is found where it was found here.
# Standard input is for nobody else: who reads it would take the questions away.
_START = """
import os, pickle, sys
questions = os.fdopen(os.dup(0), "rb")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
path, home, target = pickle.load(questions)
sys.path[:] = [home, *path]
from policy.plugins.interpreter import run
sys.path[:] = path
run(target, questions)
"""


def start_interpreter(target: str) -> Popen[bytes]:
    """Start `target` (`module:function`) in a process group of its own; pass it on to `give` and `end`.

    The function is called with two binary streams: what `give` sends, and what the process's standard output
    brings here. Whatever else the process prints goes to standard error. Raises OSError.
    """
    import subprocess

    process = subprocess.Popen(  # noqa: S603 - this interpreter, and a fixed program
        [sys.executable, "-P", "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    give(process, (sys.path, HOME, target))
    return process


def give(process: Popen[bytes], value: object) -> None:
    """Send a value to the process; one that has ended already takes nothing, which is noticed when it is read."""
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.write(pickle.dumps(value))
            process.stdin.flush()


def stop(process: Popen[bytes]) -> None:
    """Kill the process with all that it started, without waiting for it; this may come from another thread.

    What it started may still run when it has ended itself. Its number is nobody else's as long as nobody waited for it.
    """
    import signal

    if process.returncode is not None:
        return
    if hasattr(os, "killpg"):
        # Some systems do not count what has ended and was not waited for.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def end(process: Popen[bytes]) -> None:
    """End the process with all that it started, and forget it."""
    if process.returncode is None:
        stop(process)
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            # What it did not read any more is lost.
            with suppress(BrokenPipeError):
                stream.close()


def run(target: str, questions: BinaryIO) -> None:
    """Run the function in this process; called in the new interpreter."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: _cut_off(questions, answers))
    module, _, name = target.partition(":")
    function: Any = getattr(import_module(module), name)
    function(questions, answers)
    # What was printed waits in Python's buffers, and whoever has the answer may end this process at once.
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    answers.flush()
    # Threads that a plugin left behind would keep the process alive.
    os._exit(0)


def _cut_off(*streams: BinaryIO) -> None:
    """Let a child that this process forks neither ask nor answer: a second answer would be taken for the next one.

    And whoever waits for the end of the answers would wait for the child.
    """
    nobody = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        with suppress(OSError, ValueError):
            os.dup2(nobody, stream.fileno(), inheritable=False)
    os.close(nobody)
