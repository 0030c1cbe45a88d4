"""A server that starts while its ledger is down: what nothing governs goes on, and the rest once it answers."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policy.app.runs.spool_keys import VARIABLE, create_spool_key
from policy.records.ledger import create_ledger, open_ledger
from policy.records.runs.queries import find_run
from tests.gates.mlflow.server.conftest import GOOD, HELD, SET, Sent, write_set
from tests.gates.mlflow.server.serving import Answer, Server, serve
from tests.gates.mlflow.server.test_outage_served import ON_CALL, PATH, RULES
from tests.records.conftest import require_programs
from tests.records.server import Server as Database
from tests.records.server import running_server

METRICS = "/policy/api/1/metrics"
WITHIN = 60


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with running_server(require_programs(), durable=False) as database:
        yield database


def await_that(server: Server, holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + WITHIN
    while not holds():
        assert server.process.poll() is None, server.log
        assert time.monotonic() < ends, server.log
        time.sleep(0.2)


def create(server: Server, experiment: str, sent: Sent) -> Answer:
    """What comes of a run, whether its manifest is taken or not."""
    server.ask("PUT", f"/policy/api/1/manifests/{sent.digest}", raw=sent.body, user="ada")
    return server.call("runs/create", {"experiment_id": experiment, "tags": list(sent.tags)}, "ada")


def read_awaited(server: Server) -> float:
    text = str(server.ask("GET", METRICS, user="ada").body)
    found = re.search(r"^policy_ledger_awaited(?:{.*})? ([0-9.]+)$", text, re.MULTILINE)
    assert found, text
    return float(found[1])


def list_workers(server: Server) -> list[int]:
    return [int(number) for number in re.findall(r"Started server process \[(\d+)\]", server.log)]


def test_a_server_starts_without_its_ledger_and_works_when_that_answers(tmp_path: Path, database: Database) -> None:
    key = create_spool_key(str(tmp_path / "spool.key"), "mlflow").text
    url = database.make_database()
    create_ledger(url).close()
    text = SET.replace("sqlite:///ledger.db", url).replace(RULES, ON_CALL)
    write_set(tmp_path, text.replace("  experiments:", f"  spool_keys: [{key}]\n  experiments:"))
    (tmp_path / "temporary").mkdir()
    variables = {VARIABLE: str(tmp_path / "spool.key"), "TMPDIR": str(tmp_path / "temporary")}
    database.kill()
    with serve(tmp_path, auth=True, workers=2, environment=variables) as server:
        check_without(server)
        database.start()
        experiment = server.make_experiment("support-awaited", "ada")
        # Each worker looks for itself, when somebody asks it.
        await_that(server, lambda: [create(server, experiment, GOOD).status for _ in range(6)] == [200] * 6)
        await_that(server, lambda: bool(create(server, experiment, GOOD)) and server.log.count("ledger answers") == 2)
        assert read_awaited(server) == 0
        run = create(server, experiment, GOOD).body["run"]["info"]["run_id"]
        check_worker_that_starts_in_an_outage(server, database, experiment)
    with open_ledger(url) as ledger:
        # What a server begins with is in the ledger before anything is heard under it, once for all workers.
        said = [json.loads(bytes(row[0])) for row in ledger.read("SELECT body FROM payloads ORDER BY seq")]
        assert [(number, one["seen"]) for number, one in enumerate(said) if "seen" in one] == [(0, "start")]
        row = find_run(ledger, "mlflow", run)
    assert row is not None
    assert row.state == "admitted"


def check_without(server: Server) -> None:
    """Nothing that is governed begins, and all else does."""
    assert server.log.count("the server starts without its ledger") == 2
    assert "cannot be reached" in server.log
    for name in ("ada", "carol"):
        server.make_user(name)
    free = server.make_experiment("elsewhere", "ada")
    run = server.call("runs/create", {"experiment_id": free, "start_time": 1}, "ada")
    assert run.status == 200
    metric = {"run_id": run.body["run"]["info"]["run_id"], "key": "loss", "value": 0.5, "timestamp": 1}
    assert server.call("runs/log-metric", metric, "ada").status == 200
    experiment = server.make_experiment("support-early", "ada")
    for sent in (GOOD, HELD):
        answer = create(server, experiment, sent)
        assert (answer.status, answer.body["error_code"]) == (403, "PERMISSION_DENIED")
        assert "cannot judge or record" in answer.body["message"]
        assert "Begin the run again once the ledger answers" in answer.body["message"]
    assert read_awaited(server) == 1
    # It could sign for no ledger.
    said = {"experiment_id": experiment, "manifest": HELD.digest, "reason": "customers wait"}
    answer = server.ask("POST", PATH, said, "carol")
    assert (answer.status, "for which one it would sign" in str(answer.body)) == (403, True)


def check_worker_that_starts_in_an_outage(server: Server, database: Database, experiment: str) -> None:
    """It knows from the other one which ledger it is, so that glass which is broken is broken for both."""
    database.kill()
    before = list_workers(server)
    os.kill(before[0], signal.SIGKILL)
    await_that(server, lambda: len(list_workers(server)) == len(before) + 1)
    await_that(server, lambda: server.log.count("the server starts without its ledger") == 3)
    assert create(server, experiment, HELD).status == 403
    said = {"experiment_id": experiment, "manifest": HELD.digest, "reason": "customers wait"}
    await_that(server, lambda: server.ask("POST", PATH, said, "carol").status == 200)
    assert {create(server, experiment, HELD).status for _ in range(12)} == {200}
    database.start()
    await_that(server, lambda: create(server, experiment, GOOD).status == 200)


def test_a_ledger_that_is_wrong_keeps_a_server_from_starting(tmp_path: Path, database: Database) -> None:
    database.start()
    write_set(tmp_path, SET.replace("sqlite:///ledger.db", database.address("nowhere")))
    with pytest.raises(AssertionError) as caught, serve(tmp_path, auth=True):
        pass
    log = str(caught.value)
    assert re.search(r"^error: the ledger .*\n  help: ", log, re.MULTILINE)
    assert "starts without its ledger" not in log
    assert "Traceback" not in log
