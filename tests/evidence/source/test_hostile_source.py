"""Sources that are made to keep whoever reads them busy: what grows faster than the source is cut off, and said."""

from __future__ import annotations

from typing import Any

import pytest

from policy.evidence.source import calls, names, notebooks
from policy.evidence.source.python_parts import Part
from tests.evidence.source.conftest import make_notebook

TRL = "from trl import SFTTrainer\n"
TRANSFORMERS = "from transformers import AutoModel, Trainer\nm = AutoModel.from_pretrained('x')\n"
MANY = 200

BUSY = {
    "a name bound again and again": "a = SFTTrainer\na()\n",
    "an attribute set again and again": "a.x = SFTTrainer\na.x()\n",
    "a class of one name": "class A(SFTTrainer): pass\nA()\n",
    "a function of one name": "def f(): return SFTTrainer\nf()()\n",
    "names from anywhere": "from trl import *\nSFTTrainerOfMine()\n",
}


@pytest.mark.parametrize("case", BUSY)
def test_many_names_of_many_meanings_are_left_alone_and_said(search, monkeypatch, case):
    source = TRL + BUSY[case] * MANY
    whole = search(source)
    assert whole.faults == []
    monkeypatch.setattr(names, "_MOST_STEPS", MANY * MANY // 2)
    cut = search(source)
    assert cut.calls == []
    (fault,) = cut.faults
    assert fault.message == "its names may stand for too many things"


def test_a_function_that_returns_again_and_again(search, monkeypatch):
    monkeypatch.setattr(names, "_MOST_STEPS", MANY * MANY // 2)
    found = search(f"{TRL}def f():\n" + "    return SFTTrainer\n" * MANY + "f()()\n" * MANY)
    assert [fault.message for fault in found.faults] == ["its names may stand for too many things"]


def count_calls(monkeypatch, owner, name):
    """A list that grows with every call of a function."""
    seen: list[Any] = []
    known = getattr(owner, name)

    def call(*arguments):
        seen.append(arguments)
        return known(*arguments)

    monkeypatch.setattr(owner, name, call)
    return seen


def test_what_is_the_same_for_all_calls_of_a_name_is_asked_once(search, monkeypatch):
    asked = count_calls(monkeypatch, calls.CallSearch, "_is_loaded")
    found = search(TRANSFORMERS + "t = Trainer(model=m)\n" + "t.train()\n" * MANY)
    assert len(found.calls) == MANY
    assert len(asked) == 1


def test_only_the_first_calls_are_located(search, monkeypatch):
    located = count_calls(monkeypatch, Part, "locate")
    found = search(TRL + "SFTTrainer();" * MANY)
    assert len(found.calls) == MANY
    assert len(located) == calls.MOST_LOCATED < MANY
    spots = [call.spot for call in found.calls]
    assert spots == sorted(spots)
    assert [spot.column for spot in spots[:3]] == [1, 14, 27]


def test_broken_cells_beyond_the_first_are_one_fault(search):
    found = search(make_notebook(TRL, *["SFTTrainer( =\n"] * MANY), "a.ipynb")
    assert len(found.faults) == notebooks._MOST_FAULTS + 1
    assert found.faults[0].message.startswith("cell 2: ")
    assert found.faults[-1].message == "more cells cannot be parsed"


def test_a_broken_cell_behind_many_others_is_said(search):
    # The others hold nothing that matters; what comes behind them may.
    found = search(make_notebook(TRL, *["x = =\n"] * MANY, "SFTTrainer( =\n"), "a.ipynb")
    assert [fault.message for fault in found.faults] == ["more cells cannot be parsed"]


def test_cells_that_are_too_large_together_are_not_kept(search, monkeypatch):
    monkeypatch.setattr(notebooks, "_MOST_TOGETHER", 500)
    found = search(make_notebook(TRL, *["SFTTrainer(model='a')\n"] * 40), "a.ipynb")
    assert 0 < len(found.calls) < 40
    assert found.faults[0].message.endswith(": with the cells before it, it has more than 500 characters")
