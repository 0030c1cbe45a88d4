from __future__ import annotations

import sys
from importlib import metadata
from types import ModuleType

import pytest

from policy.app import diagnosing
from policy.app.diagnosing import (
    ERROR,
    OK,
    WARNING,
    find_clashes,
    find_clock,
    find_entry_points,
    find_keys,
    find_mlflow,
    find_notices,
)
from policy.records.ledger import open_ledger
from policy.records.notices import sending
from tests.records.notices.made import CLOCK, begin, make, take
from tests.records.requests.asked import ask_one


def list_levels(findings, what):
    return [finding.level for finding in findings if finding.what == what]


def test_a_file_of_the_packages_name_is_an_error(tmp_path, monkeypatch):
    assert list_levels(find_clashes(str(tmp_path)), "names") == [OK]
    other = tmp_path / "other"
    other.mkdir()
    (other / "policy.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(other))
    (found,) = find_clashes(str(tmp_path))
    assert (found.level, str(other) in found.message) == (ERROR, True)


def test_the_package_itself_is_no_clash(monkeypatch):
    import os

    import policy

    monkeypatch.delenv("PYTHONPATH", raising=False)
    source = os.path.dirname(os.path.dirname(policy.__file__))
    assert list_levels(find_clashes(source), "names") == [OK]


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
    missing = len(diagnosing.ENTRY_POINTS) - 1
    assert [finding.level for finding in found] == [WARNING, ERROR, *[ERROR] * missing]
    assert "another:create_app" in found[0].message
    assert "cannot be loaded" in found[1].message


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of MLflow's with a new SQLAlchemy
def test_methods_that_nobody_has_classified_are_an_error(monkeypatch):
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    monkeypatch.setattr(SqlAlchemyStore, "drop_everything", lambda _: None, raising=False)
    (found,) = diagnosing.find_methods("3.99")
    assert (found.level, "drop_everything" in found.message) == (ERROR, True)


def test_an_mlflow_that_needs_an_earlier_sqlalchemy_is_told(monkeypatch):
    class Store(ModuleType):
        def __getattr__(self, name):
            raise ImportError("cannot import name 'FallbackAsyncAdaptedQueuePool' from 'sqlalchemy.pool'")

    module = "mlflow.store.model_registry.sqlalchemy_store"
    monkeypatch.setitem(sys.modules, module, Store(module))
    (found,) = diagnosing.find_methods("3.8")
    assert (found.level, "sqlalchemy<2.1" in found.remedy) == ("warning", True)


def test_a_clock_that_is_behind_the_ledger_is_told():
    assert find_clock("").level == OK
    assert find_clock("2020-01-01T00:00:00.000Z").level == OK
    assert find_clock("2999-01-01T00:00:00.000Z").level == WARNING


@pytest.mark.parametrize(("rows", "levels"), [([(None,)], [WARNING]), ([(3,)], [OK])])
def test_what_no_checkpoint_covers_is_told(rows, levels):
    assert [finding.level for finding in find_keys(rows, 5)] == levels
    assert list(find_keys(rows, 0)) == []


def test_notices_that_wait_and_that_were_given_up_are_told(tmp_path):
    with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        assert list(find_notices(ledger)) == []
        begin(ledger)
        ask_one(ledger)
        ask_one(ledger, stake=f"sha256:{'3' * 64}")
        make(ledger)
        sending.give_up(ledger, take(ledger), "answered 410")
        given_up, waiting = find_notices(ledger)
    assert (given_up.level, given_up.what) == (WARNING, "webhooks")
    assert given_up.message == "1 notice of requests given up within a month; the last: answered 410"
    assert (waiting.level, waiting.message) == (OK, f"1 notice to send, the oldest since {CLOCK}")
