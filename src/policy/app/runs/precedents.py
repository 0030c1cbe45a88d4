"""Decisions of a moment ago that let runs begin: a sweep is judged once, and not for each of its runs."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.recording.judging import Basis
    from policy.model.decision import Decision

# So long nobody sees that something else would be found in the ledger now.
HOLDS_FOR: Final = timedelta(seconds=60)
MOST: Final = 1000


class Precedent:
    """A decision with what it rests on; once it is in the ledger, `recorded` is the id that it has there."""

    def __init__(self, decision: Decision, basis: Basis, made: datetime) -> None:
        self.decision = decision
        self.basis = basis
        self.made = made
        self.recorded = ""

    def holds(self, now: datetime) -> bool:
        """Whether judging again would find the same: facts may depend on the day."""
        return self.made <= now < self.made + HOLDS_FOR and now.date() == self.made.date()


class Precedents:
    """The last ones by all that they depend on; threads may share them."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Any, ...], Precedent] = OrderedDict()
        self._lock = Lock()

    def find(self, case: tuple[Any, ...], now: datetime) -> Precedent | None:
        """What was decided in the same case, if that still holds."""
        with self._lock:
            found = self._known.get(case)
            return found if found is not None and found.holds(now) else None

    def keep(self, case: tuple[Any, ...], precedent: Precedent) -> None:
        """Remember it in the place of an earlier one."""
        with self._lock:
            self._known[case] = precedent
            self._known.move_to_end(case)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
