"""Runs about which the ledger need not be asked at each write."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.records.runs.rows import RunRow

REMEMBERED: Final = 10_000
# So long a worker may not see what another has found out about a run.
SECONDS: Final = 5.0


class Known(NamedTuple):
    """What the ledger said of a run, None where nothing governs it; and until when that is believed."""

    row: RunRow | None
    ends: float


class Settled:
    """By the ids of runs; threads may share it."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, Known] = OrderedDict()
        self._lock = Lock()

    def find(self, run: str) -> Known | None:
        """What is known of a run, and still believed."""
        with self._lock:
            known = self._runs.get(run)
        return known if known is not None and time.monotonic() < known.ends else None

    def keep(self, run: str, row: RunRow | None) -> None:
        """Ask no more about a run for a while."""
        with self._lock:
            self._runs[run] = Known(row, time.monotonic() + SECONDS)
            self._runs.move_to_end(run)
            while len(self._runs) > REMEMBERED:
                self._runs.popitem(last=False)

    def forget(self, run: str) -> None:
        """Ask again."""
        with self._lock:
            self._runs.pop(run, None)

    def clear(self) -> None:
        """Ask again about all."""
        with self._lock:
            self._runs.clear()
