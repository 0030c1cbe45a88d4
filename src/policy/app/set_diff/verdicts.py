"""What becomes of each subject when the new policy set judges it instead of the old one, on the same facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.subjects import Subjects, build_subjects
from policy.app.trusted.comparison import compare_policy_sets, describe_fields
from policy.app.trusted.proposal import adapt_facts, assess_as_merged, lend_evidence, list_changed
from policy.app.waivers.granted import suppose_granted
from policy.app.waivers.in_force import select_waivers
from policy.engine.judge import judge
from policy.model.schema import is_expression
from policy.model.set_changes import Responsible, Unjudged, VerdictChange
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.errors import Problem
    from policy.loading.discovery import Item
    from policy.model.decision import Decision, Outcome
    from policy.model.facts import Facts
    from policy.model.policy import PolicySet
    from policy.model.waiver_entry import Standing


class Judged(NamedTuple):
    """What one item gave: subjects with both verdicts, files that cannot be judged, and the problems met."""

    changes: list[VerdictChange]
    unjudged: list[Unjudged]
    problems: list[Problem]


class DoubleBench:
    """What is needed to judge by two policy sets what is below `root`.

    Evidence is collected once, with the settings of the old one; only for a set with other fields of its own the facts
    are read again. The waivers of both count as if each were the one that is trusted, with what the ledger of each has
    granted by its rules; `warnings` say why one could not be asked.
    """

    def __init__(self, old: Workspace, new: Workspace, root: str, *, gate: str, now: datetime) -> None:
        alike = compare_policy_sets(old.policy_set, new.policy_set) is None
        self.same_fields = describe_fields(old.policy_set) == describe_fields(new.policy_set)
        self.old = old._replace(root=root)
        self.new = self.old if alike else _share(lend_evidence(new, old), old)._replace(root=root)
        self.gate = gate
        self.now = now
        self.warnings: list[Problem] = []
        self.standings = [self._list_standings(self.old)]
        self.standings.append(self.standings[0] if self.new is self.old else self._list_standings(self.new))
        # What is told by expressions is a part of the facts, and each set has its own.
        sets = (self.old.policy_set, self.new.policy_set)
        self.shared = sets[0] is sets[1] or (
            self.same_fields and sets[0].tables is sets[1].tables and not any(map(_has_expressions, sets))
        )

    def _list_standings(self, side: Workspace) -> tuple[Standing, ...]:
        """How the waivers of one policy set stand: those of its files, then those of its ledger."""
        granted = suppose_granted(side, self.gate, self.now)
        self.warnings += (problem for problem in granted.problems if problem not in self.warnings)
        return (*assess_as_merged(side.policy_set.waiving, self.now.date()), *granted.standings)

    def judge_item(self, item: Item) -> Judged:
        """The verdicts about all subjects of one item."""
        built = build_subjects(self.old, item, self.now.date())
        if not self.same_fields:
            return self._judge_apart(item, built, build_subjects(self.new, item, self.now.date()))
        pairs = ((facts, facts if self.shared else adapt_facts(facts, self.new.policy_set)) for facts in built.facts)
        changes = [self._judge_pair(*pair) for pair in pairs]
        return Judged(changes, list(_list_unjudged(built, item, "both")), built.problems)

    def _judge_apart(self, item: Item, built: Subjects, other: Subjects) -> Judged:
        """The subjects that both policy sets can read; what only one can read is no mistake of the input."""
        theirs = {facts.subject: facts for facts in other.facts}
        changes = [self._judge_pair(facts, theirs[facts.subject]) for facts in built.facts if facts.subject in theirs]
        both = [problem for problem in built.problems if problem in other.problems]
        unjudged = list(_list_unjudged(Subjects(built.facts, both), item, "both"))
        problems = list(both)
        for word, found in (("OLD", built), ("NEW", other)):
            own = [problem for problem in found.problems if problem not in both]
            unjudged += _list_unjudged(Subjects(found.facts, own), item, word)
            problems += [problem._replace(message=f"by {word}: {problem.message}", level="warning") for problem in own]
        return Judged(changes, unjudged, problems)

    def _judge_pair(self, ours: Facts, theirs: Facts) -> VerdictChange:
        before = self._judge(self.old.policy_set, ours, self.standings[0])
        if self.old is self.new:
            return VerdictChange(ours.subject, before.verdict, before.verdict, ())
        after = self._judge(self.new.policy_set, theirs, self.standings[1])
        return VerdictChange(ours.subject, before.verdict, after.verdict, tuple(list_responsible(before, after)))

    def _judge(self, policy_set: PolicySet, facts: Facts, standings: tuple[Standing, ...]) -> Decision:
        waivers = select_waivers(standings, facts.subject.project)
        return judge(policy_set, facts, gate=self.gate, now=self.now, waivers=waivers)


def _share(new: Workspace, old: Workspace) -> Workspace:
    """The new set with what it has in common with the old one, so that what follows from the facts is found once."""
    ours, theirs = old.policy_set, new.policy_set
    kept = {name: getattr(theirs, name) for name in theirs._fields}
    if describe_fields(ours) == describe_fields(theirs):
        kept["schema"] = ours.schema
    if ours.tables.digest == theirs.tables.digest:
        kept["tables"] = ours.tables
    return new._replace(policy_set=type(theirs)(**kept))


def _has_expressions(policy_set: PolicySet) -> bool:
    return any(is_expression(path) for policy in policy_set.policies for path in policy.paths)


def _list_unjudged(built: Subjects, item: Item, by: str) -> Iterator[Unjudged]:
    """The files of which something is wrong and nothing was judged: each is said once."""
    said = {facts.subject.manifest or "" for facts in built.facts}
    said |= {facts.subject.training_config or "" for facts in built.facts}
    for problem in built.problems:
        if problem.level != "error":
            continue
        file = problem.location.file if problem.location else item.manifest or item.candidates[0]
        if file not in said:
            said.add(file)
            yield Unjudged(file, by, problem.message)


def list_responsible(old: Decision, new: Decision) -> Iterator[Responsible]:
    """The policies that come out otherwise, by what they do or would do, the hardest first."""
    before, after = ({outcome.policy: outcome for outcome in made.outcomes} for made in (old, new))
    for name in list_changed(old, new):
        ours, theirs = before.get(name), after.get(name)
        yield Responsible(name, *map(_say_outcome, (ours, theirs)), *map(_say_effect, (ours, theirs)))


def _say_outcome(outcome: Outcome | None) -> str | None:
    return None if outcome is None else outcome.outcome


def _say_effect(outcome: Outcome | None) -> str | None:
    """What it does, or would do where something keeps that back."""
    if outcome is None:
        return None
    return outcome.effect or (f"would {outcome.would_be}" if outcome.would_be else None)
