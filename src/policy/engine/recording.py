"""A judgement → the decision that is kept: digests of every input, contradictions, and what was not assessed."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from policy.__about__ import __version__
from policy.engine.settling import say_settling
from policy.language.explanation import show_value
from policy.language.phrases import join_words
from policy.model.canonical import digest, encode_claims
from policy.model.decision import ContradictionNote, Decision, NotAssessed, Outcome
from policy.model.derived.derivations import list_open_inputs
from policy.model.schema import is_expression
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from policy.engine.plan import Plan
    from policy.model.approval import Approval
    from policy.model.facts import Facts
    from policy.model.waiver import Waiver

ENGINE = f"tunegate {__version__}"
NOTHING_DIGEST = digest([])
# What a training config is known by when its file has another name.
TRAITS = ("training.tool", "training.method", "training.adapter", "model.base")


class Judged(NamedTuple):
    """What was judged, and what came out."""

    plan: Plan
    facts: Facts
    gate: str
    now: datetime
    waivers: tuple[Waiver, ...]
    approvals: tuple[Approval, ...]
    outcomes: tuple[Outcome, ...]
    verdict: str
    stake: str


def write_time(time: datetime) -> str:
    """A time as decisions have it: in UTC, in whole seconds."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def record_decision(judged: Judged) -> Decision:
    """The decision with all its digests."""
    plan, facts, gate = judged.plan, judged.facts, judged.gate
    time = write_time(judged.now)
    inputs = digest_inputs(plan, facts, judged.waivers)
    basis = digest(inputs)
    approved = NOTHING_DIGEST
    if judged.approvals:
        approved = digest(sorted(list(map(str, approval)) for approval in judged.approvals))
    return Decision(
        id=digest({"basis": basis, "approvals": approved, "gate": gate, "time": time}),
        subject=facts.subject,
        gate=gate,
        time=time,
        verdict=judged.verdict,
        mode=plan.settings.mode,
        basis=basis,
        policy_set=inputs["policy_set"],
        subject_digest=inputs["subject"],
        evidence=inputs["evidence"],
        waivers=inputs["waivers"],
        approvals=approved,
        tables=inputs["tables"],
        engine=ENGINE,
        outcomes=judged.outcomes,
        contradictions=tuple(find_contradictions(facts)),
        not_assessed=tuple(find_unassessed(plan, facts, judged.outcomes)),
        stake=judged.stake,
        traits=tuple(list_traits(facts)),
    )


def list_traits(facts: Facts) -> Iterator[tuple[str, str]]:
    """What tells the training config of a subject from others; nothing of a subject without one."""
    for path in TRAITS if facts.subject.training_config is not None else ():
        fact = facts.judged.get(path)
        if fact is not None:
            yield path, show_value(facts.kind_of(path), fact.value)


def digest_inputs(plan: Plan, facts: Facts, waivers: tuple[Waiver, ...]) -> dict[str, str]:
    """The digests of everything but approvals, gate and time that the decision rests on."""
    claims = encode_claims(facts.claims, facts.schema)
    # What an expression says is the judge's own finding, whoever stated what it reads.
    declared = [row for row in claims if row[2] == "declared" and not is_expression(row[0])]
    observed = [row for row in claims if row[2] != "declared" or is_expression(row[0])]
    return {
        "policy_set": plan.digest,
        "subject": digest([list(facts.subject), declared]),
        "evidence": digest([observed, facts.unavailable, facts.faults]),
        "waivers": digest(sorted(list(map(str, waiver)) for waiver in waivers)) if waivers else NOTHING_DIGEST,
        "tables": facts.tables.digest,
        "engine": ENGINE,
    }


def find_contradictions(facts: Facts) -> list[ContradictionNote]:
    """The contradictions among the facts, as texts."""
    findings = []
    for path, claim, against in facts.contradictions:
        kind = facts.kind_of(path)
        strong, weak = show_value(kind, claim.value), show_value(kind, against.value)
        message = f"{path} is {against.origin} as {weak}, and {claim.origin} as {strong} ({claim.source})"
        findings.append(ContradictionNote(path, weak, strong, message, against.location, claim.location, claim.source))
    return findings


def find_unassessed(plan: Plan, facts: Facts, outcomes: tuple[Outcome, ...]) -> list[NotAssessed]:
    """The policies that could not be judged, and what would settle each."""
    unassessed = []
    for step, outcome in zip(plan.steps, outcomes, strict=True):
        if outcome is step.waiting:
            names = tuple(f"{step.policy.id}.{name}" for name in step.unset)
            settling = tuple(f"set {name} under `params` in the policy set" for name in names)
            unassessed.append(NotAssessed(step.policy.id, names, settling))
        elif outcome.missing:
            clauses = zip(outcome.missing, say_settling(step.policy, outcome.missing, facts), strict=True)
            settling = tuple(clause + name_inputs(path, facts) for path, clause in clauses)
            unassessed.append(NotAssessed(step.policy.id, outcome.missing, settling))
        elif outcome.outcome == "error":
            unassessed.append(NotAssessed(step.policy.id, (), (outcome.message,)))
    return unassessed


def name_inputs(path: str, facts: Facts) -> str:
    """What is not known of that from which a fact follows, for one that nobody can state; else nothing."""
    names = [] if facts.schema.fields[path].writable else list_open_inputs(path, facts.judged)
    if not names:
        return ""
    reasons = [f"{name} ({facts.unavailable[name]})" if name in facts.unavailable else name for name in names]
    return f"; of what it follows from, {join_words(reasons, 'and')} {'is' if len(names) == 1 else 'are'} not known"
