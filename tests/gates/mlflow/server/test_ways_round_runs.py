"""Ways round the gate by runs, tried on a real server."""

from __future__ import annotations

import json
import time

import pytest

from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD, make_sent
from tests.gates.mlflow.server.serving import Server
from tests.gates.mlflow.server.ways import (
    ACTIVITY,
    WAYS,
    Way,
    assert_refused,
    begin,
    each_way,
    find_row,
    get_run,
    get_state,
    hold,
    list_runs,
    make_model,
    make_tags,
    read_tags,
    send,
    start,
    two_ways,
    use_client,
)

DIGEST = "ml-manifest.digest"
MODEL = json.dumps(
    {
        "run_id": "0" * 32,
        "artifact_path": "m",
        "utc_time_created": "2026-01-01 00:00:00.000000",
        "flavors": {"python_function": {}},
    }
)


def make_free_model(server: Server) -> str:
    """A logged model of an experiment that nothing governs."""
    made = make_model(server, server.make_experiment(f"free-{time.monotonic_ns()}", "ada"))
    assert made.status == 200, made
    return str(made.body["model"]["info"]["model_id"])


@each_way
def test_no_way_to_ask_begins_what_is_refused(server: Server, experiment: str, way: Way) -> None:
    assert_refused(begin(server, experiment, BLOCKED, way), "volatile-data")
    assert_refused(begin(server, experiment, None, way), "needs the manifest")
    assert list_runs(server, experiment) == []


def test_camel_case_is_no_way_for_an_ordinary_user(server: Server, experiment: str) -> None:
    assert begin(server, experiment, BLOCKED, Way("ada", "/ajax-api", camel=True)).status in (400, 403)
    assert list_runs(server, experiment) == []


@each_way
def test_two_names_of_one_field_do_not_hide_the_experiment(server: Server, experiment: str, way: Way) -> None:
    send(server, BLOCKED, way.user)
    for free, governed in (("experiment_id", "experimentId"), ("experimentId", "experiment_id")):
        body = {free: "0", "tags": BLOCKED.tags, governed: experiment}
        answer = server.ask("POST", f"{way.prefix}/2.0/mlflow/runs/create", body, way.user)
        assert answer.status in (400, 403) or answer.body["run"]["info"]["experiment_id"] == "0", answer
    assert list_runs(server, experiment) == []


@two_ways
def test_an_experiment_by_another_writing_of_its_id_is_the_same(server: Server, experiment: str, way: Way) -> None:
    for written in (f"0{experiment}", f" {experiment} ", f"+{experiment}"):
        assert begin(server, written, BLOCKED, way).status in (400, 403, 404)
    assert list_runs(server, experiment) == []


@each_way
def test_no_client_writes_a_tag_that_mirrors_the_ledger(server: Server, experiment: str, way: Way) -> None:
    for key in ("policy.state", " policy.state", "Policy.state", "policy.anything"):
        assert_refused(begin(server, experiment, GOOD, way, **{key: "admitted"}), "mirror the ledger")
    assert list_runs(server, experiment) == []
    key, tag = "policy.state", {"key": "policy.state", "value": "admitted"}
    run = start(server, experiment)
    before = read_tags(server, run)
    for name, body in (
        ("runs/set-tag", {"run_id": run, **tag}),
        ("runs/delete-tag", {"run_id": run, "key": key}),
        ("runs/log-batch", {"run_id": run, "tags": [tag]}),
        ("experiments/set-experiment-tag", {"experiment_id": experiment, **tag}),
        ("experiments/delete-experiment-tag", {"experiment_id": experiment, "key": key}),
        ("experiments/create", {"name": f"free-{time.monotonic_ns()}", "tags": [tag]}),
    ):
        assert_refused(way.ask(server, name, body), "mirror the ledger")
    assert read_tags(server, run) == before


@two_ways
def test_no_client_writes_them_where_nothing_is_governed_either(server: Server, way: Way) -> None:
    free = server.make_experiment(f"free-{time.monotonic_ns()}", way.user)
    assert_refused(begin(server, free, None, way, **{"policy.state": "admitted"}), "mirror the ledger")


