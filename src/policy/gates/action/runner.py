"""What the runner of GitHub Actions reads: the files that it names, and commands in the log."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from policy.reports.github_report import write_command
from policy.reports.layout import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Of a larger summary GitHub shows nothing at all.
LARGEST_SUMMARY = 1024 * 1024
ERRORS = "backslashreplace"


def say(text: str) -> None:
    """A text in the log, as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


def annotate(kind: str, title: str, *lines: str) -> None:
    """An annotation of the run as a whole: `error`, `warning` or `notice`."""
    say(write_command(kind, None, title, "\n".join(map(clean, lines))) + "\n")


@contextmanager
def silence() -> Iterator[None]:
    """Nothing that is printed meanwhile is a command: only who knows the token could end this."""
    token = _draw()
    say(f"::stop-commands::{token}\n")
    try:
        yield
    finally:
        say(f"\n::{token}::\n")


def write_outputs(environment: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Values for later steps, each between delimiters that nobody could have put into it."""
    path = environment.get("GITHUB_OUTPUT")
    if path:
        with open(path, "a", encoding="utf-8", errors=ERRORS, newline="\n") as stream:
            stream.writelines(_delimit(name, value) for name, value in values.items())


def _delimit(name: str, value: str) -> str:
    delimiter = _draw()
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _draw() -> str:
    from secrets import token_hex

    return f"tunegate-{token_hex(16)}"


def add_summary(environment: Mapping[str, str], text: str) -> bool:
    """Show Markdown as the summary of the step; where there is no room for all of it, say so there, and give False."""
    path = environment.get("GITHUB_STEP_SUMMARY")
    if not path:
        return True
    data = f"{text.rstrip()}\n\n".encode(errors=ERRORS)
    used = os.path.getsize(path) if os.path.exists(path) else 0
    fits = used + len(data) <= LARGEST_SUMMARY
    with open(path, "ab") as stream:
        stream.write(data if fits else b"**Policies**: the report is too long for a summary; the log has it.\n\n")
    return fits
