"""The judging and rendering that one process does."""

from __future__ import annotations

import os
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from policy.app.reporters import make_reporter
from policy.app.subjects import build_subjects
from policy.app.workspace import Workspace, open_workspace
from policy.engine.judge import judge
from policy.model.summary import Summary
from policy.reports.reporter import ReportContext
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from policy.app.approvals.deciding import Decider
    from policy.app.baselines.comparing import Comparer, Index, Tally
    from policy.app.checking import CheckRequest
    from policy.app.recording.recorder import Recorder
    from policy.app.recording.records import Record
    from policy.app.subjects import Subjects
    from policy.app.trusted.proposal import Proposal
    from policy.app.waivers.in_force import Waivers
    from policy.errors import Location, Problem
    from policy.loading.discovery import Item
    from policy.model.approval import Approval
    from policy.model.baseline import BaselineEntry
    from policy.model.decision import Decision
    from policy.model.facts import Facts
    from policy.model.ledger_settings import LedgerSettings
    from policy.model.policy import PolicySet
    from policy.model.proposal import PoliciesFrom, ProposedChanges
    from policy.model.waiver import Waiver


class Rendered(NamedTuple):
    """One decision as every format writes it, by the verdict that sorts it: that beyond the baseline, where one is."""

    verdict: str
    texts: tuple[str, ...]


class Piece(NamedTuple):
    """What a part of the work gave; `places` are the files that something was said of, where several paths are asked.

    Of one path that gives nothing the whole run says so. `names` are the projects and where each is named; `met` and
    `used` are positions of waivers; `items` is how many there were to work on. `tally` is what was taken from the
    baseline, where there is one; `records` are what a ledger is to keep, where there is one.
    """

    rendered: list[Rendered]
    summary: Summary
    problems: list[Problem]
    places: set[str]
    names: list[tuple[str, Location]]
    met: set[int]
    used: set[int]
    items: int
    tally: Tally | None = None
    records: Sequence[Record] = ()


class Bench:
    """What one process needs to judge and render."""

    def __init__(self, request: CheckRequest, root: str) -> None:
        self.request = request
        self.workspace = open_judging(root, request)
        self.waivers = open_waivers(self.workspace, request)
        self.proposal = open_proposal(self.workspace, request)
        self.known = open_known(request, root)
        makers = self.workspace.registry.reporters()
        self.reporters = [make_reporter(makers, name) for name, _ in request.formats]
        changes = self.proposal.changes if self.proposal is not None else None
        source = find_source(self.workspace, changes)
        contexts = (make_context(self.workspace, request, colour=colour) for _, colour in request.formats)
        granted = self.waivers.granted if self.waivers is not None else ()
        self.contexts = [context._replace(policies_from=source, granted=granted) for context in contexts]
        self.recorder = open_recorder(self.workspace, request, source)
        self.decider = open_decider(self.workspace, request)

    def work_on(self, items: Sequence[Item], taken: Counter[BaselineEntry] | None = None) -> Piece:
        """Judge some items; of the baseline there is all but what was `taken` by others."""
        summary = Summary()
        comparer = self._start_comparing(summary, taken)
        rendered: list[Rendered] = []
        problems: dict[Problem, None] = {}
        places: set[str] = set()
        names: list[tuple[str, Location]] = []
        for item in items:
            subjects = build_subjects(self.workspace, item, self.request.now.date(), self.request.said)
            if len(self.request.paths) > 1:
                places.update(_list_places(item, subjects))
            problems.update(dict.fromkeys(subjects.problems))
            names += _list_names(subjects)
            for facts in subjects.facts:
                decision = self._judge(facts, item, problems)
                if comparer is not None:
                    decision = comparer.compare(decision)
                if self.recorder is not None:
                    self.recorder.note(decision)
                summary.count(decision)
                rendered.append(self._render(decision))
            if comparer is not None and _is_judged(item, subjects):
                comparer.tally.projects.update(name for name, _ in _list_names(subjects))
        met, used = (set(self.waivers.met), set(self.waivers.used)) if self.waivers else (set(), set())
        tally = comparer.tally if comparer is not None else None
        records = self.recorder.take() if self.recorder is not None else ()
        return Piece(rendered, summary, list(problems), places, names, met, used, len(items), tally, records)

    def _start_comparing(self, summary: Summary, taken: Counter[BaselineEntry] | None) -> Comparer | None:
        if self.known is None:
            return None
        from policy.app.baselines.comparing import Comparer
        from policy.model.baseline import BaselineCounts

        summary.baseline = BaselineCounts()
        recording = self.request.now.date() if self.request.recording else None
        return Comparer(self.known, self.workspace.policy_set.schema, taken, recording)

    def _judge(self, facts: Facts, item: Item, problems: dict[Problem, None]) -> Decision:
        decision = self._decide(facts, problems)
        if self.proposal is not None:
            decision = decision._replace(proposed=self.proposal.judge(facts, decision, item))
        if decision.approved is None:
            return decision
        from policy.app.approvals.approved import keep_back  # most decisions need nobody's yes

        return keep_back(decision)

    def _decide(self, facts: Facts, problems: dict[Problem, None]) -> Decision:
        policy_set, gate, now = self.workspace.policy_set, self.request.gate, self.request.now
        waivers = self.waivers.select(facts.subject.project) if self.waivers is not None else ()
        if self.recorder is not None:
            judging = partial(self.recorder.judge, facts, waivers)
        else:
            judging = partial(_judge_with, policy_set, facts, gate, now, waivers)
        decision = judging(()) if self.decider is None else self.decider.decide(facts, judging, problems)
        if self.waivers is not None:
            self.waivers.watch(decision)
        return decision

    def _render(self, decision: Decision) -> Rendered:
        texts = (
            reporter.report_decision(decision, context)
            for reporter, context in zip(self.reporters, self.contexts, strict=True)
        )
        verdict = decision.verdict if decision.baseline is None else decision.baseline.verdict
        return Rendered(verdict, tuple(texts))