@two_ways
def test_a_tag_may_be_as_long_as_mlflow_says_and_no_longer(server: Server, experiment: str, way: Way) -> None:
    for tags in ({"note": "x" * 8001}, {"k" * 251: "x"}):
        answer = begin(server, experiment, GOOD, way, **tags)
        assert (answer.status, answer.body.get("error_code")) == (400, "INVALID_PARAMETER_VALUE"), answer
    assert list_runs(server, experiment) == []
    assert begin(server, experiment, GOOD, way, note="x" * 8000).status == 200


@two_ways
def test_what_was_judged_stays_what_it_was_judged_as(server: Server, experiment: str, way: Way) -> None:
    run = start(server, experiment)
    for key, value in ((DIGEST, BLOCKED.digest), (ACTIVITY, "baseline")):
        assert_refused(way.ask(server, "runs/set-tag", {"run_id": run, "key": key, "value": value}), "was judged with")
        body = {"run_id": run, "tags": [{"key": key, "value": value}]}
        assert_refused(way.ask(server, "runs/log-batch", body), "was judged with")
        assert_refused(way.ask(server, "runs/delete-tag", {"run_id": run, "key": key}), "stays")
    assert read_tags(server, run)[DIGEST] == GOOD.digest


@each_way
def test_nothing_goes_into_a_run_that_waits(server: Server, experiment: str, way: Way) -> None:
    run = hold(server, experiment, HELD, way)
    model = make_free_model(server)
    for name, body in (
        ("runs/log-metric", {"run_id": run, "key": "loss", "value": 1.0, "timestamp": 1}),
        ("runs/log-parameter", {"run_id": run, "key": "lr", "value": "1"}),
        ("runs/log-batch", {"run_id": run, "metrics": [{"key": "loss", "value": 1, "timestamp": 1, "step": 1}]}),
        ("runs/set-tag", {"run_id": run, "key": "note", "value": "x"}),
        ("runs/delete-tag", {"run_id": run, "key": "mlflow.user"}),
        ("runs/log-inputs", {"run_id": run, "models": [{"model_id": model}]}),
        ("runs/outputs", {"run_id": run, "models": [{"model_id": model, "step": 1}]}),
        ("runs/log-model", {"run_id": run, "model_json": MODEL}),
        ("runs/update", {"run_id": run, "status": "RUNNING"}),
        ("runs/update", {"run_id": run, "status": "FINISHED"}),
        ("runs/update", {"run_id": run, "status": "SCHEDULED", "run_name": "other"}),
    ):
        assert_refused(way.ask(server, name, body))
    # Where basic-auth itself says no, because of the trace, it says so in its own form.
    assert way.ask(server, "traces/link-to-run", {"run_id": run, "trace_ids": ["tr-1"]}).status == 403
    assert get_run(server, run)["info"]["status"] == "SCHEDULED"
    assert get_state(server, run) == "held"


@each_way
def test_nor_where_an_older_client_names_it_in_its_own_way(server: Server, experiment: str, way: Way) -> None:
    """Up to MLflow 1 a run was a `run_uuid`, and some addresses were below `preview`."""
    waits, good = hold(server, experiment, HELD, way), start(server, experiment, way=way)
    for more in ({}, {"run_id": good}):
        for name, body in (
            ("runs/log-metric", {"key": "loss", "value": 1.0, "timestamp": 1}),
            ("runs/log-parameter", {"key": "lr", "value": "1"}),
            ("runs/set-tag", {"key": "note", "value": "x"}),
            ("runs/update", {"status": "RUNNING"}),
        ):
            # What it names is refused, or it names the other run.
            answer = server.ask(
                "POST", f"{way.prefix}/2.0/mlflow/{name}", {"run_uuid": waits, **body, **more}, way.user
            )
            assert answer.status in (400, 403, 404) or more, answer
    sent = {"experiment_id": experiment, "user_id": way.user, "source_name": "x", "tags": BLOCKED.tags}
    for path in ("2.0/preview/mlflow", "2.0/mlflow", "1.0/mlflow"):
        answer = server.ask("POST", f"{way.prefix}/{path}/runs/create", sent, way.user)
        assert answer.status in (400, 403, 404, 405), answer
    assert (get_run(server, waits)["info"]["status"], get_state(server, waits)) == ("SCHEDULED", "held")
    data = get_run(server, waits)["data"]
    assert not data.get("metrics")
    assert not data.get("params")
    assert "note" not in read_tags(server, waits)
    assert set(list_runs(server, experiment)) == {waits, good}


