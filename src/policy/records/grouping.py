"""Group commit: what several threads append at the same time becomes durable together."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Final

from policy.records.faults import OF_A_DRAFT, LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.records.entry import Entry
    from policy.records.planning import Prepared

MOST: Final = 1000


class Request:
    """What one thread appends, and what came of it."""

    def __init__(self, drafts: Sequence[Prepared]) -> None:
        self.drafts = drafts
        self.answers: list[Entry] | None = None
        self.error: BaseException | None = None

    @property
    def is_answered(self) -> bool:
        return self.answers is not None or self.error is not None


class Group:
    """Threads that append through one session; whoever comes first commits for all who wait."""

    def __init__(self, commit: Callable[[Sequence[Prepared]], list[Entry]]) -> None:
        self._commit = commit
        self._lock = Lock()
        self._waiting: deque[Request] = deque()

    def append(self, drafts: Sequence[Prepared], check: Callable[[], None] = lambda: None) -> list[Entry]:
        """The entries of these drafts, durable; whose turn it is asks `check` first whether it makes sense."""
        request = Request(drafts)
        self._waiting.append(request)
        with self._lock:
            if not request.is_answered:
                self._check(request, check)
            while not request.is_answered:
                self._answer(self._take())
        if request.error is not None:
            raise request.error
        return request.answers or []

    def _check(self, request: Request, check: Callable[[], None]) -> None:
        try:
            check()
        except LedgerError:
            self._waiting.remove(request)
            raise

    def _take(self) -> list[Request]:
        taken = [self._waiting.popleft()]
        count = len(taken[0].drafts)
        while self._waiting and count + len(self._waiting[0].drafts) <= MOST:
            taken.append(self._waiting.popleft())
            count += len(taken[-1].drafts)
        return taken

    def _answer(self, requests: list[Request]) -> None:
        try:
            if len(requests) == 1:
                requests[0].answers = self._commit(requests[0].drafts)
                return
            answers = iter(self._commit([draft for request in requests for draft in request.drafts]))
            for request in requests:
                request.answers = [next(answers) for _ in request.drafts]
        except LedgerError as error:
            if error.kind in OF_A_DRAFT and len(requests) > 1:
                # One of them is at fault; the others are not to suffer for it.
                for request in requests:
                    self._answer([request])
                return
            _refuse(requests, error)
        except BaseException as error:
            _refuse(requests, LedgerError("lost", "whoever appended for several was interrupted"))
            raise error from None


def _refuse(requests: list[Request], error: BaseException) -> None:
    for request in requests:
        request.error = error
