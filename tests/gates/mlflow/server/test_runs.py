from __future__ import annotations

import re
from typing import Any

import pytest

from policy.records.ledger import open_ledger
from policy.records.runs.queries import find_run
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD, Sent, make_sent
from tests.gates.mlflow.server.serving import Answer, Server


def send(server: Server, sent: Sent, user: str = "ada") -> None:
    answer = server.ask("PUT", f"/policy/api/1/manifests/{sent.digest}", raw=sent.body, user=user)
    assert answer.status in (200, 201), answer


def begin(server: Server, experiment: str, sent: Sent | None, user: str = "ada", **more: str) -> Answer:
    if sent is not None:
        send(server, sent, user)
    tags = [*(sent.tags if sent else ()), *({"key": key, "value": value} for key, value in more.items())]
    return server.call("runs/create", {"experiment_id": experiment, "tags": tags, "user_id": "root"}, user)


def read_tags(run: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


def list_run_ids(server: Server, experiment: str) -> list[str]:
    found = server.call("runs/search", {"experiment_ids": [experiment], "run_view_type": "ALL"}, "ada").body
    return [run["info"]["run_id"] for run in found.get("runs", [])]


def test_a_run_that_meets_the_policies_begins_and_is_on_record(server, experiment):
    answer = begin(server, experiment, GOOD)
    assert answer.status == 200
    run = answer.body["run"]
    tags = read_tags(run)
    assert (run["info"]["user_id"], tags["mlflow.user"]) == ("ada", "ada")
    assert (tags["policy.state"], tags["policy.verdict"]) == ("admitted", "allow")
    with open_ledger(f"sqlite:///{server.folder}/ledger.db", create=False) as ledger:
        row = find_run(ledger, "mlflow", run["info"]["run_id"])
        assert row is not None
        assert (row.state, row.project, row.principal, row.manifest) == ("admitted", "support-tone", "ada", GOOD.digest)
        assert row.decision == tags["policy.decision"]
        assert ledger.find_decision(row.decision) is not None


def test_a_run_that_does_not_is_refused_before_there_is_one(server, experiment):
    answer = begin(server, experiment, BLOCKED)
    assert (answer.status, answer.body["error_code"]) == (403, "PERMISSION_DENIED")
    for said in ("volatile-data", "instead: rag", "Serve what changes", "decision sha256:"):
        assert said in answer.body["message"]
    assert list_run_ids(server, experiment) == []


def find_named(server, answer):
    """The id of the decision that an answer names, which is on record."""
    (named,) = re.findall(r"decision (sha256:[0-9a-f]{64})", answer.body["message"])
    with open_ledger(f"sqlite:///{server.folder}/ledger.db", create=False) as ledger:
        assert ledger.find_decision(named) is not None
    return named


def test_a_run_that_is_held_waits_once_however_often_it_is_asked_for(server, experiment):
    first, again = begin(server, experiment, HELD), begin(server, experiment, HELD)
    assert first.status == again.status == 403
    assert "Who can decide now: bob (leads)" in first.body["message"]
    assert find_named(server, first) == find_named(server, again)
    (run,) = list_run_ids(server, experiment)
    assert run in first.body["message"]
    assert run in again.body["message"]
    found = server.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", user="ada").body["run"]
    assert (found["info"]["status"], read_tags(found)["policy.state"]) == ("SCHEDULED", "held")
    resumed = server.call("runs/update", {"run_id": run, "status": "RUNNING"}, "ada")
    assert (resumed.status, resumed.body["error_code"]) == (403, "PERMISSION_DENIED")
    assert find_named(server, resumed)
    assert f"MLFLOW_RUN_ID={run}" in resumed.body["message"]


def test_a_refusal_names_the_decision_that_is_on_record(server, experiment):
    first, again = begin(server, experiment, BLOCKED), begin(server, experiment, BLOCKED)
    assert find_named(server, first) == find_named(server, again)


def test_training_without_a_manifest_is_refused_and_a_baseline_is_not(server, experiment):
    assert "needs the manifest" in begin(server, experiment, None).body["message"]
    answer = begin(server, experiment, BLOCKED, **{"ml-manifest.activity": "baseline"})
    assert answer.status == 200, answer


@pytest.mark.parametrize(
    ("sent", "user", "said"),
    [
        (make_sent("private-one"), "ada", "the manifest is that of `private-one`"),
        (Sent(b"", "sha256:" + "0" * 64), "ada", "the server knows no manifest"),
    ],
)
def test_the_wrong_manifest_begins_nothing(server, experiment, sent, user, said):
    if sent.body:
        send(server, sent)
    answer = server.call("runs/create", {"experiment_id": experiment, "tags": sent.tags}, user)
    assert answer.status == 403
    assert said in answer.body["message"]


def test_who_is_not_among_the_principals_begins_nothing(server, request):
    private = server.make_experiment(f"private-{request.node.name}", "ada")
    answer = begin(server, private, make_sent("private-one"))
    assert answer.status == 403
    assert "`ada` may not begin runs" in answer.body["message"]
    assert begin(server, private, make_sent("private-one"), "carol").status == 200


def test_an_experiment_that_nothing_governs_is_left_alone(server, request):
    free = server.make_experiment(f"free-{request.node.name}", "ada")
    answer = server.call("runs/create", {"experiment_id": free, "user_id": "somebody"}, "ada")
    assert answer.status == 200
    assert not [key for key in read_tags(answer.body["run"]) if key.startswith("policy.")]


def test_where_the_gate_observes_what_would_be_blocked_begins_and_says_so(server, request):
    canary = server.make_experiment(f"canary-{request.node.name}", "ada")
    answer = begin(server, canary, BLOCKED)
    assert answer.status == 200
    tags = read_tags(answer.body["run"])
    assert tags["policy.state"] == "admitted"
