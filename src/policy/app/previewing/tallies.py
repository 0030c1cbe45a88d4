"""Counts of what was judged again: by verdict, by policy, and by project at its latest decision."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from policy.engine.plan import make_plan
from policy.model.gates import VERDICTS
from policy.model.preview import BLOCKED, FATES, FLAGGED, FREED, HELD, SAME, PolicyPreview, Tally
from policy.model.set_changes import VerdictCounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.previewing.bench import Bench, Judged, Pattern
    from policy.records.objects import DecisionRow

RANKS: Final = {verdict: rank for rank, verdict in enumerate(VERDICTS)}
_FATE: Final = {"block": BLOCKED, "hold": HELD, "flag": FLAGGED}
_ACTING: Final = ("block", "hold", "flag")
# So many kinds of decisions are counted apart before they are added to the counts of policies.
_PATTERNS: Final = 10_000


class Latest:
    """A subject at a gate: its latest decision, and how many of all became harder or milder."""

    __slots__ = ("harder", "judged", "milder", "result", "row")

    def __init__(self, row: DecisionRow, result: Judged) -> None:
        self.row = row
        self.result = result
        self.judged = self.harder = self.milder = 0

    @property
    def fate(self) -> str:
        """What becomes of it."""
        return tell_fate(self.row.verdict, self.result.verdict)


def tell_fate(old: str, new: str) -> str:
    """What a change from one verdict to another is called."""
    if old == new:
        return SAME
    return _FATE[new] if RANKS[new] > RANKS[old] else FREED


class PolicyCount:
    """What one policy does, over decisions and over projects."""

    def __init__(self) -> None:
        self.tally = Tally(Counter(), Counter(), Counter())
        self.newly = 0
        self.missing: Counter[str] = Counter()
        self.projects: set[str] = set()
        self.concerned: dict[str, set[str]] = defaultdict(set)
        self.owners: dict[str, str] = {}


class Tallies:
    """Takes in decisions, newest first; what it keeps grows with projects and policies, not with decisions."""

    def __init__(self, bench: Bench) -> None:
        self.counts = VerdictCounts()
        self.latest: dict[tuple[str, ...], Latest] = {}
        self._bench = bench
        self._patterns: Counter[tuple[str, str, Pattern]] = Counter()
        self._policies: dict[str, PolicyCount] = defaultdict(PolicyCount)

    def add(self, row: DecisionRow, judged: Judged) -> None:
        """One decision, and what it would be."""
        old, new = row.verdict, judged.verdict
        self.counts.transitions[old, new] += 1
        patterns = self._patterns
        patterns[old, new, judged.pattern] += 1
        if len(patterns) > _PATTERNS:
            self._settle()
        subject = judged.subject
        key = (subject.project, subject.manifest or "", subject.training_config or "", row.gate)
        latest = self.latest.get(key)
        if latest is None:
            latest = self.latest[key] = Latest(row, judged)
        elif row.time > latest.row.time:
            # What waited in a spool is recorded after what came later.
            latest.row, latest.result = row, judged
        latest.judged += 1
        if old != new:
            if RANKS[new] > RANKS[old]:
                latest.harder += 1
            else:
                latest.milder += 1

    def _settle(self) -> None:
        """Add what was counted by pattern to the counts of policies."""
        for (old, new, pattern), times in self._patterns.items():
            harder = RANKS[new] > RANKS[old]
            for name, (outcome, effect, kept) in self._list_acts(pattern):
                count = self._policies[name]
                count.tally.outcomes[outcome] += times
                if effect is not None:
                    count.tally.acts[effect] += times
                if kept is not None and outcome != "waived":
                    count.tally.kept[kept] += times
                count.newly += times if harder and effect == new else 0
            steps = make_plan(self._bench.policy_set, pattern.gate).steps
            for position, paths in pattern.missing:
                missing = self._policies[steps[position].policy.id].missing
                for path in paths:
                    missing[path] += times
        self._patterns.clear()

    def _list_acts(self, pattern: Pattern) -> Iterator[tuple[str, tuple[str, str | None, str | None]]]:
        steps = make_plan(self._bench.policy_set, pattern.gate).steps
        for step, code in zip(steps, pattern.codes, strict=True):
            yield step.policy.id, self._bench.acts[code]

    def list_responsible(self, judged: Judged) -> tuple[str, ...]:
        """The policies whose effects make the verdict."""
        acts = self._list_acts(judged.pattern)
        return tuple(name for name, (_, effect, _) in acts if effect == judged.verdict and effect != "allow")

    def list_outcomes(self, judged: Judged) -> dict[str, tuple[str, str | None]]:
        """Of each policy its outcome, and what it does or would do."""
        return {
            name: (outcome, effect or (f"would {kept}" if kept else None))
            for name, (outcome, effect, kept) in self._list_acts(judged.pattern)
        }

    def group_projects(self) -> dict[str, list[Latest]]:
        """The latest decisions of each project."""
        grouped: dict[str, list[Latest]] = {}
        for (project, *_), latest in sorted(self.latest.items()):
            grouped.setdefault(project, []).append(latest)
        return grouped

    def list_policies(self) -> Iterator[PolicyPreview]:
        """Every policy that judged anything, by its id."""
        self._settle()
        for latest in self.latest.values():
            self._count_project(latest)
        policies = {policy.id: policy for policy in self._bench.policy_set.policies}
        for name in sorted(self._policies):
            yield self._describe(name, policies[name].title)

    def _count_project(self, latest: Latest) -> None:
        result = latest.result
        project, owner = result.subject.project, result.owner
        for name, (outcome, effect, kept) in self._list_acts(result.pattern):
            count = self._policies[name]
            count.projects.add(project)
            done = {effect, kept} if outcome != "waived" else {effect}
            for act in done.intersection(_ACTING):
                count.concerned[str(act)].add(project)
                count.owners[project] = owner.team or owner.contact

    def _describe(self, name: str, title: str) -> PolicyPreview:
        policy_set, count = self._bench.policy_set, self._policies[name]
        starts = policy_set.starts.get(name)
        return PolicyPreview(
            name,
            title,
            policy_set.modes.get(name, "enforce"),
            starts.isoformat() if starts is not None else None,
            count.tally,
            count.newly,
            len(count.projects),
            {act: len(count.concerned[act]) for act in _ACTING},
            rank_counts(Counter(count.owners.values())),
            rank_counts(count.missing),
        )


def rank_counts(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """The most frequent first, and of equals by name."""
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def find_fate(several: list[Latest]) -> str:
    """The hardest change among some."""
    return min((latest.fate for latest in several), key=FATES.index)
