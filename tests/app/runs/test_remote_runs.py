from __future__ import annotations

import json

import pytest

from policy.app.runs import remote_runs
from policy.app.runs.remote_runs import RemoteExperiment, RemoteModel, RemoteRun, RemoteVersion
from policy.app.runs.remote_server import open_tracking
from policy.errors import PolicyError
from tests.app.runs.tracking import make_run, make_version, start_tracking


@pytest.fixture
def stub():
    with start_tracking() as server:
        yield server


@pytest.fixture
def server(stub, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    return open_tracking(stub.url, {})


def test_experiments_deleted_ones_too(stub, server):
    stub.tell("experiments/search", "experiments", {"experiment_id": "0", "name": "a\nb"}, {"experiment_id": "1"})
    found = [*remote_runs.iterate_experiments(server)]
    assert found == [RemoteExperiment("0", "a\nb"), RemoteExperiment("1", "")]
    assert stub.asked[0][2]["view_type"] == "ALL"


def test_runs_deleted_ones_too(stub, server):
    stub.tell("runs/search", "runs", make_run("a", **{"policy.state": "held"}), make_run("b", "RUNNING"))
    assert [*remote_runs.iterate_runs(server, "7")] == [
        RemoteRun("a", "7", "FINISHED", {"policy.state": "held"}),
        RemoteRun("b", "7", "RUNNING", {}),
    ]
    said = stub.asked[0][2]
    assert (said["run_view_type"], said["experiment_ids"]) == ("ALL", ["7"])


def test_a_run_by_its_id(stub, server):
    stub.runs = {"a": make_run("a"), "b": make_run("a"), "c": "run"}
    assert remote_runs.find_remote_run(server, "a") == RemoteRun("a", "7", "FINISHED", {})
    assert remote_runs.find_remote_run(server, "x&run_id=a") is None
    for run in "bc":
        with pytest.raises(PolicyError):
            remote_runs.find_remote_run(server, run)


def test_logged_models(stub, server):
    infos = [{"model_id": "m-1", "source_run_id": "a"}, {"model_id": "m-2"}]
    stub.tell("logged-models/search", "models", *({"info": info} for info in infos))
    assert [*remote_runs.iterate_logged_models(server, "7")] == [RemoteModel("m-1", "a"), RemoteModel("m-2", "")]
    stub.models = {"m-1": {"model": {"info": infos[0]}}, "m-3": {"model": []}}
    assert remote_runs.find_model_run(server, "m-1") == "a"
    assert remote_runs.find_model_run(server, "m-2") == ""
    assert remote_runs.find_model_run(server, "../runs/get?x=") == ""
    with pytest.raises(PolicyError, match="has no `info`"):
        remote_runs.find_model_run(server, "m-3")


def test_versions_and_aliases(stub, server):
    tag = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    stub.tell(
        "model-versions/search",
        "model_versions",
        make_version("bot", "1", "a", source="s3://x", current_stage="Production"),
        make_version("bot", "2", tags=[tag]),
        make_version("bot", "3", current_stage="Archived"),
    )
    assert [*remote_runs.iterate_versions(server)] == [
        RemoteVersion("bot", "1", "a", "s3://x", "Production", {}),
        RemoteVersion("bot", "2", "", "", "", {"mlflow.prompt.is_prompt": "true"}),
        RemoteVersion("bot", "3", "", "", "", {}),
    ]
    aliases = [{"alias": "champion", "version": "2"}]
    stub.tell("registered-models/search", "registered_models", {"name": "bot", "aliases": aliases}, {"name": "other"})
    assert [*remote_runs.iterate_aliases(server)] == [("bot", "champion", "2")]


SEARCHES = {
    "experiments/search": ("experiments", remote_runs.iterate_experiments),
    "runs/search": ("runs", lambda server: remote_runs.iterate_runs(server, "7")),
    "logged-models/search": ("models", lambda server: remote_runs.iterate_logged_models(server, "7")),
    "model-versions/search": ("model_versions", remote_runs.iterate_versions),
    "registered-models/search": ("registered_models", remote_runs.iterate_aliases),
}
WRONG = {
    "experiments/search": [{}, {"experiment_id": 7}, {"experiment_id": ""}, {"experiment_id": "7\n"}],
    "runs/search": [
        {},
        {"info": []},
        {"info": {}},
        make_run("a")["info"],
        {**make_run("a"), "data": []},
        {**make_run("a"), "data": None},
        {**make_run("a"), "data": {"tags": {"a": "b"}}},
        {**make_run("a"), "data": {"tags": 7}},
        {**make_run("a"), "data": {"tags": ["a"]}},
        {**make_run("a"), "data": {"tags": [{"value": "b"}]}},
        {**make_run("a"), "data": {"tags": [{"key": "a", "value": 7}]}},
        make_run("a", 7),
        make_run("a", "RUN\x00NING"),
        make_run("a" * 501),
        make_run("\ud800"),
        make_run("a\x1b[31m"),
        make_run(["a"]),
        make_run(""),
    ],
    "logged-models/search": [{}, {"info": 7}, {"info": {}}, {"info": {"model_id": "m", "source_run_id": 7}}],
    "model-versions/search": [
        {},
        {"name": "bot"},
        make_version("bot", 1),
        make_version("bot", "1", 7),
        make_version("bot", "1", tags="x"),
        make_version("bot", "1", current_stage=[]),
    ],
    "registered-models/search": [
        {},
        {"name": 7},
        {"name": "bot", "aliases": {"a": "1"}},
        {"name": "bot", "aliases": ["a"]},
        {"name": "bot", "aliases": [{"alias": "a"}]},
    ],
}


@pytest.mark.parametrize(
    ("path", "item"),
    [(path, item) for path, items in WRONG.items() for item in items],
    ids=lambda value: str(value)[:50],
)
def test_what_is_of_another_type(stub, server, path, item):
    key, iterate = SEARCHES[path]
    stub.whole[path] = (200, json.dumps({key: [item]}).encode())
    with pytest.raises(PolicyError, match="does not answer as an MLflow server does") as caught:
        list(iterate(server))
    assert caught.value.exit_code == 2
