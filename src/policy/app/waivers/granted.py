"""Waivers that were granted in the ledger, as the policy set that judges lets them count."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from policy.engine.waiving import find_excess, find_foreign, tell_nearness
from policy.errors import PolicyError
from policy.model.waiver_entry import Standing, Waiving
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.workspace import Workspace
    from policy.errors import Problem
    from policy.model.ledger_settings import LedgerSettings
    from policy.model.policy import PolicySet
    from policy.records.ledger import Ledger


class Granted(NamedTuple):
    """How the waivers of a ledger stand, and why it could not be asked."""

    standings: tuple[Standing, ...] = ()
    problems: tuple[Problem, ...] = ()


def find_granted(workspace: Workspace, settings: LedgerSettings, now: datetime, home: str | None = None) -> Granted:
    """How they stand, and why the ledger could not be asked, as warnings: then nothing is waived by it."""
    from policy.app.ledgers.proposed import refuse_proposed
    from policy.app.recording.writing import find_folder

    folder = find_folder(workspace, settings, home)
    try:
        refuse_proposed(workspace, settings.url, folder)
    except PolicyError as error:
        return Granted(problems=_warn(error))
    return read_granted(workspace.policy_set, settings.url, folder, now)


def suppose_granted(workspace: Workspace, gate: str, now: datetime) -> Granted:
    """The same of a policy set at a gate as if it were the trusted one, wherever its ledger lies."""
    settings = workspace.policy_set.ledger
    if settings is None or workspace.policy_set.waiving is None or not settings.covers(gate):
        return Granted()
    from policy.app.recording.writing import find_folder

    return read_granted(workspace.policy_set, settings.url, find_folder(workspace, settings), now)


def read_granted(policy_set: PolicySet, url: str, folder: str, now: datetime) -> Granted:
    """What a ledger has granted; one that nobody has made yet has granted nothing."""
    from policy.records.faults import LedgerError
    from policy.records.ledger import open_ledger

    try:
        with open_ledger(url, folder=folder, create=False) as ledger:
            return Granted(list_standings(ledger, policy_set, now))
    except PolicyError as error:
        absent = isinstance(error, LedgerError) and error.kind == "absent"
        return Granted() if absent else Granted(problems=_warn(error))


def _warn(error: PolicyError) -> tuple[Problem, ...]:
    return tuple(problem._replace(level="warning") for problem in error.problems)


def list_standings(ledger: Ledger, policy_set: PolicySet, now: datetime) -> tuple[Standing, ...]:
    """How the waivers of a ledger stand at a time by a policy set: those that somebody granted by its own rules."""
    from policy.app.approvals.holding import find_settings
    from policy.app.approvals.waiving import find_waiver_terms
    from policy.records.requests.waivers import list_granted

    waiving = policy_set.waiving or Waiving()

    # Who says that it is yesterday does not bring back what has ended.
    entries = list_granted(
        ledger,
        max(now, datetime.now(UTC)),
        find_settings(policy_set),
        lambda policy: find_waiver_terms(policy_set, policy),
    )
    found = []
    today = now.astimezone(UTC).date()
    for entry in entries:
        # Nor does what was granted since count for a day that is over.
        if entry.approved_on is not None and entry.approved_on > today:
            continue
        # Who may grant it, and that it is not protected, was seen when its votes were counted.
        doubts = (*find_foreign(entry, waiving.finals), *find_excess(entry, waiving.rules))
        left = (entry.expires - today).days
        state = "refused" if doubts else "expired" if left < 0 else tell_nearness(left, waiving.rules)
        if state != "expired":
            found.append(Standing(entry, state, doubts, left))
    return tuple(found)
