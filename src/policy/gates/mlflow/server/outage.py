"""What a server keeps while the ledger is down, signed, in a spool that all workers of the machine read and write."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.glass import read_glass
from policy.records.people import fold_name
from policy.records.requests.clock import write_time
from policy.records.requests.desk import make_token
from policy.records.requests.refusals import check_name
from policy.records.runs.alike import find_index, list_grounds, list_traits
from policy.records.runs.recalling import read_row
from policy.records.runs.uploads import UploadError
from policy.records.spool import decode_draft
from policy.records.spool_files import add_line, list_files
from policy.records.spool_statements import GLASS, RUN, SIGNED, UPLOAD, Statement, read_statement, write_statement
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from policy.app.runs.attempt import Attempt
    from policy.app.runs.glass import Glass
    from policy.app.runs.spool_keys import SpoolKey
    from policy.records.objects import Draft
    from policy.records.runs.rows import RunRow
    from policy.records.spool_statements import Issuer

# Manifests that wait of one person, and the bytes of all that waits before no more of them are taken.
MOST_UPLOADS: Final = 20
MOST_BYTES: Final = 64 * 2**20
# No two lines begin with the same so many bytes.
BEGIN: Final = 32


class Read(NamedTuple):
    """What was read of a file: how it begins, up to which byte, and what stands there."""

    begin: bytes
    size: int
    statements: tuple[Statement, ...]


NOTHING: Final = Read(b"", 0, ())


class Outage:
    """Statements that wait in the file at `path`; without a `key` there are none, and nothing is stated."""

    def __init__(self, spool: str, key: SpoolKey | None, issuer: Issuer) -> None:
        self.path = f"{spool}{SIGNED}"
        self.key = key
        self.issuer = issuer
        self._read: dict[int, Read] = {}
        self._lock = Lock()

    def trust(self, key: SpoolKey | None) -> None:
        """Sign and believe by other keys than before; what was read by those counts no more."""
        with self._lock:
            self.key = key
            self._read = {}

    @property
    def waits(self) -> bool:
        """Whether anything is to be recorded."""
        return os.path.exists(self.path)

    def measure(self) -> int:
        """The bytes that wait."""
        return sum(os.path.getsize(path) for path in list_files(self.path) if os.path.exists(path))

    def state(self, kind: str, said: dict[str, Any], now: datetime) -> Statement | None:
        """Sign and keep something, on the disk when it returns; None where there is no key. Raises LedgerError."""
        if self.key is None:
            return None
        statement = Statement(kind, make_token(10), write_time(now), said)
        add_line(self.path, write_statement(self.issuer, statement, self.key.signing))
        return statement

    def keep_upload(self, principal: str, digest: str, body: bytes, now: datetime) -> bool:
        """Keep what somebody sent; False where there is no key. Raises UploadError where it is too much."""
        if self.key is None:
            return False
        sent = [said["digest"] for said in self._list_said(UPLOAD) if is_person(said["principal"], principal)]
        if digest in sent:
            return True
        check_name(principal, "principal")
        if len(sent) >= MOST_UPLOADS or self.measure() > MOST_BYTES:
            message = "the ledger is down, and no more manifests are taken until it answers"
            raise UploadError("storage", message, "send this one again then")
        said = {"principal": principal, "digest": digest, "body": b64encode(body).decode()}
        self.state(UPLOAD, said, now)
        return True

    def find_upload(self, digest: str) -> bytes | None:
        """A manifest that waits."""
        return next((b64decode(said["body"]) for said in self._list_said(UPLOAD) if said["digest"] == digest), None)

    def list_senders(self, digest: str) -> list[str]:
        """Who sent it."""
        return [said["principal"] for said in self._list_said(UPLOAD) if said["digest"] == digest]

    def find_glass(self, attempt: Attempt, now: datetime) -> Glass | None:
        """The glass that was broken for an attempt, the last one first."""
        broken = [read_glass(statement) for statement in self.list_statements() if statement.kind == GLASS]
        return next((glass for glass in reversed(broken) if glass.covers(attempt, now)), None)

    def find_row(self, run: str) -> RunRow | None:
        """The last step of a run that waits."""
        rows = [read_row(statement) for statement in self.list_statements() if statement.kind == RUN]
        return next((row for row in reversed(rows) if row.run == run), None)

    def find_alike(self, decision: Draft) -> str:
        """The id of the first decision that waits and is the same as this one; empty where none is."""
        wanted = (list_traits(find_index(decision)), list_grounds(decision.payload))
        for said in self._list_said(RUN):
            if said["decision"] is not None:
                known = decode_draft({**said["decision"], "objects": ()})
                if (list_traits(find_index(known)), list_grounds(known.payload)) == wanted:
                    return find_index(known).decision_id
        return ""

    def _list_said(self, kind: str) -> Iterator[Any]:
        return (statement.said for statement in self.list_statements() if statement.kind == kind)

    def list_statements(self) -> list[Statement]:
        """All that wait and are signed as they should be, the oldest first; what is not is said when it is replayed."""
        if self.key is None:
            return []
        paths = list_files(self.path)
        with self._lock:
            found = [self._read_file(path) for path in [*paths[1:], paths[0]]]
            known = {inode: read for inode, read in found if inode}
            self._read = known
        return [statement for read in known.values() for statement in read.statements]

    def _read_file(self, path: str) -> tuple[int, Read]:
        """What stands in a file, of which only what is new is read."""
        try:
            with open(path, "rb") as stream:
                inode = os.fstat(stream.fileno()).st_ino
                begin, known = stream.read(BEGIN), self._read.get(inode, NOTHING)
                if known.begin != begin:
                    # Another file, under the number of one that is gone.
                    known = NOTHING
                stream.seek(known.size)
                # The last line may be half written.
                whole, end, _ = stream.read().rpartition(b"\n")
        except OSError:
            return 0, NOTHING
        new = tuple(filter(None, map(self._read_line, whole.split(b"\n")))) if end else ()
        return inode, Read(begin, known.size + len(whole) + len(end), (*known.statements, *new))

    def _read_line(self, line: bytes) -> Statement | None:
        if self.key is None or not line:
            return None
        try:
            return read_statement(line, self.key.pinned, self.issuer)
        except (ValueError, KeyError, TypeError, RecursionError):
            return None


def is_person(name: str, other: str) -> bool:
    """Whether two names are spellings of one."""
    return fold_name(name) == fold_name(other)
