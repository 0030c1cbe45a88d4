"""Comparing a whole MLflow server with the ledger: its runs with the steps on record, and those with its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.runs.comparing import (
    compare_model,
    compare_run,
    compare_version,
    is_prompt,
    name_logged_model,
    report_lost,
)
from policy.app.runs.remote_runs import (
    find_model_run,
    find_remote_run,
    iterate_aliases,
    iterate_experiments,
    iterate_logged_models,
    iterate_runs,
    iterate_versions,
)
from policy.errors import PolicyError, Problem
from policy.records.runs.queries import find_run, list_runs
from policy.records.runs.releases import find_history
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.runs.comparing import Finding
    from policy.app.runs.findings_store import FindingsStore
    from policy.app.runs.remote_runs import RemoteExperiment, RemoteRun, RemoteVersion
    from policy.app.runs.remote_server import RemoteServer
    from policy.model.mlflow_settings import Binding, MlflowSettings
    from policy.model.policy import PolicySet
    from policy.records.ledger import Ledger
    from policy.records.runs.rows import RunRow


class Scope(NamedTuple):
    """How much was compared: experiments that are governed, their runs, runs on record, versions of bound models."""

    experiments: int = 0
    runs: int = 0
    records: int = 0
    models: int = 0
    versions: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was there to compare."""
        return not (self.runs or self.records or self.models or self.versions)


class Scan(NamedTuple):
    """What is compared with what, under which settings, and where findings go."""

    server: RemoteServer
    ledger: Ledger
    settings: MlflowSettings
    store: FindingsStore

    def run(self) -> Scope:
        """Compare everything. Raises PolicyError where the server or the ledger does not answer."""
        scope = self._scan_experiments()
        recorded = sum(1 for row in list_runs(self.ledger, self.settings.server) if self._look_for(row))
        self._look_again()
        return scope._replace(records=recorded, versions=self._scan_versions())

    def find_row(self, run: str) -> RunRow | None:
        """What the ledger says of a run now."""
        return find_run(self.ledger, self.settings.server, run) if run else None

    def _scan_experiments(self) -> Scope:
        scope = Scope()
        for experiment in iterate_experiments(self.server):
            if self.settings.find_binding(experiment.name, experiment.id) is not None:
                scope = Scope(
                    experiments=scope.experiments + 1,
                    runs=scope.runs + self._scan_runs(experiment),
                    models=scope.models + self._scan_models(experiment),
                )
        return scope

    def _scan_runs(self, experiment: RemoteExperiment) -> int:
        count = 0
        for run in iterate_runs(self.server, experiment.id):
            # Pages are counted anew for each request, and may show a run twice.
            if self.store.mark(run.id):
                count += 1
                self._compare(run)
        return count

    def _scan_models(self, experiment: RemoteExperiment) -> int:
        count = 0
        for model in iterate_logged_models(self.server, experiment.id):
            count += 1
            self._note(compare_model(model, self.find_row(model.run), experiment.id))
        return count

    def _compare(self, run: RemoteRun) -> None:
        """The ledger is asked after MLflow, for the guard records first; what may have changed is looked at twice."""
        row = self.find_row(run.id)
        found = [*compare_run(run, row)]
        if found and row is not None:
            now = find_remote_run(self.server, run.id)
            found = [*compare_run(now, self.find_row(run.id))] if now is not None else [report_lost(row)]
        self._note(found)

    def _look_for(self, row: RunRow) -> bool:
        """A run on record: what MLflow has of it, where it was not among the runs of what is governed."""
        if not self.store.has(row.run):
            run = find_remote_run(self.server, row.run)
            if run is None:
                self.store.add(report_lost(row))
            else:
                self._note(compare_run(run, self.find_row(row.run)))
        return True

    def _look_again(self) -> None:
        """A run that was begun meanwhile is there before it is on record."""
        for kind in ("unrecorded-run", "unadmitted-model"):
            for finding in [one for one in self.store.iterate(kind) if self.find_row(one.run) is not None]:
                self.store.drop(kind, finding.run)

    def _scan_versions(self) -> int:
        for model, alias, number in iterate_aliases(self.server):
            if self.settings.find_model_binding(model) is not None:
                self.store.add_alias(model, alias, number)
        count = 0
        for version in iterate_versions(self.server):
            binding = self.settings.find_model_binding(version.model)
            if binding is not None and not is_prompt(version):
                count += 1
                self._compare_version(version, binding)
        return count

    def _compare_version(self, version: RemoteVersion, binding: Binding) -> None:
        logged = name_logged_model(version) if not version.run else ""
        if logged:
            version = version._replace(run=find_model_run(self.server, logged))
        aliases = self.store.list_aliases(version.model, version.version)
        history = find_history(self.ledger, self.settings.server, version.run)
        is_current = history.is_current(f"{version.model}/{version.version}")
        row = self.find_row(version.run)
        self._note(compare_version(version, row, binding, aliases, is_current=is_current))

    def _note(self, found: Iterator[Finding] | list[Finding]) -> None:
        for finding in found:
            self.store.add(finding)


def find_settings(policy_set: PolicySet) -> MlflowSettings:
    """What the policy set says of the server. Raises PolicyError where it says nothing."""
    if policy_set.mlflow is None:
        message = "the policy set has no section `mlflow`, so no experiment is governed and nothing can be compared"
        raise PolicyError(Problem(message, "name the policy set of the server with `--config`"))
    return policy_set.mlflow
