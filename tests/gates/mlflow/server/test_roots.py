"""Where experiments have their files: found by folder, whatever their number, and what is new is not missed."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from policy.gates.mlflow.server import roots
from policy.gates.mlflow.server.places import DESTINATION, read_place
from policy.gates.mlflow.server.roots import APART, Roots

NOW = 1_800_000_000_000


class Store:
    """MLflow's experiments, and what was asked of them."""

    def __init__(self):
        self.rows = []
        self.asked = []

    def add(self, name, location, changed=NOW):
        self.rows.append(SimpleNamespace(experiment_id=len(self.rows), name=name, artifact_location=location))
        self.rows[-1].last_update_time = changed
        return self.rows[-1]

    def list(self, since):
        self.asked.append(since)
        return [row for row in self.rows if (row.last_update_time or 0) >= since]


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: NOW * 10**6)
    made = Store()
    monkeypatch.setattr(roots, "list_experiments", made.list)
    return made


def find(index, text):
    return [known.name for known in index.find(read_place(text))]


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("s3://b/1/run/model", ["one"]),
        ("s3://b/1", ["one"]),
        ("s3://b", ["one", "two", "deep"]),
        ("s3://b/2/deep/x", ["two", "deep"]),
        ("s3://b/2/other", ["two"]),
        ("s3://b/12", []),
        ("s3://c/1", []),
        ("gs://b/1", []),
        ("mlflow-artifacts://anything:5000/7/x", ["proxied"]),
        ("/srv/kept/7/x", ["proxied"]),
        ("/srv", ["proxied"]),
    ],
)
def test_an_experiment_is_found_from_above_and_from_below(store, monkeypatch, place, names):
    monkeypatch.setenv(DESTINATION, "/srv/kept")
    locations = {"one": "s3://b/1", "two": "s3://b/2", "deep": "s3://b/2/deep", "proxied": "mlflow-artifacts:/7"}
    for name, location in locations.items():
        store.add(name, location)
    assert find(Roots(), place) == names


def test_only_what_is_new_is_asked_for_and_a_new_name_counts(store):
    index = Roots()
    row = store.add("one", "s3://b/1")
    assert find(index, "s3://b/1") == ["one"]
    store.add("two", "s3://b/2", NOW - APART)
    row.name = "other"
    assert find(index, "s3://b") == ["other", "two"]
    assert store.asked == [0, NOW - APART]


def test_a_clock_that_is_wrong_hides_nothing(store):
    index = Roots()
    store.add("one", "s3://b/1", NOW * 2)
    store.add("old", "s3://b/old", None)
    assert find(index, "s3://b") == ["one", "old"]
    store.add("two", "s3://b/2", NOW)
    assert find(index, "s3://b/2") == ["two"]


def test_all_are_asked_for_again_in_the_end_and_after_a_fault(store, monkeypatch):
    index = Roots()
    store.add("one", "s3://b/1")
    assert find(index, "s3://b") == ["one"]
    clock = time.monotonic() + roots.ALL_AGAIN
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    store.rows.clear()
    with monkeypatch.context() as broken:
        broken.setattr(roots, "list_experiments", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            find(index, "s3://b")
    store.add("late", "s3://b/1", 1)
    assert find(index, "s3://b") == ["late"]
