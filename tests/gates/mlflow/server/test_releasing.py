"""Releases that are refused before any policy is asked: each is counted, logged, on record, and says what helps."""

from __future__ import annotations

import json
import time
from typing import Any

from policy.records.ledger import open_ledger
from policy.records.people import find_person
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD
from tests.gates.mlflow.server.serving import Server
from tests.gates.mlflow.server.test_metrics import read_values
from tests.gates.mlflow.server.ways import hold, start

REFUSED = 'policy_attempts_total{gate="release",state="refused"}'


def count_refused(server: Server) -> float:
    values: dict[str, float] = read_values(server.ask("GET", "/policy/api/1/metrics", user="ada").body)
    return values.get(REFUSED, 0.0)


def make_model(server: Server) -> str:
    name = f"support-{time.monotonic_ns()}"
    assert server.call("registered-models/create", {"name": name}, "ada").status == 200
    return name


def register(server: Server, name: str, run: str) -> Any:
    body = {"name": name, "source": f"runs:/{run}/model", "run_id": run}
    return server.call("model-versions/create", body, "ada")


def read_refusals(server: Server) -> list[Any]:
    with open_ledger(f"sqlite:///{server.folder}/ledger.db", create=False) as ledger:
        bodies = [ledger.get_payload(one) for one in ledger.read_entries() if one.type == "refusal"]
        found = [json.loads(body) for body in bodies if isinstance(body, bytes)]
        person = find_person(ledger, "ada")
    return [one for one in found if one["format"] == "policy-release-refusal/1" and one["principal"] == person]


def test_each_is_counted_logged_on_record_and_says_what_helps(server: Server, experiment: str) -> None:
    free = start(server, server.make_experiment(f"free-{time.monotonic_ns()}", "ada"), None)
    canary = start(server, server.make_experiment(f"canary-{time.monotonic_ns()}", "ada"), BLOCKED)
    waits = hold(server, experiment, HELD)
    name = make_model(server)
    for run, said, helps in (
        (free, "come from an admitted run of support-*", "register it from the run"),
        (canary, "is one of `support-tone` in the experiment `canary-", f"no `models` that take `{name}`"),
        (waits, f"its run {waits} is held", "once it is approved resume it"),
    ):
        before, recorded = count_refused(server), len(read_refusals(server))
        answer = register(server, name, run)
        assert answer.status == 403
        text = answer.body["message"]
        assert said in text
        assert helps in text
        assert count_refused(server) == before + 1
        line = next(line for line in reversed(server.log.splitlines()) if f"`{name}`" in line)
        assert "policy.mlflow: refused for ada: " in line
        assert said in line
        entry = read_refusals(server)[-1]
        assert (entry["model"], entry["run"]) == (name, run)
        assert entry["said"] in text
        assert "is on record as entry " in text
        # Again it is counted, and on record once.
        assert register(server, name, run).status == 403
        assert (count_refused(server), len(read_refusals(server))) == (before + 2, recorded + 1)


def test_what_is_released_says_in_the_log_what_and_by_which_decision(server: Server, experiment: str) -> None:
    name, run = make_model(server), start(server, experiment, GOOD)
    assert register(server, name, run).status == 200
    (line,) = [line for line in server.log.splitlines() if f"`{name}` passes" in line]
    assert f"for ada: `{name}` passes from its run {run} (decision sha256:" in line
