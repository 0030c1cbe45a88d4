"""What is read where the callback cannot be made."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from policy import make_trainer_callback
from policy.errors import PolicyError


@pytest.fixture
def without(monkeypatch):
    """transformers cannot be imported."""
    monkeypatch.delitem(sys.modules, "policy.gates.transformers.callback", raising=False)
    monkeypatch.setitem(sys.modules, "transformers", None)


@pytest.mark.usefixtures("without")
def test_without_transformers_it_says_what_to_install():
    with pytest.raises(ImportError, match="which is not there: `pip install 'tunegate\\[transformers\\]'`"):
        make_trainer_callback()


@pytest.mark.parametrize("missing", ["TrainerCallback", "policy.gates.transformers.ranks"])
def test_what_is_broken_otherwise_is_not_taken_for_that(missing, monkeypatch):
    there = SimpleNamespace() if missing == "TrainerCallback" else SimpleNamespace(TrainerCallback=object)
    monkeypatch.delitem(sys.modules, "policy.gates.transformers.callback", raising=False)
    monkeypatch.setitem(sys.modules, "transformers", there)
    if missing != "TrainerCallback":
        monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError) as raised:
        make_trainer_callback()
    assert "tunegate[transformers]" not in str(raised.value)


@pytest.mark.usefixtures("without")
@pytest.mark.parametrize("activity", ["train", "", "Training"])
def test_an_activity_that_there_is_not(activity):
    with pytest.raises(PolicyError, match="is no activity of a run"):
        make_trainer_callback(activity=activity)
