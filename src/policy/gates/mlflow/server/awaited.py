"""The ledger of a server that may start without it: what is governed waits until it answers, and nothing else does."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from copy import copy
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError
from policy.gates.mlflow.server.workers import note_awaiting, note_reached, recall_ledger, share_ledger
from policy.records.faults import LedgerError
from policy.records.reach import is_away

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from policy.model.ledger_settings import LedgerSettings
    from policy.records.ledger import Ledger

LOG: Final = logging.getLogger("policy.mlflow")
# Seconds between two tries: one that fails may take long.
PAUSE: Final = 5.0
# A server makes none: one that was moved, or is named wrongly, would be a new record without anybody being told.
ABSENT: Final = "make it with `policy ledger init`; where there was one, name its place: a new one knows no run"
# Seconds that a worker waits for other writers, and for an answer of the database: a thread of the server waits, too.
WAITS: Final = 4.0
PATIENCE: Final = 5.0


class AwaitedLedger:
    """Is used as a ledger; until it is open each use tries that, seldom, and fails as one of a ledger that is down.

    It is open once it is ready, too: before anything else is asked of it.
    """

    def __init__(self, settings: LedgerSettings) -> None:
        self._settings = settings
        self._prepare: Callable[[], None] = lambda: None
        self._ledger: Ledger | None = None
        # One that is being made ready, and the thread that does it.
        self._candidate: Ledger | None = None
        self._thread = 0
        self._fault: PolicyError | None = None
        self._again = 0.0
        self._lock = Lock()
        self._known = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it, if it is open."""
        for one in (self._ledger, self._candidate):
            if one is not None:
                one.close()

    @property
    def id(self) -> str:
        """Which ledger it is; other workers may know it while nobody reaches it."""
        return self._known or self._find().id

    @property
    def awaited(self) -> bool:
        """Whether it has not been reached since this worker started."""
        return self._ledger is None

    def reach(self) -> None:
        """Open it, but that it is not ready. Raises PolicyError unless it is only away for now."""
        try:
            self._open()
        except LedgerError as error:
            self._do_without(error)
            self._known = recall_ledger(self._settings.url)

    def begin(self, prepare: Callable[[], None]) -> None:
        """Make it ready, now or when it answers. Raises PolicyError unless it is only away for now."""
        self._prepare = prepare
        if self._candidate is None:
            return
        try:
            self._finish()
        except LedgerError as error:
            self._do_without(error)

    def _do_without(self, error: LedgerError) -> None:
        if not is_away(error, self._settings.url, self._settings.folder or "."):
            raise error
        self._note(error)
        note_awaiting()
        LOG.error("the server starts without its ledger: nothing that is governed begins until it answers")

    def _note(self, error: PolicyError) -> None:
        if str(error) != str(self._fault):
            LOG.error("the ledger cannot be used: %s", error)
        self._fault, self._again = copy(error), time.monotonic() + PAUSE

    def _find(self) -> Ledger:
        if self._ledger is not None:
            return self._ledger
        if self._candidate is not None and self._thread == get_ident():
            return self._candidate
        # Nobody waits for who tries: with a ledger that is down that takes long.
        if not self._lock.acquire(blocking=False):
            raise self._repeat()
        try:
            return self._try()
        finally:
            self._lock.release()

    def _try(self) -> Ledger:
        if self._ledger is not None:
            return self._ledger
        if time.monotonic() < self._again:
            raise self._repeat()
        try:
            self._open(self._known)
            ledger = self._finish()
        except PolicyError as error:
            self._note(error)
            raise
        LOG.warning("the ledger answers: what is governed is judged again")
        return ledger

    def _repeat(self) -> PolicyError:
        return copy(self._fault) if self._fault is not None else LedgerError("lost", "the ledger is not open yet")

    def _open(self, expect: str = "") -> None:
        from policy.records.ledger import open_ledger
        from policy.records.runs.uploads import drop_expired

        folder = self._settings.folder or "."
        how: dict[str, Any] = {"create": False, "expect": expect, "timeout": WAITS, "patience": PATIENCE}
        try:
            ledger = open_ledger(self._settings.url, folder=folder, **how)
        except LedgerError as error:
            if error.kind != "absent":
                raise
            raise LedgerError("absent", error.problems[0].message, ABSENT) from None
        # Where it cannot be done now, the next server that starts does it.
        with suppress(PolicyError):
            drop_expired(ledger)
        self._candidate, self._thread = ledger, get_ident()

    def _finish(self) -> Ledger:
        """Make what is open ready, or let go of it."""
        ledger = self._find()
        try:
            self._prepare()
            self._ledger, self._known = ledger, ledger.id
        finally:
            self._candidate = None
            if self._ledger is None:
                ledger.close()
        note_reached()
        share_ledger(self._settings.url, ledger.id)
        return ledger


def is_awaited(ledger: Any) -> bool:
    """Whether a server has not reached its ledger since it started."""
    return isinstance(ledger, AwaitedLedger) and ledger.awaited
