"""Judging projects at a gate in order to ask for what is held: one request for each thing at stake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.approvals.holding import judge_with_approvals
from policy.app.recording.judging import judge_for_record
from policy.app.subjects import build_subjects
from policy.app.waivers.granted import list_standings
from policy.app.waivers.in_force import Waivers
from policy.engine.recording import NOTHING_DIGEST
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.loading.discovery import discover
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.model.approval import Approval
    from policy.model.decision import Decision
    from policy.model.facts import Facts
    from policy.model.waiver import Waiver
    from policy.records.ledger import Ledger
    from policy.records.requests.asking import Asked


class Answer(NamedTuple):
    """A decision and what was asked; nothing is, where it does not wait for an approval, or where it has one."""

    decision: Decision
    asked: Asked | None

    @property
    def is_approved(self) -> bool:
        """Whether it passes because somebody let it."""
        return self.decision.approvals != NOTHING_DIGEST


def ask_at_gate(
    ledger: Ledger,
    workspace: Workspace,
    path: str,
    gate: str,
    *,
    requester: str,
    runs: int | None,
    now: datetime,
) -> Iterator[Answer]:
    """Judge what is below a path, and ask for all that is held. Raises PolicyError."""
    policy_set = workspace.policy_set
    for facts in _list_subjects(workspace, path, now):
        waivers = list_waivers(ledger, workspace, facts.subject.project, gate, now)

        def judge(
            approvals: tuple[Approval, ...], facts: Facts = facts, waivers: tuple[Waiver, ...] = waivers
        ) -> Decision:
            return judge_for_record(policy_set, facts, gate=gate, now=now, waivers=waivers, approvals=approvals)[0]

        yield Answer(*judge_with_approvals(ledger, workspace, facts, judge, requester=requester, now=now, runs=runs))


def list_waivers(ledger: Ledger, workspace: Workspace, project: str, gate: str, now: datetime) -> tuple[Waiver, ...]:
    """The waivers that count for a project: those of files, and those that were granted in the ledger."""
    settings = workspace.policy_set.ledger
    if workspace.policy_set.waiving is None:
        return ()
    waivers = Waivers(workspace, gate=gate, now=now, trusted=None)
    # As in a check: at a gate whose decisions it does not keep, a ledger waives nothing.
    if settings is not None and settings.covers(gate):
        waivers.add_granted(list_standings(ledger, workspace.policy_set, now))
    return waivers.select(project)


def _list_subjects(workspace: Workspace, path: str, now: datetime) -> Iterator[Facts]:
    found = discover([path])[0]
    if not found.items:
        problem = Problem(f"there is nothing to judge in `{path}`", "name a folder that holds an ml-manifest.yaml")
        raise NothingToJudgeError(problem)
    for item in found.items:
        subjects = build_subjects(workspace, item, now.date())
        errors = [problem for problem in subjects.problems if problem.level == "error"]
        if errors:
            raise PolicyError(*errors)
        yield from subjects.facts
