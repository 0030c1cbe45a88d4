"""MLflow's stores inside of the server: where they are kept, which MLflow itself does not offer to others."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE: Final = 1000


def get_tracking_store() -> Any:
    """The server's tracking store; made where there is none yet."""
    from mlflow.server import handlers

    return handlers._get_tracking_store()


def get_model_registry() -> Any:
    """The server's model registry; made where there is none yet."""
    from mlflow.server import handlers

    return handlers._get_model_registry_store()


def list_tracking_registries() -> list[Any]:
    """What makes tracking stores: for requests, and for clients inside of the server."""
    from mlflow.server import handlers
    from mlflow.tracking._tracking_service import utils

    return [handlers._tracking_store_registry, utils._tracking_store_registry]


def list_model_registries() -> list[Any]:
    """What makes model registries: for requests, and for clients inside of the server."""
    from mlflow.server import handlers
    from mlflow.tracking._model_registry import utils

    return [handlers._model_registry_store_registry, utils._get_store_registry()]


def make_stores() -> None:
    """Make both stores anew: those that are there already were made unguarded."""
    from mlflow.server import handlers

    handlers._tracking_store = handlers._model_registry_store = None
    get_tracking_store()
    get_model_registry()


def find_run_experiment(run: str) -> Any:
    """The experiment of a run. Raises MlflowException where there is no such run."""
    store = get_tracking_store()
    return store.get_experiment(store.get_run(run).info.experiment_id)


class Found(NamedTuple):
    """A run that is there, with its experiment, where its files are, and whether it has ended."""

    run: str
    experiment: Any
    artifacts: str
    ended: bool


def find_known_run(run: str) -> Found | None:
    """A run by its id, a deleted one too; None where there is none. Raises MlflowException where that is not known."""
    store = get_tracking_store()
    info = look_up(lambda: store.get_run(run).info)
    if info is None:
        return None
    return Found(run, store.get_experiment(info.experiment_id), info.artifact_uri, has_ended(info))


def has_ended(info: Any) -> bool:
    """Whether a run is over, so that what is written to it now was not there when it ended."""
    return info.status in ("FINISHED", "FAILED", "KILLED")


def find_model(model: str) -> Any:
    """A logged model by its id, a deleted one too; None where there is none."""
    get = get_tracking_store().get_logged_model
    # Earlier versions have no way to ask for a deleted one.
    known = "allow_deleted" in signature(get).parameters
    return look_up(lambda: get(model, allow_deleted=True) if known else get(model))


def find_trace_experiment(trace: str) -> Any:
    """The experiment of a trace; None where there is no such trace."""
    store = get_tracking_store()
    info = look_up(lambda: store.get_trace_info(trace))
    return store.get_experiment(info.experiment_id) if info is not None else None


def look_up(get: Callable[[], Any]) -> Any:
    """What MLflow has; None where it says that there is none, which is something else than not answering."""
    from mlflow.exceptions import MlflowException

    try:
        return get()
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


def list_experiments(since: int = 0) -> Iterator[Any]:
    """All experiments, those that were deleted too, or those that changed since a time, in milliseconds."""
    from mlflow.entities import ViewType

    store, token = get_tracking_store(), None
    only = f"last_update_time >= {since}" if since else None
    while True:
        page = store.search_experiments(ViewType.ALL, max_results=PAGE, filter_string=only, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def name_workspace() -> str:
    """The workspace that is asked; empty where there are none, or the MLflow has no such thing."""
    try:
        from mlflow.utils.workspace_context import get_request_workspace
    except ImportError:
        return ""
    return get_request_workspace() or ""


def list_artifact_bases() -> list[type]:
    """The classes whose methods the server calls of a repository of artifacts."""
    from mlflow.store.artifact import artifact_repo

    names = ("ArtifactRepository", "MultipartUploadMixin", "MultipartDownloadMixin")
    return [
        getattr(artifact_repo, name)
        for name in (*names, "PresignedUploadMixin", "StreamUploadMixin")
        if hasattr(artifact_repo, name)
    ]


def get_artifact_registry() -> Any:
    """What makes repositories of artifacts, for requests and for clients inside of the server."""
    from mlflow.store.artifact import artifact_repository_registry

    return artifact_repository_registry._artifact_repository_registry


def forget_artifacts() -> None:
    """Have the server make its repository anew: the one that is there already was made unguarded."""
    from mlflow.server import handlers

    handlers._artifact_repo = None
