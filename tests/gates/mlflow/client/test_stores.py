"""Runs begin at a server with the manifest sent ahead, and nothing goes on after a refusal, however it is begun."""

from __future__ import annotations

import json

import pytest

from policy.app.runs.refusal import RunRefused
from policy.app.runs.sent import decode_sent, name_body
from tests.gates.mlflow.client.standin import API, REFUSAL, Request, make_run

mlflow = pytest.importorskip("mlflow", reason="the client belongs to MLflow")
pytestmark = pytest.mark.usefixtures("client")


@pytest.fixture
def client(standin):
    mlflow.set_tracking_uri(standin.url)
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(None)


def test_mlflow_takes_this_store_for_servers(client):
    store = client._tracking_client.store
    assert type(store).__module__ == "policy.gates.mlflow.client.stores"


def test_the_manifest_is_there_before_the_run_that_names_it(standin):
    with mlflow.start_run(experiment_id="7"):
        pass
    (body,) = standin.sent
    assert standin.list_paths()[:3] == [
        f"GET {API}/",
        f"PUT {API}/manifests/{name_body(body)}",
        "POST /api/2.0/mlflow/runs/create",
    ]
    assert decode_sent(body).project == "support"
    assert standin.tags["ml-manifest.digest"] == name_body(body)
    assert standin.tags["ml-manifest.activity"] == "training"


def test_one_process_sends_it_once_and_a_changed_one_again(standin, project):
    for _ in range(3):
        with mlflow.start_run(experiment_id="7"):
            pass
    assert len(standin.sent) == 1
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: support\ndata: {rows: 600}\n")
    with mlflow.start_run(experiment_id="7"):
        pass
    assert [json.loads(body)["manifest"]["data"]["rows"] for body in standin.sent] == [500, 600]
    assert standin.list_paths().count(f"GET {API}/") == 1


def test_a_run_that_is_created_directly_tells_it_too(client, standin):
    client.create_run("7", tags={"own": "1"})
    assert standin.tags.keys() >= {"own", "ml-manifest.digest", "ml-manifest.activity"}
    assert len(standin.sent) == 1


def test_a_refusal_stops_and_says_all_of_it(standin):
    standin.refuse_runs()
    with pytest.raises(RunRefused) as raised:
        mlflow.start_run(experiment_id="7")
    assert str(raised.value) == REFUSAL.removeprefix("Tunegate: ")
    assert mlflow.active_run() is None


def test_so_does_a_refusal_to_resume(standin):
    standin.refuse_runs()
    with pytest.raises(RunRefused, match="too few"):
        mlflow.start_run(run_id="r" * 32)


def test_ending_a_run_never_stops_a_program(client, standin):
    run = mlflow.start_run(experiment_id="7")
    standin.refuse_runs()
    with pytest.raises(mlflow.exceptions.MlflowException, match="too few"):
        client.set_terminated(run.info.run_id)
    standin.answers.pop("POST /api/2.0/mlflow/runs/update")
    mlflow.end_run()


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (403, {"error_code": "PERMISSION_DENIED", "message": "Permission denied"}),
        (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No experiment 7"}),
    ],
)
def test_errors_of_mlflow_itself_stay_what_they_are(standin, status, document):
    standin.answers["POST /api/2.0/mlflow/runs/create"] = (status, document)
    with pytest.raises(mlflow.exceptions.MlflowException, match=document["message"]):
        mlflow.start_run(experiment_id="7")


def test_a_manifest_with_mistakes_stops_the_run_with_every_one(standin, project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\ndata: {rows: many}\n")
    with pytest.raises(RunRefused) as raised:
        mlflow.start_run(experiment_id="7")
    text = str(raised.value)
    assert "ml-manifest.yaml:2:14: `data.rows`: `many` is not a whole number" in text
    assert "ml-manifest.yaml:1:1: the manifest names no project" in text
    assert standin.requests == []


def test_a_project_without_a_manifest_begins_its_runs_as_ever(standin, project):
    (project / "ml-manifest.yaml").unlink()
    with mlflow.start_run(experiment_id="7"):
        pass
    assert "ml-manifest.digest" not in standin.tags
    assert not [path for path in standin.list_paths() if API in path]


def test_a_digest_that_the_program_names_itself_stays(standin):
    with mlflow.start_run(experiment_id="7", tags={"ml-manifest.digest": "sha256:0", "ml-manifest.activity": "data"}):
        pass
    assert (standin.tags["ml-manifest.digest"], standin.tags["ml-manifest.activity"]) == ("sha256:0", "data")
    assert standin.sent == []


def test_a_server_that_does_not_judge_is_said_once(standin, caplog):
    standin.judge_nothing()
    for _ in range(2):
        with mlflow.start_run(experiment_id="7"):
            pass
    assert standin.sent == []
    assert "ml-manifest.digest" in standin.tags
    assert [record.getMessage() for record in caplog.records if record.name == "policy.mlflow"] == [
        f"Tunegate: the tracking server {standin.url} does not judge runs: no policy is held to there"
    ]


@pytest.mark.parametrize(("verdict", "is_said"), [("flag", True), ("allow", False)])
def test_what_begins_with_a_flag_is_said(standin, caplog, verdict, is_said):
    info = make_run(Request("POST", "", b""))["run"]["info"]
    tags = [{"key": "policy.verdict", "value": verdict}, {"key": "policy.decision", "value": "sha256:12"}]
    run = {"info": info, "data": {"tags": tags}}
    standin.answers["POST /api/2.0/mlflow/runs/create"] = (200, {"run": run})
    with mlflow.start_run(experiment_id="7"):
        pass
    said = "the run begins, and policies are not met that only flag there (decision sha256:12): `policy check"
    assert (said in caplog.text) == is_said


def test_other_stores_are_told_the_claims_and_sent_nothing(standin, run_script, store):
    program = "import mlflow\nwith mlflow.start_run() as run: pass\nprint(mlflow.get_run(run.info.run_id).data.tags)"
    done = run_script(program, store)
    assert "'ml-manifest.activity': 'training'" in done.stdout, done.stderr
    assert standin.requests == []
