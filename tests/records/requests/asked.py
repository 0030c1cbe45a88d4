"""Questions, rules and votes for tests of requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from policy.model.approval import Approval
from policy.model.approval_settings import ApprovalRule, ApprovalSettings, find_terms
from policy.model.waiver import Waiver
from policy.records.ledger import Ledger
from policy.records.requests.asking import Question, ask
from policy.records.requests.rows import Row
from policy.records.requests.standing import list_grants
from policy.records.requests.voting import Ballot, Voted, vote
from policy.records.requests.waivers import list_granted

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
STAKE = "sha256:" + "1" * 64
SETTINGS = ApprovalSettings(
    roles={"leads": ("alice", "bob", "carol"), "on-call": ("olga",)},
    people={"bob": ("os:bobby", "robert@example.com")},
    rules=(ApprovalRule(roles=("leads",), quorum=2),),
    override_roles=("on-call",),
)
SINGLE = ApprovalSettings(roles={"leads": ("alice", "bob", "carol")}, rules=(ApprovalRule(roles=("leads",)),))


def make_question(**changes: Any) -> Question:
    """What a held decision asks."""
    question = Question(
        kind="approval",
        project="support-bot",
        gate="run",
        stake=STAKE,
        subject="",
        document={"holding": ["volatile-data"]},
        staked={"facts": {}, "gate": "run"},
        policy_set="sha256:" + "2" * 64,
        requester="os:dave@laptop",
        contributors=("Erin Ek <erin@example.com>", "support-ml"),
        lasts=14 * 86_400_000,
    )
    return question._replace(**changes)


def ask_one(ledger: Ledger, *, now: datetime | None = NOW, **changes: Any) -> Row:
    """A request that is open."""
    return ask(ledger, make_question(**changes), now=now).row


def say(
    ledger: Ledger,
    request: str,
    name: str,
    answer: str = "approve",
    *,
    reason: str = "because",
    settings: ApprovalSettings = SETTINGS,
    now: datetime | None = NOW,
) -> Voted:
    """A vote."""
    terms = find_terms(settings, ["volatile-data"], "run", "support-bot")
    return vote(ledger, request, Ballot(name, answer, reason, terms, settings), now=now)


def list_approvals(
    ledger: Ledger, project: str, gate: str, stake: str, now: datetime, **rules: Any
) -> tuple[Approval, ...]:
    """What the judge is told."""
    return tuple(grant.approval for grant in list_grants(ledger, project, gate, stake, now, **rules))


def list_waivers(ledger: Ledger, now: datetime, settings: ApprovalSettings = SETTINGS) -> list[Waiver]:
    """The waivers in force."""
    granted = list_granted(ledger, now, settings, lambda policy: find_terms(settings, [policy], "", ""))
    return [entry.waiver for entry in granted]


def list_types(ledger: Ledger) -> list[str]:
    """What was recorded, in order."""
    return [entry.type for entry in ledger.read_entries()]
