"""Connections of a ledger that are lent to one thread at a time, and kept for whoever comes next."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from threading import Condition, get_ident
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError
from policy.records.faults import LedgerError, name_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.records.database import Database, Session

MOST: Final = 4
"""So many are lent at once; others wait for one."""


class Sessions:
    """Threads share it, and nothing else does: a process that is forked makes one of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._free: list[Session] = []
        # By thread; who has one already is not made to wait for another, which might be for themselves.
        self._lent: Counter[int] = Counter()
        self._changed = Condition()
        self._ended = False

    @contextmanager
    def lend(self, check: Callable[[], None] = lambda: None) -> Iterator[Session]:
        """One for oneself alone; whose turn it is asks `check` first whether it makes sense. Faults are the driver's.

        It is not kept where the database, or anything but a refusal of ours, put an end to what was done with it.
        """
        thread = get_ident()
        self._wait(thread)
        session, is_sound = None, False
        try:
            check()
            session = self._find()
            try:
                yield session
            except PolicyError as error:
                is_sound = not isinstance(error, LedgerError)
                raise
            is_sound = True
        finally:
            self._take_back(thread, session, is_sound=is_sound)

    def close(self) -> None:
        """Let go of all, of those that are lent once they come back."""
        with self._changed:
            self._ended = True
        self._drop()

    def _wait(self, thread: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._lent[thread] or self._lent.total() < MOST)
            self._lent[thread] += 1

    def _find(self) -> Session:
        """One that answers, which may have been lost since it was used."""
        with self._changed:
            session = self._free.pop() if self._free else None
        if session is not None:
            if _answers(session):
                return session
            # What happened to one connection happened to the others.
            self._drop()
        return self._database.open_session()

    def _take_back(self, thread: int, session: Session | None, *, is_sound: bool) -> None:
        is_kept = session is not None and is_sound and _is_reset(session)
        with self._changed:
            self._lent[thread] -= 1
            if not self._lent[thread]:
                del self._lent[thread]
            is_kept = is_kept and not self._ended and len(self._free) < MOST
            if session is not None and is_kept:
                self._free.append(session)
            self._changed.notify()
        if session is not None and not is_kept:
            session.close()

    def _drop(self) -> None:
        with self._changed:
            dropped, self._free = self._free, []
        for session in dropped:
            session.close()


def _answers(session: Session) -> bool:
    try:
        session.read("SELECT 1")
    except Exception as error:
        session.close()
        if name_fault(error, "") is None:
            raise
        return False
    return True


def _is_reset(session: Session) -> bool:
    try:
        return session.reset()
    except Exception as error:
        if name_fault(error, "") is None:
            raise
        return False
