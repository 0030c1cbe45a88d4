"""MLflow as it is installed: its version, whether it finds the plugins, and whether the guard knows its methods."""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Final

from policy.app.diagnosing.findings import ERROR, OK, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST_MLFLOW: Final = (3, 5)
# What MLflow has to find of this distribution, by group and name.
ENTRY_POINTS: Final = {
    "mlflow.app": "policy",
    "mlflow.run_context_provider": "policy",
    "mlflow.tracking_store": "http",
    "mlflow.model_registry_store": "policy+sqlite",
    "mlflow.artifact_repository": "mlflow-artifacts",
    "mlflow.project_backend": "policy",
}


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
