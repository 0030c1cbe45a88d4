from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy.source.node import Mapping, Sequence
from policy.source.yaml_reader import read_yaml

pytestmark = pytest.mark.usefixtures("parser")


def simplify(node):
    if isinstance(node, Mapping):
        return {key: simplify(value) for key, (_, value) in node.entries.items()}
    return [simplify(item) for item in node] if isinstance(node, Sequence) else node.text


def read(text, **options):
    return simplify(read_yaml(text.encode(), "m", **options).root)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a: 1\nb: 2\na: 3\n", [("3:1", "1:1")]),
        ("{a: 1, 'a': 2}", [("1:8", "1:2")]),
        ("1: x\n'1': y", [("2:1", "1:1")]),
        ("a: 1\na: 2\na: 3", [("2:1", "1:1"), ("3:1", "1:1")]),
        ("a: 1\na: 2\nb: {c: 1, d: 2, c: 3, d: 4}", [("2:1", "1:1"), ("3:17", "3:5"), ("3:23", "3:11")]),
        ("- ? a\n- {b: 1, b: 2}", [("2:10", "2:4")]),
        ("<<: 1\n<<: 2", [("2:1", "1:1")]),
    ],
)
def test_a_key_given_twice_is_refused_with_both_places(refuse, text, pairs):
    problems = refuse(read, text)
    found = [
        (str(problem.location)[2:], str(problem.related[0][1])[2:])
        for problem in problems
        if problem.message.endswith("is given twice")
    ]
    assert found == pairs


def test_a_duplicate_names_its_key(refuse):
    (problem,) = refuse(read, "rows: 1\nrows: 2")
    assert problem.message == "the key `rows` is given twice"
    assert problem.related[0][0] == "first given here"
    assert problem.location[1:] == (2, 1, 2, 5)


def test_a_long_key_is_not_repeated_in_full(refuse):
    key = "k" * 500
    (problem,) = refuse(read, f"{key}: 1\n{key}: 2")
    assert problem.message == f"the key `{'k' * 59}…` is given twice"


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("? [a, b]\n: c", "a list cannot be a key", "1:3"),
        ("a: {{ name }}", "a mapping cannot be a key", "1:5"),
        ("{[a]: b}", "a list cannot be a key", "1:2"),
        ("b: &x [1]\n*x : c", "a list cannot be a key", "1:7"),
    ],
)
def test_a_key_must_be_a_single_value(refuse, text, message, place):
    (problem,) = refuse(read, text)
    assert (problem.message, str(problem.location)) == (message, f"m:{place}")


def test_keys_beside_a_wrong_one_are_checked_too(refuse):
    problems = refuse(read, "{[a]: b, c: 1, c: 2}")
    assert [problem.message for problem in problems] == ["a list cannot be a key", "the key `c` is given twice"]


def test_an_alias_can_be_a_key():
    assert read("a: &x name\n*x : 1") == {"a": "name", "name": "1"}


@pytest.mark.parametrize("key", ['""', "''", "~", "null", "'<<'", "true", "1"])
def test_any_other_key_is_its_text(key):
    assert list(read(f"{key}: a")) == [key.strip("'\"")]


def test_merge_keys_are_refused_by_default(refuse):
    (problem,) = refuse(read, "a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\n")
    assert problem.message == "the merge key `<<` is not supported here"
    assert problem.remedy == "write the merged keys out"
    assert problem.location[1:] == (3, 3, 3, 5)


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("{<<: {x: 1}, y: 2}", {"x": "1", "y": "2"}),
        ("{<<: {x: 1, y: 3}, y: 2}", {"x": "1", "y": "2"}),
        ("{y: 2, <<: {x: 1, y: 3}}", {"x": "1", "y": "2"}),
        ("{<<: [{x: 1}, {x: 2, z: 3}], y: 4}", {"x": "1", "z": "3", "y": "4"}),
        ("{<<: [], y: 4}", {"y": "4"}),
        ("{<<: {<<: {x: 1}, y: 2}, z: 3}", {"x": "1", "y": "2", "z": "3"}),
        ("{'<<': {x: 1}}", {"<<": {"x": "1"}}),
    ],
)
def test_merge_keys_are_resolved_where_asked_for(text, merged):
    assert read(text, merge=True) == merged


@pytest.mark.parametrize(("text", "place"), [("{<<: 1}", "1:6"), ("{<<: [{a: 1}, b]}", "1:15"), ("<<:", "1:4")])
def test_only_mappings_are_merged(refuse, text, place):
    (problem,) = refuse(read, text, merge=True)
    assert problem.message == "the merge key `<<` takes a mapping or a list of mappings"
    assert str(problem.location) == f"m:{place}"


def test_a_merge_with_itself_is_refused(refuse):
    problems = refuse(read, "a: &a\n  <<: *a\n  b: 1\n", merge=True)
    assert problems[0].message == "the alias `*a` stands inside the value that it refers to"


FLAT = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9), min_size=1)


@given(st.lists(FLAT, min_size=1, max_size=3), FLAT)
def test_merging_agrees_with_pyyaml(sources, own):
    lines = [f"s{n}: &s{n} {json.dumps(source)}" for n, source in enumerate(sources)]
    aliases = ", ".join(f"*s{n}" for n in range(len(sources)))
    text = "\n".join([*lines, "whole:", f"  <<: [{aliases}]", *(f"  {key}: {own[key]}" for key in own)])
    loaded = yaml.safe_load(text)["whole"]
    assert read(text, merge=True)["whole"] == {key: str(value) for key, value in loaded.items()}
