"""A line on the terminal that says how far a long run is, written over itself and gone before anything else is said."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from policy.gates.cli import streams
from policy.plugins.metering import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

# Who waits less than this need not be told for how long.
PATIENCE = 1.0
PAUSE = 0.1
# Smaller files are read before anybody has read their names.
WORTH_SHOWING = 10 * 1000**2
MEGABYTE = 1000**2
NARROWEST = 20


class Progress:
    """Draws what it is told, from `PATIENCE` seconds on and every `PAUSE` seconds at most.

    No control sequences are used, only the return to the line's start.
    """

    def __init__(self, stream: TextIO, columns: int) -> None:
        self._stream = stream
        self._columns = max(columns, NARROWEST)
        self._next = monotonic() + PATIENCE
        self._drawn = 0
        self._judged = ""

    def tell_reading(self, path: str, done: int, size: int) -> None:
        """So many bytes of a file are read."""
        if size >= WORTH_SHOWING and monotonic() >= self._next:
            counted = f"{done // MEGABYTE:,} of {size // MEGABYTE:,} MB"
            self._draw(f"{self._judged}reading {_shorten(path)}: {counted}")

    def tell_judged(self, done: int, total: int) -> None:
        """So many projects are judged."""
        if total > 1:
            self._judged = f"judging: {done:,} of {total:,} projects; "
            if monotonic() >= self._next:
                self._draw(self._judged.removesuffix("; "))

    def _draw(self, text: str) -> None:
        from policy.source.display import show_text

        self._next = monotonic() + PAUSE
        line, width = _fit(show_text(text), self._columns - 1)
        self._write("\r" + line + " " * (self._drawn - width))
        self._drawn = width

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._write("\r" + " " * self._drawn + "\r")
            self._drawn = 0

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # The terminal is gone: nobody looks any more.
            self._next = float("inf")


@contextmanager
def show_progress() -> Iterator[None]:
    """Show how far everything is that is done meanwhile, where somebody sits at a terminal who wants to see it."""
    if not wants_progress():
        yield
        return
    progress = Progress(sys.stderr, find_columns())
    streams.before_saying.append(progress.clear)
    try:
        with Meter(watcher=progress):
            yield
    finally:
        progress.clear()
        streams.before_saying.remove(progress.clear)


def wants_progress() -> bool:
    """Whether standard error is a terminal that can write over a line, and nobody records what it shows."""
    recorded = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not recorded


def find_columns() -> int:
    """The width of the terminal."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _shorten(path: str) -> str:
    """The path as from the working folder, where that is shorter."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):  # the folder is gone, or lies on another drive
        return path
    return min(relative, path, key=len)


def _fit(text: str, columns: int) -> tuple[str, int]:
    """The end of the text that fits into so many columns, and how wide it is at most: other letters may be wide."""
    width = 0
    for start in range(len(text) - 1, -1, -1):
        width += 1 if text[start].isascii() else 2
        if width > columns:
            return text[start + 1 :], columns
    return text, width
