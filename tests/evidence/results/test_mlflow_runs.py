from __future__ import annotations

from gc import collect
from weakref import ref

import pytest

from policy.evidence.results import mlflow_runs
from policy.evidence.results.collector import EvaluationResults
from policy.evidence.results.mlflow_runs import TrackingServer
from policy.evidence.results.mlflow_server import NoRunError
from policy.evidence.results.result import Metric, Task
from policy.model.evidence_settings import EvidenceSettings
from policy.plugins import metering
from policy.plugins.contracts import Project
from policy.plugins.metering import Meter, SpentError
from tests.evidence.results.building import Answer, Told, declare, write_run


@pytest.fixture
def tracking(server):
    return TrackingServer({"MLFLOW_TRACKING_URI": f"{server.address}/team/", "MLFLOW_TRACKING_TOKEN": "t0ken"})


def refuse(tracking, uri="mlflow:/runs/3f1c"):
    with pytest.raises(NoRunError) as caught:
        tracking.read_run(uri)
    return caught.value.reason


def test_a_run_is_asked_for_by_its_id_and_once(server, tracking):
    server.answers["run_id=3f1c"] = Answer(
        write_run(
            "3f1c",
            {"accuracy": 0.9, "accuracy_stderr": 0.02, "val_loss": "NaN"},
            params={"num_fewshot": "4", "lr": "NaN"},
            datasets=[("test", "c247459b", "evaluation"), ("all", "00", "training")],
        )
    )
    result = tracking.read_run("mlflow:/runs/3f1c")
    tasks = (Task("test", few_shot=4, digest="c247459b", exact=False),)
    assert result.metrics == {"accuracy": Metric(0.9, 0.02, higher_is_better=True, tasks=tasks)}
    assert (result.shown, result.few_shot) == ("mlflow:/runs/3f1c", 4)
    assert tracking.read_run("runs:/3f1c") is result
    ((path, headers),) = server.asked
    assert path == "/team/api/2.0/mlflow/runs/get?run_id=3f1c"
    assert headers["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    "uri",
    [
        "3f1c",
        "mlflow:/runs/",
        "mlflow:/runs/../secrets",
        "mlflow:/runs/a&run_id=b",
        "mlflow:/runs/a b",
        "mlflow:/runs/" + "a" * 65,
        "wandb:/runs/3f1c",
        "http://evil.example/runs/3f1c",
        "mlflow://evil.example/runs/3f1c",
        "mlflow:/runs/3f1c\n",
    ],
)
def test_only_a_run_of_mlflow_is_asked_for(server, tracking, uri):
    assert "names no run of MLflow" in refuse(tracking, uri)
    assert server.asked == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([], "what the MLflow server answers is no run: `run` is missing"),
        ({"run": 3}, "what the MLflow server answers is no run: `run` is missing"),
        ({"run": {"info": {}, "data": None}}, "what the MLflow server answers is no run: `data` is missing"),
        ({"run": {"data": {}}}, "what the MLflow server answers is no run: `info` is missing"),
        (write_run("other", {"a": 1}), "the MLflow server answers with another run than `3f1c`"),
        (write_run("3f1c", {"a": 1}, info={"lifecycle_stage": "deleted"}), "the run `3f1c` is deleted"),
        (
            write_run("3f1c", {"a": 1}, info={"status": "RUNNING"}),
            "the run `3f1c` has not ended, so its metrics may still change",
        ),
        (write_run("3f1c", {"a": 1}, info={"status": "KILLED"}), "the run `3f1c` has failed, or was ended"),
        (write_run("3f1c", {}), "the run `3f1c` has no metric that is a finite number"),
        (write_run("3f1c", {"a": "NaN", "b": None}), "the run `3f1c` has no metric that is a finite number"),
        (
            write_run("3f1c", {"a\u202e": 1}),
            r"of the run `3f1c` a metric's name is not one line of readable text: 'a\u202e'",
        ),
        (write_run("3f1c", {f"m{n}": 1 for n in range(2001)}), "of the run `3f1c` there are more than 2,000 metrics"),
    ],
)
def test_what_is_no_finished_run_with_metrics_is_said(server, tracking, answer, reason):
    server.answers["3f1c"] = Answer(answer)
    assert refuse(tracking) == reason


def test_odd_answers_tell_what_they_can(server, tracking):
    answer = write_run("3f1c", {"a": 1}, params={"few_shot": "many"})
    answer["run"]["data"]["metrics"] += [None, {"key": 3}, {"key": "b"}, {"value": 1}]
    answer["run"]["inputs"] = {"dataset_inputs": [None, {}, {"dataset": []}, {"dataset": {"name": 1, "digest": 2}}]}
    server.answers["3f1c"] = Answer(answer)
    result = tracking.read_run("mlflow:/runs/3f1c")
    assert (list(result.metrics), result.few_shot, result.metrics["a"].tasks) == (["a"], None, ())


