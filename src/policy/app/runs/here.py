"""A run judged where it begins, by the policy set of its own folder: for trainings that meet no server that judges."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from policy.app.checking import Check, CheckRequest, exit_code
from policy.app.manifests import load_manifest
from policy.app.runs.attempt import TRAINING
from policy.app.runs.panel import RUN
from policy.app.runs.refusal import RunRefused, refuse_unjudged
from policy.app.runs.texts import say_names
from policy.app.workspace import open_workspace
from policy.errors import NothingToJudgeError, PolicyError
from policy.loading.discovery import find_root
from policy.model.fact import Fact
from policy.model.gates import cap_effect
from policy.source.display import quote_name
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.model.mlflow_settings import Binding, MlflowSettings

BLOCKED, WRONG, NOTHING, HELD = 1, 2, 3, 4
HEADS: Final = {
    BLOCKED: "the run is refused by the policies of its project:",
    WRONG: "the project cannot be judged as it is:",
    HELD: "the run waits for an approval:",
}


class Occasion(NamedTuple):
    """A run that shall begin: the path of its manifest, what it is for, and the name and id of its experiment.

    What is empty is not there; without a manifest the `folder` is judged.
    """

    manifest: str = ""
    activity: str = TRAINING
    experiment: str = ""
    experiment_id: str = ""
    folder: str = "."


def judge_here(occasion: Occasion, now: datetime) -> str:
    """What is to be said of a run that may begin, empty where nothing is. Raises RunRefused where it must not."""
    try:
        return Ruling(occasion).judge(now)
    except PolicyError as error:
        raise refuse_unjudged(error) from None


class Ruling:
    """The policy set that judges an occasion: where it has a section on MLflow, what binds the experiment counts."""

    def __init__(self, occasion: Occasion) -> None:
        self.occasion = occasion
        self.place = os.path.relpath(os.path.dirname(occasion.manifest)) if occasion.manifest else occasion.folder
        self.workspace = open_workspace(find_root(self.place))
        self.settings = self.workspace.policy_set.mlflow if occasion.experiment else None
        self.binding = find_binding(self.settings, occasion)

    def judge(self, now: datetime) -> str:
        """As `judge_here`. Raises PolicyError, too."""
        if self.settings is not None:
            if self.binding is None:
                # Nothing governs the experiment.
                return ""
            refuse_foreign(self.workspace, self.occasion, self.binding)
        check = self._open_check(now)
        told = [] if check is None else sorted(check.run(), key=lambda one: one.verdict != "block")
        code = NOTHING if check is None else exit_code(check.summary, check.problems, "block")
        if check is None or code == NOTHING:
            return self._judge_nothing()
        problems = [problem for problem in check.problems if code != WRONG or problem.level == "error"]
        text = "\n".join([*(one.texts[0].rstrip() for one in told if one.verdict != "allow"), *map(str, problems)])
        if code == WRONG or self._cap({BLOCKED: "block", HELD: "hold"}.get(code)) in ("block", "hold"):
            raise RunRefused(f"{HEADS[code]}\n{text}")
        return text

    def _open_check(self, now: datetime) -> Check | None:
        """None where there is nothing at all to judge."""
        said = (Fact("run.activity", self.occasion.activity, "declared", "stated with the run"),)
        config = None
        if self.settings is not None and self.binding is not None and self.binding.policy_set:
            config = os.path.join(self.settings.folder, self.binding.policy_set)
        try:
            return Check(CheckRequest((self.place,), RUN, now, config=config, jobs=1, said=said))
        except NothingToJudgeError:
            if self.occasion.manifest:
                raise
            return None

    def _judge_nothing(self) -> str:
        """A run of no project: only where it trains something, one is missed."""
        if self.occasion.activity != TRAINING:
            return ""
        effect = self.settings.without_manifest if self.settings is not None else "block"
        text = (
            "a training needs the manifest of its project, and there is none from here up to the repository's root: "
            "write an ml-manifest.yaml (`policy init`) beside the code, and start the run from there"
        )
        if self._cap(effect) in ("block", "hold"):
            raise RunRefused(text)
        return text

    def _cap(self, effect: str | None) -> str | None:
        """What is left of an effect in the modes of gate and experiment."""
        if effect not in ("flag", "hold", "block"):
            return None
        capped = cap_effect(effect, self.workspace.policy_set.gate(RUN).mode)
        mode = self.binding.mode if self.binding is not None else ""
        return cap_effect(capped, mode) if capped and mode else capped


def find_binding(settings: MlflowSettings | None, occasion: Occasion) -> Binding | None:
    """What the policy set binds the experiment to."""
    return settings.find_binding(occasion.experiment, occasion.experiment_id) if settings is not None else None


def refuse_foreign(workspace: Workspace, occasion: Occasion, binding: Binding) -> None:
    """Raises RunRefused where the manifest is another project's, and PolicyError where it cannot be read."""
    if not occasion.manifest:
        return
    project = load_manifest(workspace, os.path.relpath(occasion.manifest, workspace.root)).project
    if not binding.takes(project):
        raise RunRefused(
            f"the manifest is that of {quote_name(project)}, and the experiment {quote_name(occasion.experiment)} is "
            f"bound to {say_names(binding.projects)}: begin the run in the experiment of {quote_name(project)}"
        )
