"""A manifest and what it covers → the subjects to judge, with all facts about each."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.app.collecting import collect_evidence
from policy.app.expressions import evaluate_expressions
from policy.app.git_history import find_history
from policy.app.manifests import load_manifest, warn_of_missing
from policy.app.project_configs import find_configs, look_for_named
from policy.app.project_scripts import drop_library, set_apart, tell_project
from policy.errors import PolicyError, Problem
from policy.evidence.predicates import run_predicates
from policy.evidence.tools.readers import rebase
from policy.loading.file_listing import is_script
from policy.model.decision import Subject
from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.fields import CONFIG, DISCOVERY
from policy.plugins.contracts import Project
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from policy.app.training_configs import FoundConfig
    from policy.app.workspace import Workspace
    from policy.loading.discovery import Item
    from policy.model.manifest import Manifest


class Subjects(NamedTuple):
    """The facts about each subject of one item, and the problems met on the way."""

    facts: list[Facts]
    problems: list[Problem]


def build_subjects(
    workspace: Workspace, item: Item, today: date | None = None, said: tuple[Fact, ...] = ()
) -> Subjects:
    """The subjects of one item: one for each training config, and the project where it has no other one.

    The project is judged by itself, too, where its manifest names a training config that no reader knows. `today` is
    the day of judging, for predicates; `judge` counts by its own. What is `said` holds for each of them.
    """
    problems: list[Problem] = []
    manifest: Manifest | None = None
    if item.manifest is not None:
        try:
            manifest = load_manifest(workspace, item.manifest)
        except PolicyError as error:
            return Subjects([], list(error.problems))
    builder = SubjectBuilder(workspace, manifest, problems, today, said)
    named = None if item.only_configs else builder.named_config
    configs = find_configs(workspace, item, manifest, named, problems)
    scripts: list[FoundConfig] = []
    if manifest is not None:
        configs, scripts = set_apart(configs, named, only_configs=item.only_configs)
    facts = [builder.build(config) for config in configs]
    if manifest is not None and not item.only_configs:
        problems += warn_of_missing(workspace, manifest)
        unread = look_for_named(workspace, item, named, configs, problems)
        if unread or not configs:
            facts.insert(0, builder.build(None, tell_project(scripts)))
    return Subjects(facts, list(dict.fromkeys(problems)))


class SubjectBuilder:
    """Gathers the facts about the subjects of one manifest, or of what no manifest covers.

    `named_config` is what the manifest says of `training.config`, its value relative to the root.
    """

    def __init__(
        self,
        workspace: Workspace,
        manifest: Manifest | None,
        problems: list[Problem],
        today: date | None,
        said: tuple[Fact, ...] = (),
    ) -> None:
        self.workspace = workspace
        self.manifest = manifest
        self.problems = problems
        self.today = today
        self.said = said
        self.history = find_history(workspace.root)
        self.named_config = self._find_named()

    def _find_named(self) -> Fact | None:
        for claim in self.manifest.claims if self.manifest is not None else ():
            if claim.path == "training.config":
                return claim._replace(value=posixpath.normpath(posixpath.join(self._folder(None), claim.value)))
        return None

    def build(self, config: FoundConfig | None, told: tuple[Fact, ...] = ()) -> Facts:
        """All facts about the project, of which its scripts have `told`, or about one training config of it."""
        policy_set, folder = self.workspace.policy_set, self._folder(config)
        declared = self._select_declared(config)
        datasets = config.told.datasets if config is not None else ()
        told = (*told, *_tell_config(config, folder))
        if config is None or is_script(config.file):
            told = drop_library(told, declared)
        project = Project(
            self.workspace.root, folder, declared, datasets, told, self.history, policy_set.evidence.mlflow
        )
        evidence = collect_evidence(self.workspace, project)
        self.problems += [*(config.told.problems if config is not None else ()), *evidence.problems]
        claims = (self._tell_manifest(config), *self.said, *declared, *told, *evidence.facts)
        unavailable = {**self._miss_config(config), **evidence.unavailable}
        subject, outside = self._make_subject(config), (policy_set.tables, self.today)
        facts = Facts(claims, policy_set.schema, subject, unavailable, None, *outside)
        predicates = self.workspace.registry.predicates()
        if predicates:
            answers, faults = run_predicates(predicates, facts.values)
            facts = Facts((*claims, *answers), policy_set.schema, subject, unavailable, faults, *outside)
        return evaluate_expressions(policy_set, facts)

    def _folder(self, config: FoundConfig | None) -> str:
        if self.manifest is not None:
            return self.manifest.folder
        return posixpath.dirname(config.file) if config is not None else ""

    def _make_subject(self, config: FoundConfig | None) -> Subject:
        file = config.file if config is not None else None
        if self.manifest is not None:
            return Subject(self.manifest.project, self.manifest.file, file)
        return Subject(file or "", None, file)

    def _tell_manifest(self, config: FoundConfig | None) -> Fact:
        present = Fact("manifest.present", self.manifest is not None, "observed", DISCOVERY)
        if config is None or not is_script(config.file) or self.manifest is not None:
            return present
        # In a script it is a call that somebody has to look for.
        call = config.told.facts[0]
        return present._replace(source=f"{DISCOVERY}: {call.source}", location=call.location)

    def _select_declared(self, config: FoundConfig | None) -> tuple[Fact, ...]:
        if self.manifest is None:
            return ()
        claims, named = self.manifest.claims, self.named_config
        if config is None or named is None or named.value == config.file:
            return claims
        # What the manifest says of the training is said of the config that it names, not of another one.
        return tuple(claim for claim in claims if not claim.path.startswith("training."))

    def _miss_config(self, config: FoundConfig | None) -> dict[str, str]:
        """Why nothing is known of what a training config tells, where its reader broke."""
        if config is None or not config.fault:
            return {}
        fields = self.workspace.policy_set.schema.fields.values()
        return {field.path: config.fault for field in fields if CONFIG in field.evidence}


def _tell_config(config: FoundConfig | None, folder: str) -> tuple[Fact, ...]:
    if config is None:
        return ()
    told = [fact for fact in config.told.facts if fact.path != "training.config"]
    path = rebase(config.file, folder)
    return (*told, Fact("training.config", path, "observed", DISCOVERY, config.location, config.digest))
