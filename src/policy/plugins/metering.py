"""What a collector may take: its time and the sizes of files, checked where bytes are read.

Nothing is interrupted: whoever does much asks the meter now and then. So it works in threads and on every system.
"""

from __future__ import annotations

from contextvars import ContextVar
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextvars import Token
    from types import TracebackType
    from typing import Self

    from policy.model.evidence_settings import EvidenceSettings


class SpentError(BaseException):
    """The time is up. It is no `Exception`: code that looks after what breaks in it must not hold it up."""


class Watcher(Protocol):
    """Is told how far a long run is; often, so it must be quick."""

    def tell_reading(self, path: str, done: int, size: int) -> None:
        """So many bytes of a file are read."""

    def tell_judged(self, done: int, total: int) -> None:
        """So many projects are judged."""


class Meter:
    """Counts the time from when it is entered, within which `find_meter` gives it; without settings there is no limit.

    It hands what is read to its watcher.
    """

    def __init__(self, settings: EvidenceSettings | None = None, watcher: Watcher | None = None) -> None:
        self.watcher = watcher
        self._settings = settings
        self.size_limit: float = inf if settings is None else settings.size_limit
        self._deadline = inf
        self._token: Token[Meter] | None = None

    def __enter__(self) -> Self:
        if self._settings is not None:
            self._deadline = monotonic() + self._settings.time_limit / 1000
        self._token = _CURRENT.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _CURRENT.reset(self._token)

    def check_time(self) -> None:
        """Raises SpentError where the time is up."""
        if monotonic() > self._deadline:
            raise SpentError

    def limit_seconds(self, most: float = inf) -> float:
        """The seconds that are left, at most so many, for a call that waits. Raises SpentError where none are."""
        self.check_time()
        return min(most, max(self._deadline - monotonic(), 0.001))

    def find_excess(self, size: int) -> str:
        """Why so many bytes are too many for one file, to follow on `is larger than` or the like; empty where not."""
        return self._settings.describe_size() if self._settings is not None and size > self.size_limit else ""

    def pass_by(self, path: str, done: int, size: int) -> None:
        """Note that so much of a file is read. Raises SpentError, and OSError where the file is too large."""
        self.check_time()
        if done > self.size_limit:
            raise OSError(None, f"it is larger than {self.find_excess(done)}")
        if self.watcher is not None:
            self.watcher.tell_reading(path, done, size)


_CURRENT: ContextVar[Meter] = ContextVar("meter", default=Meter())  # noqa: B039 - this one is never changed


def find_meter() -> Meter:
    """The meter of what is running; outside of any, one without limits."""
    return _CURRENT.get()
