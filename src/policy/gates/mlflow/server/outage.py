"""What a server keeps while the ledger is down, signed, in a spool that all workers of the machine read and write."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.glass import read_glass
from policy.gates.mlflow.server.spool_reader import SpoolReader, describe
from policy.records.people import fold_name
from policy.records.requests.clock import write_time
from policy.records.requests.desk import make_token
from policy.records.requests.refusals import check_name
from policy.records.runs.recalling import read_row
from policy.records.runs.uploads import UploadError
from policy.records.spool import decode_draft
from policy.records.spool_files import add_line
from policy.records.spool_statements import GLASS, RUN, SIGNED, UPLOAD, Statement, read_statement, write_statement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from policy.app.runs.attempt import Attempt
    from policy.app.runs.glass import Glass
    from policy.app.runs.spool_keys import SpoolKey
    from policy.gates.mlflow.server.spool_reader import Waiting
    from policy.records.runs.rows import RunRow
    from policy.records.spool_statements import Issuer

# Manifests that wait of one person, and the bytes of all of them before no more of them are taken.
MOST_UPLOADS: Final = 20
MOST_BYTES: Final = 64 * 2**20


class Outage:
    """Statements that wait in the file at `path`; without a `key` there are none, and nothing is stated."""

    def __init__(self, spool: str, key: SpoolKey | None, issuer: Issuer) -> None:
        self.path = f"{spool}{SIGNED}"
        self.key = key
        self.issuer = issuer
        self._reader = SpoolReader(self.path, self._read_line)

    def trust(self, key: SpoolKey | None) -> None:
        """Sign and believe by other keys than before; what was read by those counts no more."""
        self.key = key
        self._reader.forget()

    @property
    def waits(self) -> bool:
        """Whether anything is to be recorded."""
        return os.path.exists(self.path)

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
        uploads = [*self._list_said(UPLOAD)]
        sent = [said["digest"] for said in uploads if is_person(said["principal"], principal)]
        if digest in sent:
            return True
        check_name(principal, "principal")
        if len(sent) >= MOST_UPLOADS or sum(len(said["body"]) for said in uploads) > MOST_BYTES:
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

    def list_decisions(self) -> list[Waiting]:
        """The decisions that wait, the oldest first."""
        found = (statement.said.get("decision") for statement in self.list_statements())
        return [decision for decision in found if decision is not None]

    def _list_said(self, kind: str) -> Iterator[Any]:
        return (statement.said for statement in self.list_statements() if statement.kind == kind)

    def list_statements(self) -> list[Statement]:
        """All that wait and are signed as they should be, the oldest first; decisions as `Waiting`."""
        return self._reader.list_all() if self.key is not None else []

    def _read_line(self, line: bytes) -> Statement:
        if self.key is None:
            raise ValueError("nothing is believed")
        statement = read_statement(line, self.key.pinned, self.issuer)
        decision = statement.said.get("decision")
        return (
            statement._replace(said={**statement.said, "decision": describe(decode_draft(decision))})
            if decision
            else statement
        )


def is_person(name: str, other: str) -> bool:
    """Whether two names are spellings of one."""
    return fold_name(name) == fold_name(other)
