from __future__ import annotations

import pytest

from policy.evidence.results.mlflow_runs import TrackingServer
from policy.evidence.results.mlflow_server import NoRunError
from policy.evidence.results.result import Metric, Task
from tests.evidence.results.building import Answer, write_run


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
