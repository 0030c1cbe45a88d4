"""What `mlflow run --backend policy` runs a project with: MLflow's own, once the project is judged."""

from __future__ import annotations

import os
from typing import Any

from mlflow.projects import ExecutionException, _wait_for
from mlflow.projects.backend.local import LocalBackend
from mlflow.projects.utils import PROJECT_SYNCHRONOUS, fetch_and_validate_project
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_SOURCE_NAME

from policy.app.runs.intent import intend
from policy.app.runs.refusal import RunRefused
from policy.gates.mlflow.client.announcing import look_ahead
from policy.gates.mlflow.client.judging import judge_run
from policy.gates.mlflow.client.refusal import stop_refused
from policy.gates.mlflow.client.server import Server


class JudgingBackend(LocalBackend):  # type: ignore[misc]  # MLflow is not always installed
    """Runs what was judged: a project from elsewhere is fetched once.

    Whoever calls waits for its end: the command line of MLflow leaves that to every backend but its own.
    """

    def run(
        self,
        project_uri: str,
        entry_point: str,
        params: Any,
        version: str | None,
        backend_config: Any,
        tracking_uri: str,
        experiment_id: str,
    ) -> Any:
        folder = fetch_and_validate_project(project_uri, version, entry_point, params)
        # A local one may be a part of a repository, and its own name says which.
        here = os.path.isdir(project_uri.partition("#")[0])
        try:
            with intend(None, None, folder), stop_refused():
                judge_project(tracking_uri, experiment_id)
                place, checked_out = (project_uri, version) if here else (folder, None)
                submitted = super().run(
                    place,
                    entry_point,
                    params,
                    checked_out,
                    {**backend_config, PROJECT_SYNCHRONOUS: True},
                    tracking_uri,
                    experiment_id,
                )
        except RunRefused as refused:
            # It is how a project's failure is told, and nothing of it has been started.
            raise ExecutionException(str(refused)) from None
        if not here:
            MlflowClient().set_tag(submitted.run_id, MLFLOW_SOURCE_NAME, project_uri)
        if not backend_config[PROJECT_SYNCHRONOUS]:
            _wait_for(submitted)
        return submitted


def judge_project(address: str, experiment_id: str) -> None:
    """Ask the server where it judges, else judge here. Raises PolicyError, RunRefused."""
    if address.partition("://")[0] in ("http", "https") and Server.find(address).judges():
        look_ahead(address, {"experiment_id": str(experiment_id)})
    else:
        # At an address that judges the run is not judged again when it begins.
        judge_run(MlflowClient().get_experiment(str(experiment_id)), {})
