"""A baseline: the findings that are known, and how the findings of a decision compare with them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from policy.model.fingerprint import CONTRADICTION
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from policy.errors import Problem
    from policy.model.decision import Decision
    from policy.model.summary import Summary

    Key = tuple[str, str | None, tuple[tuple[str, str], ...]]

# Where nobody waits for an approval and nothing is done yet: a baseline opens no other gate.
BASELINE_GATES: Final = ("check", "commit", "ci")
BASELINE_NAME: Final = ".policy-baseline.json"
STATES: Final = ("known", "improved", "worsened", "new")
# What a run does not fail for.
COVERED: Final = ("known", "improved")


class BaselineEntry(NamedTuple):
    """One finding that is known, at one gate, since a day (UTC).

    `subject` is the file that it was found in: as long as that is there the entry is about no other one, and when it is
    gone the finding may have moved. `values` are pairs of field and value; of a contradiction what is declared of the
    field and what was observed.
    """

    policy: str
    project: str | None
    subject: str | None
    gate: str
    outcome: str
    effect: str | None
    severity: str | None
    traits: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]
    fingerprint: str
    since: date

    @property
    def key(self) -> Key:
        """What two findings share of which one may have become the other."""
        return (self.policy, self.project, self.traits)


class Baseline(NamedTuple):
    """The known findings of a file, and the digest of the policy set behind those of each gate.

    `problems` are what is to be said of it though it can be read.
    """

    file: str
    entries: tuple[BaselineEntry, ...] = ()
    policy_sets: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()


class Comparison(NamedTuple):
    """How one finding compares with the baseline: one of `STATES`, since when it is known, and what is different."""

    policy: str
    fingerprint: str
    state: str
    since: date | None = None
    note: str = ""

    @property
    def bare(self) -> Comparison:
        """The same for every policy of which it is to be said."""
        return self._replace(policy="", fingerprint="")

    @property
    def is_covered(self) -> bool:
        return self.state in COVERED


class Compared(NamedTuple):
    """The findings of a decision, in its order, and the verdict of those alone that the baseline does not cover."""

    verdict: str
    findings: tuple[Comparison, ...]

    @property
    def by_policy(self) -> dict[str, Comparison]:
        """How the finding of each policy compares."""
        return {found.policy: found for found in self.findings}

    @property
    def contradictions(self) -> tuple[Comparison, ...]:
        """How each contradiction compares."""
        return tuple(found for found in self.findings if found.policy == CONTRADICTION)


class BaselineCounts:
    """How a run compares with its baseline: verdicts beyond it, findings by state, and the entries that are fixed."""

    def __init__(self, file: str = "", entries: int = 0) -> None:
        self.file = file
        self.entries = entries
        self.verdicts: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self.fixed: tuple[BaselineEntry, ...] = ()

    def count(self, decision: Decision) -> None:
        """Add one decision; of one that was not compared nothing is known."""
        compared = decision.baseline or Compared(decision.verdict, ())
        self.verdicts[compared.verdict] += 1
        self.states.update(finding.state for finding in compared.findings)

    def merge(self, other: Summary) -> None:
        """Add the counts of another part of the run."""
        self.verdicts.update(other.verdicts if other.baseline is None else other.baseline.verdicts)
        self.states.update(other.baseline.states if other.baseline is not None else ())
