"""The counts of a run: what was judged, how it came out, and the exit code that this makes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.errors import Problem
    from policy.model.baseline import BaselineCounts
    from policy.model.decision import Decision
    from policy.model.recording import RecordCounts
    from policy.model.waiver_entry import Standing


class Summary:
    """Counts over decisions; `verdicts` and `outcomes` count each word, `effects` each effect that acts.

    `kept_back` counts the effects that a mode, a waiver or a gate held back, `unassessed` the policies
    that could not be judged, `inapplicable` the subjects to which no policy applies. `waivers` is how those of
    the policy set stand when the run is over. With a `baseline` the exit code is that of what it does not cover.
    `records` is what a ledger keeps of the run, where there is one.
    """

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.kept_back: Counter[str] = Counter()
        self.unassessed = 0
        self.inapplicable = 0
        self.contradictions = 0
        self.waivers: tuple[Standing, ...] = ()
        self.baseline: BaselineCounts | None = None
        self.records: RecordCounts | None = None

    def count(self, decision: Decision) -> None:
        """Add one decision."""
        self.verdicts[decision.verdict] += 1
        if self.baseline is not None:
            self.baseline.count(decision)
        for outcome in decision.outcomes:
            self.outcomes[outcome.outcome] += 1
            if outcome.effect:
                self.effects[outcome.effect] += 1
            if outcome.would_be:
                self.kept_back[outcome.would_be] += 1
        self.unassessed += len(decision.not_assessed)
        self.contradictions += len(decision.contradictions)
        self.inapplicable += all(outcome.outcome == "not-applicable" for outcome in decision.outcomes)

    def merge(self, other: Summary) -> None:
        """Add the counts of another run."""
        for name in ("verdicts", "outcomes", "effects", "kept_back"):
            getattr(self, name).update(getattr(other, name))
        self.unassessed += other.unassessed
        self.inapplicable += other.inapplicable
        self.contradictions += other.contradictions
        if self.baseline is not None:
            self.baseline.merge(other)

    @property
    def subjects(self) -> int:
        """How many subjects were judged."""
        return self.verdicts.total()


def exit_code(summary: Summary, problems: Sequence[Problem], fail_on: str) -> int:
    """The exit code of a run: of several, 2 (input) before 1 (blocked) before 4 (held) before 3 (nothing judged)."""
    if any(problem.level == "error" for problem in problems):
        return 2
    failing = {"flag": ("flag", "hold", "block"), "hold": ("hold", "block")}.get(fail_on, ("block",))
    verdicts = summary.verdicts if summary.baseline is None else summary.baseline.verdicts
    # What must be on record and is not takes no effect.
    unrecorded = summary.records.effect if summary.records is not None else None
    if any(verdicts[verdict] for verdict in failing) or unrecorded in failing:
        return 1
    if verdicts["hold"] or unrecorded == "hold":
        return 4
    return 0 if summary.subjects else 3
