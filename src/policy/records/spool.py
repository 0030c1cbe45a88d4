"""Where decisions wait when the ledger cannot be written and the gate is told to go on: a file, synced line by line.

Each line is a checksum and a decision. It is recorded once however often it is replayed, for it has an id; a line that
was torn by a crash, or changed, is set aside and reported.
"""

from __future__ import annotations

import json
import os
import time
from base64 import b64decode, b64encode
from contextlib import contextmanager
from errno import ENOSPC
from glob import escape, glob
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policy.errors import Problem
from policy.model.canonical import canonical_json
from policy.records.faults import LedgerError
from policy.records.objects import DecisionRow, Draft, StoredObject
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policy.records.ledger import Ledger

FORMAT: Final = "policy-spool/1"
BATCH: Final = 100
# How the name of a file ends that is being recorded; before that stands its number.
TAKEN: Final = ".taken"
# Faults of what a line says; with any other the ledger is down again, and everything waits on.
OF_THE_LINE: Final = ("draft", "refused", "secret")
EMPTY, FREE, BUSY = "empty", "free", "busy"


class Replay(NamedTuple):
    """What came of a spool: how many decisions were recorded, how many had been before, and what could not be read.

    It is `busy`, and nothing was done, while another process records it.
    """

    recorded: int
    known: int
    problems: tuple[Problem, ...]
    busy: bool = False


class Line(NamedTuple):
    """A decision that waits, and as what."""

    number: int
    line: bytes
    draft: Draft


Damage = tuple[int, bytes, str]
"""A line that is not recorded: its number, as it is, and why."""


def spool_decision(path: str, draft: Draft) -> None:
    """Add a decision to the file, on the disk when it returns. Raises LedgerError."""
    if draft.index is None:
        raise LedgerError("draft", "only decisions can wait: of nothing else it is known whether it is recorded")
    add_line(path, write_line(draft))


def add_line(path: str, line: bytes) -> None:
    """Add a line to a spool, on the disk when it returns. Raises LedgerError."""
    try:
        with _opened(path) as file:
            _add(file, line)
    except OSError as error:
        kind = "full" if error.errno == ENOSPC else "unreachable"
        said = error.strerror or str(error)
        remedy = "make room, or let the user who runs this write there"
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


def write_line(draft: Draft) -> bytes:
    """A decision as a line: a checksum, and canonical JSON."""
    return seal(canonical_json({"format": FORMAT, **encode_draft(draft)}))


def encode_draft(draft: Draft) -> dict[str, Any]:
    """A decision as JSON."""
    objects = [[item.kind, b64encode(item.body).decode()] for item in draft.objects]
    return {"payload": draft.payload, "objects": objects, "index": list(draft.index or ())[:-1]}


def seal(body: bytes) -> bytes:
    """A line that shows whether it is whole: a checksum before its body."""
    return sha256(body).hexdigest()[:32].encode() + b" " + body + b"\n"


def unseal(line: bytes) -> bytes:
    """The body of a line. Raises ValueError where it is not whole."""
    checksum, _, body = line.partition(b" ")
    if checksum != sha256(body).hexdigest()[:32].encode():
        raise ValueError("it is torn or changed")
    return body


def read_line(line: bytes) -> Draft:
    """The decision of a line. Raises ValueError where it is not whole."""
    read: dict[str, Any] = json.loads(unseal(line))
    if read["format"] != FORMAT:
        raise ValueError("it was written by another version")
    return decode_draft(read)


def decode_draft(read: Mapping[str, Any]) -> Draft:
    """The decision of such JSON. Raises ValueError, KeyError or TypeError."""
    objects = tuple(StoredObject(kind, b64decode(text)) for kind, text in read["objects"])
    return Draft("decision", read["payload"], objects, DecisionRow(*read["index"]))


def replay_spool(ledger: Ledger, path: str) -> Replay:
    """Record what waits. What cannot be read is kept beside the file. Raises LedgerError; nothing is lost then."""
    with claimed(path) as state:
        return _replay(ledger, path) if state == FREE else Replay(0, 0, (), state == BUSY)


def _replay(ledger: Ledger, path: str) -> Replay:
    recorded = known = 0
    problems: list[Problem] = []
    for taken in take_all(path):
        drafts, damaged = read_spool(taken)
        for start in range(0, len(drafts), BATCH):
            batch = drafts[start : start + BATCH]
            new, refused = _record(ledger, batch)
            damaged += refused
            recorded, known = recorded + new, known + len(batch) - len(refused) - new
        if damaged:
            kept = taken.removesuffix(TAKEN) + ".damaged"
            problems += keep(kept, damaged, path)
        os.unlink(taken)
    return Replay(recorded, known, tuple(problems))


def _record(ledger: Ledger, batch: Sequence[Line]) -> tuple[int, list[Damage]]:
    """How many of these are new; and those that the ledger does not take, which keep no others from it."""
    before = ledger.head()[0]
    try:
        answers = ledger.append([one.draft for one in batch])
    except LedgerError as error:
        if error.kind not in OF_THE_LINE:
            raise
        if len(batch) == 1:
            return 0, [(batch[0].number, batch[0].line, error.problems[0].message)]
        found = [_record(ledger, [one]) for one in batch]
        return sum(new for new, _ in found), [one for _, refused in found for one in refused]
    return len({entry.seq for entry in answers if entry.seq > before}), []


def list_files(path: str) -> list[str]:
    """The file of a spool, and what earlier replays have left of it, in its order."""
    return [path, *sorted(glob(f"{escape(path)}.*{TAKEN}"))]


def read_spool(path: str) -> tuple[list[Line], list[Damage]]:
    """The decisions of a file; of lines that cannot be read the number, the bytes, and what is wrong."""
    drafts: list[Line] = []
    damaged: list[Damage] = []
    with open(path, "rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                drafts.append(Line(number, line, read_line(line.rstrip(b"\n"))))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                damaged.append((number, line, str(error) if type(error) is ValueError else "it is no decision"))
    return drafts, damaged


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
    _sync_folder(os.path.dirname(os.path.abspath(kept)))
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
    # The folder is what is locked, so that no file is left of it.
    with _locked(os.path.dirname(os.path.abspath(path))) as free:
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
            if os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path)):
                if new:
                    _sync_folder(os.path.dirname(os.path.abspath(path)))
                yield file
                return
        finally:
            os.close(file)


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows, where a file that is open is not moved away
        return
    fcntl.flock(file, fcntl.LOCK_EX)


@contextmanager
def _locked(folder: str) -> Iterator[bool]:
    """Whether nobody else has the folder locked."""
    try:
        import fcntl
    except ImportError:  # as above
        yield True
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except BlockingIOError:
        free = False
    try:
        yield free
    finally:
        os.close(file)


def _sync_folder(folder: str) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
