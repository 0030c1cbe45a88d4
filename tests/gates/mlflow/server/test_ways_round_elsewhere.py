"""Ways round the gate by another server on the same database, one without the gate: what is found of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policy.gates.cli.main import main
from tests.gates.mlflow.server.conftest import BLOCKED, HELD, SET, write_set
from tests.gates.mlflow.server.serving import ADMIN, PASSWORD, Server, serve
from tests.gates.mlflow.server.ways import (
    assert_refused,
    get_state,
    hold,
    list_runs,
    make_tags,
    read_tags,
    send,
    start,
    use_client,
)

STATE = make_tags({"policy.state": "admitted"})


@pytest.fixture(scope="module")
def beside(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without the gate, and without logins, whose database is that of the other one."""
    folder = tmp_path_factory.mktemp("beside")
    with serve(folder, app="", backend=f"sqlite:///{server.folder}/mlflow.db") as started:
        yield started


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The findings of the command for an address, by the policy set of a folder."""
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)

    def run(url: str, folder: Path) -> list[dict[str, Any]]:
        monkeypatch.chdir(folder)
        capsys.readouterr()
        assert main(["runs", "compare", url, "--output", "json"]) == 1
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
        return found

    return run


def list_kinds(findings: list[dict[str, Any]], run: str) -> list[str]:
    return sorted(one["kind"] for one in findings if one["run"] == run)


@pytest.mark.parametrize("by_client", [False, True], ids=["http", "client"])
def test_a_run_that_another_server_makes_is_found_and_released_by_no_name(
    server: Server, beside: Server, experiment: str, compare: Any, by_client: bool
) -> None:
    good, name = start(server, experiment), f"support-{time.monotonic_ns()}"
    assert begin_beside(beside, experiment, name, by_client=by_client) == "1"
    (forged,) = set(list_runs(server, experiment)) - {good}
    # The other server has the tag that says so, and the ledger does not.
    assert get_state(server, forged) == ""
    for user in ("ada", ADMIN):
        version = {"name": name, "source": f"runs:/{forged}/model", "run_id": forged}
        assert_refused(server.call("model-versions/create", version, user), "never met the gate")
        alias = {"name": name, "alias": "other", "version": "1"}
        assert_refused(server.call("registered-models/alias", alias, user), "never met the gate")
    findings = compare(server.url, server.folder)
    assert list_kinds(findings, forged) == ["unadmitted-alias", "unadmitted-version", "unrecorded-run"]
    assert list_kinds(findings, good) == []
    # Who goes on with it is judged, and that is on record.
    for user in ("ada", ADMIN):
        send(server, BLOCKED, user)
        assert_refused(server.call("runs/update", {"run_id": forged, "status": "RUNNING"}, user), "volatile-data")
    assert get_state(server, forged) == "refused"


def begin_beside(beside: Server, experiment: str, name: str, *, by_client: bool) -> str:
    """A run that no policy allows, and a version that is in use; which one."""
    if by_client:
        with use_client(beside, "ada") as mlflow:
            client = mlflow.MlflowClient()
            tags = {"policy.state": "admitted", "ml-manifest.digest": BLOCKED.digest}
            run = client.create_run(experiment, tags=tags).info.run_id
            client.create_registered_model(name)
            version = str(client.create_model_version(name, f"runs:/{run}/model", run).version)
            client.set_registered_model_alias(name, "champion", version)
            return version
    body = {"experiment_id": experiment, "tags": [*STATE, *BLOCKED.tags]}
    run = beside.call("runs/create", body).body["run"]["info"]["run_id"]
    assert beside.call("registered-models/create", {"name": name}).status == 200
    made = beside.call("model-versions/create", {"name": name, "source": f"runs:/{run}/model", "run_id": run})
    version = str(made.body["model_version"]["version"])
    alias = {"name": name, "alias": "champion", "version": version}
    assert beside.call("registered-models/alias", alias).status == 200
    return version


def test_a_run_that_waits_and_is_begun_there_is_found(
    server: Server, beside: Server, experiment: str, compare: Any
) -> None:
    waits, good = hold(server, experiment, HELD), start(server, experiment)
    assert beside.call("runs/update", {"run_id": waits, "status": "RUNNING"}).status == 200
    tag = {"run_id": good, "key": "ml-manifest.digest", "value": BLOCKED.digest}
    assert beside.call("runs/set-tag", tag).status == 200
    findings = compare(server.url, server.folder)
    assert list_kinds(findings, waits) == ["unadmitted-run"]
    assert list_kinds(findings, good) == ["differing-run"]
    assert get_state(server, waits) == "held"
    metric = {"run_id": waits, "key": "loss", "value": 1, "timestamp": 1}
    assert_refused(server.call("runs/log-metric", metric, "ada"), "it is held")


@pytest.mark.parametrize("claimed", [{}, {"policy.state": "admitted"}])
def test_a_run_that_begins_there_and_trains_here_is_pointed_out(
    server: Server, beside: Server, experiment: str, compare: Any, claimed: dict[str, str]
) -> None:
    body = {"experiment_id": experiment, "tags": make_tags(claimed)}
    run = beside.call("runs/create", body).body["run"]["info"]["run_id"]
    training = {"run_id": run, "key": "lora_alpha", "value": "16"}
    assert server.call("runs/log-parameter", training, "ada").status == 200
    assert read_tags(server, run)["policy.state"] == "unadmitted"
    assert list_kinds(compare(server.url, server.folder), run) == ["unrecorded-run"]


def test_another_server_whose_address_is_known_is_compared_by_a_name_of_its_own(
    server: Server, beside: Server, experiment: str, compare: Any, tmp_path: Path
) -> None:
    run = start(server, experiment)
    text = SET.replace("ledger.db", f"{server.folder}/ledger.db")
    write_set(tmp_path, text.replace("  app: basic-auth", "  app: basic-auth\n  server: elsewhere"))
    findings = compare(beside.url, tmp_path)
    assert list_kinds(findings, run) == ["unrecorded-run"]
    assert list_kinds(compare(beside.url, server.folder), run) == []
