"""Counts over decisions as they stream by: what is kept grows with projects and policies, not with decisions."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from policy.app.auditing.fixes import Fixes
from policy.app.auditing.period import choose_step, list_steps, name_step
from policy.model.audit import RESULTS, Contradicted, Counts, Latest, MissingFact

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from policy.app.auditing.documents import Row

Subject = tuple[str, str]
RUN_GATES: Final = ("run", "release")


class SetUse:
    """How often a policy set was in force, between which times."""

    def __init__(self, engine: str, time: str) -> None:
        self.engine = engine
        self.decisions = 0
        self.first = self.last = time


class Tally:
    """`in_force` is how many policies of a policy set are in scope; nobody knows of one that is not there.

    Decisions of projects in `disordered` do not come in the order of their times.
    """

    def __init__(self, in_force: Mapping[str, int], disordered: Collection[str] = ()) -> None:
        self.in_force = in_force
        self.sets: dict[str, SetUse] = {}
        self.verdicts: dict[str, Counter[str]] = defaultdict(Counter)
        self.results: Counter[tuple[str, str]] = Counter()
        self.subjects: dict[Subject, dict[str, Latest]] = {}
        self.decided: Counter[Subject] = Counter()
        self.on_record: set[Subject] = set()
        self.waived: dict[tuple[str, str, str], list[int]] = {}
        # Of the gates of runs and releases: recorded verdicts by project and gate.
        self.gates: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.fixes = Fixes(disordered)
        self.recorded = self.judged = self.unread = self.erased = self.late = self.uncounted = self.idle = 0
        self._missing: Counter[tuple[str, str]] = Counter()
        self._lacking: dict[str, set[str]] = defaultdict(set)
        self._contradicted: dict[tuple[str, str], Contradicted] = {}

    def add(self, row: Row, entry: int = 0, facts: str = "") -> None:
        """Count a decision; without an entry it is on no record."""
        if entry:
            self.recorded += 1
        else:
            self.judged += 1
        self._note_set(row)
        self.verdicts[row.time[:10]][row.verdict] += 1
        self.results.update(zip(row.policies, row.results, strict=True))
        in_force = self.in_force.get(row.policy_set)
        if in_force is None:
            self.uncounted += 1
        else:
            self.idle += max(0, in_force - len(row.policies))
        subject = (row.project, row.config)
        self.decided[subject] += 1
        if entry:
            self.on_record.add(subject)
            if row.gate in RUN_GATES:
                self.gates[row.project, row.gate][row.verdict] += 1
        self.fixes.add(subject, row)
        self._note_latest(subject, row, entry, facts)
        for policy, ends in row.waived:
            self._note_waived(row, policy, ends)
        for fact, policy in row.missing:
            self._missing[fact, policy] += 1
            self._lacking[fact].add(row.project)
        for found in row.contradictions:
            self._note_contradiction(row, found)

    def pass_over(self, row: Row) -> None:
        """Count a decision that judged no policy in scope: they were in force all the same."""
        self.idle += self.in_force.get(row.policy_set, 0)

    def _note_set(self, row: Row) -> None:
        use = self.sets.get(row.policy_set)
        if use is None:
            use = self.sets[row.policy_set] = SetUse(row.engine, row.time)
        use.decisions += 1
        use.first, use.last = min(use.first, row.time), max(use.last, row.time)

    def _note_latest(self, subject: Subject, row: Row, entry: int, facts: str) -> None:
        gates = self.subjects.setdefault(subject, {})
        known = gates.get(row.gate)
        # Of two at one time the later entry counts, and what was judged for the report after all of them.
        if known is None or known.time <= row.time:
            gates[row.gate] = Latest(
                row.decision,
                entry,
                row.time,
                row.verdict,
                row.policy_set,
                row.evidence,
                facts,
                row.policies,
                row.results,
            )

    def _note_waived(self, row: Row, policy: str, ends: str) -> None:
        counts = self.waived.setdefault((policy, ends, row.project), [0, 0])
        counts[row.results[row.policies.index(policy)] == "waived-unknown"] += 1

    def _note_contradiction(self, row: Row, found: tuple[str, str, str, str]) -> None:
        field, declared, observed, source = found
        known = self._contradicted.get((row.project, field))
        count = known.decisions + 1 if known is not None else 1
        if known is not None and known.last > row.time:
            self._contradicted[row.project, field] = known._replace(decisions=count)
        else:
            made = Contradicted(row.project, field, declared, observed, source, count, row.time)
            self._contradicted[row.project, field] = made

    def count_all(self) -> Counts:
        """The denominators."""
        results = dict.fromkeys(RESULTS, 0)
        for (_, result), count in self.results.items():
            results[result] += count
        results["not-evaluated"] = self.idle
        verdicts: Counter[str] = Counter()
        for counted in self.verdicts.values():
            verdicts.update(counted)
        projects = len({project for project, _ in self.subjects})
        return Counts(
            self.recorded, self.judged, projects, results, verdicts, self.unread, self.erased, self.late, self.uncounted
        )

    def list_verdicts(self) -> tuple[str, tuple[tuple[str, Mapping[str, int]], ...]]:
        """Verdicts by day, week or month, whichever gives a number of steps that can be drawn."""
        days = sorted(self.verdicts)
        step = choose_step(days)
        steps: dict[str, Counter[str]] = {}
        if days:
            steps = {name: Counter() for name in list_steps(days[0], days[-1], step)}
        for day in days:
            steps.setdefault(name_step(day, step), Counter()).update(self.verdicts[day])
        return step, tuple(sorted(steps.items()))

    def list_missing(self) -> tuple[MissingFact, ...]:
        """The facts that were missing, those of most results first."""
        facts: dict[str, Counter[str]] = defaultdict(Counter)
        for (fact, policy), count in self._missing.items():
            facts[fact][policy] += count
        made = [
            MissingFact(fact, policies.total(), len(self._lacking[fact]), tuple(sorted(policies)))
            for fact, policies in facts.items()
        ]
        return tuple(sorted(made, key=lambda one: (-one.results, one.fact)))

    def list_contradicted(self) -> tuple[Contradicted, ...]:
        """The contradictions, those of most decisions first."""
        found = self._contradicted.values()
        return tuple(sorted(found, key=lambda one: (-one.decisions, one.project, one.field)))
