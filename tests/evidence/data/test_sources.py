from __future__ import annotations

from policy.evidence.data import files as data_files
from policy.evidence.data import sources as data_sources
from policy.evidence.data.sources import DataSources
from policy.model.fact import Fact, Members
from policy.plugins.contracts import Collector, Project


def declare(*paths):
    records = tuple({"path": Fact("path", path)} for path in paths)
    return Fact("data.sources", Members(records, complete=True))


def test_it_observes_what_is_declared(plant):
    root = plant({"p/a.jsonl": "{}\n", "p/b.jsonl": "{}\n{}\n"})
    collector: Collector = DataSources()
    evidence = collector.collect(Project(str(root), "p", (Fact("project", "p"), declare("a.jsonl", "b.jsonl"))))
    told = {fact.path: fact.value for fact in evidence.facts}
    assert told["data.rows"] == 3
    assert set(told) <= set(collector.observes)


def test_nothing_is_observed_where_nothing_is_named(tmp_path):
    assert DataSources().collect(Project(str(tmp_path), "", ())).facts == ()


def test_a_file_is_read_once_while_it_is_kept_and_not_every_one_is_kept(plant, monkeypatch):
    read = []
    observe = data_files.observe_file

    def count(path, shown):
        read.append(shown)
        return observe(path, shown)

    monkeypatch.setattr(data_files, "observe_file", count)
    monkeypatch.setattr(data_sources, "MOST_KEPT", 2)
    root = plant({f"{name}.jsonl": "{}\n" for name in "abc"})
    collector = DataSources()
    for name in "aabcba":
        collector.collect(Project(str(root), "", (declare(f"{name}.jsonl"),)))
    assert read == ["a.jsonl", "b.jsonl", "c.jsonl", "b.jsonl", "a.jsonl"]
