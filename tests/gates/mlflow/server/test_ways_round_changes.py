"""Ways round the gate by what is done to a run after its model was released, tried on a real server."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from policy.gates.cli.main import main
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD
from tests.gates.mlflow.server.serving import ADMIN, PASSWORD, Server
from tests.gates.mlflow.server.test_ways_round_artifacts import put
from tests.gates.mlflow.server.test_ways_round_releases import make_alias, make_name, register
from tests.gates.mlflow.server.ways import (
    WAYS,
    Way,
    assert_refused,
    begin,
    get_state,
    make_model,
    make_tags,
    read_tags,
    send,
    start,
    two_ways,
    use_client,
)

FILES = ("model.pkl", "python_model.pkl", "model.joblib", "model.ubj", "data/saved_model.pb", "MLmodel", "notes.txt")


def end(server: Server, run: str, way: Way) -> None:
    assert way.ask(server, "runs/update", {"run_id": run, "status": "FINISHED"}).status == 200


def resume(server: Server, run: str, way: Way) -> None:
    assert way.ask(server, "runs/update", {"run_id": run, "status": "RUNNING"}).status == 200
    assert get_state(server, run) == "admitted"


@two_ways
def test_the_files_of_a_run_that_has_ended_stay_what_they_were(server: Server, experiment: str, way: Way) -> None:
    name = make_name(server, "support", way.user)
    run = start(server, experiment, way=way)
    folder = f"{experiment}/{run}/artifacts/model"
    for file in FILES:
        assert put(server, way, f"{folder}/{file}").status == 200
    end(server, run, way)
    assert register(server, name, f"runs:/{run}/model", run, way=way).status == 200
    assert make_alias(server, name, "1", way).status == 200
    versions = 1
    for file in FILES:
        assert put(server, way, f"{folder}/{file}").status == 200
        assert get_state(server, run) == "reopened", file
        assert read_tags(server, run)["policy.state"] == "reopened"
        assert_refused(make_alias(server, name, str(versions), way), "is reopened", "resume it")
        assert_refused(register(server, name, f"runs:/{run}/model", run, way=way), "is reopened")
        resume(server, run, way)
        end(server, run, way)
        # It is admitted again, and what was released of it before is something else.
        assert_refused(make_alias(server, name, str(versions), way), "register a new version")
        assert register(server, name, f"runs:/{run}/model", run, way=way).status == 200
        versions += 1
        assert make_alias(server, name, str(versions), way).status == 200


@two_ways
def test_to_delete_files_or_to_log_parameters_afterwards_is_a_change_too(
    server: Server, experiment: str, way: Way
) -> None:
    run = start(server, experiment, way=way)
    file = f"{experiment}/{run}/artifacts/model/model.pkl"
    assert put(server, way, file).status == 200
    model = make_model(server, experiment, run, way.user).body["model"]["info"]["model_id"]
    end(server, run, way)
    path = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=model/model.pkl"
    parameters: list[dict[str, str]] = [{"key": "model_name_or_path", "value": "other/base"}]
    for change in (
        lambda: way.ask(server, "runs/log-batch", {"run_id": run, "params": parameters}),
        lambda: way.ask(server, "runs/log-parameter", {"run_id": run, "key": "max_depth", "value": "9"}),
        lambda: server.ask("POST", path, user=way.user, raw=b"y"),
        lambda: put(server, way, f"{experiment}/models/{model}/artifacts/model.pkl"),
        # Basic-auth lets an administrator delete files.
        lambda: put(server, Way("admin", way.prefix, way.camel), file, "DELETE"),
    ):
        assert change().status == 200
        assert get_state(server, run) == "reopened"
        resume(server, run, way)
        end(server, run, way)
    metric = {"run_id": run, "key": "accuracy", "value": 1, "timestamp": 1}
    assert way.ask(server, "runs/log-metric", metric).status == 200
    assert way.ask(server, "runs/set-tag", {"run_id": run, "key": "note", "value": "x"}).status == 200
    assert get_state(server, run) == "admitted"


@two_ways
def test_a_run_that_never_ends_changes_nothing_that_was_released(server: Server, experiment: str, way: Way) -> None:
    name, copy = make_name(server, "support", way.user), make_name(server, "other", way.user)
    run = start(server, experiment, way=way)
    files = f"{experiment}/{run}/artifacts"
    assert put(server, way, f"{files}/model/model.safetensors").status == 200
    source = f"mlflow-artifacts:/{files}/model"
    assert register(server, name, source, run, way=way).status == 200
    assert make_alias(server, name, "1", way).status == 200
    assert register(server, copy, f"models:/{name}/1", way=way).status == 200
    # It goes on: reports, the next checkpoint, what it was trained with.
    for file in ("report.html", "checkpoint-2/model.safetensors", "model2/model.pkl"):
        assert put(server, way, f"{files}/{file}").status == 200
    assert way.ask(server, "runs/log-parameter", {"run_id": run, "key": "best_depth", "value": "9"}).status == 200
    assert get_state(server, run) == "admitted"
    assert put(server, way, f"{files}/model/model.safetensors").status == 200
    assert get_state(server, run) == "reopened"
    resume(server, run, way)
    for model in (name, copy):
        assert_refused(make_alias(server, model, "1", way), "register a new version")
    assert_refused(register(server, copy, f"models:/{name}/1", way=way), "register a new version")
    assert register(server, name, source, run, way=way).status == 200
    assert make_alias(server, name, "2", way).status == 200
    # Resumed first, and then changed.
    end(server, run, way)
    resume(server, run, way)
    assert put(server, way, f"{files}/model/deeper/weights.bin").status == 200
    assert get_state(server, run) == "reopened"
    assert_refused(make_alias(server, name, "2", way), "is reopened")


@two_ways
def test_nor_does_the_folder_of_its_logged_model(server: Server, experiment: str, way: Way) -> None:
    name = make_name(server, "support", way.user)
    run = start(server, experiment, way=way)
    first, second = (make_model(server, experiment, run, way.user).body["model"]["info"]["model_id"] for _ in "12")
    folder = f"{experiment}/models"
    assert put(server, way, f"{folder}/{first}/artifacts/model.pkl").status == 200
    assert register(server, name, f"models:/{first}", model=first, way=way).status == 200
    assert make_alias(server, name, "1", way).status == 200
    assert put(server, way, f"{folder}/{second}/artifacts/model.pkl").status == 200
    assert get_state(server, run) == "admitted"
    assert put(server, way, f"{folder}/{first}/artifacts/model.pkl").status == 200
    assert get_state(server, run) == "reopened"
    # By its name in the run it is the same.
    resume(server, run, way)
    assert register(server, name, f"runs:/{run}/m", run, way=way).status == 200
    assert put(server, way, f"{folder}/{second}/artifacts/model.pkl").status == 200
    assert get_state(server, run) == "reopened"


@two_ways
def test_nobody_reopens_a_run_by_a_folder_that_is_called_like_it(server: Server, experiment: str, way: Way) -> None:
    run, other = start(server, experiment), start(server, experiment, way=way)
    end(server, run, way)
    assert put(server, way, f"{experiment}/{other}/artifacts/{run}/artifacts/model.pkl").status == 200
    assert_refused(put(server, way, f"{experiment}/{run}/model.pkl"), "only its runs have files")
    assert get_state(server, run) == "admitted"


def make_spans(resource: dict[str, str], root: dict[str, str]) -> bytes:
    """A trace as OpenTelemetry sends it."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    found = request.resource_spans.add()
    now = time.time_ns()
    span = found.scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = now.to_bytes(16, "big"), now.to_bytes(8, "big"), "n"
    span.start_time_unix_nano, span.end_time_unix_nano = now, now + 5
    for place, values in ((found.resource.attributes, resource), (span.attributes, root)):
        for key, value in values.items():
            added = place.add()
            added.key, added.value.string_value = key, value
    return bytes(request.SerializeToString())


