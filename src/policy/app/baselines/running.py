"""A run and its baseline: what the parts of the run took from it, what is fixed, and what a new one would hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from policy.app.baselines.comparing import Index
from policy.model.baseline import COVERED, STATES, Baseline

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from policy.app.baselines.comparing import Tally
    from policy.model.baseline import BaselineEntry, Key


class BaselineRun:
    """What a run has taken from its baseline so far."""

    def __init__(self, baseline: Baseline, gate: str, index: Index | None = None) -> None:
        self.baseline = baseline
        self.gate = gate
        self.index = index or Index(baseline, gate)
        self.taken: Counter[BaselineEntry] = Counter()
        self.missed: set[Key] = set()
        self.projects: set[str] = set()
        self.recorded: list[tuple[BaselineEntry, str]] = []

    def admit(self, tally: Tally) -> bool:
        """Add what a part took; False, and nothing is added, where it took more than the parts before it have left."""
        if any(self.taken[entry] + count > self.index.room[entry] for entry, count in tally.taken.items()):
            return False
        self.taken.update(tally.taken)
        self.missed |= tally.missed
        self.projects |= tally.projects
        self.recorded += tally.recorded
        return True

    def list_fixed(self, *, whole: bool) -> tuple[BaselineEntry, ...]:
        """The entries of this gate that nothing is found of any more; unless the run is `whole`, those of its projects.

        Whatever is found of the same policy and project, worse or for the time being unknown, keeps an entry from it.
        """
        fixed = (entry for entry in self._list_left() if entry.key not in self.missed)
        return tuple(sorted((entry for entry in fixed if self._was_judged(entry, whole=whole)), key=_sort_by))

    def record(self, digest: str, *, whole: bool) -> Baseline:
        """A baseline with all that was found; what was not judged, or only at another gate, stays."""
        stays = [entry for entry in self._list_left() if not self._was_judged(entry, whole=whole)]
        policy_sets = {**dict(self.baseline.policy_sets), self.gate: digest}
        return self._make(stays, STATES, policy_sets)

    def prune(self, *, whole: bool) -> Baseline:
        """The baseline without what is fixed, and with improved values; nothing is added."""
        fixed = Counter(self.list_fixed(whole=whole))
        stays = list((Counter(self._list_left()) - fixed).elements())
        return self._make(stays, COVERED, dict(self.baseline.policy_sets))

    def _list_left(self) -> Iterator[BaselineEntry]:
        """The entries of this gate that cover nothing that was found."""
        return (self.index.room - self.taken).elements()

    def _was_judged(self, entry: BaselineEntry, *, whole: bool) -> bool:
        return whole or entry.project in self.projects

    def _make(
        self, stays: Collection[BaselineEntry], states: Collection[str], policy_sets: Mapping[str, str]
    ) -> Baseline:
        elsewhere = (entry for entry in self.baseline.entries if entry.gate != self.gate)
        found = (entry for entry, state in self.recorded if state in states)
        entries = [*elsewhere, *stays, *found]
        return Baseline(self.baseline.file, tuple(sorted(entries, key=_sort_by)), tuple(sorted(policy_sets.items())))


def _sort_by(entry: BaselineEntry) -> tuple[object, ...]:
    """By project, and what no manifest names last."""
    named = (entry.project is None, entry.project or "", entry.gate, entry.policy)
    return (*named, entry.traits, entry.values, entry.outcome, entry.fingerprint, entry.since, entry.subject or "")
