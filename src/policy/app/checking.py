"""Judge everything that is below some paths, in one process or several, and render it piece by piece."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from policy.app.subjects import build_subjects
from policy.app.workspace import Workspace, open_workspace
from policy.engine.judge import judge
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.loading.discovery import discover
from policy.model.summary import Summary
from policy.reports.reporter import ReportContext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from policy.loading.discovery import Item
    from policy.model.decision import Decision
    from policy.reports.reporter import Reporter

# Below this many projects a second process costs more than it saves.
PARALLEL_FROM = 400
CHUNK = 50


class CheckRequest(NamedTuple):
    """What to judge and how; it can be sent to another process. `formats` are pairs of name and colour."""

    paths: tuple[str, ...]
    gate: str
    now: datetime
    fail_on: str = "block"
    config: str | None = None
    formats: tuple[tuple[str, bool], ...] = (("text", False),)
    jobs: int | None = None


class Rendered(NamedTuple):
    """One decision as every format writes it."""

    verdict: str
    texts: tuple[str, ...]


class Piece(NamedTuple):
    """What a part of the work gave."""

    rendered: list[Rendered]
    summary: Summary
    problems: list[Problem]


class Check:
    """One run: workspace, reporters, and the items that were found."""

    def __init__(self, request: CheckRequest) -> None:
        found = discover(request.paths)
        if len(found) > 1:
            roots = " and ".join(sorted(part.root for part in found))
            raise PolicyError(
                Problem(f"the paths lie in different repositories: {roots}", "check them one at a time")
            )
        self.request = request
        self.items = found[0].items
        self.bench = Bench(request, found[0].root)
        self.problems = list(found[0].problems)
        self.summary = Summary()
        self.refuse_nothing()

    def refuse_nothing(self) -> None:
        """Raises NothingToJudgeError where no policy is judged at the gate: that must not look like a pass."""
        policy_set, gate = self.bench.workspace.policy_set, self.request.gate
        if not any(policy_set.effect_of(policy, gate) for policy in policy_set.policies):
            raise NothingToJudgeError(
                Problem(
                    f"no policy is judged at the gate `{gate}`",
                    "add policies to the policy set, or effects for this gate",
                )
            )

    def run(self) -> Iterator[Rendered]:
        """Every decision, rendered; summary and problems are complete when this ends."""
        for piece in self._pieces():
            self.summary.merge(piece.summary)
            self.problems += piece.problems
            yield from piece.rendered

    def _pieces(self) -> Iterable[Piece]:
        jobs = self.request.jobs
        if jobs is None:
            jobs = min(os.cpu_count() or 1, len(self.items) // PARALLEL_FROM + 1)
        if jobs <= 1:
            return map(self.bench.work_on, ([item] for item in self.items))
        return self._work_in_parallel(jobs)

    def _work_in_parallel(self, jobs: int) -> Iterator[Piece]:
        from policy.app.workers import work_in_processes

        chunks = [self.items[start : start + CHUNK] for start in range(0, len(self.items), CHUNK)]
        yield from work_in_processes(self.request, self.bench.workspace.root, chunks, jobs)


class Bench:
    """What one process needs to judge and render."""

    def __init__(self, request: CheckRequest, root: str) -> None:
        self.request = request
        self.workspace = open_workspace(root, request.config)
        makers = self.workspace.registry.reporters()
        self.reporters = [make_reporter(makers, name) for name, _ in request.formats]
        self.contexts = [
            make_context(self.workspace, request, colour=colour) for _, colour in request.formats
        ]

    def work_on(self, items: Sequence[Item]) -> Piece:
        """Judge some items."""
        piece = Piece([], Summary(), [])
        for item in items:
            subjects = build_subjects(self.workspace, item)
            piece.problems.extend(subjects.problems)
            for facts in subjects.facts:
                decision = judge(
                    self.workspace.policy_set, facts, gate=self.request.gate, now=self.request.now
                )
                piece.summary.count(decision)
                piece.rendered.append(self._render(decision))
        return piece

    def _render(self, decision: Decision) -> Rendered:
        texts = (
            reporter.report_decision(decision, context)
            for reporter, context in zip(self.reporters, self.contexts, strict=True)
        )
        return Rendered(decision.verdict, tuple(texts))


def make_reporter(makers: dict[str, Any], name: str) -> Reporter:
    """The reporter of a format. Raises PolicyError for a name that no plugin offers."""
    if name not in makers:
        raise PolicyError(
            Problem(f"there is no report format `{name}`", f"the formats are {', '.join(sorted(makers))}")
        )
    reporter: Reporter = makers[name]()
    return reporter


def make_context(workspace: Workspace, request: CheckRequest, *, colour: bool) -> ReportContext:
    """What reports may look at."""
    root = workspace.root

    def show_path(file: str) -> str:
        return os.path.relpath(os.path.join(root, file))

    def read_source(file: str) -> str | None:
        try:
            with open(os.path.join(root, file), "rb") as stream:
                return stream.read(1 << 20).decode("utf-8-sig", errors="replace")
        except OSError:
            return None

    policies = {policy.id: policy for policy in workspace.policy_set.policies}
    return ReportContext(
        workspace.policy_set, policies, request.gate, request.fail_on, show_path, read_source, colour
    )


def exit_code(summary: Summary, problems: Sequence[Problem], fail_on: str) -> int:
    """The exit code of a run: of several, 2 (input) before 1 (blocked) before 4 (held) before 3 (nothing judged)."""
    if any(problem.level == "error" for problem in problems):
        return 2
    failing = {"flag": ("flag", "hold", "block"), "hold": ("hold", "block")}.get(fail_on, ("block",))
    if any(summary.verdicts[verdict] for verdict in failing):
        return 1
    if summary.verdicts["hold"]:
        return 4
    return 0 if summary.subjects else 3
