"""The plugin for Presidio; what needs Presidio itself is skipped where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from policy.evidence.scan import presidio
from policy.evidence.scan.presidio import PresidioScan, collectors
from policy.model.fact import Fact, Members
from policy.plugins.contracts import Project
from tests.evidence.scan.plants import PERSONAL

EMAIL = PERSONAL["email"][0]
COIN = "16UwLL9Risc3QfPqBUvKofHmBQ7wMtjvM"
SOURCE = Fact("data.sources", Members(({"path": Fact("path", "a.txt")},), complete=True))

needs_presidio = pytest.mark.skipif(find_spec("presidio_analyzer") is None, reason="presidio-analyzer is not installed")


def collect(root):
    return PresidioScan().collect(Project(str(root), "", (SOURCE,)))


def test_without_presidio_it_says_how_to_install_it(plant, monkeypatch):
    monkeypatch.setattr(presidio, "find_spec", lambda _: None)
    found = collect(plant({"a.txt": "text"}))
    assert found.facts == ()
    assert found.unavailable == {
        "data.personal_data": "presidio-analyzer is not installed: `pip install 'tunegate[presidio]'`"
    }
    assert [problem.level for problem in found.problems] == ["warning"]


def test_it_is_a_plugin_with_one_collector():
    assert [collector.name for collector in collectors()] == ["Presidio"]


@needs_presidio
def test_it_counts_what_the_scan_does_not_count_already(plant):
    found = collect(plant({"a.txt": f"clean\nmail {EMAIL}\né pay {COIN}\n".encode()}))
    assert [(fact.value, fact.source) for fact in found.facts] == [(1, "Presidio")]
    (told, *_) = found.problems
    assert told.message == "`a.txt` holds 1 place with personal data: 1 crypto"
    assert (told.location.line, told.location.column) == (3, 7)
    assert COIN not in repr(found)


@needs_presidio
def test_what_is_no_utf_8_is_read_byte_by_byte(plant):
    (told, *_) = collect(plant({"a.txt": b"\xe9\xff pay " + COIN.encode()})).problems
    assert (told.location.line, told.location.column) == (1, 8)


@needs_presidio
def test_without_a_language_model_it_says_what_it_does_not_look_for(plant, monkeypatch):
    monkeypatch.setattr(presidio, "MODELS", ())
    found = collect(plant({"a.txt": "clean"}))
    assert [fact.value for fact in found.facts] == [0]
    assert [problem.message for problem in found.problems] == [
        "Presidio finds no language model of spaCy: names of people and places are not looked for"
    ]
