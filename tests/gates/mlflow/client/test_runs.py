"""`policy.start_run` and `policy.guard` ask first, say why not, and speak for what begins inside."""

from __future__ import annotations

import json
from typing import Any

import pytest

import policy
from policy.app.runs.intent import Intent, read_intent
from tests.gates.mlflow.client.standin import API

mlflow = pytest.importorskip("mlflow", reason="the client belongs to MLflow")


@pytest.fixture(autouse=True)
def tracked(standin):
    mlflow.set_tracking_uri(standin.url)
    yield standin
    mlflow.set_tracking_uri(None)


def read_asked(standin) -> Any:
    return json.loads(standin.requests[-1].body)


def test_a_run_is_begun_with_what_is_said_of_it(standin, project, monkeypatch):
    monkeypatch.chdir("/")
    with policy.start_run(manifest=project, activity="baseline", experiment_id="7", run_name="first"):
        pass
    assert standin.tags["ml-manifest.activity"] == "baseline"
    assert standin.tags["mlflow.runName"] == "first"
    assert json.loads(standin.sent[0])["manifest"]["project"] == "support"
    assert read_intent() == Intent()


def test_a_run_that_is_refused(standin):
    standin.refuse_runs()
    for begin in ({"experiment_id": "7"}, {"run_id": "r" * 32}):
        with pytest.raises(policy.RunRefused, match="too few"):
            policy.start_run(**begin)
    with pytest.raises(policy.RunRefused, match="too few"):
        policy.start_run("r" * 32)


def test_where_another_store_is_in_use_the_refusal_is_the_same(standin, monkeypatch):
    from mlflow.store.tracking.rest_store import RestStore

    from policy.gates.mlflow.client.stores import JudgedStore

    monkeypatch.setattr(JudgedStore, "create_run", RestStore.create_run)
    standin.refuse_runs()
    with pytest.raises(policy.RunRefused, match="too few"):
        policy.start_run(experiment_id="7")


def test_a_guard_asks_without_beginning_a_run(standin):
    with policy.guard("support"):
        assert read_asked(standin) == {
            "experiment_name": "support",
            "manifest": f"{standin.requests[-2].path.rpartition('/')[2]}",
            "activity": "training",
        }
    assert [path.partition(" ")[0] for path in standin.list_paths()] == ["GET", "PUT", "POST"]


def test_without_a_name_the_active_experiment_is_asked_about(standin, monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "7")
    with policy.guard():
        assert read_asked(standin)["experiment_id"] == "7"


def test_what_a_guard_says_counts_inside(standin):
    with policy.guard("support", activity="data"), mlflow.start_run(experiment_id="7"):
        pass
    assert standin.tags["ml-manifest.activity"] == "data"
    assert read_intent() == Intent()


def test_a_guard_that_refuses_lets_nothing_run(standin):
    standin.refuse_runs()
    ran = []

    @policy.guard("support", activity="baseline")
    def train() -> None:
        ran.append(1)

    with pytest.raises(policy.RunRefused, match="too few"):
        train()
    with pytest.raises(policy.RunRefused), policy.guard("support"):
        ran.append(2)
    assert ran == []
    assert read_intent() == Intent()


def test_a_plain_decorator_asks_at_every_call(standin, monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "7")

    @policy.guard
    def train(depth: int) -> int:
        return train(depth - 1) + 1 if depth else 0

    assert standin.requests == []
    assert train(2) == 2
    assert standin.list_paths().count(f"POST {API}/preflight") == 3
    assert train.__name__ == "train"


def test_a_failure_inside_passes():
    with pytest.raises(ZeroDivisionError), policy.guard("support", activity="data"):
        _ = 1 / 0
    assert read_intent() == Intent()


def test_a_run_that_needs_an_approval_may_ask_for_it(standin, caplog):
    standin.answers[f"POST {API}/preflight"] = (200, {"verdict": "hold", "governed": True, "state": "held"})
    with policy.guard("support"):
        pass
    assert "needs an approval" in caplog.text


def test_where_nothing_governs_the_experiment_it_is_said(standin, caplog):
    standin.answers[f"POST {API}/preflight"] = (200, {"verdict": "allow", "governed": False})
    with policy.guard("suport"):
        pass
    assert f"nothing governs the experiment `suport` at {standin.url}" in caplog.text


def test_an_experiment_without_a_manifest_is_asked_about_too(standin, project):
    (project / "ml-manifest.yaml").unlink()
    standin.refuse_runs()
    with pytest.raises(policy.RunRefused), policy.guard("support"):
        pass
    assert read_asked(standin)["manifest"] == ""


@pytest.mark.parametrize("judged", [True, False])
def test_where_nobody_judges_it_is_said(judged, standin, tmp_path, caplog):
    standin.judge_nothing()
    if not judged:
        mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    with policy.guard("support"):
        pass
    assert ("does not judge runs" if judged else "nothing was asked") in caplog.text
    assert standin.sent == []


def test_leaving_it_out_is_said_and_the_server_decides(standin, monkeypatch, caplog):
    monkeypatch.setenv("POLICY_OFF", "1")
    with policy.start_run(experiment_id="7"):
        pass
    assert "ml-manifest.digest" not in standin.tags
    assert standin.sent == []
    assert "`POLICY_OFF` is set" in caplog.text


def test_a_manifest_that_is_named_and_not_there(standin):
    with pytest.raises(policy.RunRefused, match="there is no manifest `nowhere`"):
        policy.start_run(manifest="nowhere", experiment_id="7")
    with pytest.raises(policy.RunRefused, match="is no activity"), policy.guard("support", activity="play"):
        pass
    assert standin.requests == []
