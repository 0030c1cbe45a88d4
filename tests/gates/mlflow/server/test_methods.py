from __future__ import annotations

import inspect
import warnings
from typing import Any

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of how MLflow uses SQLAlchemy
    from mlflow.store.artifact.artifact_repo import ArtifactRepository
    from mlflow.store.model_registry.abstract_store import AbstractStore as RegistryBase
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as RegistryStore
    from mlflow.store.model_registry.sqlalchemy_workspace_store import (
        WorkspaceAwareSqlAlchemyStore as RegistryOfWorkspaces,
    )
    from mlflow.store.tracking.abstract_store import AbstractStore as TrackingBase
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as TrackingStore
    from mlflow.store.tracking.sqlalchemy_workspace_store import WorkspaceAwareSqlAlchemyStore as TrackingOfWorkspaces

from policy.app.runs import methods
from policy.errors import PolicyError
from policy.gates.mlflow.server import artifacts, registry, tracking
from policy.gates.mlflow.server.store_registries import refuse_unknown
from policy.gates.mlflow.server.stores import list_artifact_bases

TRACKING = (methods.TRACKING_READS, methods.TRACKING_ASIDE, methods.TRACKING_GUARDED)
REGISTRY = (methods.REGISTRY_READS, methods.REGISTRY_ASIDE, methods.REGISTRY_GUARDED)
ARTIFACTS = (methods.ARTIFACT_READS, methods.ARTIFACT_ASIDE, methods.ARTIFACT_WRITES)
# Arguments by which a tag is written or taken away.
TAGGING = {"tag", "tags", "key", "trace_info", "datasets", "spans"}
UNTAGGED = {
    # They call what is not asynchronous.
    "log_batch_async",
    "log_spans_async",
    "set_tag_async",
}
READING = ("get_", "list_", "search_", "batch_get_", "find_", "query_", "filter_", "calculate_", "sum_", "resolve_")


@pytest.mark.parametrize(
    ("store", "tables"),
    [
        (TrackingStore, TRACKING),
        (TrackingBase, TRACKING),
        (TrackingOfWorkspaces, TRACKING),
        (RegistryOfWorkspaces, REGISTRY),
        (RegistryStore, REGISTRY),
        (RegistryBase, REGISTRY),
        *((base, ARTIFACTS) for base in list_artifact_bases()),
    ],
)
def test_every_method_of_this_mlflow_is_classified(store, tables):
    assert methods.list_unclassified(store, *tables) == []


@pytest.mark.parametrize("tables", [TRACKING, REGISTRY, ARTIFACTS])
def test_each_method_is_in_one_table(tables):
    names = [name for table in tables for name in table]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("reads"), [methods.TRACKING_READS, methods.REGISTRY_READS])
def test_what_reads_is_called_so(reads):
    assert {name for name in reads if not name.startswith(READING)} <= {"sanitize_metric_value"}


@pytest.mark.parametrize(
    ("guarded", "rules"),
    [
        (methods.TRACKING_GUARDED, tracking.make_rules),
        (methods.REGISTRY_GUARDED, registry.make_rules),
        (methods.ARTIFACT_WRITES, artifacts.make_rules),
    ],
)
def test_every_guarded_method_has_a_rule_and_no_other_has(guarded, rules):
    assert set(rules(None)) == set(guarded)


@pytest.mark.parametrize(
    ("store", "reads", "rules"),
    [
        (TrackingStore, methods.TRACKING_READS, tracking.make_rules),
        (RegistryStore, methods.REGISTRY_READS, registry.make_rules),
    ],
)
def test_every_method_that_writes_a_tag_has_a_rule(store, reads, rules):
    guarded = rules(None).keys() | UNTAGGED
    for name in set(methods.list_public(store)) - reads - guarded:
        found = inspect.signature(getattr(store, name)).parameters
        assert not found.keys() & TAGGING, name


@pytest.mark.parametrize(
    ("store", "guarded"),
    [(TrackingStore, methods.TRACKING_GUARDED), (RegistryStore, methods.REGISTRY_GUARDED)],
)
def test_every_argument_of_a_guarded_method_has_a_name(store, guarded):
    for name in guarded & set(methods.list_public(store)):
        kinds = {found.kind for found in inspect.signature(getattr(store, name)).parameters.values()}
        assert not kinds & {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}, name


@pytest.mark.parametrize(("store", "tables"), [(TrackingStore, TRACKING), (RegistryStore, REGISTRY)])
def test_a_method_that_nobody_classified_refuses_the_start(store, tables):
    planted = type("Store", (store,), {"promote_everything": print})
    with pytest.raises(PolicyError, match="promote_everything"):
        refuse_unknown(planted, tables)
    refuse_unknown(store, tables)


@pytest.mark.parametrize("base", list_artifact_bases())
def test_the_guard_knows_what_says_where_an_artifact_goes(base):
    known = {*artifacts.FOLDERS, *artifacts.FILES, "self", "chunks", "stream"}
    known |= {"num_parts", "upload_id", "parts", "expiration"}
    for name in methods.ARTIFACT_WRITES & set(methods.list_public(base)):
        assert inspect.signature(getattr(base, name)).parameters.keys() <= known, name


def test_so_does_one_of_the_repositories_of_artifacts(monkeypatch):
    monkeypatch.setattr(ArtifactRepository, "push_artifacts", print, raising=False)
    guard: Any = None
    with pytest.raises(PolicyError, match="push_artifacts"):
        artifacts.guard_artifacts(guard)