def _judge_with(
    policy_set: PolicySet,
    facts: Facts,
    gate: str,
    now: datetime,
    waivers: Sequence[Waiver],
    approvals: Sequence[Approval],
) -> Decision:
    return judge(policy_set, facts, gate=gate, now=now, waivers=waivers, approvals=approvals)


def open_judging(root: str, request: CheckRequest) -> Workspace:
    """The workspace whose policy set judges: that of the base, where there is one. Raises PolicyError."""
    if request.base is None:
        return open_workspace(root, request.config)
    from policy.app.trusted.workspace import open_proposed, open_trusted  # most runs name no base

    if request.base.by_proposal and request.base.proposal is not None:
        return open_proposed(root, request.base.proposal, (), [])
    return open_trusted(root, request.base)


def find_source(workspace: Workspace, changes: ProposedChanges | None) -> PoliciesFrom | None:
    """The revision that the policies are of, for reports."""
    base = workspace.base
    if base is None:
        return None
    from policy.model.proposal import PoliciesFrom

    return PoliciesFrom(base.revision, base.commit, workspace.config, changes)


def open_waivers(workspace: Workspace, request: CheckRequest) -> Waivers | None:
    """The waivers of the policy set, where it has any."""
    if workspace.policy_set.waiving is None:
        return None
    from policy.app.waivers.in_force import Waivers  # most policy sets waive nothing

    waivers = Waivers(workspace, gate=request.gate, now=request.now, trusted=request.trusted)
    if takes_effect(request):
        waivers.ask_ledger(workspace, request.gate, request.now, request.home)
    return waivers


def open_recorder(workspace: Workspace, request: CheckRequest, source: PoliciesFrom | None) -> Recorder | None:
    """What makes the records of decisions, where a ledger keeps those of the gate."""
    if find_ledger(workspace, request) is None or request.rehearsal:
        return None
    from policy.app.recording.recorder import Recorder  # most policy sets have no ledger

    return Recorder(workspace.policy_set, request.gate, request.now, source)


def open_decider(workspace: Workspace, request: CheckRequest) -> Decider | None:
    """What looks approvals up, where a ledger keeps decisions of the gate."""
    settings = find_ledger(workspace, request)
    if settings is None:
        return None
    from policy.app.approvals.deciding import Decider

    return Decider(workspace, settings, request.now, request.home, asks=not request.rehearsal)


def find_ledger(workspace: Workspace, request: CheckRequest) -> LedgerSettings | None:
    """What keeps the decisions of the gate, where something does."""
    settings = workspace.policy_set.ledger
    return settings if settings is not None and settings.covers(request.gate) and takes_effect(request) else None


def takes_effect(request: CheckRequest) -> bool:
    """Whether it is a gate that decides, and no preview of another policy set or a new baseline."""
    return not request.recording and (request.base is None or not request.base.by_proposal)


def open_known(request: CheckRequest, root: str) -> Index | None:
    """The findings that are known at the gate, where there is a baseline."""
    if request.baseline is None:
        return None
    from policy.app.baselines.comparing import Index  # most runs have none
    from policy.app.baselines.places import Places

    return Index(request.baseline, request.gate, Places(root).holds)


def open_proposal(workspace: Workspace, request: CheckRequest) -> Proposal | None:
    """What the work tree does to the policy set of the base, where it is not the same."""
    if request.base is None or request.base.proposal is None or request.base.by_proposal:
        return None
    from policy.app.trusted.proposal import Proposal

    return Proposal(workspace, request)


def _is_judged(item: Item, subjects: Subjects) -> bool:
    """Whether the item was judged with all that its manifest covers."""
    broken = any(problem.level == "error" for problem in subjects.problems)
    return item.manifest is not None and not item.only_configs and not broken


def _list_names(subjects: Subjects) -> Iterator[tuple[str, Location]]:
    """The project of an item, and where it is named; several subjects of one manifest are one project."""
    claims = subjects.facts[0].claims if subjects.facts else ()
    for claim in claims:
        if claim.path == "project" and claim.location is not None:
            yield claim.value, claim.location


def _list_places(item: Item, subjects: Subjects) -> Iterator[str]:
    """The files of an item that are judged or broken."""
    for facts in subjects.facts:
        if facts.subject.manifest is not None and not item.only_configs:
            yield facts.subject.manifest
        if facts.subject.training_config is not None:
            yield facts.subject.training_config
    for problem in subjects.problems:
        if problem.level == "error" and problem.location is not None:
            yield problem.location.file


def make_context(workspace: Workspace, request: CheckRequest, *, colour: bool) -> ReportContext:
    """What reports may look at."""
    root, base = workspace.root, workspace.base

    # A report quotes the same file for each of its findings.
    @lru_cache(maxsize=4)
    def read_source(file: str) -> str | None:
        top = base.folder if base is not None and base.holds(file) else root
        try:
            with open(os.path.join(top, file), "rb") as stream:
                return stream.read(1 << 20).decode("utf-8-sig", errors="replace")
        except OSError:
            return None

    policies = {policy.id: policy for policy in workspace.policy_set.policies}
    return ReportContext(
        workspace.policy_set,
        policies,
        request.gate,
        request.fail_on,
        lru_cache(maxsize=16)(workspace.show_path),
        read_source,
        colour,
        workspace.config,
        request.paths,
    )
