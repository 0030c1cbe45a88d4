"""Ways round the gate by artifacts, tried on a real server: under uvicorn they come in beside Flask."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD
from tests.gates.mlflow.server.serving import Answer, Server
from tests.gates.mlflow.server.ways import (
    Way,
    assert_refused,
    each_way,
    get_state,
    hold,
    make_model,
    read_tags,
    start,
    two_ways,
    use_client,
)


def put(server: Server, way: Way, path: str, method: str = "PUT") -> Answer:
    """A file, straight to where the server keeps what is sent to it."""
    return server.ask(method, f"{way.prefix}/2.0/mlflow-artifacts/artifacts/{path}", user=way.user, raw=b"x")


def exists(server: Server, path: str) -> bool:
    return (server.folder / "artifacts" / path).exists()


@each_way
def test_no_file_goes_into_a_run_that_waits(server: Server, experiment: str, way: Way) -> None:
    run = hold(server, experiment, HELD)
    place = f"{experiment}/{run}/artifacts"
    assert_refused(put(server, way, f"{place}/model.bin"), "it is held")
    assert_refused(put(server, way, f"{place}/deep/er/model.bin"), "it is held")
    encoded = quote(quote(f"{run}/artifacts/model.bin", safe=""), safe="")
    assert put(server, way, f"{experiment}/{encoded}").status in (400, 403)
    assert put(server, way, f"{experiment}/./{run}/artifacts/model.bin").status in (400, 403, 404)
    assert put(server, way, f"{experiment}//{run}/artifacts/model.bin").status in (400, 403, 404, 405)
    assert put(server, way, f"0/../{place}/model.bin").status in (400, 403, 404)
    path = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=model.bin"
    assert_refused(server.ask("POST", path, user=way.user, raw=b"x"), "it is held")
    assert not exists(server, place)


@two_ways
def test_nor_by_parts_or_by_an_address_that_is_signed(server: Server, experiment: str, way: Way) -> None:
    run = hold(server, experiment, HELD)
    for step in ("create", "complete", "abort"):
        body = {"path": "model.bin", "num_parts": 1, "upload_id": "1", "parts": []}
        path = f"{way.prefix}/2.0/mlflow-artifacts/mpu/{step}/{experiment}/{run}/artifacts"
        assert server.ask("POST", path, body, way.user).status >= 400
    body = {"run_id": run, "path": "model.bin"}
    assert way.ask(server, "artifacts/presigned-upload-url", body).status >= 400


@two_ways
def test_no_file_lies_beside_the_runs_of_a_governed_experiment(server: Server, experiment: str, way: Way) -> None:
    for path in (f"{experiment}/model.bin", f"{experiment}/{'0' * 32}/artifacts/model.bin", f"{experiment}/models/m/x"):
        assert_refused(put(server, way, path), "only its runs have files")
    assert not exists(server, experiment)
    free = server.make_experiment(f"free-{time.monotonic_ns()}", "ada")
    assert put(server, way, f"{free}/notes.txt").status == 200


@two_ways
def test_files_go_into_admitted_runs_also_where_folders_look_like_ids(
    server: Server, experiment: str, way: Way
) -> None:
    run = start(server, experiment)
    place = f"{experiment}/{run}/artifacts/{'0' * 32}"
    assert put(server, way, f"{place}/model.safetensors").status == 200
    assert exists(server, f"{place}/model.safetensors")
    assert get_state(server, run) == "admitted"
    assert put(server, Way("admin", way.prefix, way.camel), f"{place}/model.safetensors", "DELETE").status == 200


@two_ways
def test_a_model_among_the_files_of_a_baseline_opens_it_again(server: Server, experiment: str, way: Way) -> None:
    for name in ("adapter_config.json", "deep/model-00001.safetensors", "model/MLmodel"):
        run = start(server, experiment, BLOCKED, activity="baseline")
        assert put(server, way, f"{experiment}/{run}/artifacts/answers.json").status == 200
        assert get_state(server, run) == "admitted"
        assert put(server, way, f"{experiment}/{run}/artifacts/{name}").status == 200
        assert get_state(server, run) == "reopened", name
        assert read_tags(server, run)["policy.state"] == "reopened"


@two_ways
def test_what_is_written_after_a_run_has_ended_opens_it_again_until_it_is_resumed(
    server: Server, experiment: str, way: Way
) -> None:
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}
    for name, body in (
        ("runs/log-parameter", {"key": "learning_rate", "value": "16"}),
        ("runs/log-inputs", {"datasets": [{"dataset": dataset, "tags": []}]}),
        ("", {}),
    ):
        run = start(server, experiment, way=way)
        path = f"{experiment}/{run}/artifacts/report.html"
        assert put(server, way, path).status == 200
        way.ask(server, "runs/log-parameter", {"run_id": run, "key": "lora_alpha", "value": "16"})
        way.ask(server, "runs/update", {"run_id": run, "status": "FINISHED"})
        assert get_state(server, run) == "admitted"
        if name:
            assert way.ask(server, name, {"run_id": run, **body}).status == 200
        else:
            assert put(server, way, path).status == 200
        assert get_state(server, run) == "reopened", name
        assert way.ask(server, "runs/update", {"run_id": run, "status": "RUNNING"}).status == 200
        assert get_state(server, run) == "admitted"


@two_ways
def test_no_file_goes_into_a_model_of_a_run_that_waits(server: Server, experiment: str, way: Way) -> None:
    run = start(server, experiment)
    model = make_model(server, experiment, run).body["model"]["info"]["model_id"]
    place = f"{experiment}/models/{model}/artifacts"
    assert put(server, way, f"{place}/MLmodel").status == 200
    assert_refused(put(server, way, f"{experiment}/models/m-{'0' * 32}/artifacts/MLmodel"), "only its runs have files")


@pytest.mark.parametrize("user", ["ada", "admin"])
def test_the_client_cannot_either(server: Server, experiment: str, user: str, tmp_path) -> None:
    run = hold(server, experiment, HELD)
    file = tmp_path / "model.bin"
    file.write_bytes(b"x")
    with use_client(server, user) as mlflow:
        client = mlflow.MlflowClient()
        for write in (
            lambda: client.log_artifact(run, str(file)),
            lambda: client.log_artifacts(run, str(tmp_path)),
            lambda: client.log_text(run, "x", "x.txt"),
            lambda: client.log_dict(run, {}, "x.json"),
        ):
            with pytest.raises(Exception, match=r"is held|403"):
                write()
    assert not exists(server, f"{experiment}/{run}/artifacts")


@two_ways
def test_an_experiment_whose_files_are_those_of_another_run_is_no_way(
    server: Server, experiment: str, way: Way
) -> None:
    waits = hold(server, experiment, HELD)
    location = f"mlflow-artifacts:/{experiment}/{waits}/artifacts"
    body = {"name": f"free-{time.monotonic_ns()}", "artifact_location": location}
    free = way.ask(server, "experiments/create", body).body["experiment_id"]
    run = start(server, free, None, way)
    assert_refused(put(server, way, f"{experiment}/{waits}/artifacts/{run}/artifacts/model.bin"), "it is held")
    assert not exists(server, f"{experiment}/{waits}/artifacts")
    assert start(server, experiment, GOOD)
