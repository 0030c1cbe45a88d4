from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location, PolicyError, Problem
from policy.source import yaml_events
from policy.source.node import Mapping, Scalar, Sequence
from policy.source.yaml_reader import read_yaml, read_yaml_file

pytestmark = pytest.mark.usefixtures("parser")

MANIFEST = """\
# what we build
manifest: 1
owner: {team: support-ml, contact: "ml@example.com"}
data:
  change_interval: 7d
  sources:
    - path: data/é.jsonl   # a comment
      split: train
    - {path: b.jsonl, split: test}
purpose: [style, latency]
because: >
  The tone
  matters.
"""


def read(text, **options):
    return read_yaml(text.encode(), "m.yaml", **options).root


def simplify(node):
    """Plain Python values: lists, dicts, and the text of every scalar."""
    if isinstance(node, Mapping):
        return {key: simplify(value) for key, (_, value) in node.entries.items()}
    return [simplify(item) for item in node] if isinstance(node, Sequence) else node.text


def list_scalars(node):
    if isinstance(node, Scalar):
        return [node]
    children = [part for entry in node for part in entry] if isinstance(node, Mapping) else node.items
    return [scalar for child in children for scalar in list_scalars(child)]


def find(node, path):
    for part in path.split("."):
        node = node.items[int(part)] if isinstance(node, Sequence) else node.entries[part][1]
    return node


def test_reads_the_structure_and_the_text_of_every_value():
    assert simplify(read(MANIFEST)) == {
        "manifest": "1",
        "owner": {"team": "support-ml", "contact": "ml@example.com"},
        "data": {
            "change_interval": "7d",
            "sources": [
                {"path": "data/é.jsonl", "split": "train"},
                {"path": "b.jsonl", "split": "test"},
            ],
        },
        "purpose": ["style", "latency"],
        "because": "The tone matters.\n",
    }


@pytest.mark.parametrize(
    ("path", "span"),
    [
        ("manifest", (2, 11, 2, 12)),
        ("owner", (3, 8, 3, 53)),
        ("owner.contact", (3, 36, 3, 52)),
        ("data", (5, 3, 9, 35)),  # a block ends with its last value, not before the next line's
        ("data.change_interval", (5, 20, 5, 22)),
        ("data.sources.0", (7, 7, 8, 19)),
        ("data.sources.0.path", (7, 13, 7, 25)),
        ("data.sources.1", (9, 7, 9, 35)),
        ("purpose", (10, 10, 10, 26)),
        ("because", (11, 10, 14, 1)),
    ],
)
def test_every_value_has_its_place(path, span):
    assert find(read(MANIFEST), path).location("m.yaml") == Location("m.yaml", *span)


def test_keys_have_their_places_in_the_order_of_the_source():
    keys = [(key.text, key.line, key.column) for key, _ in find(read(MANIFEST), "data")]
    assert keys == [("change_interval", 5, 3), ("sources", 6, 3)]


def test_the_document_keeps_file_and_text():
    document = read_yaml(MANIFEST.encode(), "a/m.yaml")
    assert (document.file, document.text) == ("a/m.yaml", MANIFEST)


@pytest.mark.parametrize(
    "text", ["no", "on", "yes", "1e7", "12e4567", "0o14", "0123", "1_000", "2024-01-01", "12:30", ".5", "~", "="]
)
def test_plain_values_stay_the_text_that_was_written(text):
    value = read(f"key: {text}").get("key")
    assert (value.text, value.plain) == (text, True)


@pytest.mark.parametrize(
    ("source", "text", "plain", "is_null"),
    [
        ("a: 7d", "7d", True, False),
        ("a: '7d'", "7d", False, False),
        ('a: "7\\u0064"', "7d", False, False),
        ("a: |\n  7d", "7d", False, False),
        ("a: >-\n  7\n  d", "7 d", False, False),
        ("a: 7\n  d", "7 d", True, False),
        ("a:", "", True, True),
        ("a: ~", "~", True, True),
        ("a: null", "null", True, True),
        ("a: 'null'", "null", False, False),
        ("a: ''", "", False, False),
        ("{a}", "", True, True),
        ("a: don't", "don't", True, False),
        ("a: b#c", "b#c", True, False),
    ],
)
def test_a_scalar_knows_how_it_was_written(source, text, plain, is_null):
    value = read(source).get("a")
    assert (value.text, value.plain, value.is_null) == (text, plain, is_null)


def test_a_missing_value_stands_behind_its_colon():
    value = read("a:\nb: 1").get("a")
    assert value.location("m")[1:] == (1, 3, 1, 3)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_count_alike(line_end):
    root = read(MANIFEST.replace("\n", line_end))
    assert simplify(root) == simplify(read(MANIFEST))
    assert find(root, "data.sources.1.split").location("m")[1:3] == (9, 30)


def test_columns_count_characters_and_not_bytes():
    value = read("{日本: '\N{GRINNING FACE}é', b: c}").get("b")
    assert value.column == 15


def test_a_byte_order_mark_is_no_part_of_the_text():
    text = "\ufeffa: !!str b"
    assert read_yaml(text.encode(), "m").text == "a: !!str b"
    assert find(read(text), "a").location("m")[1:] == (1, 10, 1, 11)
    assert next(iter(read(text)))[0].column == 1


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "--- # nothing", "!", "&a"])
def test_an_empty_file_is_refused(refuse, text):
    problems = refuse(read, text)
    assert [(problem.message, str(problem.location)) for problem in problems] == [("the file is empty", "m.yaml:1:1")]


