"""The tracking store for http and https: MLflow's own, which sends the manifest first and stops where it is refused."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlflow.entities import RunStatus, RunTag
from mlflow.store.tracking.rest_store import RestStore
from mlflow.utils.credentials import get_default_host_creds

from policy.app.runs.refusal import RunRefused
from policy.gates.mlflow.client.announcing import announce, would_wait
from policy.gates.mlflow.client.begun import AsksAgain, Begun, note_begun
from policy.gates.mlflow.client.refusal import stop_refused
from policy.gates.mlflow.client.server import say_once

if TYPE_CHECKING:
    from collections.abc import Mapping

WAITS = (
    "with the manifest as it is now the run needs an approval, and the active one was begun with another: "
    "end it (`mlflow.end_run()`), and begin a run that asks for it"
)


def say_flagged(tags: Mapping[str, str]) -> None:
    """Say that a run began although policies are not met, by the tags that the server gives it."""
    if tags.get("policy.verdict") == "flag":
        decision = tags.get("policy.decision", "")
        text = f"the run begins, and policies are not met that only flag there (decision {decision[:80]})"
        say_once(f"{text}: `policy check --gate run` beside the manifest says which, by the policies that are there")


def open_store(store_uri: str, **_: Any) -> JudgedStore:
    """The store at a server's address, as MLflow's registry of stores asks for it."""
    return JudgedStore(partial(get_default_host_creds, store_uri))


class JudgedStore(AsksAgain, RestStore):  # type: ignore[misc]  # MLflow is not always installed
    """MLflow's store for a server; a run that the server refuses raises RunRefused, which autolog does not swallow."""

    def create_run(self, experiment_id: Any, user_id: Any, start_time: Any, tags: Any, run_name: Any) -> Any:
        with stop_refused():
            claims = announce(self.get_host_creds().host, {tag.key: tag.value for tag in tags})
            told = [*tags, *(RunTag(key, value) for key, value in claims.items())]
            run = super().create_run(experiment_id, user_id, start_time, told, run_name)
        note_begun(run.info, {tag.key: tag.value for tag in told})
        say_flagged(run.data.tags)
        return run

    def ask_again(self, begun: Begun) -> None:
        if would_wait(self.get_host_creds().host, {"experiment_id": begun.experiment}):
            raise RunRefused(WAITS)

    def update_run_info(self, run_id: Any, run_status: Any, end_time: Any, run_name: Any) -> Any:
        if run_status != RunStatus.RUNNING:
            # Whoever ends a run has stopped already.
            return super().update_run_info(run_id, run_status, end_time, run_name)
        with stop_refused():
            return super().update_run_info(run_id, run_status, end_time, run_name)
