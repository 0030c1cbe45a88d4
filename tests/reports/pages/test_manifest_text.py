"""What is written as a manifest reads as the facts that it was written from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.fact import ABSENT, Fact
from policy.model.fields import SCHEMA
from policy.reports.pages.manifest_text import write_manifest
from tests.building import make_claims

STATED = [
    ("approach: rag\n", ["approach: rag"]),
    ("data: {rows: 5, change_interval: 2w}\n", ["data: {rows: 5, change_interval: 14d}"]),
    ("data: {rows: 5}\nstage: pilot\ndata.tokens: 7\n", ["data: {rows: 5, tokens: 7}", "stage: pilot"]),
    ("purpose: [style, latency]\n", ["purpose: [style, latency]"]),
    ("tried: []\n", ["tried: []"]),
    ("tried: [{approach: rag, score: 0.5}]\n", ["tried:", "  - {approach: rag, score: 0.5}"]),
    (
        "data: {rows: 5, sources: [{path: a.jsonl, rows: 1}]}\n",
        ["data:", "  rows: 5", "  sources:", "    - {path: a.jsonl, rows: 1}"],
    ),
    ("budget: {per_run: 1500.5 EUR}\nmodel: {retires: 2027-01-01}\n", None),
    ("owner: {team: 'yes', contact: 'a: b #c'}\n", ['owner: {team: "yes", contact: "a: b #c"}']),
    ("model: {base: '- x', license: '', revision: 12e4567}\n".replace("license: '', ", ""), None),
]


@pytest.mark.parametrize(("text", "lines"), STATED)
def test_facts_are_written_and_read_again(text, lines):
    facts = make_claims(text)
    written = write_manifest(facts, SCHEMA)
    assert lines is None or written == lines
    assert strip(make_claims("\n".join(written) + "\n")) == strip(facts)


@given(st.text(min_size=1).filter(str.isprintable))
def test_any_text_is_quoted_where_it_must_be(text):
    lines = write_manifest([Fact("model.base", text)], SCHEMA)
    assert [fact.value for fact in make_claims("\n".join(lines) + "\n")] == [text]


def test_a_long_section_goes_over_several_lines():
    facts = [Fact("owner.team", "t" * 60), Fact("owner.contact", "c" * 60)]
    assert write_manifest(facts, SCHEMA) == ["owner:", f"  team: {'t' * 60}", f"  contact: {'c' * 60}"]


def test_what_is_absent_cannot_be_stated():
    assert write_manifest([Fact("data.rows", ABSENT, "observed")], SCHEMA) == []


def strip(facts):
    """Paths and values, in the order of paths; of records, too."""
    return sorted((fact.path, str(strip_value(fact.value))) for fact in facts)


def strip_value(value):
    if not hasattr(value, "items") or not hasattr(value, "complete"):
        return value
    return [
        {name: strip_value(fact.value) for name, fact in item.items()} if isinstance(item, dict) else item
        for item in value.items
    ]
