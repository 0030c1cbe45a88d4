"""The ways round the gate that MLflow's own client can take, as an ordinary user and as the server's administrator."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD, make_sent
from tests.gates.mlflow.server.serving import ADMIN, Server
from tests.gates.mlflow.server.test_approving import find_request
from tests.gates.mlflow.server.ways import (
    ACTIVITY,
    Way,
    begin,
    find_row,
    get_run,
    get_state,
    hold,
    list_runs,
    read_tags,
    send,
    start,
    use_client,
)

DIGEST, STATE, PARENT = "ml-manifest.digest", "policy.state", "mlflow.parentRunId"
MIRRORED = "mirror the ledger"


class Asker(NamedTuple):
    """Who asks by MLflow's client, in an experiment of theirs."""

    server: Server
    mlflow: Any
    way: Way
    experiment: str

    @property
    def client(self) -> Any:
        return self.mlflow.MlflowClient()

    @property
    def user(self) -> str:
        return self.way.user

    def refuse(self, said: str, *calls: Callable[[], Any]) -> None:
        """Each is refused by the gate, in a form that the client does not try again."""
        for call in calls:
            with pytest.raises(self.mlflow.MlflowException, match=f"(?s)Tunegate: .*(?:{said})") as caught:
                call()
            assert caught.value.error_code == "PERMISSION_DENIED", caught.value

    def make_model(self, kind: str) -> str:
        """A registered model: `support` is bound to the governed experiments, `other` to none."""
        return str(self.client.create_registered_model(f"{kind}-{time.monotonic_ns()}").name)

    def make_experiment(self, kind: str) -> str:
        return str(self.client.create_experiment(f"{kind}-{time.monotonic_ns()}"))


@pytest.fixture(params=["ada", ADMIN])
def asker(server: Server, request: pytest.FixtureRequest) -> Iterator[Asker]:
    user = request.param
    experiment = server.make_experiment(f"support-{time.monotonic_ns()}", user)
    for sent in (GOOD, BLOCKED, HELD):
        send(server, sent, user)
    with use_client(server, user) as mlflow:
        mlflow.set_experiment(experiment_id=experiment)
        yield Asker(server, mlflow, Way(user, "/api", camel=False), experiment)


def test_nothing_that_is_refused_begins(asker: Asker) -> None:
    tags = {DIGEST: BLOCKED.digest}
    asker.refuse(
        "volatile-data",
        lambda: asker.mlflow.start_run(tags=tags),
        lambda: asker.mlflow.start_run(tags=tags, nested=True),
        lambda: asker.client.create_run(asker.experiment, tags=tags),
        # A child of nobody, and one that says what it is.
        lambda: asker.client.create_run(asker.experiment, tags={**tags, PARENT: "0" * 32}),
        lambda: asker.client.create_run(asker.experiment, tags={**tags, ACTIVITY: "training"}),
    )
    asker.refuse("needs the manifest", asker.mlflow.start_run, lambda: asker.client.create_run(asker.experiment))
    assert asker.mlflow.active_run() is None
    assert list_runs(asker.server, asker.experiment) == []


def test_no_child_begins_by_a_parent_elsewhere_or_one_that_waits(asker: Asker) -> None:
    parent, waits = start(asker.server, asker.experiment, way=asker.way), hold(asker.server, asker.experiment, HELD)
    other = asker.make_experiment("support")
    asker.refuse(
        "needs the manifest",
        lambda: asker.client.create_run(other, tags={PARENT: parent}),
        lambda: asker.client.create_run(asker.experiment, tags={PARENT: waits}),
        lambda: asker.mlflow.start_run(parent_run_id=waits),
    )
    assert list_runs(asker.server, other) == []


def test_no_tag_mirrors_the_ledger_but_the_servers_own(asker: Asker) -> None:
    client, experiment = asker.client, asker.experiment
    run = start(asker.server, experiment, way=asker.way)
    before = read_tags(asker.server, run)
    tags = {DIGEST: GOOD.digest, STATE: "admitted"}
    asker.refuse(
        MIRRORED,
        lambda: client.create_run(experiment, tags=tags),
        lambda: asker.mlflow.start_run(tags=tags),
        lambda: client.set_tag(run, STATE, "admitted"),
        lambda: client.set_tag(run, "policy.anything", "x"),
        lambda: client.delete_tag(run, STATE),
        lambda: client.log_batch(run, tags=[asker.mlflow.entities.RunTag(STATE, "admitted")]),
        lambda: client.set_experiment_tag(experiment, STATE, "admitted"),
        lambda: client.delete_experiment_tag(experiment, STATE),
        lambda: client.create_experiment(f"free-{time.monotonic_ns()}", tags={STATE: "admitted"}),
    )
    assert read_tags(asker.server, run) == before
    assert list_runs(asker.server, experiment) == [run]