@two_ways
def test_deleting_and_restoring_makes_nothing_of_a_run_that_waits(server: Server, experiment: str, way: Way) -> None:
    run = hold(server, experiment, HELD, WAYS[0])
    owner = Way("admin", way.prefix, way.camel)
    assert owner.ask(server, "runs/delete", {"run_id": run}).status == 200
    assert owner.ask(server, "runs/restore", {"run_id": run}).status == 200
    assert_refused(way.ask(server, "runs/update", {"run_id": run, "status": "RUNNING"}))
    owner.ask(server, "experiments/delete", {"experiment_id": experiment})
    owner.ask(server, "experiments/restore", {"experiment_id": experiment})
    assert_refused(way.ask(server, "runs/update", {"run_id": run, "status": "RUNNING"}))
    assert get_state(server, run) == "held"


def test_who_deletes_a_run_that_waits_and_asks_again_has_one_that_can_be_resumed(
    server: Server, experiment: str
) -> None:
    first = hold(server, experiment, HELD)
    assert server.call("runs/delete", {"run_id": first}, "admin").status == 200
    again = hold(server, experiment, HELD)
    assert get_run(server, again)["info"]["lifecycle_stage"] == "active"


@two_ways
def test_an_experiment_keeps_the_name_by_which_it_is_governed(server: Server, experiment: str, way: Way) -> None:
    owner = Way("admin", way.prefix, way.camel)
    for name in (f"free-{time.monotonic_ns()}", f"canary-{time.monotonic_ns()}"):
        body = {"experiment_id": experiment, "new_name": name}
        assert_refused(owner.ask(server, "experiments/update", body), "governed by its name")
    other = {"experiment_id": experiment, "new_name": f"support-{time.monotonic_ns()}"}
    assert owner.ask(server, "experiments/update", other).status == 200
    assert_refused(begin(server, experiment, BLOCKED, way))


@two_ways
def test_renaming_into_a_governed_name_admits_nothing(server: Server, way: Way) -> None:
    free, name = server.make_experiment(f"free-{time.monotonic_ns()}", way.user), f"other-{time.monotonic_ns()}"
    run = start(server, free, None, way)
    body = {"experiment_id": free, "new_name": f"support-{time.monotonic_ns()}"}
    assert way.ask(server, "experiments/update", body).status == 200
    assert find_row(server, run) is None
    assert way.ask(server, "registered-models/create", {"name": name}).status == 200
    version = {"name": name, "source": f"runs:/{run}/model", "run_id": run}
    assert_refused(way.ask(server, "model-versions/create", version), "never met the gate")
    assert_refused(way.ask(server, "runs/update", {"run_id": run, "status": "RUNNING"}), "needs the manifest")


@two_ways
def test_a_tag_of_an_experiment_exempts_it_from_nothing(server: Server, experiment: str, way: Way) -> None:
    for key in ("tunegate.exempt", "ml-manifest.activity", "mode"):
        body = {"experiment_id": experiment, "key": key, "value": "observe"}
        assert way.ask(server, "experiments/set-experiment-tag", body).status == 200
    assert_refused(begin(server, experiment, BLOCKED, way))


@two_ways
def test_a_child_inherits_only_from_an_admitted_parent_of_its_own(server: Server, experiment: str, way: Way) -> None:
    parent = start(server, experiment, GOOD, way)
    child = start(server, experiment, None, way, parent=parent)
    row = find_row(server, child)
    assert row is not None
    assert (row.state, row.manifest, row.parent) == ("admitted", GOOD.digest, parent)
    other = server.make_experiment(f"support-{time.monotonic_ns()}", way.user)
    said = "needs the manifest"
    assert_refused(begin(server, other, None, way, parent=parent), said)
    somebody = Way("bob", way.prefix, camel=False)
    assert_refused(begin(server, experiment, None, somebody, parent=parent), said)
    waits = hold(server, experiment, HELD, way)
    assert_refused(begin(server, experiment, None, way, parent=waits), said)
    assert_refused(begin(server, experiment, None, way, parent="0" * 32), said)
    assert_refused(begin(server, experiment, BLOCKED, way, parent=parent), "volatile-data")


