"""What an MLflow server has: experiments, runs, logged models, versions of registered models, and their aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.remote_server import MissingError
from policy.records.runs.rows import is_line
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.app.runs.remote_server import RemoteServer

LONGEST: Final = 500
# Of what is small, and of what may have thousands of tags, parameters and metrics.
MANY: Final = 1000
FEW: Final = 100
NO_STAGE: Final = ("", "None", "Archived")


class RemoteExperiment(NamedTuple):
    """An experiment."""

    id: str
    name: str


class RemoteRun(NamedTuple):
    """A run, deleted or not; `status` is what MLflow calls it, such as `RUNNING`."""

    id: str
    experiment: str
    status: str
    tags: Mapping[str, str]


class RemoteModel(NamedTuple):
    """A logged model; `run` is empty where it names none."""

    id: str
    run: str


class RemoteVersion(NamedTuple):
    """A version of a registered model; `run` and `stage` are empty where it has none."""

    model: str
    version: str
    run: str
    source: str
    stage: str
    tags: Mapping[str, str]


def iterate_experiments(server: RemoteServer) -> Iterator[RemoteExperiment]:
    """All experiments, deleted ones too."""
    said = {"max_results": MANY, "view_type": "ALL", "order_by": ["creation_time ASC"]}
    for item in server.iterate("experiments/search", "experiments", said, posts=True):
        name = item.get("name", "")
        yield RemoteExperiment(_take(server, item, "experiment_id"), name if isinstance(name, str) else "")


def iterate_runs(server: RemoteServer, experiment: str) -> Iterator[RemoteRun]:
    """The runs of an experiment, deleted ones too; the oldest first, so that new ones move no page."""
    said = {
        "experiment_ids": [experiment],
        "run_view_type": "ALL",
        "max_results": FEW,
        "order_by": ["attributes.start_time ASC"],
    }
    for item in server.iterate("runs/search", "runs", said, posts=True):
        yield _read_run(server, item)


def find_remote_run(server: RemoteServer, run: str) -> RemoteRun | None:
    """A run by its id; None where there is none any more."""
    try:
        found = server.get("runs/get", {"run_id": run})
    except MissingError:
        return None
    read = _read_run(server, found.get("run"))
    if read.id != run:
        server.refuse("it shows another run than the one that was asked for")
    return read


def iterate_logged_models(server: RemoteServer, experiment: str) -> Iterator[RemoteModel]:
    """The models that were logged in an experiment."""
    said = {"experiment_ids": [experiment], "max_results": FEW}
    for item in server.iterate("logged-models/search", "models", said, posts=True):
        info = item.get("info")
        if not isinstance(info, dict):
            server.refuse("a logged model has no `info`")
        yield RemoteModel(_take(server, info, "model_id"), _take(server, info, "source_run_id", needed=False))


def find_model_run(server: RemoteServer, model: str) -> str:
    """The run of a logged model; empty where it names none, or there is no such model."""
    from urllib.parse import quote

    try:
        found = server.get(f"logged-models/{quote(model, safe='')}", {}).get("model")
    except MissingError:
        return ""
    info = found.get("info") if isinstance(found, dict) else None
    if not isinstance(info, dict):
        server.refuse("a logged model has no `info`")
    return _take(server, info, "source_run_id", needed=False)


def iterate_versions(server: RemoteServer) -> Iterator[RemoteVersion]:
    """The versions of all registered models."""
    said = {"max_results": str(MANY), "order_by": "name ASC"}
    for item in server.iterate("model-versions/search", "model_versions", said, posts=False):
        stage = _take(server, item, "current_stage", needed=False)
        source = item.get("source") or ""
        yield RemoteVersion(
            model=_take(server, item, "name"),
            version=_take(server, item, "version"),
            run=_take(server, item, "run_id", needed=False),
            source=source if isinstance(source, str) else "",
            stage="" if stage in NO_STAGE else stage,
            tags=_read_tags(server, item.get("tags")),
        )


def iterate_aliases(server: RemoteServer) -> Iterator[tuple[str, str, str]]:
    """A registered model, the alias of a version of it, and the version."""
    said = {"max_results": str(FEW)}
    for item in server.iterate("registered-models/search", "registered_models", said, posts=False):
        aliases = item.get("aliases") or []
        if not isinstance(aliases, list) or not all(isinstance(one, dict) for one in aliases):
            server.refuse("the aliases of a registered model are no list of objects")
        name = _take(server, item, "name")
        for one in aliases:
            yield name, _take(server, one, "alias"), _take(server, one, "version")


def _read_run(server: RemoteServer, item: Any) -> RemoteRun:
    info = item.get("info") if isinstance(item, dict) else None
    data = item.get("data", {}) if isinstance(item, dict) else None
    if not isinstance(info, dict) or not isinstance(data, dict):
        server.refuse("a run has no `info`")
    return RemoteRun(
        id=_take(server, info, "run_id"),
        experiment=_take(server, info, "experiment_id"),
        status=_take(server, info, "status", needed=False),
        tags=_read_tags(server, data.get("tags")),
    )


def _read_tags(server: RemoteServer, items: Any) -> dict[str, str]:
    """Tags by their keys; one with an empty text has no `value` in MLflow's JSON."""
    found: dict[str, str] = {}
    if not isinstance(items, list | None):
        server.refuse("tags are no list")
    for item in items or []:
        key, value = (item.get("key"), item.get("value", "")) if isinstance(item, dict) else (None, None)
        if not isinstance(key, str) or not isinstance(value, str):
            server.refuse("a tag has no `key` and `value`")
        found[key] = value
    return found


def _take(server: RemoteServer, item: Mapping[str, Any], key: str, *, needed: bool = True) -> str:
    """A short text of one line."""
    value = item.get(key)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST or not is_line(value) or (needed and not value):
        server.refuse(f"`{key}` is missing, or no short text")
    return value
