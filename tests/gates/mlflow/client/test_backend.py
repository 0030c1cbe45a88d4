"""`mlflow run -b policy` runs a project that is judged, as MLflow would, and starts nothing of one that may not run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from policy.app.runs.recent import Recent
from policy.gates.mlflow.client import judging
from tests.enough_rows import RULE, SMALL
from tests.gates.mlflow.client.conftest import QUIET
from tests.gates.mlflow.client.standin import API
from tests.gates.mlflow.client.test_local_stores import POLICY_SET

mlflow = pytest.importorskip("mlflow", reason="the client belongs to MLflow")
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")

GOOD = SMALL.replace("5", "500")
PROJECT = "name: tone\nentry_points:\n  main:\n    parameters: {rate: {type: float, default: 0.1}}\n"
PROJECT += f'    command: "{sys.executable} -W ignore train.py {{rate}}"\n'
TRAIN = """\
import sys, mlflow
with mlflow.start_run() as run:
    mlflow.log_metric("rate", float(sys.argv[1]))
    open("ran", "w").write(run.info.run_id)
"""


@pytest.fixture(autouse=True)
def rules(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(judging, "_ADMITTED", Recent(9))
    (project / "rules").mkdir()
    (project / "rules" / "rows.yaml").write_text(RULE)
    (project / "policy.yaml").write_text(POLICY_SET)
    (project / "MLproject").write_text(PROJECT)
    (project / "train.py").write_text(TRAIN)


@pytest.fixture
def run(project: Path, store: str):
    """Calls `mlflow run` from the project, or from elsewhere."""

    def start(place: str = ".", *words: str, url: str = store, folder: Path = project):
        command = [
            str(Path(sys.executable).with_name("mlflow")),
            "run",
            place,
            "-b",
            "policy",
            "--env-manager",
            "local",
        ]
        environment = {**os.environ, **QUIET, "PYTHONWARNINGS": "ignore", "MLFLOW_TRACKING_URI": url}
        return subprocess.run(
            [*command, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    return start


@pytest.fixture
def run_here(store: str):
    """The same in this process, which needs not start MLflow: why it was refused, or nothing."""

    def start(place: str = ".", url: str = f"policy+{store}", **options) -> str:
        mlflow.set_tracking_uri(url)
        try:
            mlflow.projects.run(place, backend="policy", env_manager="local", **options)
        except mlflow.exceptions.ExecutionException as error:
            return str(error)
        return ""

    yield start
    mlflow.set_tracking_uri(None)


def list_runs(store):
    return mlflow.MlflowClient(store).search_runs(["0"])


def test_a_project_that_may_runs_to_its_end(run, project, store):
    done = run(".", "-P", "rate=0.5")
    assert done.returncode == 0, done.stderr
    (found,) = list_runs(store)
    assert found.info.run_id == (project / "ran").read_text()
    assert (found.info.status, found.data.params, found.data.metrics) == ("FINISHED", {"rate": "0.5"}, {"rate": 0.5})
    assert found.data.tags["mlflow.project.backend"] == "policy"


def test_nothing_of_one_that_may_not_is_started(run, project, store):
    (project / "ml-manifest.yaml").write_text(SMALL)
    done = run()
    assert done.returncode == 1
    assert "data.rows is 5 (declared), at least 100 is required" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "ran").exists()
    assert list_runs(store) == []


def test_a_project_that_fails_is_a_failure(run, project, store):
    (project / "train.py").write_text("raise SystemExit(3)\n")
    done = run()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert [found.info.status for found in list_runs(store)] == ["FAILED"]


def test_at_an_address_that_judges_it_is_the_same(run_here, project, store):
    assert run_here() == ""
    assert [found.info.status for found in list_runs(store)] == ["FINISHED"]
    (project / "ml-manifest.yaml").write_text(SMALL)
    assert "data.rows is 5 (declared)" in run_here()
    assert len(list_runs(store)) == 1


@pytest.mark.parametrize("manifest", [SMALL, ""])
def test_the_project_is_judged_and_not_who_calls(manifest, run_here, project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ml-manifest.yaml").write_text(GOOD)
    (project / "ml-manifest.yaml").write_text(manifest) if manifest else (project / "ml-manifest.yaml").unlink()
    assert ("rows is 5" if manifest else "a training needs the manifest of its project") in run_here(str(project))
    assert not (project / "ran").exists()


def test_a_project_from_elsewhere_runs_as_it_was_fetched_and_judged(run_here, project, store, tmp_path, monkeypatch):
    from zipfile import ZipFile

    for name, manifest in (("good", GOOD), ("small", SMALL)):
        (project / "ml-manifest.yaml").write_text(manifest)
        with ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for file in ("MLproject", "train.py", "policy.yaml", "ml-manifest.yaml", "rules/rows.yaml"):
                archive.write(project / file, file)
    monkeypatch.chdir(tmp_path)
    assert "rows is 5" in run_here(f"file://{tmp_path}/small.zip", store)
    assert run_here(f"file://{tmp_path}/good.zip", store) == ""
    (found,) = list_runs(store)
    assert found.data.tags["mlflow.source.name"] == f"file://{tmp_path}/good.zip"


def test_a_server_that_judges_is_asked_instead(run_here, project, standin):
    (project / "ml-manifest.yaml").write_text(SMALL)
    standin.refuse_runs()
    assert run_here(".", standin.url, experiment_id="7").startswith("the run in `support` is refused by 1 policy")
    asked = [request for request in standin.requests if request.path == f"{API}/preflight"]
    assert [json.loads(request.body)["experiment_id"] for request in asked] == ["7"]
    assert len(standin.sent) == 1
    assert not (project / "ran").exists()