@two_ways
def test_a_child_that_trains_is_no_baseline_because_its_parent_is_one(
    server: Server, experiment: str, way: Way
) -> None:
    parent = start(server, experiment, BLOCKED, way, activity="baseline")
    assert_refused(begin(server, experiment, None, way, parent=parent, activity="training"), "volatile-data")
    child = start(server, experiment, None, way, parent=parent)
    assert find_row(server, child).activity == "baseline"  # type: ignore[union-attr]
    reopened = start(server, experiment, BLOCKED, way, activity="baseline")
    way.ask(server, "runs/log-parameter", {"run_id": reopened, "key": "lora_alpha", "value": "16"})
    assert get_state(server, reopened) == "reopened"
    assert_refused(begin(server, experiment, None, way, parent=reopened), "needs the manifest")


@two_ways
def test_a_baseline_that_turns_out_to_train_is_opened_again(server: Server, experiment: str, way: Way) -> None:
    model = make_free_model(server)
    for name, body in (
        ("runs/log-parameter", {"key": "lora_alpha", "value": "16"}),
        ("runs/log-batch", {"params": [{"key": "args/num_train_epochs", "value": "3"}]}),
        ("runs/log-batch", {"metrics": [{"key": "train/grad_norm", "value": 1, "timestamp": 1, "step": 1}]}),
        ("runs/log-metric", {"key": "train_runtime", "value": 1, "timestamp": 1}),
        ("runs/outputs", {"models": [{"model_id": model, "step": 1}]}),
        ("runs/log-model", {"model_json": MODEL}),
    ):
        run = start(server, experiment, BLOCKED, way, activity="baseline")
        assert way.ask(server, name, {"run_id": run, **body}).status < 500
        assert get_state(server, run) == "reopened", (name, body)
        assert read_tags(server, run)["policy.state"] == "reopened"


def test_what_a_run_shows_is_the_decision_that_is_on_record(server: Server, experiment: str) -> None:
    for run in (start(server, experiment), start(server, experiment)):
        for _ in range(2):
            row = find_row(server, run)
            assert row is not None
            assert read_tags(server, run)["policy.decision"] == row.decision
            assert server.call("runs/update", {"run_id": run, "status": "RUNNING"}, "ada").status == 200
    answer = begin(server, experiment)
    shown = {tag["key"]: tag["value"] for tag in answer.body["run"]["data"]["tags"]}
    row = find_row(server, answer.body["run"]["info"]["run_id"])
    assert row is not None
    assert shown["policy.decision"] == row.decision


@two_ways
def test_a_reopened_run_is_resumed_as_training_or_not_at_all(server: Server, experiment: str, way: Way) -> None:
    logged = {"key": "lora_alpha", "value": "16"}
    bad = start(server, experiment, BLOCKED, way, activity="baseline")
    way.ask(server, "runs/log-parameter", {"run_id": bad, **logged})
    assert_refused(way.ask(server, "runs/update", {"run_id": bad, "status": "RUNNING"}), "volatile-data")
    good = start(server, experiment, GOOD, way, activity="baseline")
    way.ask(server, "runs/log-parameter", {"run_id": good, **logged})
    assert way.ask(server, "runs/update", {"run_id": good, "status": "RUNNING"}).status == 200
    row = find_row(server, good)
    assert row is not None
    assert (row.state, row.activity) == ("admitted", "training")


@two_ways
def test_training_where_nothing_is_governed_is_flagged_once(server: Server, way: Way) -> None:
    free = server.make_experiment(f"free-{time.monotonic_ns()}", way.user)
    run = start(server, free, None, way)
    way.ask(server, "runs/log-parameter", {"run_id": run, "key": "prompt", "value": "x"})
    assert "policy.state" not in read_tags(server, run)
    way.ask(server, "runs/log-parameter", {"run_id": run, "key": "lora_alpha", "value": "16"})
    assert read_tags(server, run)["policy.state"] == "ungoverned-training"
    assert find_row(server, run) is None


