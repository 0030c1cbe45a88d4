"""What trackers of findings show of a decision: alerts, each with a place, a rule and a fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.errors import Location
from policy.model.gates import EFFECTS
from policy.model.manifest import MANIFEST_NAME
from policy.reports.approved import is_approved
from policy.reports.fingerprints import (
    PROPOSED,
    UNASSESSED,
    fingerprint_findings,
    fingerprint_proposal,
    fingerprint_unassessed,
)
from policy.reports.known import say_comparison
from policy.reports.layout import clean, count_noun
from policy.reports.proposals import say_proposed
from policy.reports.unassessed import find_gaps, name_unassessed
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.baseline import Comparison
    from policy.model.decision import Decision, Outcome
    from policy.reports.fingerprints import KnownFinding
    from policy.reports.reporter import ReportContext

ACTING: Final = EFFECTS[1:]


class Alert(NamedTuple):
    """One alert: `rule` is a policy or one of the reserved ids, `outcome` what the policy said, where it is one.

    `effect` is what acts, None where nothing does: a finding that is held back, or that is waived. `comparison` is how
    it compares with the baseline, where there is one. It is `approved` where an approval lets it pass.
    """

    rule: str
    message: str
    place: Location
    fingerprint: str
    effect: str | None = None
    outcome: Outcome | None = None
    comparison: Comparison | None = None
    approved: bool = False

    @property
    def is_known(self) -> bool:
        """Whether the baseline covers it."""
        return self.comparison is not None and self.comparison.is_covered

    @property
    def waived(self) -> bool:
        return self.outcome is not None and self.outcome.outcome == "waived"


def list_alerts(decision: Decision, context: ReportContext) -> Iterator[Alert]:
    """Failures, errors, unknown outcomes that act, and contradictions.

    The rest that was not assessed is one alert, and so is what policies would do that the change proposes.
    """
    whole = locate_subject(decision, context)
    outcomes = {outcome.policy: outcome for outcome in decision.outcomes}
    waiting = dict.fromkeys(name_unassessed(decision))
    compared = list(decision.baseline.findings) if decision.baseline is not None else []
    for finding in fingerprint_findings(decision):
        outcome = outcomes.get(finding.policy)
        passes = outcome is not None and is_approved(outcome, decision)
        idle = finding.outcome == "unknown" and finding.effect not in ACTING
        if idle and not finding.waived and not passes:
            continue
        waiting.pop(finding.policy, None)
        # What is waived is not among them, nor what is only unknown.
        comparison = compared.pop(0) if compared and not (finding.waived or idle) else None
        message = _say_finding(finding, outcome, comparison, passes=passes)
        place, mark = finding.location or whole, finding.fingerprint
        yield Alert(finding.policy, message, place, mark, finding.effect, outcome, comparison, passes)
    if waiting:
        message = _say_waiting(decision, list(waiting))
        yield Alert(UNASSESSED, message, whole, fingerprint_unassessed(decision, waiting))
    if decision.proposed is not None:
        mark = fingerprint_proposal(decision, decision.proposed)
        yield Alert(PROPOSED, end_sentence(say_proposed(decision)), whole, mark)


def locate_subject(decision: Decision, context: ReportContext) -> Location:
    """The first line of the file that the subject is known by; trackers take nothing without a place."""
    subject = decision.subject
    return Location(subject.manifest or subject.training_config or context.config or MANIFEST_NAME)


def _say_finding(finding: KnownFinding, outcome: Outcome | None, comparison: Comparison | None, *, passes: bool) -> str:
    """What was found, and what to do instead, in sentences on one line."""
    said = finding.message
    if (finding.waived or passes) and outcome is not None:
        said = f"{outcome.note}: {said}"
    elif finding.would_be and not finding.effect:
        said = f"would {finding.would_be}: {said}"
    parts = [said]
    if outcome is not None and outcome.note and not (finding.waived or passes):
        parts.append(f"Note: {outcome.note}")
    if outcome is not None and finding.outcome == "fail" and not passes:
        parts += [outcome.fix, f"Instead: {', '.join(outcome.instead)}" if outcome.instead else ""]
    told = say_comparison(comparison)
    parts.append(f"{told[:1].upper()}{told[1:]}")
    return " ".join(end_sentence(clean(part)) for part in parts if part)


def end_sentence(text: str) -> str:
    """The text with a full stop, where it has no end of its own."""
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _say_waiting(decision: Decision, names: list[str]) -> str:
    """Which policies could not be judged, and what would settle it."""
    found = find_gaps(decision)
    parts = [f"{count_noun(len(names), 'policy')} not assessed: {', '.join(names)}"]
    wants = {
        "State in the manifest": [gap.fact for gap in found.gaps if gap.stated and set(gap.policies) & set(names)],
        "No evidence of": [gap.fact for gap in found.gaps if not gap.stated and set(gap.policies) & set(names)],
        "No value in the policy set for": list(found.parameters),
    }
    parts += [f"{word}: {', '.join(facts)}" for word, facts in wants.items() if facts]
    return " ".join(end_sentence(clean(part)) for part in parts)