def export(server: Server, experiment: str, user: str, spans: bytes) -> int:
    request = urllib.request.Request(server.url + "/v1/traces", spans, method="POST")
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode())
    request.add_header("Content-Type", "application/x-protobuf")
    request.add_header("x-mlflow-experiment-id", experiment)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("user", ["ada", "admin"])
def test_no_trace_or_dataset_has_a_tag_that_mirrors_the_ledger(server: Server, experiment: str, user: str) -> None:
    for resource, root in (
        ({"policy.state": "admitted"}, {}),
        ({"service.name": "x", " Policy.state": "admitted"}, {}),
        ({}, {"mlflow.traceTag.policy.state": "admitted"}),
    ):
        assert export(server, experiment, user, make_spans(resource, root)) == 403
    assert export(server, experiment, user, make_spans({"service.name": "x"}, {"mlflow.traceTag.team": "a"})) == 200
    way = Way(user, "/api", camel=False)
    where = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}]
    found = way.ask(server, "3.0/mlflow/traces/search", {"locations": where})
    assert found.status == 200, found
    assert [trace["tags"]["service.name"] for trace in found.body["traces"]] == ["x"]
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}
    given = {"dataset": dataset, "tags": make_tags({"policy.state": "admitted"})}
    run = start(server, experiment, way=way)
    assert_refused(way.ask(server, "runs/log-inputs", {"run_id": run, "datasets": [given]}), "mirror the ledger")


