"""What is released because nothing is enforced there: an entry of the ledger, once a day for the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.approvals.secrecy import redact_document
from policy.app.runs.recent import Recent
from policy.records.append import say_time
from policy.records.objects import Draft
from policy.records.runs.principals import identify_principal

if TYPE_CHECKING:
    from datetime import datetime

    from policy.gates.mlflow.server.origins import Release
    from policy.records.ledger import Ledger

FORMAT: Final = "policy-observed-release/1"
TYPE: Final = "observed-release"
REMEMBERED: Final = 1000


class Watched:
    """What this worker has put on record today; threads may share it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._recent: Recent[tuple[str, ...], int] = Recent(REMEMBERED)

    def note(self, release: Release, said: str, principal: str, server: str, policy_set: str, now: datetime) -> int:
        """The entry that says what passed, and why it would have been refused. Raises PolicyError."""
        case = (now.date().isoformat(), *release, said, principal)

        def make() -> int:
            payload = describe(release, said, server, policy_set, now)
            payload["principal"] = identify_principal(self._ledger, principal)
            (entry,) = self._ledger.append([Draft(TYPE, payload)])
            return entry.seq

        return self._recent.find_or_make(case, make) or 0


def describe(release: Release, said: str, server: str, policy_set: str, now: datetime) -> dict[str, Any]:
    """What is recorded of it; where its files are is not, for an address may hold a secret."""
    return {
        "format": FORMAT,
        "server": server,
        "model": redact_document(release.name),
        "version": redact_document(release.version) or None,
        "run": release.run or None,
        "logged_model": release.model or None,
        "said": redact_document(said),
        "policy_set": policy_set,
        "time": say_time(now),
    }
