"""One transaction in which statements and entries become durable together, or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from policy.records.creation import make_engine
from policy.records.faults import named_faults
from policy.records.planning import list_writes, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from policy.records.append import Appender
    from policy.records.database import Database, Head, Session
    from policy.records.entry import Entry
    from policy.records.objects import Draft


class Transaction:
    """Holds the ledger's lock: `connection` runs statements of SQLAlchemy, `append` adds entries."""

    def __init__(self, connection: Connection, session: Session, appender: Appender, head: Head) -> None:
        self.connection = connection
        self.session = session
        self.head = head
        # What entries say of the time, where it is not the database's.
        self.clock: str | None = None
        self._appender = appender

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """An entry for each draft, durable when the transaction ends."""
        head = self.head._replace(clock=self.clock) if self.clock is not None else self.head
        made = self._appender.plan(self.session, head, [prepare(draft) for draft in drafts])
        self.session.write(list_writes(made), commit=False)
        self.head = made.head
        return made.answers


@contextmanager
def open_transaction(database: Database, appender: Appender) -> Iterator[Transaction]:
    """A transaction on a connection of its own. Raises LedgerError."""
    with named_faults(database.address.shown):
        engine = make_engine(database, lambda: database.open_session().driver)
        with engine.connect() as connection:
            session = database.wrap(connection.connection.driver_connection)
            head = appender.start(session)
            try:
                yield Transaction(connection, session, appender, head)
                session.write((), commit=True)
            except BaseException:
                session.roll_back()
                raise
