from __future__ import annotations

import subprocess
import sys

import pytest

from policy.errors import Location
from policy.evidence.late_collectors import list_late_collectors
from policy.model.fact import Fact, Members
from policy.plugins.contracts import DatasetReference, Evidence, Project

LIST = """\
import sys
from policy.evidence.late_collectors import list_late_collectors
from policy.plugins.contracts import Project
for late in list_late_collectors():
    late.collect(Project("/", "", ()))
print(*(name for name in sys.modules if name.startswith("policy.evidence.")))
"""
SOURCES = Members(({"path": Fact("path", "train.jsonl")},), complete=True)


@pytest.mark.parametrize("late", list_late_collectors(), ids=lambda late: late.name)
def test_a_late_collector_is_what_it_stands_for(late):
    assert late.name == late.load().name
    assert set(late.observes) == set(late.load().observes)
    assert late.load() is late.load()


@pytest.mark.parametrize("late", list_late_collectors(), ids=lambda late: late.name)
def test_where_it_is_not_loaded_there_would_be_nothing(late):
    project = Project("/", "", (Fact("approach", "fine-tuning"), Fact("data.rows", 5)))
    assert late.load().collect(project) == Evidence()


def test_nothing_is_imported_for_a_subject_that_names_nothing():
    done = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["policy.evidence.late_collectors"]


@pytest.mark.parametrize("declared", [True, False])
def test_data_that_is_named_is_looked_at(tmp_path, declared):
    (tmp_path / "train.jsonl").write_text('{"text": "a"}\n')
    reference = DatasetReference("train.jsonl", None, "train", Location("a.yaml"))
    facts = (Fact("data.sources", SOURCES),) if declared else ()
    project = Project(str(tmp_path), "", facts, () if declared else (reference,))
    told = {fact.path: fact.value for late in list_late_collectors() for fact in late.collect(project).facts}
    assert (told["data.rows"], told["data.secrets"]) == (1, 0)