@two_ways
def test_a_run_of_the_playground_is_one_as_well(server: Server, experiment: str, way: Way) -> None:
    body = {
        "experiment_id": experiment,
        "prompt_template": "x",
        "prompt_parameters": [{"key": "a", "value": "b"}],
        "model_route": "r",
        "model_parameters": [],
        "model_input": "x",
        "model_output": "y",
        "mlflow_version": "3.0",
        "model_output_parameters": [],
        "tags": [],
        "user_id": "root",
        "start_time": 1,
    }
    path = "/ajax-api/2.0/mlflow/runs/create-promptlab-run"
    assert_refused(server.ask("POST", path, body, way.user), "needs the manifest")
    body["tags"] = [{"key": "policy.state", "value": "admitted"}]
    assert server.ask("POST", path, body, way.user).status >= 400
    assert list_runs(server, experiment) == []


@two_ways
def test_who_somebody_is_is_not_theirs_to_say(server: Server, experiment: str, way: Way) -> None:
    answer = begin(server, experiment, GOOD, way, **{"mlflow.user": "root", "mlflow.source.name": "x"})
    run = answer.body["run"]["info"]
    assert (run["user_id"], read_tags(server, run["run_id"])["mlflow.user"]) == (way.user, way.user)
    body = {"run_id": run["run_id"], "key": "mlflow.user", "value": "bob"}
    way.ask(server, "runs/set-tag", body)
    row = find_row(server, run["run_id"])
    assert row is not None
    assert row.principal == way.user


def test_the_client_is_stopped_before_it_trains(server: Server, experiment: str) -> None:
    with use_client(server, "ada") as mlflow:
        mlflow.set_experiment(experiment_id=experiment)
        send(server, BLOCKED, "ada")
        with pytest.raises(mlflow.MlflowException, match="volatile-data") as caught:
            mlflow.start_run(tags={DIGEST: BLOCKED.digest})
        assert caught.value.error_code == "PERMISSION_DENIED"
        run = hold(server, experiment, HELD)
        with pytest.raises(mlflow.MlflowException, match="waits for an approval"):
            mlflow.start_run(run_id=run)
        assert mlflow.active_run() is None


def test_the_client_resumes_and_nests_what_is_admitted(server: Server, experiment: str) -> None:
    with use_client(server, "ada") as mlflow:
        mlflow.set_experiment(experiment_id=experiment)
        send(server, GOOD, "ada")
        with mlflow.start_run(tags={DIGEST: GOOD.digest}) as run, mlflow.start_run(nested=True) as child:
            mlflow.log_param("lora_alpha", 16)
        with mlflow.start_run(run_id=run.info.run_id):
            mlflow.log_metric("loss", 1.0)
    assert find_row(server, child.info.run_id).parent == run.info.run_id  # type: ignore[union-attr]
    assert get_state(server, run.info.run_id) == "admitted"
    assert get_run(server, run.info.run_id)["info"]["status"] == "FINISHED"


@two_ways
def test_a_manifest_of_another_project_opens_nothing(server: Server, experiment: str, way: Way) -> None:
    assert_refused(begin(server, experiment, make_sent("private-one"), way), "is that of `private-one`")
    run = start(server, experiment, way=way)
    body = {"run_id": run, "tags": make_tags({DIGEST: make_sent("private-one").digest})}
    assert_refused(way.ask(server, "runs/log-batch", body))


@two_ways
def test_who_is_not_among_the_principals_begins_nothing(server: Server, way: Way) -> None:
    private = server.make_experiment(f"private-{time.monotonic_ns()}", "carol")
    for more in ({}, {"mlflow.user": "carol"}):
        assert begin(server, private, make_sent("private-one"), way, **more).status == 403
    assert list_runs(server, private) == []
    assert start(server, private, make_sent("private-one"), Way("carol", way.prefix, camel=False))
