"""Ways round the gate, or of stopping others at it, by where an experiment has its files, tried on a real server."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from tests.gates.mlflow.server.conftest import VOLATILE
from tests.gates.mlflow.server.serving import Answer, Server
from tests.gates.mlflow.server.ways import WAYS, Way, assert_refused, begin, each_way, start, two_ways

OWN = "no experiment has its files among what the server judges by"
KEPT = "its files are where the server keeps them"


def make(server: Server, location: str, way: Way = WAYS[0], name: str = "") -> Answer:
    """An experiment with its files somewhere, by default one that nothing governs."""
    body = {"name": name or f"free-{time.monotonic_ns()}", "artifact_location": location}
    return way.ask(server, "experiments/create", body)


def name_governed() -> str:
    return f"support-{time.monotonic_ns()}"


@each_way
def test_no_experiment_has_its_files_among_the_policies(server: Server, way: Way) -> None:
    folder = server.folder
    (folder / "elsewhere").mkdir(exist_ok=True)
    link = folder / "elsewhere/linked"
    if not link.exists():
        link.symlink_to(folder / "policies")
    for location in (
        f"{folder}/policies",
        f"{folder}/policies/deep/new",
        f"file://{folder}/policies",
        f"file://localhost{folder}/policies",
        f"FILE:{folder}/policies",
        "policies",
        "./policies/x",
        "file:policies",
        f"{folder}/none/../policies",
        f"{link}/x",
        f"{folder}//./policies/",
        f"file://{folder}/{quote('policies').replace('p', '%70')}",
        f"file://{folder}/%2570olicies",
        "mlflow-artifacts:/../policies",
        "mlflow-artifacts:/x/%2e%2e/%2e%2e/policies",
        f"{folder}",
        "/",
        "",
    ):
        answer = make(server, location, way)
        assert answer.status == (403 if location else 200) or (answer.status == 400 and ".." in location), location
        if answer.status == 403:
            assert_refused(answer, OWN)


@two_ways
def test_nor_where_the_ledger_is_or_what_waits_for_it(server: Server, way: Way) -> None:
    for name in ("ledger.db", "ledger.db/x", "ledger-spool", "ledger-spool-runs/x", "policy.yaml"):
        assert_refused(make(server, f"{server.folder}/{name}", way), OWN)


def test_what_is_written_by_its_runs_is_no_policy(server: Server, experiment: str) -> None:
    place = server.folder / "beside"
    free = make(server, str(place)).body["experiment_id"]
    run = start(server, free, None)
    path = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=evil.yaml"
    strict = VOLATILE.replace("volatile-data", "evil").replace("30d", "900d")
    assert server.ask("POST", path, user="ada", raw=strict.encode()).status == 200
    assert (place / run / "artifacts/evil.yaml").exists()
    assert begin(server, experiment).status == 200


@two_ways
def test_a_governed_experiment_does_not_spread_over_the_files_of_others(server: Server, way: Way) -> None:
    free = server.make_experiment(f"free-{time.monotonic_ns()}", "ada")
    run = start(server, free, None)
    for location in (
        "mlflow-artifacts:/",
        "mlflow-artifacts://somewhere/",
        "mlflow-artifacts:/a/..",
        f"mlflow-artifacts:/{free}",
        f"mlflow-artifacts:/{free}/{run}/artifacts",
        f"{server.folder}/artifacts/{free}",
        "s3://models",
        "s3://models/team/own",
        "/",
        "/srv",
    ):
        answer = make(server, location, way, name_governed())
        assert answer.status in (400, 403), location
        if answer.status == 403:
            assert KEPT in answer.body["message"] or OWN in answer.body["message"], answer
    for path in (f"{free}/notes.txt", "shared/a.bin"):
        address = f"/api/2.0/mlflow-artifacts/artifacts/{path}"
        assert server.ask("PUT", address, user="ada", raw=b"x").status == 200, path
    version = {"name": f"own-{time.monotonic_ns()}", "source": "s3://models/team/m"}
    assert server.call("registered-models/create", {"name": version["name"]}, "ada").status == 200
    assert server.call("model-versions/create", version, "ada").status == 200


@two_ways
def test_nor_by_another_name(server: Server, way: Way) -> None:
    wide = make(server, "s3://wide").body["experiment_id"]
    body = {"experiment_id": wide, "new_name": name_governed()}
    assert_refused(way.ask(server, "experiments/update", body), KEPT, "make an experiment of that name")
    assert way.ask(server, "experiments/update", {**body, "new_name": f"{way}-{time.monotonic_ns()}"}).status == 200


def test_it_may_have_a_folder_of_its_own_where_the_server_keeps_files(server: Server) -> None:
    location = f"mlflow-artifacts:/own/{time.monotonic_ns()}"
    made = make(server, location, name=name_governed())
    assert made.status == 200, made
    assert start(server, made.body["experiment_id"])
    # And then it is nobody else's, from either side, at once.
    for other in (location, f"{location}/deep", "mlflow-artifacts:/own"):
        assert_refused(make(server, other, name=name_governed()), "not with those of another experiment")
    address = f"/api/2.0/mlflow-artifacts/artifacts/{location.partition(':/')[2]}/stray.bin"
    assert_refused(server.ask("PUT", address, user="ada", raw=b"x"), "only its runs have files")


@pytest.mark.parametrize("name", ["free-default", "support-default"])
def test_without_a_location_the_server_says_where(server: Server, name: str) -> None:
    made = server.call("experiments/create", {"name": f"{name}-{time.monotonic_ns()}"}, "ada")
    assert made.status == 200
