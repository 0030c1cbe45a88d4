"""Whether everything that the gates need is there and fits together, one finding a thing."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Final

from policy.__about__ import __version__
from policy.errors import PolicyError
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.workspace import Workspace
    from policy.records.ledger import Ledger

OK, WARNING, ERROR = "ok", "warning", "error"
OLDEST_MLFLOW: Final = (3, 5)
# Seconds by which two clocks may differ before what lasts for minutes is in doubt.
APART: Final = 30
FLASK_KEY: Final = "MLFLOW_FLASK_SERVER_SECRET_KEY"
# What MLflow has to find of this distribution, by group and name.
ENTRY_POINTS: Final = {
    "mlflow.app": "policy",
    "mlflow.run_context_provider": "policy",
    "mlflow.tracking_store": "http",
    "mlflow.model_registry_store": "policy+sqlite",
    "mlflow.artifact_repository": "mlflow-artifacts",
    "mlflow.project_backend": "policy",
}


class Finding(NamedTuple):
    """What was looked at, how it stands (ok, warning, error), and what to do where it is not ok."""

    what: str
    level: str
    message: str
    remedy: str = ""


def diagnose(open_workspace: Callable[[], Workspace], folder: str) -> Iterator[Finding]:
    """Everything that can be looked at from a working folder."""
    yield find_python()
    yield from find_clashes(folder)
    yield from find_mlflow()
    try:
        workspace = open_workspace()
    except PolicyError as error:
        yield from tell_problems("policy set", error)
        return
    count = len(workspace.policy_set.policies)
    name = workspace.config or "the whole catalogue"
    yield Finding("policy set", OK, f"{name}: {count:,} policies in force")
    yield from find_server(workspace)
    yield from find_ledger(workspace)


def find_python() -> Finding:
    """Which version of what runs."""
    import sqlite3

    version = sys.version.split()[0]
    return Finding("version", OK, f"tunegate {__version__}, Python {version}, SQLite {sqlite3.sqlite_version}")


def find_clashes(folder: str) -> Iterator[Finding]:
    """Whether a file called like the package stands where Python looks first: it would be loaded instead."""
    places = [folder, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    for place in dict.fromkeys(map(os.path.realpath, places)):
        for name in ("policy.py", "policy/__init__.py"):
            path = os.path.join(place, name)
            if os.path.exists(path) and not is_own(place):
                message = f"`{path}` has the name of the package: what is run there, as a notebook, loads it instead"
                yield Finding("names", ERROR, message, "rename it: MLflow drops the plugin without a word")
                return
    yield Finding("names", OK, "nothing here takes the package's name")


def is_own(place: str) -> bool:
    """Whether it is this package that stands in a folder."""
    inner = os.path.join(place, "policy/app")
    return os.path.isdir(inner) and os.path.samefile(inner, os.path.dirname(__file__))


def find_mlflow() -> Iterator[Finding]:
    """MLflow's version, whether it finds the plugins, and whether the guard knows all methods of its stores."""
    try:
        version = metadata.version("mlflow")
    except metadata.PackageNotFoundError:
        yield Finding("mlflow", OK, "MLflow is not installed; the gates at runs and releases need it")
        return
    number = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if number < OLDEST_MLFLOW:
        message = f"MLflow {version} is older than what the gates work with"
        yield Finding("mlflow", ERROR, message, "`pip install 'mlflow>=3.5'`")
        return
    yield Finding("mlflow", OK, f"MLflow {version}")
    yield from find_entry_points()
    yield from find_methods(version)


def find_entry_points() -> Iterator[Finding]:
    """Whether each plugin is there, is ours, and loads."""
    try:
        # MLflow loads some of them itself, and one that is being loaded already looks broken to it.
        import_module("mlflow")
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, nothing of it works
        yield Finding("entry points", ERROR, f"MLflow cannot be imported: {error}", "install it once more")
        return
    for group, name in ENTRY_POINTS.items():
        found = [point for point in metadata.entry_points(group=group) if point.name == name]
        ours = [point for point in found if point.value.startswith("policy.")]
        if not ours:
            message = f"MLflow does not find the plugin `{name}` of the group `{group}`"
            yield Finding("entry points", ERROR, message, "install tunegate where MLflow is installed, once more")
            continue
        others = sorted({point.value for point in found} - {point.value for point in ours})
        if others:
            message = f"another package has a plugin `{name}` of the group `{group}`, too: {', '.join(others)}"
            yield Finding("entry points", WARNING, message, "remove that one, or check which of them MLflow takes")
        try:
            ours[0].load()
        except Exception as error:  # noqa: BLE001 - whatever keeps it from loading keeps it from guarding
            message = f"the plugin `{name}` of the group `{group}` cannot be loaded: {error}"
            remedy = "install what it lacks: `pip install 'tunegate[mlflow,ledger]'`"
            yield Finding("entry points", ERROR, message, remedy)
        else:
            yield Finding("entry points", OK, f"{group}: {name}")


