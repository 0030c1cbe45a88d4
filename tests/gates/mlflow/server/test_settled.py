from __future__ import annotations

import time

import pytest

from policy.gates.mlflow.server import settled
from policy.gates.mlflow.server.settled import Settled


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_what_is_known_is_believed_for_some_seconds(clock):
    runs = Settled()
    runs.keep("a", None)
    clock[0] += settled.SECONDS - 0.1
    known = runs.find("a")
    assert known is not None
    assert known.row is None
    clock[0] += 0.1
    assert runs.find("a") is None
    runs.keep("a", None)
    assert runs.find("a") is not None


@pytest.mark.usefixtures("clock")
def test_what_is_forgotten_is_asked_again():
    runs = Settled()
    for run in ("a", "b", "c"):
        runs.keep(run, None)
    runs.forget("a")
    runs.forget("unknown")
    assert [runs.find(run) is None for run in ("a", "b")] == [True, False]
    runs.clear()
    assert runs.find("b") is None


@pytest.mark.usefixtures("clock")
def test_the_first_ones_make_room(monkeypatch):
    monkeypatch.setattr(settled, "REMEMBERED", 2)
    runs = Settled()
    for run in ("a", "b", "a", "c"):
        runs.keep(run, None)
    assert [runs.find(run) is None for run in ("a", "b", "c")] == [False, True, False]
