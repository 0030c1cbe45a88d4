"""The policy sets that judge at a tracking server: its own, and those of teams; they are replaced all at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.recording.gathering import gather_sources
from policy.app.recording.records import describe_tables, make_draft, make_record
from policy.app.recording.writing import find_place
from policy.app.runs.precedents import Precedents
from policy.app.runs.spool_keys import read_pinned
from policy.app.runs.webhook_secrets import check_secrets
from policy.app.workspace import open_workspace
from policy.engine.plan import make_plan
from policy.errors import PolicyError, Problem
from policy.language.identity import digest_policy_set
from policy.loading.catalogue import catalogue_folder
from policy.records.policy_sets import write_place
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.recording.gathering import Gathered
    from policy.app.recording.judging import Basis
    from policy.app.workspace import Workspace
    from policy.model.decision import Decision
    from policy.model.ledger_settings import LedgerSettings
    from policy.model.mlflow_settings import Binding, MlflowSettings
    from policy.records.objects import Draft

RUN, RELEASE = "run", "release"


class Judge(NamedTuple):
    """A policy set with what a record of its decisions needs; `digest` is the policy set's."""

    workspace: Workspace
    gathered: Gathered
    digest: str

    def make_draft(self, decision: Decision, basis: Basis, now: datetime, actor: str | None) -> Draft:
        """What is recorded of a decision; `actor` is the id of who asked for it."""
        tables = describe_tables(self.workspace.policy_set.tables)
        place = write_place(find_place(self.workspace, decision.gate))
        record = make_record(decision, basis, now)
        return make_draft(record, (self.gathered.document, *self.gathered.files), tables, place, actor)


class Panel(NamedTuple):
    """Those of one moment, with what they decided lately: who judges is told by the binding of an experiment."""

    settings: MlflowSettings
    ledger: LedgerSettings
    main: Judge
    teams: dict[str, Judge]
    precedents: Precedents

    def find(self, binding: Binding) -> Judge:
        """Who judges what is asked for under a binding. Raises PolicyError for one that is in force no more."""
        if not binding.policy_set:
            return self.main
        if binding.policy_set not in self.teams:
            message = f"`{binding.policy_set}` judges nothing any more: the policies changed at this moment"
            raise PolicyError(Problem(message, "ask again"))
        return self.teams[binding.policy_set]

    @property
    def judges(self) -> tuple[Judge, ...]:
        """All of them."""
        return self.main, *self.teams.values()

    @property
    def can_hold(self) -> bool:
        """Whether any of them may hold a run or a release for somebody's approval."""
        return self.settings.without_manifest == "hold" or any(
            can_hold(judge, gate) for judge in self.judges for gate in (RUN, RELEASE)
        )


def load_panel(config: str | None, root: str | None = None) -> Panel:
    """All policy sets of a server, from the file that is named or found. Raises PolicyError."""
    workspace = open_workspace(root, config)
    settings, ledger = workspace.policy_set.mlflow, workspace.policy_set.ledger
    if settings is None:
        message = "the policy set says nothing of an MLflow server"
        raise PolicyError(Problem(message, "add the section `mlflow: {experiments: […]}` to it"))
    if ledger is None:
        message = "the policy set has no ledger, and a server keeps a record of what it admits"
        raise PolicyError(Problem(message, "add `ledger: sqlite:///ledger.db` to it"))
    teams = {}
    for binding in settings.bindings:
        if binding.policy_set and binding.policy_set not in teams:
            path = os.path.join(settings.folder, binding.policy_set)
            team = open_workspace(workspace.root, path)
            refuse_apart(workspace, team, binding)
            teams[binding.policy_set] = make_judge(team)
    return Panel(settings, ledger, make_judge(workspace), teams, Precedents())


def refuse_apart(workspace: Workspace, team: Workspace, binding: Binding) -> None:
    """Raises PolicyError where a team's policy set does not build on the server's: it could leave everything out."""
    if not set(workspace.policy_set.layers) <= set(team.policy_set.layers):
        message = f"`{binding.policy_set}` does not build on the policy set of the server, `{workspace.config}`"
        remedy = f"add `extends: [{os.path.basename(workspace.config or 'policy.yaml')}]`, by its path from there"
        raise PolicyError(Problem(message, remedy, binding.location))


def make_judge(workspace: Workspace) -> Judge:
    """A judge by the policy set of a workspace. Raises PolicyError."""
    return Judge(workspace, gather_sources(workspace), digest_policy_set(workspace.policy_set))


def can_hold(judge: Judge, gate: str) -> bool:
    """Whether any policy could hold at a gate."""
    for step in make_plan(judge.workspace.policy_set, gate).steps:
        effects = (step.on_fail.effect, step.on_unknown.effect, step.on_error.effect)
        # A policy that an approval meets waits for one also where it blocks.
        if "hold" in effects or (step.reads_approval and "block" in effects):
            return True
    return False


def check_panel(panel: Panel) -> None:
    """Raises PolicyError where settings do not go together, or a secret that they name is not there."""
    check_secrets(panel.settings.webhooks)
    read_pinned(panel.settings)
    place = panel.settings.places.get("app")
    if panel.settings.app not in ("none", "basic-auth"):
        message = f"`{panel.settings.app}` is no application that the guard knows how to start"
        raise PolicyError(Problem(message, "write `app: basic-auth`, or `app: none`", place))
    if panel.settings.app == "none" and panel.can_hold:
        message = "the policy set may hold a run for somebody's approval, and this server authenticates nobody"
        remedy = "start it with `app: basic-auth`, or let the gates `run` and `release` flag at most (`mode: flag`)"
        raise PolicyError(Problem(message, remedy, place))


def list_places(panel: Panel) -> list[str]:
    """All files that the policy sets were read from, and the folders that these are in: what is new shows there.

    Not those of the catalogue, which come with the program and change with it, and no folder that is one of a tree.
    """
    shipped = os.path.join(catalogue_folder(), "")
    read = {source.path for judge in panel.judges for source in judge.workspace.policy_set.sources}
    files = {path for path in read if not path.startswith(shipped)}
    trees = tuple(os.path.join(tree, "") for tree in list_trees(panel))
    return sorted(files | {os.path.dirname(file) for file in files if not file.startswith(trees)})


def list_trees(panel: Panel) -> list[str]:
    """The folders in which any policy counts that is put there, however deep."""
    return sorted({folder for judge in panel.judges for folder in judge.workspace.policy_set.folders})
