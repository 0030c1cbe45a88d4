"""A fine-tuning in a run that is active: where the manifest has been changed since, it is asked about again."""

from __future__ import annotations

import pytest

import policy
from policy.app.runs.recent import Recent
from policy.app.runs.refusal import RunRefused

pytest.importorskip("mlflow", reason="the client belongs to MLflow")
import mlflow

from policy.gates.mlflow.client import begun
from tests.gates.mlflow.client.conftest import MANIFEST
from tests.gates.mlflow.client.standin import API, REFUSAL

LOOK = f"POST {API}/preflight"
LOG = "POST /api/2.0/mlflow/runs/log-batch"
TUNING = {"num_train_epochs": 3, "learning_rate": 0.1}
CHANGED = MANIFEST.replace("500", "400")


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(begun, "_BEGUN", Recent(9))


@pytest.fixture
def served(standin):
    mlflow.set_tracking_uri(standin.url)
    yield standin
    mlflow.end_run()


def log(parameters=None) -> None:
    """As the Trainer's callback does."""
    mlflow.log_params(parameters or TUNING, synchronous=False).wait()


def list_asked(standin) -> list[str]:
    return [f"{one.method} {one.path}" for one in standin.requests if one.path.endswith(("/preflight", "/log-batch"))]


def change(project, text=CHANGED) -> None:
    (project / "ml-manifest.yaml").write_text(text)


def test_what_is_refused_by_now_logs_nothing(served, project):
    policy.start_run(experiment_id="7", activity="evaluation")
    change(project)
    served.answers[LOOK] = (403, {"error_code": "PERMISSION_DENIED", "message": REFUSAL})
    with pytest.raises(RunRefused, match="rows: too few"):
        log()
    assert list_asked(served) == [LOOK]
    asked = served.requests[-1].document
    assert (asked["experiment_id"], asked["activity"]) == ("7", "evaluation")
    # What is asked about is what has been sent last.
    assert len(served.sent) == 2
    assert asked["manifest"] != served.tags["ml-manifest.digest"]


def test_what_waits_by_now_needs_a_run_of_its_own(served, project):
    served.answers[LOOK] = (200, {"verdict": "hold"})
    policy.start_run(experiment_id="7")
    change(project)
    with pytest.raises(RunRefused, match="the run needs an approval"):
        log()
    assert list_asked(served) == [LOOK]


@pytest.mark.parametrize("verdict", ["allow", "flag"])
def test_what_may_be_goes_on_and_it_is_said_what_is_on_record(verdict, served, project, caplog):
    served.answers[LOOK] = (200, {"verdict": verdict})
    policy.start_run(experiment_id="7")
    change(project)
    log()
    assert list_asked(served) == [LOOK, LOG]
    assert "stays on record with what it said then" in caplog.text


def test_a_manifest_that_is_gone_or_has_mistakes_by_now(served, project):
    policy.start_run(experiment_id="7")
    change(project, "manifest: 1\n")
    with pytest.raises(RunRefused, match="names no project"):
        log()
    (project / "ml-manifest.yaml").unlink()
    with pytest.raises(RunRefused, match="was begun with is gone"):
        log()
    assert list_asked(served) == []


def test_the_manifest_that_the_run_was_begun_with_is_what_counts(served, project):
    (project / "other").mkdir()
    (project / "other" / "ml-manifest.yaml").write_text(MANIFEST.replace("500", "300"))
    policy.start_run(experiment_id="7", manifest="other")
    change(project)
    log()
    assert list_asked(served) == [LOG]
    (project / "other" / "ml-manifest.yaml").write_text(MANIFEST)
    log()
    assert list_asked(served) == [LOG, LOOK, LOG]


@pytest.mark.parametrize("parameters", [{"n_estimators": 100}, {"learning_rate": 0.1}])
def test_what_fine_tunes_nothing_is_not_asked_about(parameters, served, project):
    policy.start_run(experiment_id="7")
    change(project)
    log(parameters)
    assert list_asked(served) == [LOG]


def test_nor_is_what_is_as_it_was_or_was_begun_elsewhere(served, project, monkeypatch):
    policy.start_run(experiment_id="7")
    log()
    mlflow.end_run()
    # What is resumed was judged with the manifest that it was begun with.
    monkeypatch.setattr(begun, "_BEGUN", Recent(9))
    policy.start_run("r" * 32)
    change(project)
    log()
    mlflow.end_run()
    policy.start_run(experiment_id="7", tags={"ml-manifest.digest": "sha256:" + "0" * 64})
    log()
    assert list_asked(served) == [LOG] * 3


@pytest.mark.parametrize("off_from_the_beginning", [True, False])
def test_nor_is_anything_that_nobody_shall_ask_about(off_from_the_beginning, served, project, monkeypatch):
    if off_from_the_beginning:
        monkeypatch.setenv("POLICY_OFF", "1")
    policy.start_run(experiment_id="7")
    monkeypatch.setenv("POLICY_OFF", "" if off_from_the_beginning else "1")
    change(project)
    log()
    assert list_asked(served) == [LOG]


def test_where_nobody_judges_it_goes_on(served, project):
    served.judge_nothing()
    policy.start_run(experiment_id="7")
    change(project)
    log()
    assert list_asked(served) == [LOG]
