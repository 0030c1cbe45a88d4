"""Stores at `policy+…` addresses: MLflow's own, where a run is judged by who begins it, for no server does."""

from __future__ import annotations

from typing import Any

from mlflow.entities import RunStatus

from policy.gates.mlflow.client.begun import AsksAgain, Begun, note_begun
from policy.gates.mlflow.client.judging import judge_run, strip_scheme
from policy.gates.mlflow.client.refusal import stop_refused
from policy.gates.mlflow.client.server import Server


def open_tracking_store(store_uri: str, artifact_uri: str | None = None, **_: Any) -> Any:
    """The store that MLflow has for the address itself, which judges; artifacts go where they always do."""
    from mlflow.tracking._tracking_service import utils  # it is what asks for this

    address = strip_scheme(store_uri)
    # Nothing public gives a new one.
    builder = utils._tracking_store_registry.get_store_builder(address)  # noqa: SLF001
    store = builder(store_uri=address, artifact_uri=artifact_uri)
    store.__class__ = type(f"Judging{type(store).__name__}", (JudgesHere, type(store)), {})
    if address.partition("://")[0] in ("http", "https"):
        Server.find(address).judged_here = True
    return store


def open_registry_store(store_uri: str) -> Any:
    """The registry of models that MLflow has for the address itself."""
    from mlflow.tracking._model_registry import utils

    address = strip_scheme(store_uri)
    return utils._get_store_registry().get_store_builder(address)(store_uri=address)  # noqa: SLF001


class JudgesHere(AsksAgain):
    """What a store does before a run begins, or goes on."""

    def create_run(self, experiment_id: Any, user_id: Any, start_time: Any, tags: Any, run_name: Any) -> Any:
        store: Any = super()
        claims = {tag.key: tag.value for tag in tags or ()}
        with stop_refused():
            judge_run(store.get_experiment(str(experiment_id)), claims)
        run = store.create_run(experiment_id, user_id, start_time, tags, run_name)
        note_begun(run.info, claims)
        return run

    def update_run_info(self, run_id: Any, run_status: Any, end_time: Any, run_name: Any) -> Any:
        store: Any = super()
        # Whoever ends a run has stopped already.
        if run_status == RunStatus.RUNNING:
            with stop_refused():
                run = store.get_run(run_id)
                judge_run(store.get_experiment(run.info.experiment_id), run.data.tags)
        return store.update_run_info(run_id, run_status, end_time, run_name)

    def ask_again(self, begun: Begun) -> None:
        store: Any = self
        judge_run(store.get_experiment(begun.experiment), {})
        super().ask_again(begun)
