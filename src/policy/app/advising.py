"""Advice about what is below some paths, or from answers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.expressions import evaluate_expressions
from policy.app.subjects import build_subjects
from policy.engine.advice.advising import advise
from policy.engine.advice.consultation import Panel
from policy.engine.advice.interview import choose_question
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.loading.discovery import discover
from policy.model.decision import Subject
from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.fields import DISCOVERY
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.model.advice import Advice
    from policy.model.schema import Field

ASK = "`policy advise --ask` advises from a few answers; `policy init` drafts an ml-manifest.yaml"


class Advised(NamedTuple):
    """The advice about each project, the problems met on the way, and the files that were looked at."""

    advice: list[Advice]
    problems: list[Problem]
    files: tuple[str, ...] = ()


def advise_projects(workspace: Workspace, paths: Sequence[str], now: datetime) -> Advised:
    """Advice about every project below the paths. Raises PolicyError, NothingToJudgeError where there is none.

    Several training configs of one project of which the same is to be said are advised once.
    """
    found = discover(paths)
    if len(found) > 1:
        roots = " and ".join(sorted(part.root for part in found))
        raise PolicyError(Problem(f"the paths lie in different repositories: {roots}", "name them one at a time"))
    problems = list(found[0].problems)
    advice: dict[tuple[object, ...], Advice] = {}
    for item in found[0].items:
        subjects = build_subjects(workspace, item, now.date())
        problems += subjects.problems
        for facts in subjects.facts:
            given = advise_one(workspace, facts, now)
            same = given._replace(subject=given.subject._replace(training_config=None))
            advice.setdefault(_identify(same), given)
    if not advice and not any(problem.level == "error" for problem in problems):
        message = f"there is no project in {' '.join(paths)}: no ml-manifest.yaml, and nothing that trains"
        raise NothingToJudgeError(Problem(message, ASK))
    files = (file for item in found[0].items for file in item.inputs)
    return Advised(list(advice.values()), list(dict.fromkeys(problems)), tuple(files))


def _identify(advice: Advice) -> tuple[object, ...]:
    # Without a manifest every training config is a project of its own.
    place = advice.subject.manifest or advice.subject.project
    return place, advice.ranked, advice.questions, advice.costs


def advise_one(workspace: Workspace, facts: Facts, now: datetime) -> Advice:
    """Advice from what is known of one project."""
    return advise(workspace.policy_set, facts, now, lambda known: evaluate_expressions(workspace.policy_set, known))


class Interview:
    """Questions about a project that is not written down, one at a time, and the facts that the answers make."""

    def __init__(self, workspace: Workspace, now: datetime) -> None:
        self.workspace = workspace
        self.now = now
        self.claims: list[Fact] = []
        policy_set = workspace.policy_set
        self._panel = Panel(policy_set, now, lambda known: evaluate_expressions(policy_set, known))

    @property
    def facts(self) -> Facts:
        """What the answers so far tell; what only a manifest names, as an owner, speaks against no approach."""
        policy_set = self.workspace.policy_set
        owner = Fact("owner.contact", "whoever answers", source="answers")
        claims = (Fact("manifest.present", True, "observed", DISCOVERY), owner, *self.claims)
        return Facts(claims, policy_set.schema, Subject("answers"), None, None, policy_set.tables, self.now.date())

    def choose(self, asked: Collection[str]) -> Field | None:
        """The next question; None where there is none."""
        return choose_question(self._panel, self.facts, asked)

    def advise(self) -> Advice:
        """The advice that follows from the answers."""
        return advise_one(self.workspace, self.facts, self.now)
