"""Who is refused unheard, a run or a release, before any policy is asked: an entry, once a day for the same."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.recent import Recent
from policy.gates.mlflow.server.watched import describe
from policy.records.append import say_time
from policy.records.objects import Draft
from policy.records.runs.principals import identify_principal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from policy.app.runs.attempt import Admission
    from policy.gates.mlflow.server.origins import Release
    from policy.records.ledger import Ledger

FORMAT: Final = "policy-run-refusal/1"
RELEASE_FORMAT: Final = "policy-release-refusal/1"
REMEMBERED: Final = 1000
# Entries a day about one person and reason, by one worker: whoever makes digests up does not fill the ledger.
MOST: Final = 100


class Unheard:
    """What this worker has put on record today; threads may share it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._day = ""
        self._recent: Recent[tuple[str, ...], int] = Recent(REMEMBERED)
        # By day, reason and person.
        self._counts: Counter[tuple[str, ...]] = Counter()

    def note(self, admission: Admission, server: str, policy_set: str, now: datetime) -> int | None:
        """The entry that says who was refused what and why; None where there are too many. Raises PolicyError."""
        attempt = admission.attempt
        about = (admission.reason, attempt.principal, attempt.experiment, attempt.manifest, admission.project)
        return self._note_once(about, now, lambda: self._describe(admission, server, policy_set, now))

    def note_release(
        self, release: Release, said: str, principal: str, server: str, policy_set: str, now: datetime
    ) -> int | None:
        """The same of a version, with why it may not be released."""

        def make() -> dict[str, Any]:
            asking = identify_principal(self._ledger, principal)
            return {**describe(release, said, server, policy_set, now), "format": RELEASE_FORMAT, "principal": asking}

        return self._note_once(("release", principal, *release, said), now, make)

    def _note_once(self, about: tuple[str, ...], now: datetime, make: Callable[[], dict[str, Any]]) -> int | None:
        """The entry about a reason, somebody and something, which is made where there is none of today."""
        day = now.date().isoformat()
        return self._recent.find_or_make((day, *about), lambda: self._append(day, about[:2], make))

    def _append(self, day: str, who: tuple[str, ...], make: Callable[[], dict[str, Any]]) -> int | None:
        """A new entry, unless there are as many as there may be, also of those that others are just making."""
        if not self._reserve(day, who):
            return None
        try:
            (entry,) = self._ledger.append([Draft("refusal", make())])
        except BaseException:
            with self._lock:
                self._counts[day, *who] -= 1
            raise
        return entry.seq

    def _reserve(self, day: str, who: tuple[str, ...]) -> bool:
        with self._lock:
            if self._day != day:
                self._day = day
                self._counts.clear()
            self._counts[day, *who] += 1
            is_free = self._counts[day, *who] <= MOST
            if not is_free:
                self._counts[day, *who] -= 1
            return is_free

    def _describe(self, admission: Admission, server: str, policy_set: str, now: datetime) -> dict[str, Any]:
        attempt = admission.attempt
        return {
            "format": FORMAT,
            "server": server,
            "experiment": attempt.experiment,
            "experiment_name": attempt.experiment_name,
            "principal": identify_principal(self._ledger, attempt.principal),
            "activity": attempt.activity,
            "manifest": attempt.manifest or None,
            "project": admission.project or None,
            "run": attempt.run or None,
            "reason": admission.reason,
            "policy_set": policy_set,
            "time": say_time(now),
        }
