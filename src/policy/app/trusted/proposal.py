"""The proposal's own policies, judged beside those in force: what would become of each subject if they were merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.expressions import evaluate_expressions
from policy.app.subjects import build_subjects
from policy.app.trusted.comparison import compare_policy_sets, describe_fields
from policy.app.trusted.workspace import open_proposed
from policy.app.waivers.in_force import select_waivers
from policy.engine.judge import judge
from policy.engine.waiving import assess_waivers
from policy.errors import PolicyError
from policy.model.facts import Facts
from policy.model.gates import EFFECTS
from policy.model.proposal import Proposed, ProposedChanges
from policy.model.schema import is_expression
from policy.model.waiver_entry import Trust

if TYPE_CHECKING:
    from datetime import date

    from policy.app.checking import CheckRequest
    from policy.app.workspace import Workspace
    from policy.errors import Problem
    from policy.loading.discovery import Item
    from policy.model.decision import Decision, Outcome
    from policy.model.policy import PolicySet
    from policy.model.waiver_entry import Standing, Waiving


class Proposal:
    """What a proposal would change: `changes` as a whole, and `judge` for a subject; it enforces nothing.

    `problems` are warnings. Without a `workspace` its policies could not be read, or are those in force.
    """

    def __init__(self, workspace: Workspace, request: CheckRequest) -> None:
        self.changes: ProposedChanges | None = None
        self.problems: list[Problem] = []
        self.workspace: Workspace | None = None
        self._trusted = workspace
        self._request = request
        self._standings: tuple[Standing, ...] = ()
        files = request.base.proposal if request.base is not None else None
        if files is None:
            return
        trusted = workspace.policy_set
        try:
            proposed = open_proposed(workspace.root, files, trusted.plugins, self.problems)
        except PolicyError as error:
            self.changes = ProposedChanges(loaded=False)
            self.problems += [_soften(problem) for problem in error.problems]
            return
        changes = compare_policy_sets(trusted, proposed.policy_set)
        if changes is not None:
            self.changes, self.workspace = changes, lend_evidence(proposed, workspace)
            self._standings = assess_as_merged(proposed.policy_set.waiving, request.now.date())

    def judge(self, facts: Facts, decision: Decision, item: Item) -> Proposed | None:
        """What would become of a subject; None where nothing that was judged would come out otherwise."""
        if self.workspace is None:
            return None
        adapted = self._adapt(facts, item)
        if adapted is None:
            return None
        waivers = select_waivers(self._standings, facts.subject.project)
        policy_set, gate, now = self.workspace.policy_set, self._request.gate, self._request.now
        other = judge(policy_set, adapted, gate=gate, now=now, waivers=waivers)
        changed = list_changed(decision, other)
        return Proposed(other.verdict, changed, other.policy_set) if changed else None

    def _adapt(self, facts: Facts, item: Item) -> Facts | None:
        """The facts as the proposal's policy set sees them; nothing is observed again unless its fields are others."""
        workspace, trusted = self.workspace, self._trusted
        if workspace is None:
            return None
        if describe_fields(workspace.policy_set) != describe_fields(trusted.policy_set):
            built = build_subjects(workspace, item, self._request.now.date())
            return next((other for other in built.facts if other.subject == facts.subject), None)
        return adapt_facts(facts, workspace.policy_set)


def adapt_facts(facts: Facts, policy_set: PolicySet) -> Facts:
    """The facts as another policy set with the same fields sees them."""
    claims = [claim for claim in facts.claims if not is_expression(claim.path)]
    unavailable, faults = (
        {path: why for path, why in known.items() if not is_expression(path)}
        for known in (facts.unavailable, facts.faults)
    )
    plain = Facts(claims, policy_set.schema, facts.subject, unavailable, faults, policy_set.tables, facts.today)
    return evaluate_expressions(policy_set, plain)


def _soften(problem: Problem) -> Problem:
    message = f"the policies that are proposed cannot be read, and nothing is said of them: {problem.message}"
    return problem._replace(message=message, level="warning")


def lend_evidence(proposed: Workspace, trusted: Workspace) -> Workspace:
    """The proposal with the limits and the tracking server in force: no proposal chooses whom to ask."""
    policy_set = proposed.policy_set
    kept = {name: getattr(policy_set, name) for name in policy_set._fields}
    return proposed._replace(policy_set=type(policy_set)(**{**kept, "evidence": trusted.policy_set.evidence}))


def assess_as_merged(waiving: Waiving | None, today: date) -> tuple[Standing, ...]:
    """How the waivers would stand if all that the proposal says of them were merged."""
    if waiving is None:
        return ()
    files = {entry.location.file for entry in waiving.entries if entry.location}
    entries = {
        file: frozenset(entry for entry in waiving.entries if entry.location and entry.location.file == file)
        for file in files
    }
    return assess_waivers(waiving, Trust("this change", entries, waiving.rules, waiving.finals), today)


def list_changed(decision: Decision, other: Decision) -> tuple[str, ...]:
    """The policies that come out otherwise, by what they do or would do, the hardest first."""
    before, after = ({outcome.policy: outcome for outcome in made.outcomes} for made in (decision, other))
    changed = [name for name in dict.fromkeys((*before, *after)) if _tell(before.get(name)) != _tell(after.get(name))]
    return tuple(sorted(changed, key=lambda name: (-_weigh(before.get(name), after.get(name)), name)))


def _tell(outcome: Outcome | None) -> tuple[str | None, ...]:
    return () if outcome is None else (outcome.outcome, outcome.effect, outcome.would_be)


def _weigh(*outcomes: Outcome | None) -> int:
    effects = [outcome.effect for outcome in outcomes if outcome is not None and outcome.effect]
    return max((EFFECTS.index(effect) + 1 for effect in effects), default=0)
