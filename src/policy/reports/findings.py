"""Which outcomes a report shows as findings, in what order, and what each is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.model.gates import EFFECTS, SEVERITIES
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import Location
    from policy.model.baseline import Comparison
    from policy.model.decision import ContradictionNote, Decision, Outcome, Reason
    from policy.model.policy import Policy

# What a test asks for, to follow `required:`.
WANTED = {
    "equals": "{}",
    "not_equals": "anything but {}",
    "one_of": "one of {}",
    "none_of": "none of {}",
    "at_least": "at least {}",
    "at_most": "at most {}",
    "more_than": "more than {}",
    "less_than": "less than {}",
    "not at_least": "not {} or more",
    "not at_most": "not {} or less",
    "not more_than": "not more than {}",
    "not less_than": "not less than {}",
    "contains": "{} in the list",
    "contains_any": "one of {} in the list",
    "contains_none": "none of {} in the list",
    "not contains": "no {} in the list",
    "starts_with": 'a text that starts with "{}"',
    "ends_with": 'a text that ends with "{}"',
    "matches": 'a text that matches "{}"',
    "not starts_with": 'a text that does not start with "{}"',
    "not ends_with": 'a text that does not end with "{}"',
    "not matches": 'a text that does not match "{}"',
    "some": "an entry as described",
    "not some": "no such entry",
    "each": "every entry as described",
    "not each": "an entry that breaks the rule",
    "count": "another number of entries",
    "not count": "another number of entries",
}
SINGLE = {"one_of": "equals", "none_of": "not_equals", "contains_any": "contains", "contains_none": "not contains"}


APPROVED: Final = "approved"
"""The level of what would hold, and passes by an approval."""


class Finding(NamedTuple):
    """An outcome that acts or would act: what it does in a word, and where it stands among others.

    It is `brief` where it only flags that a policy could not be judged: all there is to say is what is missing.
    `comparison` is how it compares with the baseline, where there is one.
    """

    outcome: Outcome
    level: str
    rank: tuple[int, int, int, str]
    brief: bool = False
    comparison: Comparison | None = None

    @property
    def is_passed(self) -> bool:
        """Whether a waiver or an approval takes its effect away."""
        return self.level == APPROVED or self.outcome.outcome == "waived"

    @property
    def is_known(self) -> bool:
        """Whether the baseline covers it."""
        return self.comparison is not None and self.comparison.is_covered


def list_findings(decision: Decision) -> list[Finding]:
    """Failures, errors and unknown outcomes that act, hardest effect first; what is held back or known comes last.

    An unknown outcome that does no more than advise is left to the list of what was not assessed.
    """
    compared = decision.baseline.by_policy if decision.baseline is not None else {}
    passed = decision.approved.policies if decision.approved is not None else ()
    findings = [
        _make_passed(outcome) if outcome.policy in passed else _make_finding(outcome, compared.get(outcome.policy))
        for outcome in decision.outcomes
        if outcome.policy in passed or is_shown(outcome)
    ]
    return sorted(findings, key=lambda finding: finding.rank)


def list_contradictions(decision: Decision) -> Iterator[tuple[ContradictionNote, Comparison | None]]:
    """Every contradiction, and how it compares with the baseline, where there is one."""
    compared = decision.baseline.contradictions if decision.baseline is not None else ()
    for position, found in enumerate(decision.contradictions):
        yield found, compared[position] if compared else None


def is_shown(outcome: Outcome) -> bool:
    """Whether an outcome is a finding."""
    if outcome.outcome == "unknown":
        return outcome.effect in ("flag", "hold", "block")
    if outcome.outcome == "waived":
        # A waived outcome that could not be judged has nothing to show but what it lacks.
        return not outcome.missing
    return outcome.outcome in ("fail", "error")


def ends_run(effect: str | None, fail_on: str) -> bool:
    """Whether an effect makes the command end with another code than 0; a held project waits for approval."""
    return effect in ("hold", "block") or effect == fail_on == "flag"


def _make_passed(outcome: Outcome) -> Finding:
    """What would hold, and passes because somebody approved it."""
    effect = outcome.would_be or "hold"
    return Finding(outcome, APPROVED, (3, -EFFECTS.index(effect), -SEVERITIES.index(outcome.severity), outcome.policy))


def _make_finding(outcome: Outcome, comparison: Comparison | None) -> Finding:
    effect = outcome.effect or outcome.would_be or "advise"
    is_known = comparison is not None and comparison.is_covered
    held_back = 3 if outcome.outcome == "waived" else 2 if is_known else 0 if outcome.effect else 1
    level = "waived" if outcome.outcome == "waived" else effect if outcome.effect else f"would {effect}"
    rank = (held_back, -EFFECTS.index(effect), -SEVERITIES.index(outcome.severity), outcome.policy)
    brief = outcome.outcome == "unknown" and level == "flag"
    return Finding(outcome, f"known {level}" if is_known else level, rank, brief, comparison)


def say_wanted(reason: Reason, *, alternative: bool = False) -> str:
    """What the policy asks for at a place: `required: at least 30d`; one of several ways where `alternative`."""
    if reason.test == "present":
        wanted = "a value" if reason.expected == "true" else "no value"
    else:
        test, expected = _unpack(reason)
        wanted = WANTED.get(test, "{}").format(expected)
    return f"{'one way' if alternative else 'required'}: {wanted}"


def _unpack(reason: Reason) -> tuple[str, str]:
    """The test and its right side; a test against a list of one value is one against that value."""
    if reason.test not in SINGLE:
        return reason.test, reason.expected
    values = reason.expected.removeprefix("[").removesuffix("]")
    if not values:
        return reason.test, "an empty list"
    return (reason.test if ", " in values else SINGLE[reason.test]), values


def find_alternatives(policy: Policy | None) -> frozenset[Location]:
    """Where the tests of a policy stand of which one is enough."""
    return policy.alternatives if policy else frozenset()
