"""How the guarded application starts, and what it says where it does not."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

from mlflow.exceptions import MlflowException

from policy.errors import PolicyError
from policy.gates.mlflow.server import app

# MLflow's stores use what a new SQLAlchemy is to drop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def log(monkeypatch):
    """The log of the gate, as it is in a process where nobody has configured any."""
    found = logging.getLogger("policy.mlflow.unheard")
    monkeypatch.setattr(found, "parent", None)
    monkeypatch.setattr(app, "LOG", found)
    return found


def test_what_mlflow_lacks_for_its_authentication_is_one_problem(monkeypatch):
    import mlflow.server

    def fail(_):
        raise MlflowException("A static secret key needs to be set.\n\nexport KEY='…'")

    monkeypatch.setattr(mlflow.server, "auth", SimpleNamespace(create_app=fail), raising=False)
    with pytest.raises(PolicyError) as caught:
        app.wrap_app(None, "basic-auth")
    (problem,) = caught.value.problems
    assert problem.message == "`basic-auth` does not start: A static secret key needs to be set. export KEY='…'"


def test_that_it_is_not_installed_is_said(monkeypatch):
    import mlflow.server

    monkeypatch.delattr(mlflow.server, "auth", raising=False)
    monkeypatch.setitem(sys.modules, "mlflow.server.auth", None)
    with pytest.raises(PolicyError) as caught:
        app.wrap_app(None, "basic-auth")
    (problem,) = caught.value.problems
    assert problem.message.startswith("`basic-auth` cannot be loaded: ")
    assert "'mlflow[auth]'" in problem.remedy


def test_what_the_gate_does_is_logged_once_where_nobody_says_how(log, capsys):
    app.show_log()
    app.show_log()
    log.info("run f00d: admitted")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(" INFO policy.mlflow.unheard: run f00d: admitted")


def test_whoever_configures_the_log_is_left_alone(log, capsys):
    log.addHandler(logging.NullHandler())
    log.setLevel(logging.ERROR)
    app.show_log()
    log.warning("a run is reopened")
    assert (capsys.readouterr().err, log.level) == ("", logging.ERROR)
