"""What the process of the collectors sends back, taken apart by a reader that lets no code in."""

from __future__ import annotations

import os
import pickle
import subprocess
from datetime import date, datetime

import pytest

from policy.errors import Location, Problem
from policy.model.fact import ABSENT, Fact, Members
from policy.model.money import Money
from policy.plugins.collector_process import EVIDENCE, read_told
from policy.plugins.faults import ToldFaultError


def call(module, name, argument=""):
    """A pickle that calls what has this name in a module."""
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    return b"\x80\x04" + texts + b"\x93" + pickle.dumps(argument, 0)[:-1] + b"\x85R."


def test_what_evidence_is_made_of_comes_through():
    values = (Members((ABSENT, Money(2.5, "EUR"), date(2027, 1, 1), {"a": 1}), complete=False), True, 1.5, None, b"a")
    facts = tuple(Fact("data.rows", value, "observed", "counts", Location("a", 1)) for value in values)
    evidence = (facts, (Problem("wrong", "mend it", Location("a"), (("here", Location("b")),)),), {"data.rows": "why"})
    kind, told = read_told(pickle.dumps((EVIDENCE, evidence)))
    assert (kind, told) == (EVIDENCE, evidence)
    assert told[0][0].value.items[0] is ABSENT


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        # What a module of ours has imported is reached by a dotted name.
        ("policy.plugins.interpreter", "os.mkdir"),
        ("policy.plugins.worker", "pickle.loads"),
        ("policy.plugins.worker", "os.mkdir"),
        # And what does something is ours, too.
        ("policy.plugins.interpreter", "import_module"),
        ("policy.plugins.interpreter", "start_interpreter"),
        ("policy.errors", "Problem.__class__"),
        ("policy.model", "fact.Fact"),
    ],
)
def test_no_code_comes_in(tmp_path, monkeypatch, module, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ToldFaultError, match="its evidence holds a"):
        read_told(call(module, name, "made"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), subprocess.Popen, bytearray(b"a"), Money.compare])  # noqa: DTZ001
def test_what_evidence_is_not_made_of_is_refused(value):
    with pytest.raises(ToldFaultError, match="its evidence holds a"):
        read_told(pickle.dumps((EVIDENCE, value)))


@pytest.mark.parametrize("said", [b"", b"garbage", b"\x80\x04", pickle.dumps("a" * 99)[:-9], b"\x80\x04N\x85R."])
def test_what_is_no_pickle_is_said_without_what_it_holds(said):
    with pytest.raises(ToldFaultError, match=r"its evidence cannot be read: \w+ in collector_process.py"):
        read_told(said)
