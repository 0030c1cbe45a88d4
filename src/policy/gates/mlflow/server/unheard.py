"""Who is refused unheard, before any policy is asked: an entry of the ledger, once a day for the same."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from policy.gates.mlflow.server.recent import Recent
from policy.records.append import say_time
from policy.records.objects import Draft
from policy.records.runs.principals import identify_principal

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.runs.attempt import Admission
    from policy.records.ledger import Ledger

FORMAT: Final = "policy-run-refusal/1"
REMEMBERED: Final = 1000
# Entries a day about one person and reason, by one worker: whoever makes digests up does not fill the ledger.
MOST: Final = 100


class Unheard:
    """What this worker has put on record today; threads may share it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._day = ""
        self._recent = Recent(REMEMBERED)
        self._counts: Counter[tuple[str, str]] = Counter()

    def note(self, admission: Admission, server: str, policy_set: str, now: datetime) -> int | None:
        """The entry that says who was refused what and why; None where there are too many. Raises PolicyError."""
        attempt = admission.attempt
        case = (
            now.date().isoformat(),
            admission.reason,
            attempt.principal,
            attempt.experiment,
            attempt.manifest,
            admission.project,
        )
        known = self._recent.find(case)
        if known is not None:
            return known
        with self._lock:
            self._begin_day(now)
            if self._counts[attempt.principal, admission.reason] >= MOST:
                return None
        (entry,) = self._ledger.append([Draft("refusal", self._describe(admission, server, policy_set, now))])
        with self._lock:
            self._counts[attempt.principal, admission.reason] += 1
        self._recent.keep(case, entry.seq)
        return entry.seq

    def _begin_day(self, now: datetime) -> None:
        if now.date().isoformat() != self._day:
            self._day = now.date().isoformat()
            self._counts.clear()

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
