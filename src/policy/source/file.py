"""A file's bytes, read only where it is a regular file and never more of it than a limit."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.source.encoding import describe_size
from policy.source.limits import DEFAULT_LIMITS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.source.limits import Limits

# Without O_NONBLOCK, opening a FIFO that replaced the file after it was looked at would wait for a writer.
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_CHUNK = 64 * 1024
_KINDS = (
    (stat.S_ISDIR, "directory"),
    (stat.S_ISFIFO, "named pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)
_REASONS = {
    FileNotFoundError: ("the file does not exist", "check the path"),
    NotADirectoryError: ("the file does not exist: its path leads through a file", "check the path"),
    ValueError: ("the file cannot be read: its path holds a character that no path has", "check the path"),
    PermissionError: ("the file may not be read", "give the user who runs this permission to read it"),
}


class ReadFile(NamedTuple):
    """What was read: the path as it was asked for, the name that problems show, and the content."""

    path: str
    file: str
    data: bytes


_watcher: ContextVar[Callable[[ReadFile], None] | None] = ContextVar("watcher", default=None)


@contextmanager
def watch_reads(note: Callable[[ReadFile], None]) -> Iterator[None]:
    """Have every file noted that is read meanwhile; what `note` raises, whoever reads the file gets."""
    before = _watcher.get()

    def note_both(read: ReadFile) -> None:
        note(read)
        if before is not None:
            before(read)

    token = _watcher.set(note_both)
    try:
        yield
    finally:
        _watcher.reset(token)


def read_bytes(path: str, file: str, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The content of the regular file at `path`, or PolicyError; `file` is the name that problems show."""
    try:
        _refuse_special(os.stat(path), file)  # before it is opened: opening some devices does something
        descriptor = os.open(path, OPEN_FLAGS)
        try:
            _refuse_special(os.fstat(descriptor), file)
            data = _read_up_to(descriptor, limits.max_bytes + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as fault:
        raise PolicyError(_describe_fault(fault, file)) from None
    if len(data) > limits.max_bytes:
        raise PolicyError(describe_size(file, limits))
    note = _watcher.get()
    if note is not None:
        note(ReadFile(path, file, data))
    return data


def _read_up_to(descriptor: int, size: int) -> bytes:
    parts, left = [], size
    while more := os.read(descriptor, min(_CHUNK, left)):
        parts.append(more)
        left -= len(more)
    return b"".join(parts)


def _refuse_special(status: os.stat_result, file: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for matches, name in _KINDS if matches(status.st_mode)), "special file")
        raise PolicyError(Problem(f"this is a {kind}, not a file", "name a file", Location(file)))


def _describe_fault(fault: Exception, file: str) -> Problem:
    for kind, (message, remedy) in _REASONS.items():
        if isinstance(fault, kind):
            return Problem(message, remedy, Location(file))
    reason = getattr(fault, "strerror", None) or str(fault)
    return Problem(f"the file cannot be read: {reason}", "check the path", Location(file))
