"""What is asked of a guarded server, and of a client of it, whatever their version of MLflow."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.gates.mlflow.server.conftest import SET, make_sent, write_set
from tests.gates.mlflow.server.neighbours import find_held
from tests.gates.mlflow.server.serving import PASSWORD, Answer, Server
from tests.gates.mlflow.server.ways import (
    assert_refused,
    begin,
    find_row,
    get_run,
    get_state,
    list_runs,
    read_tags,
    start,
)

NOTED = """\
policy: few-rows
title: Little data is pointed out
severity: low
require: {data.rows: {at_least: 100}}
effect: {run: flag, release: flag}
fix: Collect more.
"""
MANIFEST = """\
manifest: 1
project: support-tone
approach: fine-tuning
data: {{change_interval: {interval}, rows: 1000}}
model: {{parameters: 1000}}
"""
# As people write it: MLflow makes a warning of any ordinary exception in `fit`, and trains on.
TRAINING = """\
import sys
import mlflow
from sklearn.linear_model import LinearRegression

mlflow.sklearn.autolog(log_models=False)
mlflow.set_experiment(experiment_id=sys.argv[1])
model = LinearRegression()
try:
    model.fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0])
finally:
    print("trained" if hasattr(model, "coef_") else "not trained")
run = mlflow.last_active_run().info.run_id
# What is written once it has ended would open its decision again.
with mlflow.start_run(run_id=run):
    mlflow.log_text("seen", "notes.txt")
client = mlflow.MlflowClient()
client.create_registered_model("support-client")
client.create_model_version("support-client", f"runs:/{run}/model", run)
client.set_registered_model_alias("support-client", "champion", "1")
print(run)
"""
# Every public method of every store that this MLflow has, and of what keeps artifacts, which no table names.
METHODS = """\
import importlib
from policy.app.runs.methods import ARTIFACT_ASIDE, ARTIFACT_READS, ARTIFACT_WRITES, REGISTRY, TRACKING
from policy.app.runs.methods import list_unclassified
from policy.gates.mlflow.server.stores import list_artifact_bases

for kind, tables in (("tracking", TRACKING), ("model_registry", REGISTRY)):
    for name, store in (("abstract", "Abstract"), ("file", "File"), ("rest", "Rest"), ("sqlalchemy", "SqlAlchemy"),
                        ("sqlalchemy_workspace", "WorkspaceAwareSqlAlchemy")):
        try:
            module = importlib.import_module(f"mlflow.store.{kind}.{name}_store")
        except ModuleNotFoundError as error:
            assert error.name.startswith("mlflow.store"), error
        else:
            print(*list_unclassified(getattr(module, f"{store}Store"), *tables))
for base in list_artifact_bases():
    print(*list_unclassified(base, ARTIFACT_READS, ARTIFACT_ASIDE, ARTIFACT_WRITES))
