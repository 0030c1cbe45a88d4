"""Ways round the gate by models and the registry, tried on a real server."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from policy.records.ledger import open_ledger
from policy.records.people import find_person
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD, SET, Sent, write_set
from tests.gates.mlflow.server.serving import Answer, Server, serve
from tests.gates.mlflow.server.ways import (
    WAYS,
    Way,
    assert_refused,
    get_run,
    get_state,
    hold,
    make_model,
    make_tags,
    send,
    start,
    two_ways,
    use_client,
)

UNIQUE = time.monotonic_ns


def make_name(server: Server, kind: str, user: str = "ada") -> str:
    """A registered model: `support` is bound to the governed experiments, `other` to none."""
    name = f"{kind}-{UNIQUE()}"
    assert server.call("registered-models/create", {"name": name}, user).status == 200
    return name


def register(server: Server, name: str, source: str, run: str = "", model: str = "", way: Way = WAYS[0]) -> Answer:
    body = {
        "name": name,
        "source": source,
        **({"run_id": run} if run else {}),
        **({"model_id": model} if model else {}),
    }
    return way.ask(server, "model-versions/create", body)


def get_files(server: Server, run: str) -> str:
    return str(get_run(server, run)["info"]["artifact_uri"])


def reopen(server: Server, experiment: str) -> str:
    """A baseline that turned out to train."""
    run = start(server, experiment, BLOCKED, activity="baseline")
    server.call("runs/log-parameter", {"run_id": run, "key": "lora_alpha", "value": "16"}, "ada")
    assert get_state(server, run) == "reopened"
    return run


def make_alias(server: Server, name: str, version: str, way: Way = WAYS[0]) -> Answer:
    return way.ask(server, "registered-models/alias", {"name": name, "alias": "champion", "version": version})


def move(server: Server, name: str, version: str, stage: str, way: Way = WAYS[0]) -> Answer:
    body = {"name": name, "version": version, "stage": stage, "archive_existing_versions": False}
    return way.ask(server, "model-versions/transition-stage", body)


@two_ways
def test_what_comes_from_an_admitted_run_is_released(server: Server, experiment: str, way: Way) -> None:
    name, run = make_name(server, "support", way.user), start(server, experiment)
    for source in (f"runs:/{run}/model", f"{get_files(server, run)}/model"):
        assert register(server, name, source, run, way=way).status == 200
    assert make_alias(server, name, "1", way).status == 200
    assert move(server, name, "1", "Production", way).status == 200


@two_ways
def test_nothing_else_is(server: Server, experiment: str, way: Way) -> None:
    waits = hold(server, experiment, HELD)
    baseline = start(server, experiment, BLOCKED, activity="baseline")
    free = start(server, server.make_experiment(f"free-{UNIQUE()}", "ada"), None)
    support, other = make_name(server, "support", way.user), make_name(server, "other", way.user)
    for run, said in (
        (waits, "is held"),
        (baseline, "as `baseline` only"),
        (reopen(server, experiment), "is reopened"),
    ):
        for name in (support, other):
            assert_refused(register(server, name, f"runs:/{run}/model", run, way=way), said)
            assert_refused(register(server, name, f"{get_files(server, run)}/model", run, way=way), said)
            # A store that is not MLflow's own, whose files MLflow compares with nothing.
            assert_refused(register(server, name, f"s3://models/{run}/artifacts/model", way=way), said)
            assert_refused(
                register(server, name, f"s3://models/{quote(run[0])}%{ord(run[1]):x}{run[2:]}/m", way=way), said
            )
            assert_refused(register(server, name, "s3://models/m", run, way=way), said)
    for source, run in ((f"runs:/{free}/model", free), ("s3://models/model", ""), ("s3://models/model", free)):
        assert_refused(register(server, support, source, run, way=way), "come from an admitted run")
    # A run that is called nothing is none.
    nothing = {"name": support, "source": "s3://models/model", "run_id": ""}
    assert way.ask(server, "model-versions/create", nothing).status == 403
    nothing = {"experiment_id": experiment, "name": "m", "source_run_id": ""}
    assert way.ask(server, "logged-models", nothing).status == 403
    assert register(server, other, f"runs:/{free}/model", free, way=way).status == 200


@two_ways
def test_a_good_run_lends_its_name_to_nothing(server: Server, experiment: str, way: Way) -> None:
    name, run = make_name(server, "support", way.user), start(server, experiment)
    free = start(server, server.make_experiment(f"free-{UNIQUE()}", "ada"), None)
    for source in (
        "s3://models/model",
        f"s3://models/{run}/artifacts/model",
        f"s3://models/{free}/artifacts/model",
        f"{get_files(server, free)}/model",
        f"{get_files(server, run)}/../../{free}/artifacts/model",
    ):
        answer = register(server, name, source, run, way=way)
        assert answer.status in (400, 403), (source, answer)


@two_ways
def test_the_files_of_a_governed_experiment_leave_it_only_by_its_runs(
    server: Server, experiment: str, way: Way
) -> None:
    other = make_name(server, "other", way.user)
    for source in (
        f"mlflow-artifacts:/{experiment}",
        f"mlflow-artifacts:/{experiment}/models",
        "mlflow-artifacts:/",
        f"{server.folder}/artifacts/{experiment}",
        f"file://{server.folder}/artifacts",
    ):
        answer = register(server, other, source, way=way)
        assert answer.status in (400, 403), (source, answer)


@two_ways
def test_a_version_is_judged_again_by_alias_stage_and_copy(server: Server, experiment: str, way: Way) -> None:
    run = start(server, experiment, GOOD, activity="training")
    support, other = make_name(server, "support", way.user), make_name(server, "other", way.user)
    for name in (support, other):
        assert register(server, name, f"runs:/{run}/model", run).status == 200
    # It was fine, and is not any more: what is released is what was judged.
    send(server, BLOCKED, "ada")
    set_state(server, run, "reopened")
    for name in (support, other):
        assert_refused(make_alias(server, name, "1", way), "is reopened")
        for stage in ("Production", "staging"):
            assert_refused(move(server, name, "1", stage, way), "is reopened")
        assert move(server, name, "1", "Archived", way).status == 200
        assert move(server, name, "1", "None", way).status == 200
    for source in (f"models:/{support}/1", f"models:/{support}/latest", f"models:/{support}/None"):
        answer = register(server, make_name(server, "other", way.user), source, way=way)
        assert answer.status in (400, 403), (source, answer)


def set_state(server: Server, run: str, state: str) -> None:
    """What another worker would have noted."""
    from policy.records.ledger import open_ledger
    from policy.records.runs.queries import find_run
    from policy.records.runs.recording import record_run

    with open_ledger(f"sqlite:///{server.folder}/ledger.db", create=False) as ledger:
        row = find_run(ledger, "mlflow", run)
        assert row is not None
        record_run(ledger, row._replace(state=state), {"reason": "a test"})


@two_ways
def test_a_copy_is_what_it_is_a_copy_of_even_when_that_is_gone(server: Server, experiment: str, way: Way) -> None:
    first, copy = make_name(server, "other", way.user), make_name(server, "other", way.user)
    run, good = start(server, experiment), start(server, experiment)
    assert register(server, first, f"runs:/{run}/model", run).status == 200
    assert register(server, copy, f"models:/{first}/1", way=way).status == 200
    set_state(server, run, "reopened")
    assert server.ask("DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": first}, "admin").status == 200
    assert server.call("registered-models/create", {"name": first}, "ada").status == 200
    assert register(server, first, f"runs:/{good}/model", good).status == 200
    assert_refused(make_alias(server, copy, "1", way), "is reopened")


@two_ways
def test_names_of_registered_models_stay_on_their_side(server: Server, way: Way) -> None:
    owner = Way("admin", way.prefix, way.camel)
    support, other = make_name(server, "support"), make_name(server, "other")
    for name, new in ((support, f"free-{UNIQUE()}"), (other, f"support-{UNIQUE()}")):
        assert_refused(owner.ask(server, "registered-models/rename", {"name": name, "new_name": new}), "is bound")
    new = f"free-{UNIQUE()}"
    assert owner.ask(server, "registered-models/rename", {"name": other, "new_name": new}).status == 200


@two_ways
def test_what_was_only_watched_is_not_released_under_a_bound_name(server: Server, way: Way) -> None:
    canary = start(server, server.make_experiment(f"canary-{UNIQUE()}", "ada"), BLOCKED)
    name = make_name(server, "support", way.user)
    assert_refused(register(server, name, f"runs:/{canary}/model", canary, way=way), "in the experiment `canary-")
    other = make_name(server, "other", way.user)
    assert register(server, other, f"runs:/{canary}/model", canary, way=way).status == 200
    # Nothing is enforced there: what is reopened is only written down.
    set_state(server, canary, "reopened")
    assert make_alias(server, other, "1", way).status == 200
    with open_ledger(f"sqlite:///{server.folder}/ledger.db") as ledger:
        entry = [one for one in ledger.read_entries() if one.type == "observed-release"][-1]
        body = ledger.get_payload(entry)
        assert isinstance(body, bytes)
        said = json.loads(body)
        assert (said["version"], said["principal"]) == (f"{other}/1", find_person(ledger, way.user))
        assert "is reopened" in said["said"]
    assert_refused(register(server, name, f"runs:/{canary}/model", canary, way=way))


@two_ways
def test_no_client_writes_a_tag_of_a_model_that_mirrors_the_ledger(server: Server, experiment: str, way: Way) -> None:
    name, run = make_name(server, "support", way.user), start(server, experiment)
    assert register(server, name, f"runs:/{run}/model", run).status == 200
    model = make_model(server, experiment, run, way.user).body["model"]["info"]["model_id"]
    tag = {"key": "policy.state", "value": "admitted"}
    for path, body in (
        ("registered-models/set-tag", {"name": name, **tag}),
        ("model-versions/set-tag", {"name": name, "version": "1", **tag}),
        ("registered-models/create", {"name": f"other-{UNIQUE()}", "tags": [tag]}),
        ("model-versions/create", {"name": name, "source": f"runs:/{run}/m", "run_id": run, "tags": [tag]}),
        ("logged-models", {"experiment_id": experiment, "name": "m", "source_run_id": run, "tags": [tag]}),
    ):
        assert_refused(way.ask(server, path, body), "mirror the ledger")
    for path, body in (
        ("registered-models/delete-tag", {"name": name, "key": tag["key"]}),
        ("model-versions/delete-tag", {"name": name, "version": "1", "key": tag["key"]}),
        (f"logged-models/{model}/tags/policy.state", {}),
    ):
        assert_refused(way.ask(server, path, body, "DELETE"), "mirror the ledger")
    assert_refused(way.ask(server, f"logged-models/{model}/tags", {"tags": [tag]}, "PATCH"), "mirror the ledger")


@two_ways
def test_a_logged_model_comes_from_a_run_of_its_experiment(server: Server, experiment: str, way: Way) -> None:
    free = server.make_experiment(f"free-{UNIQUE()}", way.user)
    run, waits = start(server, experiment), hold(server, experiment, HELD)
    for body, said in (
        ({"experiment_id": experiment}, "needs the run that it comes from"),
        ({"experiment_id": experiment, "source_run_id": waits}, "it is held"),
        ({"experiment_id": free, "source_run_id": run}, "is one of the experiment"),
        ({"experiment_id": experiment, "source_run_id": start(server, free, None)}, "is one of the experiment"),
    ):
        assert_refused(way.ask(server, "logged-models", {"name": "m", **body}), said)
    assert way.ask(server, "logged-models", {"name": "m", "experiment_id": free}).status == 200


@two_ways
def test_a_logged_model_is_released_as_its_run(server: Server, experiment: str, way: Way) -> None:
    free = server.make_experiment(f"free-{UNIQUE()}", "ada")
    support, other = make_name(server, "support", way.user), make_name(server, "other", way.user)
    baseline = start(server, experiment, BLOCKED, activity="baseline")
    bad = make_model(server, experiment, baseline).body["model"]["info"]["model_id"]
    assert get_state(server, baseline) == "reopened"
    none = make_model(server, free).body["model"]["info"]["model_id"]
    good = make_model(server, experiment, start(server, experiment)).body["model"]["info"]["model_id"]
    for name in (support, other):
        assert_refused(register(server, name, f"models:/{bad}", model=bad, way=way), "is reopened")
    assert_refused(register(server, support, f"models:/{none}", model=none, way=way), "come from an admitted run")
    assert register(server, support, f"models:/{good}", model=good, way=way).status == 200
    assert register(server, other, f"models:/{none}", model=none, way=way).status == 200


@pytest.fixture
def sklearn_model() -> Any:
    sklearn = pytest.importorskip("sklearn.linear_model")
    return sklearn.LogisticRegression().fit([[0.0], [1.0]], [0, 1])


def log_model(mlflow: Any, experiment: str, sent: Sent, model: Any, **tags: str) -> tuple[str, str]:
    """A run and its model, as a script would make them."""
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_run(tags={"ml-manifest.digest": sent.digest, **tags}) as run:
        logged = mlflow.sklearn.log_model(model, name="model", serialization_format="cloudpickle")
    return run.info.run_id, logged.model_uri


@pytest.mark.filterwarnings("ignore")
def test_a_model_goes_from_log_model_to_an_alias(server: Server, experiment: str, sklearn_model: Any) -> None:
    name, copy = f"support-{UNIQUE()}", f"support-{UNIQUE()}"
    send(server, GOOD, "ada")
    with use_client(server, "ada") as mlflow:
        _, model = log_model(mlflow, experiment, GOOD, sklearn_model)
        version = mlflow.register_model(model, name)
        client = mlflow.MlflowClient()
        client.set_registered_model_alias(name, "champion", version.version)
        client.copy_model_version(f"models:/{name}@champion", copy)
        client.transition_model_version_stage(name, version.version, "Production")
        loaded = mlflow.sklearn.load_model(f"models:/{name}@champion")
        assert loaded.predict([[1.0]]).tolist() == [1]


@pytest.mark.filterwarnings("ignore")
def test_a_model_of_a_run_that_was_no_training_goes_nowhere(
    server: Server, experiment: str, sklearn_model: Any
) -> None:
    send(server, BLOCKED, "ada")
    with use_client(server, "ada") as mlflow:
        run, model = log_model(mlflow, experiment, BLOCKED, sklearn_model, **{"ml-manifest.activity": "baseline"})
        assert get_state(server, run) == "reopened"
        for name in (f"support-{UNIQUE()}", f"other-{UNIQUE()}"):
            with pytest.raises(mlflow.MlflowException, match="is reopened"):
                mlflow.register_model(model, name)
        mlflow.set_experiment(experiment_id=experiment)
        with pytest.raises(mlflow.MlflowException, match="needs the run that it comes from"):
            mlflow.sklearn.log_model(sklearn_model, name="model", serialization_format="cloudpickle")


def test_a_prompt_is_no_model_and_passes(server: Server) -> None:
    name = f"support-{UNIQUE()}"
    with use_client(server, "ada") as mlflow:
        made = mlflow.genai.register_prompt(name, "Say {{ this }}. " + "x" * 20_000, tags={"team": "a"})
        mlflow.genai.set_prompt_alias(name, "production", made.version)
        mlflow.genai.set_prompt_tag(name, "team", "b")
        assert mlflow.genai.load_prompt(f"prompts:/{name}@production").version == made.version


@two_ways
def test_a_model_is_no_prompt_because_somebody_says_so(server: Server, experiment: str, way: Way) -> None:
    name = f"support-prompt-{UNIQUE()}"
    prompt = make_tags({"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": "x"})
    assert server.call("registered-models/create", {"name": name, "tags": prompt[:1]}, way.user).status == 200
    waits = hold(server, experiment, HELD)
    for source, more in (
        (f"runs:/{waits}/model", {"run_id": waits}),
        (f"s3://models/{waits}/model", {}),
        ("s3://models/model", {}),
        ("prompt-template", {"run_id": waits}),
    ):
        version = {"name": name, "source": source, "tags": prompt, **more}
        answer = way.ask(server, "model-versions/create", version)
        assert answer.status in (400, 403), (source, answer)
    plain = make_name(server, "support", way.user)
    run = start(server, experiment)
    assert register(server, plain, f"runs:/{run}/model", run).status == 200
    is_prompt = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    for path, body in (
        ("model-versions/set-tag", {"name": plain, "version": "1", **is_prompt}),
        ("registered-models/set-tag", {"name": plain, **is_prompt}),
    ):
        assert way.ask(server, path, body).status in (400, 403)


@pytest.mark.parametrize(
    ("enforced", "watched"),
    [
        ("models: [support-*]}", "models: [support-*], mode: observe}"),
        ("run: {mode: enforce", "run: {mode: observe"),
        ("run: {mode: enforce", "run: {mode: flag"),
    ],
)
def test_what_began_while_nothing_was_enforced_is_not_released_afterwards(
    tmp_path: Path, enforced: str, watched: str
) -> None:
    """A run that began while its experiment or the gate was observed, and a policy would have stopped."""
    write_set(tmp_path, SET.replace(enforced, watched))
    with serve(tmp_path, auth=True) as server:
        server.make_user("ada")
        experiment, name = server.make_experiment("support-x", "ada"), make_name(server, "support")
        held, good = (start(server, experiment, sent) for sent in (HELD, GOOD))
        for run in (held, good):
            assert server.call("runs/update", {"run_id": run, "status": "FINISHED"}, "ada").status == 200
        (tmp_path / "policy.yaml").write_text(SET)
        for way in (WAYS[0], WAYS[-1]):
            answer = register(server, name, f"runs:/{held}/model", held, way=way)
            assert_refused(answer, "began while nothing was enforced", "resume it")
        assert register(server, name, f"runs:/{good}/model", good).status == 200
        assert make_alias(server, name, "1").status == 200