@two_ways
def test_what_is_kept_of_traces_is_beside_no_run(server: Server, experiment: str, way: Way) -> None:
    assert export(server, experiment, "ada", make_spans({}, {})) == 200
    where = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}]
    body = {"locations": where}
    (trace,) = WAYS[0].ask(server, "3.0/mlflow/traces/search", body).body["traces"]
    assert put(server, way, f"{experiment}/traces/{trace['trace_id']}/artifacts/traces.json").status == 200
    for folder in (
        "traces",
        f"traces/tr-{'0' * 32}/artifacts",
        f"traces/{trace['trace_id']}",
        f"x/{trace['trace_id']}",
    ):
        assert_refused(put(server, way, f"{experiment}/{folder}/model.safetensors"), "only its runs have files")


def test_what_was_released_before_a_change_is_found_afterwards(
    server: Server, experiment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    monkeypatch.chdir(server.folder)
    name, run = make_name(server, "support"), start(server, experiment)
    assert register(server, name, f"runs:/{run}/model", run).status == 200
    assert make_alias(server, name, "1").status == 200
    end(server, run, WAYS[0])
    assert put(server, WAYS[0], f"{experiment}/{run}/artifacts/model/model.pkl").status == 200
    resume(server, run, WAYS[0])
    assert register(server, name, f"runs:/{run}/model", run).status == 200
    assert main(["runs", "compare", server.url, "--output", "json"]) == 1
    found = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["model"] == name]
    assert [(one["kind"], one["version"]) for one in found] == [("unadmitted-version", "1"), ("unadmitted-alias", "1")]
    assert "was changed after it was made" in found[0]["message"]


def test_a_baseline_that_trained_releases_what_is_registered_once_it_is_judged(server: Server, experiment: str) -> None:
    name = make_name(server, "other")
    assert begin(server, experiment, BLOCKED).status == 403
    run = start(server, experiment, GOOD, activity="baseline")
    server.call("runs/log-parameter", {"run_id": run, "key": "lora_alpha", "value": "16"}, "ada")
    assert get_state(server, run) == "reopened"
    resume(server, run, WAYS[0])
    assert register(server, name, f"runs:/{run}/model", run).status == 200
    assert make_alias(server, name, "1").status == 200


def predict(self: Any, context: Any, model_input: list[str]) -> list[str]:
    """Of a model; MLflow warns of one that does not say what it takes, whatever filters there are."""
    return model_input if self or context else []


@pytest.mark.filterwarnings("ignore")
def test_what_clients_do_about_a_model_changes_nothing(
    server: Server, experiment: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    names = [f"support-{time.monotonic_ns()}-{at}" for at in range(3)]
    send(server, GOOD, "ada")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"x")
    with use_client(server, "ada") as mlflow:
        echo = type("Echo", (mlflow.pyfunc.PythonModel,), {"predict": predict})
        # What a model needs MLflow finds out by loading it in another process, which takes long.
        monkeypatch.setattr(mlflow.models, "infer_pip_requirements", lambda *_, **__: ["mlflow"])
        mlflow.set_experiment(experiment_id=experiment)
        mlflow.sklearn.autolog(registered_model_name=names[0], serialization_format="cloudpickle", silent=True)
        try:
            with mlflow.start_run(tags={"ml-manifest.digest": GOOD.digest}) as run:
                linear.LogisticRegression().fit([[0.0], [1.0]], [0, 1])
                mlflow.log_param("note", "x")
        finally:
            mlflow.sklearn.autolog(disable=True)
        runs = [run.info.run_id]
        with mlflow.start_run(tags={"ml-manifest.digest": GOOD.digest}) as run:
            files = {"snapshot": str(tmp_path)}
            mlflow.pyfunc.log_model(name="m", python_model=echo(), artifacts=files, registered_model_name=names[1])
            mlflow.log_artifacts(str(tmp_path), "weights")
        runs.append(run.info.run_id)
        client = mlflow.MlflowClient()
        mlflow.register_model(f"runs:/{runs[1]}/m", names[2])
        for name in names:
            client.set_registered_model_alias(name, "champion", "1")
        assert [get_state(server, run) for run in runs] == ["admitted", "admitted"]
