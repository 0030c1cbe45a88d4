from __future__ import annotations

import pytest

from policy.source.node import Scalar
from policy.source.yaml_reader import read_yaml

pytestmark = pytest.mark.usefixtures("parser")


def read(text):
    return read_yaml(text.encode(), "m").root


@pytest.mark.parametrize(
    ("source", "text", "plain"),
    [
        ("a: !!str 12", "12", False),
        ("a: !!str", "", False),
        ("a: !!int 12", "12", True),
        ("a: !!int '12'", "12", False),
        ("a: !!float 1.5", "1.5", True),
        ("a: !!bool true", "true", True),
        ("a: !!null ~", "~", True),
        ("a: !!timestamp 2024-01-01", "2024-01-01", True),
        ("a: !<tag:yaml.org,2002:str> 12", "12", False),
        ("a: ! 12", "12", True),
    ],
)
def test_standard_tags_are_read_past(source, text, plain):
    value = read(source).get("a")
    assert (value.text, value.plain) == (text, plain)


def test_standard_tags_of_collections_are_read_past():
    assert read("!!map\na: !!seq [b]").get("a").items[0].text == "b"
    assert read("! {a: ! [b]}").get("a").items[0].text == "b"


@pytest.mark.parametrize(
    ("source", "tag"),
    [
        ("a: !foo b", "!foo"),
        ("a: !foo [b]", "!foo"),
        ("a: !foo {b: c}", "!foo"),
        ("a: !python/name:os.system x", "!python/name:os.system"),
        ("a: !!python/object/apply:os.system [ls]", "!!python/object/apply:os.system"),
        ("a: !!python/tuple [1]", "!!python/tuple"),
        ("a: !!binary aGk=", "!!binary"),
        ("a: !!set {b}", "!!set"),
        ("a: !<x:y> b", "x:y"),
        ("!foo a: b", "!foo"),
    ],
)
def test_other_tags_are_refused(refuse, source, tag):
    (problem,) = refuse(read, source)
    assert problem.message == f"the tag `{tag}` is not supported"
    line, column, _, end_column = problem.location[1:]
    assert line == 1
    assert source[column - 1 : end_column - 1] == source.split()[0 if source.startswith("!") else 1]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a: !!int [1]", "the tag `!!int` does not fit a list"),
        ("a: !!str {b: c}", "the tag `!!str` does not fit a mapping"),
        ("a: !!seq b", "the tag `!!seq` does not fit a single value"),
    ],
)
def test_a_tag_must_fit_its_value(refuse, source, message):
    (problem,) = refuse(read, source)
    assert problem.message == message


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("a: &x 7d", (1, 7)),
        ("a: !!str 7d", (1, 10)),
        ("a: !!str &x 7d", (1, 13)),
        ("a: &x !!str  '7d'", (1, 14)),
        ("a: &x # why\n  7d", (2, 3)),
        ("a: &x\n\n  # why\n   7d", (4, 4)),
        ("a: &x\r\n  7d", (2, 3)),
        ("a: &x\n  b: 1", (2, 3)),
        ("a: &x\n  - b", (2, 3)),
        ("a: &x [b]", (1, 7)),
        ("a: &x", (1, 6)),
        ("{a: !!str , b: 1}", (1, 10)),
    ],
)
def test_a_value_starts_behind_its_anchor_and_tag(source, place):
    value = read(source).get("a")
    assert (value.line, value.column) == place
    assert (value.line, value.column) <= (value.end_line, value.end_column)


def test_an_alias_has_the_place_of_its_anchor():
    root = read("a: &x 7d\nb: *x\n")
    assert root.get("b") is root.get("a")
    assert isinstance(root.get("b"), Scalar)


def test_an_alias_ends_a_block():
    root = read("a: &x 7d\nb:\n  c: *x\nd: 1\n")
    assert root.get("b").location("m")[1:] == (3, 3, 3, 8)


@pytest.mark.parametrize("text", ["&a [*a]", "&a {b: *a}", "&a\nb:\n  - [*a]", "&a [&b [*a]]"])
def test_a_value_cannot_contain_itself(refuse, text):
    (problem,) = refuse(read, text)
    assert problem.message == "the alias `*a` stands inside the value that it refers to"
    assert [(label, str(place)) for label, place in problem.related] == [("the value starts here", "m:1:1")]


def test_an_alias_needs_its_anchor(refuse):
    problems = refuse(read, "a: *first\nb: &second x\nc: *third\nd: *second")
    assert [(problem.message, problem.location[1:]) for problem in problems] == [
        ("the alias `*first` names no anchor before it", (1, 4, 1, 10)),
        ("the alias `*third` names no anchor before it", (3, 4, 3, 10)),
    ]


def test_an_anchor_is_given_once(refuse):
    (problem,) = refuse(read, "- &a x\n- &a [y]\n")
    assert problem.message == "the anchor `&a` is given twice"
    assert (str(problem.location), str(problem.related[0][1])) == ("m:2:3", "m:1:3")
