"""Waivers by way of the ledger: asked for, and granted by those whom the policy set's waiver rules name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from policy.app.approvals.documents import DOCUMENT
from policy.engine.waiving import find_barriers, list_approvers
from policy.errors import PolicyError, Problem
from policy.language.identity import digest_policy_set
from policy.model.approval_settings import Need, Terms
from policy.model.canonical import digest
from policy.model.waiver_entry import Waiving
from policy.records.requests.asking import WAIVER, Question, ask
from policy.records.requests.clock import write_time

if TYPE_CHECKING:
    from policy.model.policy import PolicySet
    from policy.model.waiver_entry import WaiverEntry
    from policy.records.ledger import Ledger
    from policy.records.requests.asking import Asked


def find_waiver_terms(policy_set: PolicySet, policy: str) -> Terms:
    """Who may grant a waiver of a policy: one of those whom `waiver_rules` name, and nobody where it names none."""
    waiving = policy_set.waiving or Waiving()
    members = list_approvers(policy, waiving.rules)
    protected = any(policy in rule.protected for rule in waiving.rules)
    said = ", ".join(members) or "nobody: `waiver_rules: {approvers: {default: [NAME]}}` names who may waive"
    return Terms((Need(() if protected else members, 1, said),), 0, None)


def ask_for_waiver(
    ledger: Ledger, policy_set: PolicySet, entry: WaiverEntry, *, lasts: int, now: datetime | None = None
) -> Asked:
    """Open the request for a waiver, or join it. Raises PolicyError where nobody could grant it."""
    doubts = find_barriers(entry, policy_set.waiving or Waiving())
    if barriers := [Problem(f"the waiver could not count: {doubt.why}", doubt.remedy) for doubt in doubts]:
        raise PolicyError(*barriers)
    asked = build_waiver(entry)
    ends = datetime.combine(entry.expires + timedelta(days=1), datetime.min.time(), UTC)
    question = Question(
        kind=WAIVER,
        project=entry.subject,
        gate="",
        stake=digest({key: asked[key] for key in ("policy", "subject", "expires")}),
        subject=entry.policy,
        document={"format": DOCUMENT, "kind": WAIVER, "holding": [entry.policy], "waiver": asked},
        staked=None,
        policy_set=digest_policy_set(policy_set),
        requester=entry.requested_by,
        contributors=(entry.owner,),
        lasts=lasts,
        ends=write_time(ends),
    )
    return ask(ledger, question, now=now)


def is_met(ledger: Ledger, entry: WaiverEntry) -> bool:
    """Whether the ledger has a decision about any project that a waiver names. Raises LedgerError."""
    projects = ledger.read("SELECT DISTINCT project FROM decisions")
    return any(fnmatchcase(project, entry.subject) for (project,) in projects)


def build_waiver(entry: WaiverEntry) -> dict[str, Any]:
    """A waiver as its request has it."""
    texts = {
        key: getattr(entry, key) for key in ("policy", "subject", "reason", "owner", "ticket", "compensating_control")
    }
    return {**texts, "expires": entry.expires.isoformat()}
