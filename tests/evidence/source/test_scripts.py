from __future__ import annotations

import pytest

from policy.evidence.source import scripts
from tests.evidence.source.conftest import make_notebook

SFT = "from trl import SFTTrainer\nSFTTrainer(x)\n"


def test_the_ending_says_what_is_read(search):
    assert [call.label for call in search(SFT, file="a.py").calls] == [""]
    assert [call.label for call in search(make_notebook(SFT), file="a.IPYNB").calls] == ["cell 1"]
    assert [fault.message for fault in search(make_notebook(SFT)[:-1], file="a.py").faults] != []


def test_what_cannot_be_parsed_is_a_fault_with_its_place(search):
    calls, (fault,) = search(f"{SFT}x = = 1\n")
    assert (calls, fault.line, fault.column) == ([], 3, 5)


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
def test_what_is_too_much_for_the_search_is_a_fault(search, monkeypatch, error):
    def give_up(*_):
        raise error

    monkeypatch.setattr(scripts, "find_calls", give_up)
    calls, (fault,) = search(SFT)
    assert (calls, fault.message) == ([], "it is nested too deeply")


def test_of_a_notebook_only_broken_cells_that_matter_are_said(search):
    _, faults = search(make_notebook(SFT, "print 'x'", "# SFTTrainer\nprint 'x'"), file="a.ipynb")
    assert [fault.message.partition(":")[0] for fault in faults] == ["cell 3"]
