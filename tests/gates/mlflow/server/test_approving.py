"""A held run, from the question over the yes of somebody else to its end, with a real server and real clients."""

from __future__ import annotations

import re

import pytest

from policy.app.runs.refusal import RunRefused
from policy.gates.cli.main import main
from policy.records.ledger import open_ledger
from tests.gates.mlflow.server.conftest import make_sent
from tests.gates.mlflow.server.serving import PASSWORD
from tests.gates.mlflow.server.test_runs import begin, list_run_ids, read_tags

COUNTED = make_sent("support-counted", model={"parameters": 3_000_000_000})
WANTED = make_sent("support-wanted", model={"parameters": 3_000_000_000})
OTHER = make_sent("support-refused", model={"parameters": 3_000_000_000})


@pytest.fixture
def decide(server, monkeypatch, capsys):
    """Somebody calls `policy approvals` for the server: exit code, standard output and standard error."""

    def run(user, *arguments, password=PASSWORD):
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
        capsys.readouterr()
        code = main(["approvals", *arguments, "--server", server.url])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def resume(server, monkeypatch):
    """Somebody resumes a run with MLflow's own client, and ends it."""
    import mlflow

    def run(user, run_id):
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
        mlflow.set_tracking_uri(server.url)
        with mlflow.start_run(run_id=run_id):
            mlflow.log_metric("loss", 0.5)
        return mlflow.MlflowClient().get_run(run_id).info.status

    yield run
    mlflow.set_tracking_uri(None)


def find_request(text):
    found = re.search(r"request (r-[a-z2-7]+)", text)
    assert found is not None, text
    return found[1]


def find_tags(server, run):
    return read_tags(server.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", user="ada").body["run"])


def test_a_held_run_is_approved_by_somebody_else_and_finishes(server, experiment, decide, resume):
    refused = begin(server, experiment, COUNTED)
    assert refused.status == 403
    request = find_request(refused.body["message"])
    (run,) = list_run_ids(server, experiment)

    code, out, err = decide("bob", "list", "--project", "support-counted")
    assert (code, err) == (0, "")
    assert f"{request}  pending" in out
    assert "by ada" in out
    code, out, err = decide("bob", "show", request)
    assert (code, err) == (0, "")
    for said in ("required: model.parameters at most", "found: 3", "cannot: ada", "1 vote of leads: bob", server.url):
        assert said in out

    # Neither who asked, nor who has no role, nor who is nobody.
    code, _, err = decide("ada", "approve", request)
    assert code == 1
    assert "ada asked for it" in err
    assert decide("carol", "approve", request)[0] == 1
    assert decide("bob", "approve", request, password="wrong")[0] == 2
    with pytest.raises(RunRefused, match="waits for an approval"):
        resume("ada", run)

    code, out, err = decide("bob", "approve", request, "--reason", "it is needed")
    assert (code, err) == (0, "")
    assert out.startswith(f"approved {request} as bob: approval of support-counted at the gate run\n")
    assert resume("ada", run) == "FINISHED"
    assert find_tags(server, run)["policy.state"] == "admitted"
    code, _, err = decide("bob", "reject", request, "--reason", "too late")
    assert code == 1
    assert "it is approved already" in err

    # Nobody uses up what was approved for her, nor who approved it.
    for other in ("carol", "bob"):
        assert begin(server, experiment, COUNTED, other).status == 403
    # It covers two runs: this one, however often it is resumed, and one more.
    assert resume("ada", run) == "FINISHED"
    assert begin(server, experiment, COUNTED).status == 200
    with open_ledger(f"sqlite:///{server.folder}/ledger.db", create=False) as ledger:
        assert ledger.read("SELECT runs, uses FROM requests WHERE id = ?", (request,)) == [(2, 2)]
    third = begin(server, experiment, COUNTED)
    assert third.status == 403
    assert find_request(third.body["message"]) != request
    assert resume("ada", run) == "FINISHED"


def test_who_approved_it_does_not_begin_by_that(server, experiment, decide):
    request = find_request(begin(server, experiment, WANTED).body["message"])
    assert decide("bob", "approve", request)[0] == 0
    # Without a number anybody of the project may, but who would have let themselves pass.
    refused = begin(server, experiment, WANTED, "bob")
    assert refused.status == 403
    assert find_request(refused.body["message"]) != request
    assert begin(server, experiment, WANTED, "carol").status == 200
    assert begin(server, experiment, WANTED).status == 200


def test_whoever_joins_keeps_nobody_from_deciding(server, experiment, decide):
    """With a manifest of the same at stake that names everybody who may as its owners."""
    parts = {"model": {"parameters": 3_000_000_000}}
    own = make_sent("support-joined", **parts)
    named = make_sent("support-joined", owner={"contact": "bob", "team": "leads"}, **parts)
    request = find_request(begin(server, experiment, own).body["message"])
    assert find_request(begin(server, experiment, named, "carol").body["message"]) == request
    assert decide("bob", "approve", request)[0] == 0
    assert begin(server, experiment, named, "carol").status == 403
    assert begin(server, experiment, own).status == 200


def test_a_run_that_is_rejected_does_not_begin(server, experiment, decide):
    request = find_request(begin(server, experiment, OTHER).body["message"])
    (run,) = list_run_ids(server, experiment)
    assert decide("bob", "reject", request, "--reason", "retrieve it")[0] == 0
    assert server.call("runs/update", {"run_id": run, "status": "RUNNING"}, "ada").status == 403
    assert "retrieve it" in decide("ada", "show", request)[1]
    assert f"{request}  rejected" in decide("ada", "list", "--all")[1]
    asked = find_request(begin(server, experiment, OTHER).body["message"])
    assert decide("ada", "withdraw", asked) == (0, f"withdrawn {asked}\n", "")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_has_not_logged_in_learns_nothing(server, method):
    for path in ("/requests", "/openapi.json", "/", "/requests/r-aaaaaaaa", "/requests/r-aaaaaaaa/approve", "/nothing"):
        for more in ({}, {"user": "bob", "password": "wrong"}):
            answer = server.ask(method, f"/policy/api/1{path}", {}, **more)
            assert (answer.status, answer.body["error_code"]) == (401, "UNAUTHENTICATED")


def test_the_interface_describes_itself(server):
    answer = server.ask("GET", "/policy/api/1/openapi.json", user="ada")
    assert (answer.status, answer.body["openapi"]) == (200, "3.1.0")
