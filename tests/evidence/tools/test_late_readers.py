from __future__ import annotations

import subprocess
import sys

import pytest

from policy.evidence.tools.late_readers import list_late_readers
from policy.evidence.tools.readers import RepositoryContext
from policy.source.node import Mapping
from policy.source.yaml_reader import read_yaml

TRL = b"model_name_or_path: org/model\ndataset_name: org/data\nlearning_rate: 1.0e-4\n"
LIST = """\
import sys
from policy.evidence.tools.late_readers import list_late_readers
list_late_readers()
print(*(name for name in sys.modules if name.startswith("policy.evidence.")))
"""


@pytest.mark.parametrize("late", list_late_readers(), ids=lambda late: late.name)
def test_a_late_reader_is_what_it_stands_for(late):
    assert (late.name, late.marks) == (late.load().name, late.load().marks)
    assert late.load() is late.load()


def test_every_reader_has_a_name_of_its_own():
    names = [late.name for late in list_late_readers()]
    assert len(set(names)) == len(names)


def test_a_late_reader_reads():
    document = read_yaml(TRL, "a.yaml")
    assert isinstance(document.root, Mapping)
    [knowing] = [late for late in list_late_readers() if late.recognise(document.root)]
    told = knowing.read(document, RepositoryContext("."))
    assert {fact.path: fact.value for fact in told.facts}["training.tool"] == "trl"


def test_listing_imports_no_reader():
    done = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["policy.evidence.tools", "policy.evidence.tools.late_readers"]