@pytest.mark.parametrize("text", ["a", "''", "[]", "{}", "~", "--- a\n...\n", "%YAML 1.1\n--- a"])
def test_a_document_may_be_small(text):
    assert read_yaml(text.encode(), "m").root.line >= 1


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: 1\n---\nb: 2\n", "m.yaml:2:1"), ("--- a\n...\n---\n", "m.yaml:3:1"), ("---\n---", "m.yaml:2:1")],
)
def test_a_second_document_is_refused(refuse, text, place):
    (problem,) = refuse(read, text)
    assert problem.message == "a second document starts here, and the file may hold only one"
    assert str(problem.location) == place


def test_many_documents_are_read_as_a_list_where_that_is_asked_for():
    root = read("a: &x 1\n---\nb: &x 2\n---\n", documents="many")
    assert simplify(root) == [{"a": "1"}, {"b": "2"}, ""]


def test_an_anchor_ends_with_its_document(refuse):
    (problem,) = refuse(read, "a: &x 1\n---\nb: *x\n", documents="many")
    assert problem.message == "the alias `*x` names no anchor before it"


def test_all_problems_are_told_in_the_order_of_the_text(refuse):
    problems = refuse(read, "a: {x: 1, x: 2}\nb: !foo 1\na: *no\n'c")
    assert [(str(problem.location), problem.message) for problem in problems] == [
        ("m.yaml:1:11", "the key `x` is given twice"),
        ("m.yaml:2:4", "the tag `!foo` is not supported"),
        ("m.yaml:3:4", "the alias `*no` names no anchor before it"),
        ("m.yaml:4:1", "the text that starts with ' is not closed"),
    ]


def test_a_file_is_read_under_the_name_that_it_is_given(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: {<<: {b: 1}}\n")
    document = read_yaml_file(str(path), "shown.yaml", merge=True)
    assert (document.file, simplify(document.root)) == ("shown.yaml", {"a": {"b": "1"}})


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VISIBLE_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp", "Cf"]), max_size=30)


def nest(texts):
    """Values as JSON knows them."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
    return st.recursive(
        leaves,
        lambda values: st.lists(values, max_size=4) | st.dictionaries(texts, values, max_size=4),
        max_leaves=15,
    )


def agrees(node, value, load):
    """Whether the node stands for the value, whose scalars `load` reads from their text."""
    if isinstance(value, dict):
        assert list(node.entries) == list(value)
        return all(agrees(node.get(key), item, load) for key, item in value.items())
    if isinstance(value, list):
        return len(node.items) == len(value) and all(
            agrees(item, other, load) for item, other in zip(node, value, strict=True)
        )
    return node.text == value if isinstance(value, str) else node.plain and load(node.text) == value


@given(nest(TEXTS), st.sampled_from([None, True, False]))
def test_what_pyyaml_writes_reads_back_the_same(value, flow):
    text = yaml.safe_dump(value, default_flow_style=flow, sort_keys=False)
    assert agrees(read(text), value, yaml.safe_load)


@given(nest(VISIBLE_TEXTS), st.sampled_from([None, 2]))
def test_json_reads_back_the_same(value, indent):
    assert agrees(read(json.dumps(value, ensure_ascii=False, indent=indent)), value, json.loads)


@given(nest(TEXTS), st.sampled_from([None, True, False]))
def test_a_plain_value_stands_where_it_says(value, flow):
    # The same list several times makes anchors and aliases.
    text = yaml.safe_dump([value, value, {"again": value}], default_flow_style=flow)
    lines = text.splitlines()
    for scalar in list_scalars(read(text)):
        if scalar.plain and scalar.line == scalar.end_line:
            assert lines[scalar.line - 1][scalar.column - 1 : scalar.end_column - 1] == scalar.text


SIGNS = [*"abc:-?,[]{}#&*!|>'\"%@` \n\t\\", ": ", "- ", "\n  ", "&a ", "*a", "!!str ", "<<: ", "---\n", "...\n"]
RARE_SIGNS = ["%YAML 1.1\n", '"\\x', "\\u", "d800", "\r\n", "\ufeff", "\x85", "\u2028", "é"]
SYNTAX = st.lists(st.sampled_from(SIGNS + RARE_SIGNS), max_size=60).map("".join)
BYTES = st.binary(max_size=200) | SYNTAX.map(str.encode) | st.text(max_size=60).map(lambda text: text.encode("utf-16"))


@given(BYTES)
def test_nothing_but_a_refusal_comes_of_any_bytes(data):
    problems: tuple[Problem, ...] = ()
    scalars = []
    try:
        scalars = list_scalars(read_yaml(data, "m", merge=True).root)
    except PolicyError as refusal:
        problems = refusal.problems
    assert all(problem.message and problem.remedy for problem in problems)
    assert all(problem.location for problem in problems)
    for scalar in scalars:
        assert (scalar.line, scalar.column) <= (scalar.end_line, scalar.end_column)
        assert scalar.text.encode().decode() == scalar.text


def test_the_python_parser_takes_over_without_the_extension(monkeypatch):
    monkeypatch.setattr(yaml_events, "CParser", None)
    events = yaml_events.open_events(b"", "a: b")
    assert [type(event).__name__ for event in events][2:5] == ["MappingStartEvent", "ScalarEvent", "ScalarEvent"]
