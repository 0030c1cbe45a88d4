"""The files of a spool: lines are added and synced one by one, and taken up in their order by one process at a time."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from errno import ENOENT, ENOSPC
from glob import escape, glob
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policy.errors import Problem
from policy.records.durable import sync_folder
from policy.records.faults import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# How the name of a file ends that is being recorded; before that stands its number.
TAKEN: Final = ".taken"
# Bytes that wait at most in one file: an outage is not to fill the disk, on which the ledger may be, too.
LARGEST: Final = 2**30
EMPTY, FREE, BUSY = "empty", "free", "busy"
"""Whether anything waits in a spool, and whether another process records it."""

Damage = tuple[int, bytes, str]
"""A line that is not recorded: its number, as it is, and why."""


def seal(body: bytes) -> bytes:
    """A line that shows whether it is whole: a checksum before its body."""
    return sha256(body).hexdigest()[:32].encode() + b" " + body + b"\n"


def unseal(line: bytes) -> bytes:
    """The body of a line. Raises ValueError where it is not whole."""
    checksum, _, body = line.partition(b" ")
    if checksum != sha256(body).hexdigest()[:32].encode():
        raise ValueError("it is torn or changed")
    return body


def add_line(path: str, line: bytes) -> None:
    """Add a line to a spool, on the disk when it returns. Raises LedgerError."""
    try:
        with _opened(path) as file:
            if os.fstat(file).st_size + len(line) > LARGEST:
                message = f"the spool of the ledger `{path}` is full: {LARGEST:,} bytes wait in it"
                raise LedgerError("full", message, "record them with `policy ledger catch-up` once the ledger answers")
            _add(file, line)
    except OSError as error:
        kind = "full" if error.errno == ENOSPC else "unreachable"
        said = error.strerror or str(error)
        remedy = "make room, or let the user who runs this write there"
        if error.errno == ENOENT:
            remedy = "make its folder, or name another file as `spool` of the ledger in the policy set"
        raise LedgerError(kind, f"the spool of the ledger `{path}` cannot be written: {said}", remedy) from None


def _add(file: int, line: bytes) -> None:
    size = os.fstat(file).st_size
    # After a line that a crash has torn, a new one begins.
    torn = size and os.pread(file, 1, size - 1) != b"\n"
    line = b"\n" + line if torn else line
    if os.write(file, line) != len(line):
        os.ftruncate(file, size)
        raise OSError(ENOSPC, os.strerror(ENOSPC))
    os.fsync(file)


def list_files(path: str) -> list[str]:
    """The file of a spool, and what earlier replays have left of it, in its order."""
    return [path, *sorted(glob(f"{escape(path)}.*{TAKEN}"))]


def keep(
    kept: str, damaged: Sequence[Damage], path: str, remedy: str = "judge again what it was about"
) -> Iterator[Problem]:
    """Keep lines that cannot be replayed in a file of their own, and say what is wrong with each."""
    # What is in them is for nobody else, as it was before. A replay that broke off may have left the same.
    making = f"{kept}.{os.urandom(4).hex()}.new"
    with open(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.writelines(line for _, line, _ in damaged)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(making, kept)
    sync_folder(os.path.dirname(os.path.abspath(kept)))
    for number, _, said in damaged:
        message = f"line {number} of the spool `{path}` cannot be replayed: {said}"
        yield Problem(message, f"{remedy}; the line is kept in `{kept}`", level="warning")


def take_all(path: str) -> list[str]:
    """What is to be recorded, the oldest first; the file is moved away, so that what is added now starts another.

    For who has claimed the spool.
    """
    left = list_files(path)[1:]
    if not os.path.exists(path):
        return left
    # Whatever the clock says, it comes after those that are there.
    numbers = [name.removesuffix(TAKEN).rpartition(".")[2] for name in left]
    last = max((int(number) for number in numbers if number.isdecimal()), default=0)
    taken = f"{path}.{max(time.time_ns(), last + 1):020}{TAKEN}"
    with _opened(path):
        os.rename(path, taken)
    return [*left, taken]


@contextmanager
def claimed(path: str) -> Iterator[str]:
    """Whether something waits in a spool, and this process alone records it: its order counts."""
    if not waits(path):
        yield EMPTY
        return
    with _locked(f"{path}.lock") as free:
        yield FREE if free else BUSY


def waits(path: str) -> bool:
    """Whether anything is to be recorded, also what an earlier replay has left."""
    return os.path.exists(path) or len(list_files(path)) > 1


@contextmanager
def _opened(path: str) -> Iterator[int]:
    """The file, locked against other processes; the one that has the name when the lock is held."""
    while True:
        new = not os.path.exists(path)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _lock(file)
            if _has_name(file, path):
                if new:
                    sync_folder(os.path.dirname(os.path.abspath(path)))
                yield file
                return
        finally:
            os.close(file)


def _has_name(file: int, path: str) -> bool:
    """Whether an open file still is what stands at a path, from where another process may move it at any moment."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows, where a file that is open is not moved away
        return
    fcntl.flock(file, fcntl.LOCK_EX)


@contextmanager
def _locked(path: str) -> Iterator[bool]:
    """Whether nobody else has the file locked, which nobody else may open, and which is gone afterwards."""
    try:
        import fcntl
    except ImportError:  # as above
        yield True
        return
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it may have removed it meanwhile.
        free = _has_name(file, path)
    except BlockingIOError:
        free = False
    except BaseException:
        os.close(file)
        raise
    try:
        yield free
    finally:
        try:
            if free:
                os.unlink(path)
        finally:
            os.close(file)
