"""A ledger in a database: entries are appended and read, never changed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from policy.records import queries
from policy.records.address import read_address
from policy.records.append import Appender, find_decision, say_time
from policy.records.breaker import HELD, Breaker
from policy.records.creation import upgrade_tables
from policy.records.entry import start_chain
from policy.records.faults import LedgerError, named_faults
from policy.records.grouping import Group
from policy.records.lookup import find_named
from policy.records.opening import TIMEOUT, find_database, identify_ledger
from policy.records.planning import prepare
from policy.records.sessions import Sessions
from policy.records.transaction import Transaction, open_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self, TypeVar

    from policy.errors import Problem
    from policy.records.database import Database, Session
    from policy.records.entry import Entry
    from policy.records.lookup import Named
    from policy.records.objects import DecisionRow, Draft, Erased
    from policy.records.planning import Prepared

    Answer = TypeVar("Answer")

CHUNK: Final = 5000
PATIENCE: Final = 30.0
# Of a parent process: closing them here would close them there.
_INHERITED: Final[list[Any]] = []


def open_ledger(
    url: str,
    *,
    folder: str = ".",
    create: bool = True,
    now: Callable[[], datetime] | None = None,
    expect: str = "",
    timeout: float = TIMEOUT,
    patience: float | None = None,
) -> Ledger:
    """Open a ledger; an SQLite file that is not there is made, when `create`. Raises LedgerError.

    `expect` is the id that it must have. `now` stands for the clock: the database's own, or this machine's. A server
    that does not answer for `patience` seconds, which are more than `timeout`, is given up; where nobody says how many,
    what only reads may take longer, as long as the server answers others.
    """
    waits = patience is None
    seconds = max(PATIENCE, timeout) if patience is None else patience
    database = find_database(read_address(url, folder), timeout, seconds, waits=waits)
    if not database.is_there():
        if not create:
            raise LedgerError("absent", f"there is no ledger in `{url}`")
        database.create(_name(database), say_time(now() if now else datetime.now(UTC)))
    return Ledger(database, now, expect)


def create_ledger(url: str, *, folder: str = ".", name: str = "", role: str = "", timeout: float = TIMEOUT) -> Ledger:
    """Make a ledger, or bring one up to date, and open it; `role` (PostgreSQL) may then append. Raises LedgerError."""
    database = find_database(read_address(url, folder), timeout)
    if database.dialect == "postgresql" or not database.is_there():
        database.create(name or _name(database), say_time(datetime.now(UTC)), role)
    try:
        return Ledger(database, None, "")
    except LedgerError as error:
        if error.kind != "older":
            raise
    upgrade_tables(database)
    return Ledger(database, None, "")


def _name(database: Database) -> str:
    last = database.address.place.partition("?")[0].rstrip("/").rpartition("/")[2]
    return last.rpartition(".")[0] or last


class Ledger:
    """An open ledger; a context manager. Threads may share it; a process that is forked opens sessions of its own."""

    def __init__(self, database: Database, now: Callable[[], datetime] | None, expect: str) -> None:
        self.database = database
        self.place = database.address.shown
        self._start()
        try:
            self.id, self.name = identify_ledger(database, self._read_session(), expect)
            self.warnings: tuple[Problem, ...] = self._read(lambda session: tuple(database.list_warnings(session)))
        except BaseException:
            self.close()
            raise
        self.appender = Appender(self.id, now)

    def _start(self) -> None:
        self._process = os.getpid()
        self._writer: Session | None = None
        self._reader: Session | None = None
        self._reading = Lock()
        self._sessions = Sessions(self.database)
        self._group = Group(self._commit)
        self._writing = Breaker(HELD)
        self._asking = Breaker()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._check_process()
        for session in (self._writer, self._reader):
            if session is not None:
                session.close()
        self._writer = self._reader = None
        self._sessions.close()
        self._sessions = Sessions(self.database)

    def append(self, drafts: Sequence[Draft], *, within: Transaction | None = None) -> list[Entry]:
        """An entry for each draft, in one transaction, durable when it returns; `within` one when that ends.

        A decision that is recorded already gives the entry that records it. Raises LedgerError.
        """
        if within is not None:
            return within.append(drafts)
        prepared = [prepare(draft) for draft in drafts]
        self._check_process()
        if not prepared:
            return []
        with self._writing.turn() as turn:
            return self._group.append(prepared, turn.check)

    def _commit(self, prepared: Sequence[Prepared]) -> list[Entry]:
        """Once more where the connection was lost: whether the first try came through is seen then."""
        self.appender.unsure = None
        try:
            return self._try(prepared)
        except LedgerError as error:
            if error.kind != "lost":
                raise
        self._writer = None
        return self._try(prepared)

    def _try(self, prepared: Sequence[Prepared]) -> list[Entry]:
        with named_faults(self.place):
            if self._writer is None:
                self._writer = self.database.open_session()
            return self.appender.append(self._writer, prepared)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that holds the ledger's lock from its start; raising ends it without effect."""
        self._check_process()
        with (
            self._writing.turn() as turn,
            named_faults(self.place),
            self._sessions.lend(turn.check) as session,
            open_transaction(self.database, session, self.appender) as transaction,
        ):
            yield transaction

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that reads, for oneself alone. Raises LedgerError for whatever its driver raises within."""
        self._check_process()
        with self._asking.turn() as turn, named_faults(self.place), self._sessions.lend(turn.check) as session:
            yield session

    def head(self) -> tuple[int, bytes]:
        """How many entries there are, and the chain after the last."""
        rows = self._read(lambda session: session.read("SELECT seq, chain FROM entries ORDER BY seq DESC LIMIT 1"))
        return (rows[0][0], rows[0][1]) if rows else (0, start_chain(self.id))

    def read_entries(self, start: int = 1, stop: int | None = None) -> Iterator[Entry]:
        """Entries from `start` to before `stop`, in order, however many in little memory."""
        while stop is None or start < stop:
            end = start + CHUNK if stop is None else min(start + CHUNK, stop)
            found = self._read(partial(queries.read_next, start=start, stop=stop, limit=end - start))
            yield from found
            if len(found) < end - start:
                return
            start = found[-1].seq + 1

    def get_object(self, digest: str) -> bytes | Erased | None:
        """An object's bytes, what is left of it, or None. Raises LedgerError where they are not those of the digest."""
        return self._read(lambda session: queries.get_object(session, digest, self.place))

    def get_payload(self, entry: Entry) -> bytes | Erased | None:
        """What an entry says, what is left of it, or None. Raises LedgerError where it is not what was recorded."""
        return self._read(lambda session: queries.get_payload(session, entry, self.place))

    def is_erased(self, target: str) -> bool:
        """Whether an entry says that something of a digest, or a person, was erased."""
        return bool(self.read("SELECT 1 FROM erasures WHERE target = ?", (target,)))

    def find_decision(self, decision_id: str) -> Entry | None:
        """The entry of a decision."""
        return self._read(lambda session: find_decision(session, decision_id))

    def find_named(self, name: str) -> Named | None:
        """The entry of a number, of a decision's id, or of what only one begins with. Raises PolicyError for others."""
        return find_named(self.read, name)

    def read_decisions(self, **filters: str) -> Iterator[DecisionRow]:
        """Recorded decisions in order; filters: project, gate, verdict, policy_set, and `since`, `until` (times)."""
        return (row for row, _ in queries.read_decisions(self.database, filters, bodies=False))

    def read_payloads(self, **filters: str) -> Iterator[tuple[DecisionRow, bytes | None]]:
        """Recorded decisions with the bytes of their payloads, None where these are erased."""
        return queries.read_decisions(self.database, filters, bodies=True)

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query, which marks values with `?`."""
        return self._read(lambda session: session.read(statement, values))

    def _read(self, query: Callable[[Session], Answer]) -> Answer:
        """The answer to a query, which is asked again where the connection was lost."""
        self._check_process()
        with self._asking.turn() as turn, self._reading:
            turn.check()
            try:
                with named_faults(self.place):
                    return query(self._read_session())
            except LedgerError as error:
                if error.kind != "lost":
                    raise
            self._reader = None
            with named_faults(self.place):
                return query(self._read_session())

    def _read_session(self) -> Session:
        if self._reader is None:
            self._reader = self.database.open_session()
        return self._reader

    def _check_process(self) -> None:
        if self._process != os.getpid():
            _INHERITED.extend((self._writer, self._reader, self._sessions))
            self._start()
