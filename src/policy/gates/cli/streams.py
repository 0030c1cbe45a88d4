"""Standard output and standard error, whatever is behind them: a terminal, a pipe, a full disk, nothing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.reports.colour import wants_colour

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

# What must be done before anything is printed: a line that shows progress is taken away.
before_saying: list[Callable[[], None]] = []


def prepare_streams() -> None:
    """Make both streams fit to be written to: a closed one leads nowhere, and what an encoding lacks is escaped."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Closed by the caller. Left so, the next file that is opened, a report perhaps, would get its number.
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(text: str, end: str = "\n") -> None:
    """Print to standard output. Where its reader has left, as `| head` does, go on: the exit code still counts.

    Raises PolicyError where it cannot be written to.
    """
    _prepare()
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError:
        _lead_nowhere(sys.stdout)
    except OSError as error:
        _lead_nowhere(sys.stdout)
        message = f"standard output cannot be written to: {error.strerror}"
        raise PolicyError(Problem(message, "make room, or send it elsewhere")) from None


def say_aside(text: str) -> None:
    """Print to standard error; where that fails, nobody can be told."""
    _prepare()
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        _lead_nowhere(sys.stderr)


def use_colour() -> bool:
    """Whether standard output is a terminal that wants colour."""
    return wants_colour(os.environ, terminal=sys.stdout.isatty())


def _prepare() -> None:
    for action in before_saying:
        action()


def _lead_nowhere(stream: TextIO) -> None:
    # What is left in the buffer is written when Python ends, and would fail again there.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