"""


def make_manifest(interval: str = "90d", rows: int = 1000, parameters: int = 1000) -> Any:
    """What a client sends: seldom changing data, enough of it, and a small model, unless otherwise said."""
    return make_sent(data={"change_interval": interval, "rows": rows}, model={"parameters": parameters})


GOOD, BLOCKED, NOTEWORTHY = make_manifest(), make_manifest("7d"), make_manifest(rows=5)
HELD = make_manifest(parameters=7_000_000_000)


class Place(NamedTuple):
    """A server, an experiment that it governs, and the interpreter that has its version of MLflow."""

    server: Server
    experiment: str
    python: str


def write_policies(folder: Path) -> Path:
    """A policy set that blocks, holds, and flags."""
    write_set(folder, SET)
    (folder / "policies/few-rows.yaml").write_text(NOTED)
    return folder


def ask_for(place: Place, sent: Any = HELD) -> tuple[str, str]:
    """The request and the run of what is held."""
    answer = begin(place.server, place.experiment, sent)
    assert_refused(answer, "large-models")
    return find_held(answer.body["message"])


def update(place: Place, run: str, status: str) -> Answer:
    return place.server.call("runs/update", {"run_id": run, "status": status}, "ada")


def register(place: Place, name: str, run: str) -> Answer:
    body = {"name": name, "source": f"runs:/{run}/model", "run_id": run}
    return place.server.call("model-versions/create", body, "ada")


def check_methods(place: Place) -> None:
    """No store has a method that no table names."""
    done = run_python(place, METHODS)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def check_refusal(place: Place) -> None:
    assert_refused(begin(place.server, place.experiment, BLOCKED), "volatile-data", "instead: rag", "decision sha256:")
    assert_refused(begin(place.server, place.experiment, None), "needs the manifest")
    assert list_runs(place.server, place.experiment) == []


def check_flag(place: Place) -> None:
    run = start(place.server, place.experiment, NOTEWORTHY)
    tags = read_tags(place.server, run)
    assert (tags["policy.state"], tags["policy.verdict"], tags["mlflow.user"]) == ("admitted", "flag", "ada"), tags
    row = find_row(place.server, run)
    assert row is not None
    assert (row.verdict, row.decision) == ("flag", tags["policy.decision"])
    written = {"run_id": run, "key": "policy.state", "value": "mine"}
    assert_refused(place.server.call("runs/set-tag", written, "ada"), "policy.state")


def check_observation(place: Place) -> None:
    """Where the gate only watches, what would be blocked begins, and is on record; elsewhere nothing is."""
    canary = place.server.make_experiment(f"canary-{time.monotonic_ns()}", "ada")
    assert get_state(place.server, start(place.server, canary, BLOCKED)) == "admitted"
    free = place.server.make_experiment(f"free-{time.monotonic_ns()}", "ada")
    assert get_state(place.server, start(place.server, free, None)) == ""


def check_hold(place: Place) -> None:
    request, run = ask_for(place)
    assert ask_for(place) == (request, run)
    assert get_run(place.server, run)["info"]["status"] == "SCHEDULED"
    assert_refused(update(place, run, "RUNNING"))
    path = f"/policy/api/1/requests/{request}/approve"
    assert place.server.ask("POST", path, {"reason": "mine"}, "ada").status == 403
    assert place.server.ask("POST", path, {"reason": "it is needed"}, "bob").status == 200
    for status in ("RUNNING", "FINISHED"):
        assert update(place, run, status).status == 200
        assert get_run(place.server, run)["info"]["status"] == status
    assert get_state(place.server, run) == "admitted"


def check_artifacts(place: Place) -> None:
    """Into a run that waits nothing goes, by whichever address; into one that was admitted it does."""
    _, waits = ask_for(place, make_manifest(parameters=8_000_000_000))
    server, runs = place.server, (start(place.server, place.experiment, GOOD), waits)
    for prefix in ("/api", "/ajax-api"):
        for run in runs:
            path = f"{prefix}/2.0/mlflow-artifacts/artifacts/{place.experiment}/{run}/artifacts/{prefix[1:]}.txt"
            check_upload(server.ask("PUT", path, user="ada", raw=b"x"), refused=run == waits)
    for run in runs:
        path = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=model.bin"
        check_upload(server.ask("POST", path, user="ada", raw=b"x"), refused=run == waits)
    files = server.folder / "artifacts" / place.experiment
    assert sorted(file.name for file in (files / runs[0] / "artifacts").iterdir()) == [
        "ajax-api.txt",
        "api.txt",
        "model.bin",
    ]
    assert not (files / waits).exists()


def check_upload(answer: Answer, *, refused: bool) -> None:
    if refused:
        assert_refused(answer, "it is held")
    else:
        assert answer.status == 200, answer


def check_release(place: Place) -> None:
    """From an admitted run a version is released; from one that waits, or that trained nothing, none is."""
    name, server = f"support-{time.monotonic_ns()}", place.server
    assert server.call("registered-models/create", {"name": name}, "ada").status == 200
    run, (_, waits) = start(server, place.experiment, GOOD), ask_for(place, make_manifest(parameters=9_000_000_000))
    baseline = start(server, place.experiment, BLOCKED, activity="baseline")
    assert register(place, name, run).status == 200
    assert_refused(register(place, name, waits), "is held")
    assert_refused(register(place, name, baseline), "as `baseline` only")
    alias = {"name": name, "alias": "champion", "version": "1"}
    assert server.call("registered-models/alias", alias, "ada").status == 200
    stage = {"name": name, "version": "1", "stage": "Production", "archive_existing_versions": False}
    assert server.call("model-versions/transition-stage", stage, "ada").status == 200
    body = {"experiment_id": place.experiment, "name": "m"}
    assert_refused(server.call("logged-models", body, "ada"), "needs the run")
    assert server.call("logged-models", {**body, "source_run_id": run}, "ada").status == 200
    assert_refused(server.call("logged-models", {**body, "source_run_id": waits}, "ada"), "is held")


def check_client(place: Place) -> None:
    """A program in a folder with a manifest: refused before it trains, and else as ever."""
    project = place.server.folder / "project"
    (project / ".git").mkdir(parents=True)
    (project / "ml-manifest.yaml").write_text(MANIFEST.format(interval="7d"))
    done = run_python(place, TRAINING, project)
    assert (done.returncode, done.stdout.split("\n")[0]) == (1, "not trained"), done
    assert "volatile-data" in done.stderr, done.stderr
    assert "instead: rag" in done.stderr, done.stderr
    (project / "ml-manifest.yaml").write_text(MANIFEST.format(interval="90d"))
    done = run_python(place, TRAINING, project)
    assert done.returncode == 0, done.stderr
    run = done.stdout.split()[-1]
    assert (get_state(place.server, run), get_run(place.server, run)["info"]["status"]) == ("admitted", "FINISHED")


def run_python(place: Place, program: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A program of ada's with this version of MLflow."""
    environ = {**os.environ, "PYTHONWARNINGS": "ignore", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    environ |= {"MLFLOW_TRACKING_URI": place.server.url, "MLFLOW_TRACKING_USERNAME": "ada"}
    environ |= {"MLFLOW_TRACKING_PASSWORD": PASSWORD, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    return subprocess.run(
        [place.python, "-c", program, place.experiment],
        cwd=folder or place.server.folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


CHECKS = {
    "methods": check_methods,
    "refuse": check_refusal,
    "flag": check_flag,
    "observe": check_observation,
    "hold": check_hold,
    "artifacts": check_artifacts,
    "release": check_release,
    "client": check_client,
}
# What an address meets depends on what serves it; the rest does not.
BESIDES = ("refuse", "hold", "artifacts")