def test_a_run_that_is_not_there_or_is_refused_leaves_the_others(server, tracking):
    server.answers["3f1c"] = Answer(write_run("3f1c", {"a": 1}))
    server.answers["closed"] = Answer({}, 403)
    assert refuse(tracking, "mlflow:/runs/none") == "the MLflow server has no run `none`"
    assert refuse(tracking, "mlflow:/runs/closed").endswith("tells no run: it refuses access (403)")
    assert tracking.read_run("mlflow:/runs/3f1c").metrics["a"].value == 1


def test_a_server_that_fails_is_asked_once(server, tracking):
    server.answers["3f1c"] = Answer({}, 500)
    for run in ("3f1c", "77aa", "3f1c"):
        assert refuse(tracking, f"mlflow:/runs/{run}") == (
            "the MLflow server of MLFLOW_TRACKING_URI tells no run: it answers with the error 500"
        )
    assert len(server.asked) == 1


def test_a_server_that_hangs_is_waited_for_once(server):
    server.answers["3f1c"] = None
    tracking = TrackingServer({"MLFLOW_TRACKING_URI": server.address}, seconds=0.2)
    for _ in range(3):
        for run in ("3f1c", "77aa"):
            assert refuse(tracking, f"mlflow:/runs/{run}").endswith("it did not answer within 0.2 seconds")
    assert len(server.asked) <= 1


# The policy set's server, and the collector's time


def test_the_policy_sets_server_is_asked_without_credentials(server):
    server.answers["run_id=3f1c"] = Answer(write_run("3f1c", {"accuracy": 0.9}))
    environment = {"MLFLOW_TRACKING_TOKEN": "t0ken", "MLFLOW_TRACKING_USERNAME": "a", "MLFLOW_TRACKING_PASSWORD": "b"}
    tracking = TrackingServer(environment, address=f"{server.address}/team")
    assert tracking.read_run("mlflow:/runs/3f1c").metrics["accuracy"].value == 0.9
    ((path, headers),) = server.asked
    assert path == "/team/api/2.0/mlflow/runs/get?run_id=3f1c"
    assert "Authorization" not in headers
    assert "t0ken" not in str(headers)


def test_one_that_wants_credentials_says_how_it_gets_them(server):
    server.answers["run_id=3f1c"] = Answer({}, status=401)
    with pytest.raises(NoRunError) as caught:
        TrackingServer({}, address=server.address).read_run("runs:/3f1c")
    assert caught.value.reason == "the MLflow server of the policy set tells no run: it refuses access (401)"
    assert caught.value.remedy == "set MLFLOW_TRACKING_URI to its address: only then it is sent credentials"


def test_a_server_is_not_asked_for_longer_than_the_collector_may_take(server, tracking, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(metering, "monotonic", lambda: now[0])
    server.answers["run_id=3f1c"] = Answer(write_run("3f1c", {"accuracy": 0.9}))
    with Meter(EvidenceSettings(time_limit=1000)):
        now[0] = 2.0
        with pytest.raises(SpentError):
            tracking.read_run("mlflow:/runs/3f1c")
    assert server.asked == []


def test_the_collector_asks_the_server_that_its_project_names(server):
    server.answers["run_id=3f1c"] = Answer(write_run("3f1c", {"accuracy": 0.9}))
    tried = declare({"approach": "few-shot", "run": "mlflow:/runs/3f1c"})
    collector = EvaluationResults({})
    silent = collector.collect(Project("/nowhere", "", (tried,)))
    assert server.asked == []
    told = Told(collector.collect(Project("/nowhere", "", (tried,), tracking_server=server.address)))
    assert told.found == {"mlflow:/runs/3f1c": True}
    assert len(server.asked) == 1
    assert Told(silent).tried == []


@pytest.mark.parametrize("environment", [{}, {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}])
def test_what_is_kept_of_a_fault_keeps_nothing_of_who_met_it(environment):
    tracking = TrackingServer(environment)

    class Read:
        """What was read for one subject."""

    def ask(run_id):
        subject = Read()
        kept.append(ref(subject))
        refuse(tracking, f"mlflow:/runs/{run_id}")

    kept: list[ref[Read]] = []
    for run_id in ("a", "b", "a"):
        ask(run_id)
    collect()
    assert [found() for found in kept] == [None, None, None]


def test_not_every_run_is_kept(server, monkeypatch):
    monkeypatch.setattr(mlflow_runs, "MOST_KEPT", 2)
    tracking = TrackingServer({"MLFLOW_TRACKING_URI": server.address})
    for run_id in ("a", "b", "b", "c", "a"):
        refuse(tracking, f"mlflow:/runs/{run_id}")
    assert [path.rpartition("=")[2] for path, _ in server.asked] == ["a", "b", "c", "a"]
