"""A manifest and what it covers → the subjects to judge, with all facts about each."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from policy.app.training_configs import FoundConfig, read_config
from policy.errors import PolicyError, Problem
from policy.evidence.predicates import run_predicates
from policy.model.decision import Subject
from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.kinds import PathKind
from policy.model.manifest import Manifest, read_manifest
from policy.plugins.contracts import Project
from policy.source.yaml_reader import read_yaml_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace
    from policy.loading.discovery import Item

DISCOVERY = "discovery"


class Subjects(NamedTuple):
    """The facts about each subject of one item, and the problems met on the way."""

    facts: list[Facts]
    problems: list[Problem]


def build_subjects(workspace: Workspace, item: Item) -> Subjects:
    """The subjects of one item: one for each training config, or the project alone where there is none."""
    problems: list[Problem] = []
    manifest: Manifest | None = None
    if item.manifest is not None:
        try:
            manifest = load_manifest(workspace, item.manifest)
        except PolicyError as error:
            return Subjects([], list(error.problems))
        problems += refuse_outside_paths(manifest)
        if any(problem.level == "error" for problem in problems):
            return Subjects([], problems)
    configs = list(find_configs(workspace, item, manifest, problems))
    builder = SubjectBuilder(workspace, manifest, problems)
    if configs:
        facts = [builder.build(config) for config in configs]
    else:
        facts = [builder.build(None)] if manifest is not None and not item.only_configs else []
    return Subjects(facts, list(dict.fromkeys(problems)))


def find_configs(
    workspace: Workspace, item: Item, manifest: Manifest | None, problems: list[Problem]
) -> Iterator[FoundConfig]:
    """The training configs among the files of an item."""
    for file in item.candidates:
        base = manifest.folder if manifest is not None else posixpath.dirname(file)
        config = read_config(workspace, file, base, problems)
        if config is not None:
            yield config


def load_manifest(workspace: Workspace, file: str) -> Manifest:
    """The manifest in a file of the workspace. Raises PolicyError."""
    document = read_yaml_file(os.path.join(workspace.root, file), file)
    return read_manifest(document, workspace.policy_set.schema)


def refuse_outside_paths(manifest: Manifest) -> list[Problem]:
    """A path that a manifest names must not lead out of the repository."""
    problems = []
    for claim in manifest.claims:
        kind = claim_kind(claim)
        if kind and leaves_root(manifest.folder, claim.value):
            problems.append(
                Problem(
                    f"`{claim.path}` leads out of the repository: {claim.value}",
                    "name a file inside the repository, relative to the manifest",
                    claim.location,
                )
            )
    return problems


def claim_kind(claim: Fact) -> bool:
    """Whether the fact is a path."""
    from policy.model.fields import SCHEMA

    field = SCHEMA.get(claim.path)
    return field is not None and isinstance(field.kind, PathKind)


def leaves_root(folder: str, path: str) -> bool:
    """Whether a path relative to a folder of the root is absolute or leads above the root."""
    whole = posixpath.normpath(posixpath.join(folder, path))
    return posixpath.isabs(path) or whole == ".." or whole.startswith("../")


class SubjectBuilder:
    """Gathers the facts about the subjects of one manifest, or of what no manifest covers."""

    def __init__(self, workspace: Workspace, manifest: Manifest | None, problems: list[Problem]) -> None:
        self.workspace = workspace
        self.manifest = manifest
        self.problems = problems

    def build(self, config: FoundConfig | None) -> Facts:
        """All facts about the project, or about one training config of it."""
        folder = self._folder(config)
        claims = [Fact("manifest.present", self.manifest is not None, "observed", DISCOVERY)]
        claims += self._declared(config, folder)
        if config is not None:
            claims += self._observed(config, folder)
            self.problems += config.told.problems
        project = Project(self.workspace.root, folder, tuple(claims), config.told.datasets if config else ())
        unavailable = self._collect(project, claims)
        facts = Facts(claims, self.workspace.policy_set.schema, self._subject(config), unavailable)
        predicates = self.workspace.registry.predicates()
        if predicates:
            answers, faults = run_predicates(predicates, facts.values)
            facts = Facts((*claims, *answers), facts.schema, facts.subject, unavailable, faults)
        return facts

    def _folder(self, config: FoundConfig | None) -> str:
        if self.manifest is not None:
            return self.manifest.folder
        return posixpath.dirname(config.file) if config is not None else ""

    def _subject(self, config: FoundConfig | None) -> Subject:
        file = config.file if config is not None else None
        if self.manifest is not None:
            return Subject(self.manifest.project, self.manifest.file, file)
        return Subject(file or "", None, file)

    def _declared(self, config: FoundConfig | None, folder: str) -> list[Fact]:
        if self.manifest is None:
            return []
        claims = self.manifest.claims
        named = next((claim.value for claim in claims if claim.path == "training.config"), None)
        if (
            config is None
            or named is None
            or posixpath.normpath(posixpath.join(folder, named)) == config.file
        ):
            return list(claims)
        # What the manifest says of the training is said of the config that it names, not of another one.
        return [claim for claim in claims if not claim.path.startswith("training.")]

    def _observed(self, config: FoundConfig, folder: str) -> list[Fact]:
        path = posixpath.relpath(config.file, folder or ".")
        told = [fact for fact in config.told.facts if fact.path != "training.config"]
        return [*told, Fact("training.config", path, "observed", DISCOVERY, config.location, config.digest)]

    def _collect(self, project: Project, claims: list[Fact]) -> dict[str, str]:
        unavailable: dict[str, str] = {}
        for collector in self.workspace.registry.collectors():
            try:
                evidence = collector.collect(project)
            except Exception as error:  # noqa: BLE001 - a collector that breaks leaves its facts unknown
                reason = f"collector {collector.name} failed: {type(error).__name__}: {error}"
                unavailable.update(dict.fromkeys(collector.observes, reason))
                self.problems.append(Problem(reason, "mend the plugin, or leave it out", level="warning"))
                continue
            claims.extend(evidence.facts)
            unavailable.update(evidence.unavailable)
            self.problems.extend(evidence.problems)
        return unavailable
