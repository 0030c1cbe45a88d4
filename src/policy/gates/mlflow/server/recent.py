"""What a worker has put on record lately, so that the same is not recorded again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock


class Recent:
    """The numbers of entries by what they are about, the last ones; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, ...], int] = OrderedDict()

    def find(self, case: tuple[str, ...]) -> int | None:
        """The entry about something; None where there is none, or it was long ago."""
        with self._lock:
            return self._known.get(case)

    def keep(self, case: tuple[str, ...], seq: int) -> None:
        """Remember an entry, and forget the oldest."""
        with self._lock:
            self._known[case] = seq
            while len(self._known) > self._most:
                self._known.popitem(last=False)
