"""A ledger that is down under a real server: nothing begins, until somebody breaks the glass."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from policy.app.runs.spool_keys import VARIABLE, create_spool_key
from policy.gates.cli.main import main
from policy.gates.mlflow.server.settled import SECONDS
from policy.records.ledger import create_ledger, open_ledger
from policy.records.runs.queries import find_run
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD, SET, VOLATILE, make_sent, write_set
from tests.gates.mlflow.server.serving import Server, serve
from tests.gates.mlflow.server.test_runs import begin, read_tags, send
from tests.gates.mlflow.server.ways import hold
from tests.records.conftest import require_programs
from tests.records.server import Server as Database
from tests.records.server import running_server

RULES = SET[SET.index("approvals:") : SET.index("mlflow:")]
ON_CALL = """\
approvals:
  roles: {leads: [bob], on-call: [carol]}
  rules: [{roles: [leads]}]
  break_glass: {roles: [on-call], longest: 4h}
"""
OTHER = make_sent(model={"parameters": 9_000_000_000})
PATH = "/policy/api/1/break-glass"


class Place(NamedTuple):
    server: Server
    database: Database
    url: str
    spool: Path

    def break_glass(self, experiment: str, digest: str, user: str = "carol", **more: str) -> Any:
        said = {"experiment_id": experiment, "manifest": digest, "reason": "customers wait", **more}
        return self.server.ask("POST", PATH, said, user)

    def write(self, run: str, name: str, user: str = "ada", **said: Any) -> int:
        return self.server.call(f"runs/{name}", {"run_id": run, **said}, user).status


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with running_server(require_programs(), durable=False) as database:
        yield database


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, database: Database) -> Iterator[Place]:
    with open_place(tmp_path_factory.mktemp("outage"), database) as made:
        yield made


@contextmanager
def open_place(folder: Path, database: Database, on_error: str = "block") -> Iterator[Place]:
    """A server with a key for its spool, and with what its gate `run` does while the ledger is down."""
    key = create_spool_key(str(folder / "spool.key"), "mlflow").text
    url = database.make_database()
    create_ledger(url).close()
    text = SET.replace("sqlite:///ledger.db", url).replace(RULES, ON_CALL)
    text = text.replace("run: {mode: enforce, on_error: block}", f"run: {{mode: enforce, on_error: {on_error}}}")
    write_set(folder, text.replace("  experiments:", f"  spool_keys: [{key}]\n  experiments:"))
    with serve(folder, auth=True, environment={VARIABLE: str(folder / "spool.key")}) as server:
        for name in ("ada", "bob", "carol"):
            server.make_user(name)
        yield Place(server, database, url, folder / "ledger-spool-runs")


def test_from_the_outage_over_broken_glass_to_a_release(place: Place, capsys, monkeypatch):
    server = place.server
    experiment = server.make_experiment("support-outage", "ada")
    assert begin(server, experiment, GOOD).status == 200
    place.database.kill()

    # Nothing begins, and who asks is told what to do, once.
    for sent in (HELD, GOOD):
        answer = begin(server, experiment, sent)
        assert (answer.status, answer.body["error_code"]) == (403, "PERMISSION_DENIED")
        assert "cannot judge or record" in answer.body["message"]
        assert f"ask somebody of these to break the glass: on-call (`POST {PATH}`)" in answer.body["message"]
    assert begin(server, experiment, BLOCKED).status == 403

    check_who_may(place, experiment)
    broken = place.break_glass(experiment, HELD.digest, **{"for": "2h"})
    assert broken.status == 200, broken
    assert broken.body["principals"] == ["ada"]
    runs = [begin(server, experiment, HELD) for _ in range(6)]
    assert [answer.status for answer in runs] == [200] * 6
    ids = [answer.body["run"]["info"]["run_id"] for answer in runs]
    assert read_tags(runs[0].body["run"])["policy.request"] == broken.body["request"]
    for run in ids:
        assert place.write(run, "log-metric", key="loss", value=0.5, timestamp=1) == 200
        assert place.write(run, "update", status="FINISHED") == 200
    assert begin(server, experiment, HELD, "bob").status == 403
    assert begin(server, experiment, GOOD).status == 403
    assert f"carol BROKE THE GLASS for support-tone in experiment {experiment}" in server.log

    # Somebody adds to the spool what nobody signed.
    lines = place.spool.read_bytes().splitlines(keepends=True)
    forged = lines[-1].replace(b'"time":"20', b'"time":"19')
    place.spool.write_bytes(b"".join([*lines, forged, lines[-1]]))

    place.database.start()
    name = "support-released"
    assert server.call("registered-models/create", {"name": name}, "ada").status == 200
    source = runs[0].body["run"]["info"]["artifact_uri"]
    version = {"name": name, "source": source, "run_id": ids[0]}
    answer = server.call("model-versions/create", version, "ada")
    assert answer.status == 200, answer
    assert not place.spool.exists()
    (refused,) = place.spool.parent.glob("*.refused")
    assert refused.read_bytes() == forged + lines[-1]
    assert "torn or changed" in server.log
    assert "it repeats line" in server.log
    # No glass is broken any more.
    assert begin(server, experiment, HELD).status == 403
    assert place.break_glass(experiment, HELD.digest).status == 409

    check_records(place, ids, broken.body["request"])
    monkeypatch.chdir(server.folder)
    capsys.readouterr()
    assert main(["ledger", "verify"]) == 0, capsys.readouterr()
    assert main(["report", "--since", "1d", "--output", "markdown"]) == 0
    assert "the glass was broken for support-tone" in capsys.readouterr().out


def check_who_may(place: Place, experiment: str) -> None:
    """Not everybody may, and not for everything."""
    for user, digest, status, why in (
        ("ada", HELD.digest, 403, "ada trains there"),
        ("bob", HELD.digest, 403, "bob may not break the glass"),
        ("carol", BLOCKED.digest, 403, "volatile-data"),
        ("carol", OTHER.digest, 404, "has no manifest"),
    ):
        answer = place.break_glass(experiment, digest, user)
        assert (answer.status, why in answer.body["message"]) == (status, True), answer
    assert place.break_glass("0", HELD.digest).status == 404
    answer = place.server.ask("POST", "/policy/api/1/requests/r-aaaaaaaa/break-glass", {"reason": "now"}, "carol")
    assert (answer.status, PATH in answer.body["remedy"]) == (403, True)


def check_records(place: Place, ids: list[str], request: str) -> None:
    with open_ledger(place.url, create=False) as ledger:
        rows = [find_run(ledger, "mlflow", run) for run in ids]
        assert {row and row.state for row in rows} == {"admitted"}
        (decision,) = {row.decision for row in rows if row is not None}
        assert ledger.find_decision(decision) is not None
    for run in ids:
        found = place.server.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", user="ada").body["run"]
        assert read_tags(found)["policy.decision"] == decision
    shown = place.server.ask("GET", f"/policy/api/1/requests/{request}", user="bob").body["requests"][0]
    assert (shown["break_glass"], shown["unreviewed"], shown["changed"]) == (True, True, [])
    assert (shown["asked_by"], shown["project"], shown["document"]["holding"]) == (
        ["ada"],
        "support-tone",
        ["large-models"],
    )
    assert [(step["event"], step["by"]) for step in shown["history"]] == [("asked", "ada"), ("override", "carol")]
    answer = place.server.ask("POST", f"/policy/api/1/requests/{request}/review", {"finding": "it was needed"}, "bob")
    assert (answer.status, answer.body["requests"][0]["unreviewed"]) == (200, False)


@pytest.mark.parametrize("on_error", ["block", "flag"])
def test_what_has_begun_goes_on_and_nothing_is_changed_that_is_judged_already(
    tmp_path: Path, database: Database, on_error: str
):
    begins = 200 if on_error == "flag" else 403
    with open_place(tmp_path, database, on_error=on_error) as place:
        server = place.server
        experiment = server.make_experiment("support-goes-on", "ada")
        runs = [begin(server, experiment, GOOD).body["run"]["info"] for _ in range(3)]
        released, ended, going = (run["run_id"] for run in runs)
        held = hold(server, experiment, HELD)
        files = [f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/m.bin" for run in (released, ended)]
        for file in files:
            assert server.ask("PUT", file, raw=b"good", user="admin").status == 200
        assert server.call("registered-models/create", {"name": "support-on"}, "ada").status == 200
        version = {"name": "support-on", "source": runs[0]["artifact_uri"], "run_id": released}
        assert server.call("model-versions/create", version, "ada").status == 200
        assert place.write(ended, "update", status="FINISHED") == 200
        # A policy that is newer than all of these: nobody would judge them as they were.
        (server.folder / "policies/volatile-data.yaml").write_text(VOLATILE.replace("30d", "900d"))
        assert place.write(ended, "update", status="RUNNING") == 403
        database.kill()
        # What the ledger said of a run is believed for so long.
        time.sleep(SECONDS)

        # A training that has begun is not stopped.
        assert place.write(going, "log-metric", key="loss", value=0.5, timestamp=1) == 200
        model = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{going}/artifacts/model.bin"
        assert server.ask("PUT", model, raw=b"good", user="admin").status == 200
        assert begin(server, experiment, GOOD).status == begins
        # What would open a decision again waits for the ledger, and what waits may not be written to.
        for file in files:
            answer = server.ask("PUT", file, raw=b"evil", user="admin")
            assert (answer.status, "ledger" in str(answer.body)) == (403, True), answer
        assert place.write(ended, "log-parameter", key="learning_rate", value="1") == 403
        assert place.write(held, "log-metric", key="loss", value=0.5, timestamp=1) == 403
        assert place.write(held, "update", status="FINISHED") == 403
        # Nor is what is over taken up again by a resume that nobody judges; what goes on may be resumed.
        for status in ("RUNNING", "SCHEDULED"):
            assert place.write(ended, "update", status=status) == 403
        assert place.write(going, "update", status="RUNNING") == begins
        assert place.write(going, "update", status="FINISHED") == 200

        database.start()
        (server.folder / "policies/volatile-data.yaml").write_text(VOLATILE)
        alias = {"name": "support-on", "alias": "prod", "version": "1"}
        assert server.call("registered-models/alias", alias, "ada").status == 200
        assert server.ask("GET", files[0], user="admin").body == "good"


def test_a_ledger_that_does_not_answer_stops_nobody_whom_nothing_governs(place: Place, database: Database):
    server = place.server
    free, bound = server.make_experiment("free-frozen", "ada"), server.make_experiment("support-frozen", "ada")
    run = server.call("runs/create", {"experiment_id": free, "tags": []}, "ada").body["run"]["info"]["run_id"]
    send(server, GOOD)
    metric = {"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1}
    calls: list[tuple[str, Any, int]] = [
        ("runs/create", {"experiment_id": free, "tags": []}, 200),
        ("runs/log-metric", metric, 200),
    ] * 6
    calls += [("runs/create", {"experiment_id": bound, "tags": GOOD.tags}, 403)] * 6
    with database.frozen(), ThreadPoolExecutor(len(calls)) as pool:
        answers = [*pool.map(lambda one: (server.call(one[0], one[1], "ada").status, one[2]), calls)]
        assert [status for status, _ in answers] == [wanted for _, wanted in answers]
        assert server.ask("GET", f"/api/2.0/mlflow/experiments/get?experiment_id={free}", user="ada").status == 200
    assert begin(server, bound, GOOD).status == 200
