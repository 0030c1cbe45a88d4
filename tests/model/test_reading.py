"""Facts of every origin are read by the schema, with dots or without."""

from __future__ import annotations

from typing import Any

import pytest

from policy.errors import Problem
from policy.model.fact import Fact, Members
from policy.model.fields import SCHEMA
from policy.model.kinds import STRING, list_of
from policy.model.reading import NOTHING, FactReader
from policy.model.schema import Field
from policy.source.node import Mapping
from tests.building import make_document


def read(text: str, **options: Any) -> tuple[list[Fact], list[str]]:
    problems: list[Problem] = []
    root = make_document(text, "facts.yaml").root
    assert isinstance(root, Mapping)
    return FactReader(SCHEMA, "facts.yaml", problems, **options).read(root), [problem.message for problem in problems]


def test_origin_and_source_are_those_of_the_reader():
    facts, problems = read("stage: pilot\ntried: [{score: 1}]", origin="observed", source="runs")
    assert problems == []
    assert [(fact.origin, fact.source) for fact in facts] == [("observed", "runs")] * 2
    member = facts[1].value.items[0]["score"]
    assert (member.origin, member.source) == ("observed", "runs")


def test_without_a_source_the_file_is_it():
    assert read("stage: pilot")[0][0].source == "facts.yaml"


def test_lists_of_what_was_only_observed_are_open():
    facts, _ = read("purpose: [style]\ntried: []", complete=False)
    assert [fact.value for fact in facts] == [Members(("style",), complete=False), Members((), complete=False)]


@pytest.mark.parametrize(
    ("text", "paths", "problems"),
    [
        ("data: {rows: 5}", ["data.rows"], []),
        ("data.rows: 5", ["data.rows"], []),
        ("data.rows: 5\ndata: {tokens: 5}", ["data.rows", "data.tokens"], []),
        ("data.row: 5", [], ["unknown field `data.row`"]),
        ("data: {sources.path: 5}", [], ["unknown field `data.sources.path`"]),
    ],
)
def test_dotted_names_where_they_are_allowed(text, paths, problems):
    facts, found = read(text, dotted=True)
    assert ([fact.path for fact in facts], found) == (paths, problems)


def test_dotted_names_where_they_are_not():
    assert read("data.rows: 5")[1] == ["`data.rows` is written in one word"]


@pytest.mark.parametrize("path", [path for path, field in SCHEMA.fields.items() if not field.writable])
def test_what_only_evidence_tells_is_read_from_evidence_alone(path):
    assert path in read(f"{path}: 5", dotted=True)[1][0]
    assert "cannot be stated" not in str(read(f"{path}: 5", dotted=True, only_writable=False)[1])


def test_reading_goes_on_after_a_problem():
    facts, problems = read("stage: pilt\napproach: rag\npurpose: [a, style]")
    assert [fact.path for fact in facts] == ["approach"]
    assert len(problems) == 2


def test_a_value_that_is_empty_where_one_is_needed():
    problems: list[Problem] = []
    reader = FactReader(SCHEMA, "facts.yaml", problems)
    document = make_document("name: ~\nlist: [a, '~', ~]", "facts.yaml")
    assert isinstance(document.root, Mapping)
    name, items = (node for _, node in document.root)
    assert reader.read_value(STRING, name, "name") is NOTHING
    assert reader.read_value(list_of(STRING), items, "list") is NOTHING
    assert [problem.message for problem in problems] == [
        "`name` is empty where a string is needed",
        "`list` is empty where a string is needed",
    ]
    # A field that is left empty states nothing, and that is no problem.
    assert reader.read_field(Field("name", STRING, "a name"), name) is NOTHING
    assert len(problems) == 2
