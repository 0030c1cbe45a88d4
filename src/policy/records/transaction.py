"""One transaction in which statements and entries become durable together, or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from policy.records.planning import list_writes, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from policy.records.append import Appender
    from policy.records.database import Database, Head, Session
    from policy.records.entry import Entry
    from policy.records.objects import Draft


class Transaction:
    """Holds the ledger's lock: `session` runs statements, `connection` those of SQLAlchemy, `append` adds entries."""

    def __init__(self, database: Database, session: Session, appender: Appender, head: Head) -> None:
        self.session = session
        self.head = head
        # What entries say of the time, where it is not the database's.
        self.clock: str | None = None
        self._database = database
        self._appender = appender

    @cached_property
    def connection(self) -> Connection:
        """Goes with the transaction, which nothing that is done with it ends."""
        from policy.records.creation import make_engine

        engine = make_engine(self._database, lambda: self.session.driver)
        for ending in ("do_rollback", "do_commit", "do_close", "do_terminate"):
            setattr(engine.dialect, ending, _leave)
        return engine.connect()

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """An entry for each draft, durable when the transaction ends."""
        head = self.head._replace(clock=self.clock) if self.clock is not None else self.head
        made = self._appender.plan(self.session, head, [prepare(draft) for draft in drafts])
        self.session.write(list_writes(made), commit=False)
        self.head = made.head
        return made.answers

    def close(self) -> None:
        """Let go of the connection, if anybody asked for it."""
        if "connection" in self.__dict__:
            self.connection.close()


def _leave(_driver: Any) -> None:
    """The driver's connection is not SQLAlchemy's to end."""


@contextmanager
def open_transaction(database: Database, session: Session, appender: Appender) -> Iterator[Transaction]:
    """A transaction on a session that nobody else uses. Faults are the driver's, and LedgerError."""
    transaction = Transaction(database, session, appender, appender.start(session))
    try:
        yield transaction
        session.write((), commit=True)
    except BaseException:
        session.roll_back()
        raise
    finally:
        transaction.close()
