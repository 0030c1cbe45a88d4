from __future__ import annotations

from policy.app.runs.comparing import Finding
from policy.app.runs.findings_store import open_store


def test_runs_are_marked_once():
    with open_store() as store:
        assert store.mark("a")
        assert not store.mark("a")
        assert store.has("a")
        assert not store.has("A")


def test_aliases_are_those_of_a_version():
    with open_store() as store:
        for alias, version in (("b", "1"), ("a", "1"), ("a", "1"), ("c", "2")):
            store.add_alias("bot", alias, version)
        assert store.list_aliases("bot", "1") == ["a", "b"]
        assert store.list_aliases("bot", "3") == []
        assert store.list_aliases("other", "1") == []


def test_findings_come_back_as_they_are_and_can_be_taken_back():
    odd = Finding("lost-run", "\ud800 \x00 ##[", "b", "7", "m", "1")
    with open_store() as store:
        for finding in (Finding("unrecorded-run", "one", "a"), odd, Finding("unrecorded-run", "two", "b")):
            store.add(finding)
        assert store.count() == {"lost-run": 1, "unrecorded-run": 2}
        assert [*store.iterate("lost-run")] == [odd]
        store.drop("unrecorded-run", "a")
        assert [finding.message for finding in store.iterate("unrecorded-run")] == ["two"]
        assert [*store.iterate("lost-run")] == [odd]


def test_each_store_is_its_own():
    with open_store() as one, open_store() as other:
        one.mark("a")
        assert not other.has("a")