def test_nor_one_of_a_model(asker: Asker) -> None:
    client, tags = asker.client, {STATE: "admitted"}
    run, name = start(asker.server, asker.experiment, way=asker.way), asker.make_model("support")
    source = f"runs:/{run}/model"
    assert client.create_model_version(name, source, run).version == "1"
    model = client.create_logged_model(asker.experiment, name="m", source_run_id=run).model_id
    asker.refuse(
        MIRRORED,
        lambda: client.create_registered_model(f"other-{time.monotonic_ns()}", tags=tags),
        lambda: client.set_registered_model_tag(name, STATE, "admitted"),
        lambda: client.delete_registered_model_tag(name, STATE),
        lambda: client.create_model_version(name, source, run, tags=tags),
        lambda: client.set_model_version_tag(name, "1", STATE, "admitted"),
        lambda: client.delete_model_version_tag(name, "1", STATE),
        lambda: client.create_logged_model(asker.experiment, name="m", source_run_id=run, tags=tags),
        lambda: client.set_logged_model_tags(model, tags),
        lambda: client.delete_logged_model_tag(model, STATE),
    )


def test_an_approved_run_takes_no_other_manifest_whether_it_goes_on_or_has_ended(asker: Asker) -> None:
    server, client = asker.server, asker.client
    held = make_sent(f"support-approved-{asker.user}", model={"parameters": 8_000_000_000})
    answer = begin(server, asker.experiment, held, asker.way)
    request, (run,) = find_request(answer.body["message"]), list_runs(server, asker.experiment)
    assert server.ask("POST", f"/policy/api/1/requests/{request}/approve", {}, "bob").status == 200
    with asker.mlflow.start_run(run_id=run):
        refuse_others(asker, run)
    assert get_run(server, run)["info"]["status"] == "FINISHED"
    refuse_others(asker, run)
    asker.refuse("was judged with", lambda: asker.mlflow.start_run(run_id=run, tags={DIGEST: BLOCKED.digest}))
    while asker.mlflow.active_run() is not None:
        asker.mlflow.end_run()
    assert read_tags(server, run)[DIGEST] == held.digest
    assert find_row(server, run).manifest == held.digest  # type: ignore[union-attr]
    client.update_run(run, "FINISHED")
    assert get_state(server, run) == "admitted"


def refuse_others(asker: Asker, run: str) -> None:
    """Neither manifest nor activity of a run becomes another."""
    tags = [asker.mlflow.entities.RunTag(DIGEST, BLOCKED.digest)]
    asker.refuse(
        "was judged with",
        lambda: asker.client.set_tag(run, DIGEST, GOOD.digest),
        lambda: asker.client.set_tag(run, ACTIVITY, "baseline"),
        lambda: asker.client.log_batch(run, tags=tags),
    )
    asker.refuse("stays", lambda: asker.client.delete_tag(run, DIGEST))


def test_nothing_goes_into_a_run_that_waits(asker: Asker) -> None:
    client, entities = asker.client, asker.mlflow.entities
    run = hold(asker.server, asker.experiment, HELD, asker.way)
    model = client.create_logged_model(asker.make_experiment("free"), name="m").model_id
    asker.refuse(
        "is held|waits for an approval",
        lambda: asker.mlflow.start_run(run_id=run),
        lambda: client.log_metric(run, "loss", 1.0),
        lambda: client.log_param(run, "lr", "1"),
        lambda: client.log_batch(run, params=[entities.Param("lr", "1")]),
        lambda: client.set_tag(run, "note", "x"),
        lambda: client.log_inputs(run, models=[entities.LoggedModelInput(model)]),
        lambda: client.log_outputs(run, models=[entities.LoggedModelOutput(model, 1)]),
        lambda: client.create_logged_model(asker.experiment, name="m", source_run_id=run),
        lambda: client.update_run(run, status="RUNNING"),
        lambda: client.set_terminated(run),
        lambda: client.update_run(run, name="other"),
    )
    assert (get_run(asker.server, run)["info"]["status"], get_state(asker.server, run)) == ("SCHEDULED", "held")


