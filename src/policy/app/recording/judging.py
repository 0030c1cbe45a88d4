"""A decision made for the record: what it rests on is what is recorded, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.recording.redaction import redact_facts, redact_waivers
from policy.engine.judge import judge
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from policy.model.approval import Approval
    from policy.model.decision import Decision
    from policy.model.facts import Facts
    from policy.model.policy import PolicySet
    from policy.model.waiver import Waiver


class Basis(NamedTuple):
    """What a decision rests on as it may be recorded: `redacted` says where something was taken out of the facts.

    It is not `complete` where what was taken out changes an outcome: then the decision does not follow from it.
    """

    facts: Facts
    waivers: tuple[Waiver, ...]
    approvals: tuple[Approval, ...]
    redacted: dict[str, list[str]]
    complete: bool
    decision: Decision


def judge_for_record(
    policy_set: PolicySet,
    facts: Facts,
    *,
    gate: str,
    now: datetime,
    waivers: Sequence[Waiver] = (),
    approvals: Sequence[Approval] = (),
) -> tuple[Decision, Basis]:
    """The decision that takes effect, and what it rests on.

    Its digests are those of what may be recorded: a digest of a secret, or of a name, is a way to find it out.
    """
    safe, places = redact_facts(facts)
    safe_waivers = redact_waivers(waivers)
    recorded = judge(policy_set, safe, gate=gate, now=now, waivers=safe_waivers, approvals=approvals)
    if not places and safe_waivers == tuple(waivers):
        return recorded, Basis(safe, safe_waivers, tuple(approvals), places, complete=True, decision=recorded)
    found = judge(policy_set, facts, gate=gate, now=now, waivers=waivers, approvals=approvals)
    shown = adopt_digests(found, recorded)
    complete = list_results(found) == list_results(recorded)
    basis = Basis(safe, safe_waivers, tuple(approvals), places, complete, recorded if complete else shown)
    return shown, basis


def adopt_digests(decision: Decision, other: Decision) -> Decision:
    """The decision under the digests of another one."""
    return decision._replace(
        id=other.id,
        basis=other.basis,
        subject_digest=other.subject_digest,
        evidence=other.evidence,
        waivers=other.waivers,
        stake=other.stake,
    )


def list_results(decision: Decision) -> list[tuple[str | None, ...]]:
    """What the decision does, policy by policy."""
    results = [(item.policy, item.outcome, item.effect, item.would_be) for item in decision.outcomes]
    return [(decision.verdict,), *results]
