"""What a finding is known by from one run to the next: by what was found, not by where it stands."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policy.model.fingerprint import CONTRADICTION as CONTRADICTION  # noqa: PLC0414 - handed on
from policy.model.fingerprint import VERSION, hash_identity, make_fingerprint
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from policy.errors import Location, Problem
    from policy.model.decision import ContradictionNote, Decision, Outcome
    from policy.model.proposal import Proposed

# No policy can have these ids.
UNASSESSED: Final = "tunegate/not-assessed"
PROPOSED: Final = "tunegate/proposed"
INPUT: Final = "tunegate/input"
FOUND: Final = ("fail", "unknown", "error", "waived")


class KnownFinding(NamedTuple):
    """Something that a policy found, and its fingerprint: 64 hexadecimal digits, the same wherever it stands.

    `outcome` is fail, unknown or error, also of one that is `waived`; for contradictions it is `contradiction`.
    `values` are pairs of field and value; of a contradiction what is declared of the field and what was observed.
    """

    policy: str
    outcome: str
    effect: str | None
    would_be: str | None
    message: str
    location: Location | None
    fingerprint: str
    waived: bool = False
    severity: str | None = None
    values: tuple[tuple[str, str], ...] = ()


def fingerprint_findings(decision: Decision) -> tuple[KnownFinding, ...]:
    """Every failure, unknown outcome and error of a decision, waived ones too, in its order; then contradictions.

    Two that are alike in all that identifies them have one fingerprint; `number` tells them apart within a report.
    """
    outcomes = (_know_outcome(decision, outcome) for outcome in decision.outcomes if outcome.outcome in FOUND)
    return (*outcomes, *(_know_contradiction(decision, found) for found in decision.contradictions))


def fingerprint_unassessed(decision: Decision, policies: Collection[str]) -> str:
    """The fingerprint of what a decision could not assess of some policies: which, and for want of which facts."""
    lacking = sorted((item.policy, *item.missing) for item in decision.not_assessed if item.policy in policies)
    return _digest(decision, UNASSESSED, "unknown", lacking)


def fingerprint_proposal(decision: Decision, proposed: Proposed) -> str:
    """The fingerprint of what a change's own policies would make of a subject."""
    return _digest(decision, PROPOSED, proposed.verdict, proposed.policies)


def fingerprint_problem(problem: Problem) -> str:
    """The fingerprint of a problem with the input, wherever it stands."""
    return hash_identity([VERSION, INPUT, problem.level, problem.message])


def number(fingerprint: str, position: int) -> str:
    """The fingerprint of the so-many-th finding of a report, from 1, among those with the same one."""
    return fingerprint if position == 1 else sha256(f"{fingerprint}#{position}".encode()).hexdigest()


def _know_outcome(decision: Decision, outcome: Outcome) -> KnownFinding:
    result = outcome.outcome
    if result == "waived":
        # An outcome that ends with its waiver must not come back as another one.
        result = "unknown" if outcome.missing else "fail"
    return KnownFinding(
        outcome.policy,
        result,
        outcome.effect,
        outcome.would_be,
        outcome.message,
        outcome.location,
        _digest(decision, outcome.policy, result, outcome.values),
        outcome.outcome == "waived",
        outcome.severity,
        outcome.values,
    )


def _know_contradiction(decision: Decision, found: ContradictionNote) -> KnownFinding:
    values = [found.field, found.declared, found.observed]
    mark = _digest(decision, CONTRADICTION, "contradiction", values)
    sides = ((found.field, found.declared), (found.field, found.observed))
    return KnownFinding(
        CONTRADICTION, "contradiction", None, None, found.message, found.declared_at, mark, values=sides
    )


def _digest(decision: Decision, policy: str, outcome: str, values: Sequence[object]) -> str:
    return make_fingerprint(policy, name_project(decision), decision.traits, outcome, values)


def name_project(decision: Decision) -> str | None:
    """The project's name; what no manifest names is called by its path, which changes when it is moved."""
    return decision.subject.project if decision.subject.manifest is not None else None
