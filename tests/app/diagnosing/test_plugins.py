from __future__ import annotations

import sys
from importlib import metadata
from types import ModuleType

import pytest

from policy.app.diagnosing import plugins
from policy.app.diagnosing.findings import ERROR, OK, WARNING
from policy.app.diagnosing.plugins import find_entry_points, find_mlflow


@pytest.mark.parametrize(("version", "level"), [("2.22.0", ERROR), ("3.4.9", ERROR)])
def test_an_old_mlflow_is_an_error(monkeypatch, version, level):
    monkeypatch.setattr(metadata, "version", lambda _: version)
    assert [finding.level for finding in find_mlflow()] == [level]


def test_no_mlflow_is_no_error(monkeypatch):
    def miss(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", miss)
    assert [finding.level for finding in find_mlflow()] == [OK]


def test_the_plugins_of_this_distribution_are_found_and_load():
    assert {finding.level for finding in find_entry_points()} == {OK}


def test_a_plugin_that_is_missing_broken_or_there_twice_is_told(monkeypatch):
    ours = metadata.EntryPoint("policy", "policy.gates.mlflow.server.app:nothing", "mlflow.app")
    other = metadata.EntryPoint("policy", "another:create_app", "mlflow.app")
    monkeypatch.setattr(metadata, "entry_points", lambda group: [ours, other] if group == "mlflow.app" else [])
    found = list(find_entry_points())
    missing = len(plugins.ENTRY_POINTS) - 1
    assert [finding.level for finding in found] == [WARNING, ERROR, *[ERROR] * missing]
    assert "another:create_app" in found[0].message
    assert "cannot be loaded" in found[1].message


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of MLflow's with a new SQLAlchemy
def test_methods_that_nobody_has_classified_are_an_error(monkeypatch):
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    monkeypatch.setattr(SqlAlchemyStore, "drop_everything", lambda _: None, raising=False)
    (found,) = plugins.find_methods("3.99")
    assert (found.level, "drop_everything" in found.message) == (ERROR, True)


def test_an_mlflow_that_needs_an_earlier_sqlalchemy_is_told(monkeypatch):
    class Store(ModuleType):
        def __getattr__(self, name):
            raise ImportError("cannot import name 'FallbackAsyncAdaptedQueuePool' from 'sqlalchemy.pool'")

    module = "mlflow.store.model_registry.sqlalchemy_store"
    monkeypatch.setitem(sys.modules, module, Store(module))
    (found,) = plugins.find_methods("3.8")
    assert (found.level, "sqlalchemy<2.1" in found.remedy) == ("warning", True)
