"""What MLflow switches off meanwhile is on again, also where a refusal ends it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

pytest.importorskip("mlflow", reason="the client belongs to MLflow")
from mlflow.utils import autologging_utils

from policy.app.runs.refusal import RunRefused
from policy.gates.mlflow.client.autologging import keep_autologging, switch_on_after
from policy.gates.mlflow.client.provider import ManifestContext

on = {"sklearn", "pytorch"}


@contextmanager
def switch_off(flavors):
    """As MLflow does it."""
    was = [flavor for flavor in flavors if flavor in on]
    on.difference_update(was)
    yield
    on.update(was)


def test_it_is_off_only_meanwhile():
    with switch_on_after(switch_off)(["sklearn", "tensorflow"]):
        assert on == {"pytorch"}
    assert on == {"sklearn", "pytorch"}


@pytest.mark.parametrize("error", [RunRefused("too few"), ValueError("of the training itself"), KeyboardInterrupt()])
def test_whatever_ends_it(error):
    with pytest.raises(type(error)) as raised, switch_on_after(switch_off)(["sklearn"]):
        raise error
    assert raised.value is error
    assert on == {"sklearn", "pytorch"}


def test_mlflow_does_so_since_it_was_imported():
    kept = autologging_utils.disable_discrete_autologging
    assert kept.__module__ == keep_autologging.__module__
    ManifestContext()
    assert autologging_utils.disable_discrete_autologging is kept


def test_an_mlflow_that_knows_nothing_of_it_stays_as_it_is(monkeypatch):
    monkeypatch.delattr(autologging_utils, "disable_discrete_autologging")
    keep_autologging()
    assert not hasattr(autologging_utils, "disable_discrete_autologging")
