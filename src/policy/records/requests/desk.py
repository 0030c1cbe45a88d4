"""One transaction's work on requests: it reads, compares and swaps, and notes each step as an entry."""

from __future__ import annotations

import os
from base64 import b32encode
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from policy.errors import Problem
from policy.model.approval import fold_name
from policy.records.faults import LedgerError
from policy.records.layout import write_insert
from policy.records.objects import Draft
from policy.records.people import add_person
from policy.records.requests.clock import read_clock, read_time, write_time
from policy.records.requests.involved import WHY, find_involved
from policy.records.requests.queries import find_row, list_people
from policy.records.requests.refusals import TooLateError, UnknownRequestError, check_name, refuse
from policy.records.requests.rows import PENDING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from policy.model.approval_settings import ApprovalSettings
    from policy.records.ledger import Ledger
    from policy.records.objects import StoredObject
    from policy.records.requests.rows import Row
    from policy.records.transaction import Transaction

FORMAT: Final = "policy-request-record/1"


class Desk:
    """`clock` is when the transaction began: lengths are counted from then.

    `time` is what its entries say of that, which is no earlier than the one before: with a clock that was set back
    nobody does what it is too late for, and whoever counts again goes by the same time.
    """

    def __init__(self, transaction: Transaction, clock: str) -> None:
        self.transaction = transaction
        self.session = transaction.session
        self.clock = transaction.clock = clock
        self.time = max(clock, transaction.head.time)
        self._times = {"{now}": _quote(self.clock), "{time}": _quote(self.time)}

    def find(self, request_id: str) -> Row:
        """A request. Raises PolicyError where there is none."""
        row = find_row(self.session, request_id)
        if row is None:
            raise refuse_unknown(request_id)
        return row

    def swap(self, change: str, where: str, values: Sequence[Any]) -> bool:
        """Change one request where it still is as `where` says; whether it was.

        `{now}` is when the transaction began, and `{time}` what its entries say.
        """
        statement = f"UPDATE requests SET {change} WHERE {where} RETURNING id"  # noqa: S608 - texts of ours
        for name, time in self._times.items():
            statement = statement.replace(name, time)
        return bool(self.session.read(statement, values))

    def note(self, kind: str, request_id: str, said: dict[str, Any], objects: Sequence[StoredObject] = ()) -> int:
        """The entry of a step, of this type; its number."""
        payload = {"format": FORMAT, "request": request_id, **said}
        (entry,) = self.transaction.append([Draft(kind, payload, objects)])
        return entry.seq

    def insert(self, table: str, *rows: Sequence[Any]) -> None:
        """Rows of a table."""
        if rows:
            self.session.write([(write_insert(table), list(rows))], commit=False)

    def name_person(self, name: str) -> str:
        """The id of somebody, made where the directory does not know the name."""
        return add_person(self.session, check_name(name), fold_name(name))

    def refuse_involved(self, row: Row, name: str, person: str, settings: ApprovalSettings, act: str) -> None:
        """Raises RefusedError for who asked or contributed, also under another spelling of the name."""
        found = find_involved(list_people(self.session, row.id), name, person, settings)
        if found is not None:
            spelled = "" if found.name in (name, None) else f" as {found.name}"
            why = WHY.get(found.part, "asked for it")
            raise refuse(f"{name} {why}{spelled}, and so cannot {act} `{row.id}`", "let somebody else do it")

    def refuse_closed(self, row: Row, act: str) -> None:
        """Raises RefusedError for a request that is decided or expired."""
        state = row.state_at(self.time)
        if state != PENDING:
            raise refuse_state(row, state, act)


def _quote(time: str) -> str:
    """A time in a statement. Raises LedgerError for what is none: whoever may append can write to the last entry."""
    try:
        return f"'{write_time(read_time(time))}'"
    except ValueError:
        raise LedgerError("corrupt", "the last entry of the ledger does not say when it was appended") from None


def refuse_unknown(request_id: str) -> UnknownRequestError:
    """That there is no such request."""
    shown = request_id[:40] if request_id.isprintable() else ascii(request_id[:40])
    problem = Problem(f"there is no request `{shown}`", "`policy approvals list --all` shows what there is")
    return UnknownRequestError(problem)


def refuse_state(row: Row, state: str, act: str) -> TooLateError:
    """That it is too late."""
    said = {
        "approved": "it is approved already",
        "rejected": "it was rejected",
        "withdrawn": "it was withdrawn",
        "pending": "nobody has approved it",
        "expired": f"it expired at {row.expires}",
        "over": f"it was approved, and that ended at {row.ends}",
        "used-up": f"it was approved, and all of its {row.runs} runs are used",
    }
    return TooLateError(Problem(f"you cannot {act} `{row.id}`: {said[state]}", "ask again, where it is still needed"))


def make_token(size: int) -> str:
    """So many random bytes as small letters and digits."""
    return b32encode(os.urandom(size)).decode().rstrip("=").lower()


@contextmanager
def open_desk(ledger: Ledger, now: datetime | None = None) -> Iterator[Desk]:
    """A transaction on the requests of a ledger; `now` stands for the database's clock."""
    with ledger.transaction() as transaction:
        yield Desk(transaction, read_clock(ledger, now, transaction.session))


@contextmanager
def open_session(ledger: Ledger) -> Iterator[Any]:
    """A connection that reads."""
    with ledger.session() as session:
        yield session