def find_methods(version: str) -> Iterator[Finding]:
    """Whether the guard knows every method of the stores of the MLflow that is installed."""
    from policy.app.runs.methods import REGISTRY, TRACKING, list_unclassified

    try:
        from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking
    except ImportError as error:
        remedy = "`pip install mlflow`"
        if "FallbackAsyncAdaptedQueuePool" in str(error):
            remedy = "MLflow before 3.9 needs an earlier SQLAlchemy: `pip install 'sqlalchemy<2.1'`"
        yield Finding("guarded methods", WARNING, f"this MLflow has no server: {error}", remedy)
        return
    unknown = [*list_unclassified(Tracking, *TRACKING), *list_unclassified(Registry, *REGISTRY)]
    if unknown:
        message = f"MLflow {version} has methods that the guard does not know, and its server will not start: "
        remedy = "use a version of MLflow that this version of tunegate supports"
        yield Finding("guarded methods", ERROR, message + ", ".join(unknown), remedy)
    else:
        yield Finding("guarded methods", OK, f"all methods of the stores of MLflow {version} are known")


def find_server(workspace: Workspace) -> Iterator[Finding]:
    """Whether a server could start with this policy set."""
    if workspace.policy_set.mlflow is None:
        return
    from policy.app.runs.panel import check_panel, load_panel
    from policy.language.phrases import count_words

    try:
        panel = load_panel(os.path.join(workspace.root, workspace.config or ""), workspace.root)
        check_panel(panel)
    except PolicyError as error:
        yield from tell_problems("mlflow server", error)
    else:
        count = count_words(len(panel.settings.bindings), "entry")
        yield Finding("mlflow server", OK, f"{count} of experiments, authentication by {panel.settings.app}")
        if panel.settings.app == "basic-auth" and not os.environ.get(FLASK_KEY):
            message = f"`{FLASK_KEY}` is not set here, and basic-auth does not start without it"
            yield Finding("basic-auth", WARNING, message, "set it to a secret of yours where the server is started")


def find_ledger(workspace: Workspace) -> Iterator[Finding]:
    """Whether the ledger answers, has the right form, is signed, and has the same time as this machine."""
    settings = workspace.policy_set.ledger
    if settings is None:
        yield Finding("ledger", OK, "the policy set names none: decisions are on no record")
        return
    from policy.records.ledger import open_ledger

    try:
        with open_ledger(settings.url, folder=settings.folder or ".", create=False) as ledger:
            size, _ = ledger.head()
            yield Finding("ledger", OK, f"{settings.url}: {size:,} entries")
            for problem in ledger.warnings:
                yield Finding("ledger", WARNING, problem.message, problem.remedy)
            last = next(iter(ledger.read("SELECT time FROM entries ORDER BY seq DESC LIMIT 1")), None)
            yield find_clock(last[0] if last else "")
            yield from find_keys(ledger.read("SELECT max(size) FROM checkpoints"), size)
            yield from find_notices(ledger)
    except PolicyError as error:
        yield from tell_problems("ledger", error)


def find_clock(last: str) -> Finding:
    """Whether this machine's clock is behind the last entry."""
    if last:
        behind = (datetime.fromisoformat(last) - datetime.now(UTC)).total_seconds()
        if behind > APART:
            message = f"this machine's clock is {behind:,.0f} seconds behind the last entry of the ledger, {last}"
            return Finding("clock", WARNING, message, "set the clocks: approvals and waivers end by them")
    return Finding("clock", OK, "not behind the ledger")


def find_keys(signed: list[tuple[int | None, ...]], size: int) -> Iterator[Finding]:
    """How much of the ledger a signed checkpoint covers."""
    covered = (signed[0][0] or 0) if signed else 0
    if not size:
        return
    if not covered:
        remedy = "`policy ledger key new`, then `policy ledger checkpoint`, from outside of the server"
        yield Finding("checkpoints", WARNING, "no checkpoint has been signed: the record could be rewritten", remedy)
    else:
        yield Finding("checkpoints", OK, f"signed up to entry {covered:,} of {size:,}")


def find_notices(ledger: Ledger) -> Iterator[Finding]:
    """Whether those who are told of requests take it."""
    from policy.language.phrases import count_words
    from policy.records.notices.sending import tally

    found = tally(ledger)
    if found.given_up:
        count = count_words(found.given_up, "notice")
        message = f"{count} of requests given up within a month; the last: {found.said}"
        yield Finding("webhooks", WARNING, message, "look at who is told, and at the log of the server")
    if found.waiting:
        yield Finding(
            "webhooks", OK, f"{count_words(found.waiting, 'notice')} to send, the oldest since {found.oldest}"
        )


def tell_problems(what: str, error: PolicyError) -> Iterator[Finding]:
    """Each problem as a finding."""
    for problem in error.problems:
        where = f"{problem.location}: " if problem.location is not None else ""
        yield Finding(what, ERROR, f"{where}{problem.message}", problem.remedy)
