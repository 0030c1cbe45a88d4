"""A file that may be a training config → its bytes, read without leaving the root, and the marks in them."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.evidence.paths import UnreadablePathError, confine
from policy.loading.file_listing import is_there
from policy.source.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import BinaryIO

MEND = "mend it, or let .gitignore name it if it is a template"
# In YAML a key may be written with escapes, and a double-quoted one broken over lines: no mark occurs then.
ESCAPES = (b"\\x", b"\\u", b"\\U", b"\\\n", b"\\\r")
CHUNK = 1 << 20


def read_candidate(root: str, file: str, marks: Sequence[bytes], *, confined: bool = False) -> bytes:
    """The bytes of the file; empty for what is no file, or is too large and has no mark.

    Links are followed inside the root only; with `confined`, also those of the folders on the way. Raises
    PolicyError for what is too large and marked, for what may not be read, and (a warning) for a link that
    leads nowhere or out.
    """
    path = os.path.join(root, file)
    if confined or os.path.islink(path):
        path = _resolve(root, file)
    try:
        # Before it is opened: opening a pipe waits.
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        with open(path, "rb") as stream:
            return _read_up_to_limit(stream, file, marks)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as fault:
        message = f"this file cannot be read, and may be a training config: {fault.strerror}"
        remedy = "give the user who runs this permission to read it, or let .gitignore name it"
        raise PolicyError(Problem(message, remedy, Location(file))) from None


def _resolve(root: str, file: str) -> str:
    try:
        return confine(root, file)
    except UnreadablePathError as fault:
        leads_somewhere = is_there(os.path.realpath(os.path.join(root, file)))
        level = "error" if leads_somewhere and not fault.refused else "warning"
        raise PolicyError(fault.problem._replace(location=Location(file), level=level)) from None


def _read_up_to_limit(stream: BinaryIO, file: str, marks: Sequence[bytes]) -> bytes:
    limit = DEFAULT_LIMITS.max_bytes
    data = stream.read(limit + 1)
    if len(data) <= limit:
        return data
    overlap = max(map(len, marks), default=0)
    while data:
        if has_mark(data, marks):
            message = f"this file is too large to be read as a training config: it has more than {limit:,} bytes"
            raise PolicyError(Problem(message, MEND, Location(file)))
        more = stream.read(CHUNK)
        data = data[-overlap:] + more if more else b""
    return b""


def has_mark(data: bytes, marks: Iterable[bytes]) -> bool:
    """Whether a mark occurs in the bytes, also where they are UTF-16."""
    if b"\0" in data:
        data = data.replace(b"\0", b"")
    return any(mark in data for mark in marks)


def has_escape(data: bytes) -> bool:
    """Whether a mark may be written in other bytes."""
    return any(escape in data for escape in ESCAPES)
