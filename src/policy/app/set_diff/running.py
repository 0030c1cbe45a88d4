"""One comparison: both policy sets, what differs between them, and both verdicts about all that is below some paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.checking import refuse_several, warn_of_barren
from policy.app.set_diff.comparing import compare_sets
from policy.app.set_diff.loading import load_sides
from policy.app.set_diff.sides import NEW, OLD, Place, open_side
from policy.app.set_diff.verdicts import DoubleBench
from policy.errors import NothingToJudgeError, Problem
from policy.language.identity import digest_policy_set
from policy.loading.discovery import discover
from policy.model.set_changes import VerdictCounts
from policy.plugins.metering import find_meter
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from datetime import datetime

    from policy.model.set_changes import Unjudged, VerdictChange


class DiffRequest(NamedTuple):
    """Which two policy sets to compare, and what to judge by both; `config` is where a revision's is looked for."""

    old: str
    new: str
    paths: tuple[str, ...]
    gate: str
    now: datetime
    config: str | None = None


class Diff:
    """One run. What it is made of must last as long as `stack`. Raises PolicyError."""

    def __init__(self, request: DiffRequest, stack: ExitStack) -> None:
        # Their positions are from the working folder; those of `problems` are from the root.
        self.warnings: list[Problem] = []
        found = discover(request.paths or (".",))
        refuse_several(part.root for part in found)
        self.request = request
        self.root, self.items = found[0].root, found[0].items
        place = Place(self.root, request.config)
        self.sides = tuple(
            stack.enter_context(open_side(word, given, place, self.warnings))
            for word, given in ((OLD, request.old), (NEW, request.new))
        )
        self.old, self.new = load_sides(self.sides[0], self.sides[1], self.warnings)
        self.changes = compare_sets((self.old, self.new))
        self.counts = VerdictCounts()
        self.unjudged: list[Unjudged] = []
        self._wanted = found[0].wanted
        self._problems = dict.fromkeys(found[0].problems)
        self._refuse_nothing()

    def _refuse_nothing(self) -> None:
        """Raises NothingToJudgeError where neither set has a policy: there is nothing to compare."""
        if not self.changes.known:
            remedy = "name policy sets that put policies in force"
            raise NothingToJudgeError(Problem("neither OLD nor NEW has any policy", remedy))

    @property
    def problems(self) -> list[Problem]:
        """Every problem met so far, once."""
        return list(self._problems)

    @property
    def differs(self) -> bool:
        """Whether anything that was compared so far has another meaning, or another verdict."""
        return self.changes.has_meaning or self.counts.unchanged < self.counts.judged

    @property
    def evidence_differs(self) -> bool:
        """Whether the two would collect evidence otherwise: the old one's settings were used."""
        return bool(self.old.policy_set.evidence != self.new.policy_set.evidence)

    def digests(self) -> tuple[str, str]:
        """What decisions would call the two policy sets."""
        return digest_policy_set(self.old.policy_set), digest_policy_set(self.new.policy_set)

    def show_path(self, file: str) -> str:
        """A path relative to the root as seen from the working folder."""
        return self.old._replace(root=self.root, base=None).show_path(file)

    def run(self) -> Iterator[VerdictChange]:
        """Every subject that comes out otherwise; counts and problems are complete when this ends."""
        request = self.request
        bench = DoubleBench(self.old, self.new, self.root, gate=request.gate, now=request.now)
        self.warnings += bench.warnings
        watcher, places = find_meter().watcher, set[str]()
        for number, item in enumerate(self.items, start=1):
            judged = bench.judge_item(item)
            self._problems.update(dict.fromkeys(judged.problems))
            self.unjudged += judged.unjudged
            if len(self._wanted) > 1:
                places.update(_list_files(judged.changes), (found.file for found in judged.unjudged))
            for change in judged.changes:
                self.counts.count(change.old, change.new, otherwise=bool(change.policies))
                if change.old != change.new:
                    yield change
            if watcher is not None:
                watcher.tell_judged(number, len(self.items))
        self._problems.update(dict.fromkeys(warn_of_barren(self._wanted, places)))


def _list_files(changes: list[VerdictChange]) -> Iterator[str]:
    for change in changes:
        yield from filter(None, (change.subject.manifest, change.subject.training_config))