def test_deleting_restoring_and_renaming_make_nothing_of_it(asker: Asker) -> None:
    client, experiment = asker.client, asker.experiment
    run = hold(asker.server, experiment, HELD, asker.way)
    client.delete_run(run)
    with pytest.raises(asker.mlflow.MlflowException, match="Current state is deleted"):
        client.update_run(run, status="RUNNING")
    client.restore_run(run)
    client.delete_experiment(experiment)
    client.restore_experiment(experiment)
    # No experiment leaves the name that governs it, for one that nothing governs or that only observes.
    asker.refuse(
        "governed by its name",
        lambda: client.rename_experiment(experiment, f"free-{time.monotonic_ns()}"),
        lambda: client.rename_experiment(experiment, f"canary-{time.monotonic_ns()}"),
    )
    for key in ("exempt", "mode", ACTIVITY):
        client.set_experiment_tag(experiment, key, "observe")
    asker.refuse(
        "volatile-data|waits for an approval",
        lambda: client.update_run(run, status="RUNNING"),
        lambda: client.create_run(experiment, tags={DIGEST: BLOCKED.digest}),
    )
    assert get_state(asker.server, run) == "held"


def test_no_model_is_released_but_that_of_an_admitted_run(asker: Asker) -> None:
    client, server = asker.client, asker.server
    support, other = asker.make_model("support"), asker.make_model("other")
    waits = hold(server, asker.experiment, HELD, asker.way)
    baseline = start(server, asker.experiment, BLOCKED, asker.way, activity="baseline")
    free = start(server, asker.make_experiment("free"), None, asker.way)
    for run in (None, free):
        asker.refuse("come from an admitted run", lambda: client.create_model_version(support, "s3://models/m", run))  # noqa: B023 - called at once
    # Basic-auth looks for a run that is called nothing, and lets no ordinary user name it.
    with pytest.raises(asker.mlflow.MlflowException, match=r"come from an admitted run|Permission denied"):
        client.create_model_version(support, "s3://models/m", "")
    for run, said in ((waits, "is held"), (baseline, "as `baseline` only")):
        for name in (support, other):
            asker.refuse(
                said,
                lambda: client.create_model_version(name, f"runs:/{run}/model", run),  # noqa: B023 - called at once
                lambda: client.create_model_version(name, "s3://models/m", run),  # noqa: B023 - as above
            )
    asker.refuse(
        "needs the run that it comes from",
        lambda: client.create_logged_model(asker.experiment, name="m"),
        lambda: client.create_logged_model(asker.experiment, name="m", source_run_id=""),
    )
    # What nothing governs is registered where nothing is bound, and gets from there nowhere else.
    assert client.create_model_version(other, f"runs:/{free}/model", free).version == "1"
    with pytest.raises(asker.mlflow.MlflowException, match=r"Tunegate: .*come from an admitted run"):
        client.copy_model_version(f"models:/{other}/1", support)
    asker.refuse("is bound", lambda: client.rename_registered_model(other, f"support-{time.monotonic_ns()}"))
    asker.refuse("is bound", lambda: client.rename_registered_model(support, f"free-{time.monotonic_ns()}"))


@pytest.mark.filterwarnings("ignore")
def test_what_changed_after_it_was_registered_gets_no_alias_or_stage(asker: Asker) -> None:
    client, server = asker.client, asker.server
    name, copy = asker.make_model("support"), asker.make_model("other")
    run = start(server, asker.experiment, way=asker.way)
    assert client.create_model_version(name, f"runs:/{run}/model", run).version == "1"
    client.copy_model_version(f"models:/{name}/1", copy)
    client.set_terminated(run)
    client.log_param(run, "learning_rate", "1")
    assert get_state(server, run) == "reopened"
    for model in (name, copy):
        asker.refuse(
            "is reopened",
            lambda: client.set_registered_model_alias(model, "champion", "1"),  # noqa: B023 - called at once
            lambda: client.transition_model_version_stage(model, "1", "Production"),  # noqa: B023 - as above
        )
        # The client says in words of its own that it may not.
        with pytest.raises(asker.mlflow.MlflowException, match="is reopened"):
            client.copy_model_version(f"models:/{model}/1", asker.make_model("other"))
        client.transition_model_version_stage(model, "1", "Archived")
