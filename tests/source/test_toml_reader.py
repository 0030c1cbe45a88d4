from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from policy.errors import PolicyError, Problem
from policy.source.limits import Limits
from policy.source.node import Mapping, Scalar, Sequence
from policy.source.toml_reader import read_toml_table

PROJECT = """\
# tool.policy = 1
[project]
name = "x"  # [tool.policy]
text = '''
[tool.policy]
name = "not this"
'''

[tool.policy]
name = "acme"
policy_set = 1
policies = ["catalogue",   # all of it
  './policies',
]
ratio = 1_0.5
on = true
since = 2024-01-02
at = 2024-01-02 03:04:05
params.volatile-data.days = 30
gates.commit = {mode = "flag", "on error" = 'block'}

[tool.policy.effects]
few-examples = "block" # why

[[tool.policy.waivers]]
id = 1
[[tool.policy.waivers]]
id = 2

[tool.other]
name = "y"
"""


def read(text, table=("tool", "policy"), **options):
    return read_toml_table(text.encode(), "p.toml", table, **options)


def simplify(node):
    if isinstance(node, Mapping):
        return {key: simplify(value) for key, (_, value) in node.entries.items()}
    return [simplify(item) for item in node] if isinstance(node, Sequence) else (node.text, node.plain)


def find(node, path):
    for part in path.split("/"):
        node = node.items[int(part)] if isinstance(node, Sequence) else node.get(part)
    return node


def test_a_table_is_read():
    assert simplify(read(PROJECT).root) == {
        "name": ("acme", False),
        "policy_set": ("1", True),
        "policies": [("catalogue", False), ("./policies", False)],
        "ratio": ("10.5", True),
        "on": ("true", True),
        "since": ("2024-01-02", True),
        "at": ("2024-01-02T03:04:05", True),
        "params": {"volatile-data": {"days": ("30", True)}},
        "gates": {"commit": {"mode": ("flag", False), "on error": ("block", False)}},
        "effects": {"few-examples": ("block", False)},
        "waivers": [{"id": ("1", True)}, {"id": ("2", True)}],
    }


@pytest.mark.parametrize(
    ("path", "span"),
    [
        ("name", (10, 8, 10, 14)),
        ("policies", (12, 12, 14, 2)),
        ("policies/0", (12, 13, 12, 24)),
        ("policies/1", (13, 3, 13, 15)),
        ("ratio", (15, 9, 15, 14)),
        ("at", (18, 6, 18, 25)),
        ("params", (19, 1, 19, 7)),
        ("params/volatile-data/days", (19, 29, 19, 31)),
        ("gates/commit", (20, 16, 20, 53)),
        ("gates/commit/on error", (20, 45, 20, 52)),
        ("effects", (22, 1, 22, 22)),
        ("effects/few-examples", (23, 16, 23, 23)),
        ("waivers", (25, 1, 25, 24)),
        ("waivers/1", (27, 1, 27, 24)),
        ("waivers/1/id", (28, 6, 28, 7)),
    ],
)
def test_every_value_has_its_place(path, span):
    assert find(read(PROJECT).root, path).location("p.toml")[1:] == span


def test_the_table_has_the_place_of_its_header():
    document = read(PROJECT)
    assert document.root.location("p.toml")[1:] == (9, 1, 9, 14)
    assert (document.file, document.text) == ("p.toml", PROJECT)


def test_keys_have_their_places():
    root = read(PROJECT).root
    keys = {key.text: (key.line, key.column, key.end_column) for key, _ in root}
    assert keys["policy_set"] == (11, 1, 11)
    assert keys["params"] == (19, 1, 7)
    assert keys["effects"] == (22, 14, 21)
    assert next(iter(find(root, "gates")))[0].column == 7
    assert [key.column for key, _ in find(root, "gates/commit")] == [17, 32]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("tool.policy.name = 1", (1, 20)),
        ("tool = {policy = {name = 1}}", (1, 26)),
        ("[tool]\npolicy.name = 1", (2, 15)),
        ("[tool]\npolicy = {name = 1}", (2, 18)),
        ('["tool" . \'policy\']\n"name" = 1', (2, 10)),
        ("[tool.policy.x]\n[tool.policy]\nname = 1", (3, 8)),
        ("[tool.policy]\r\n\r\nname = 1\r\n", (3, 8)),
        ('["to\\u006fl".policy]\nname = 1', (2, 8)),
        ("\ufeff[tool.policy]\nname = 1", (2, 8)),
        ('[tool.policy]\ntext = """\nname = 2\n"""""\nname = 1', (5, 8)),
        ("[tool.policy]\ntext = '''''a'''''\nname = 1", (3, 8)),
        ('[tool.policy]\ntext = ["a\\"]", "#", \'\\\', [1]]\nname = 1', (3, 8)),
        ("[tool.policy]#]\n#name = 2\n\tname=1#", (3, 7)),
    ],
)
def test_the_table_is_found_however_it_is_written(text, place):
    name = read(text).root.get("name")
    assert (name.text, name.line, name.column) == ("1", *place)


@pytest.mark.parametrize(
    "text", ["", "# [tool.policy]", "[tool]\nother = 1", "tool = 1", "[tool.policy-x]", "[[tool]]\npolicy = {}"]
)
def test_an_absent_table_is_none(text):
    assert read(text) is None


@pytest.mark.parametrize(("text", "kind"), [("tool.policy = 1", Scalar), ("[[tool.policy]]", Sequence)])
def test_a_table_that_is_none_is_for_the_caller_to_refuse(text, kind):
    assert isinstance(read(text).root, kind)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("a = 1\nb 2", "a key has no `=` after it", "2:3"),
        ("a = ", "a value is missing, or is text without quotes", "1:5"),
        ("a = b", "a value is missing, or is text without quotes", "1:5"),
        ("é = 1", "a key is missing, or needs quotes", "1:1"),
        ("a = 1\na = 2", "a key is given twice", "2:6"),
        ("[a]\n[a]", "a table is given twice", "2:3"),
        ("a = 1 2", "there is more text after the end of the value", "1:7"),
        ("a = [1,\n2", "a list is not closed", "2:2"),
        ('a = """\n', "text in quotes is not closed", "2:1"),
        ('a = "\\q"', None, "1:8"),
        ("a = '", None, "1:6"),
        (f"a = {'1' * 5000}", "a number is too long", "1:1"),
        (f"a = {'[' * 3000}", "lists and tables are nested more than 40 levels deep", "1:1"),
    ],
)
def test_faults_are_told_with_their_place(refuse, text, message, place):
    (problem,) = refuse(read, text)
    assert str(problem.location) == f"p.toml:{place}"
    assert problem.message == message or (message is None and problem.message.startswith("the TOML cannot be read: "))


def test_a_file_that_is_not_utf8_is_refused(refuse):
    (problem,) = refuse(read_toml_table, b"a = '\xff'", "p.toml", ("a",))
    assert problem.message == "the file is not UTF-8: the byte 0xFF is not part of a character"


@pytest.mark.parametrize("part", ["a.", "a . ", "'a'.", '"a b".'])
@pytest.mark.parametrize("start", ["", "[", "x = 1\n", "x = {"])
def test_a_key_of_many_parts_is_refused_before_it_costs_minutes(refuse, start, part):
    (problem,) = refuse(read, start + part * 100_000 + "a = 1")
    assert problem.message == "lists and tables are nested more than 40 levels deep"


def test_deep_nesting_is_refused_where_it_passes_the_limit(refuse):
    text = "[tool.policy]\na = [[[1]]]"
    (problem,) = refuse(read, text, limits=Limits(max_depth=3))
    assert (problem.message, str(problem.location)) == (
        "lists and tables are nested more than 3 levels deep",
        "p.toml:2:7",
    )
    assert read(text, limits=Limits(max_depth=4))


def test_too_many_values_are_refused(refuse):
    text = "[tool.policy]\na = [1, 2, 3]"
    (problem,) = refuse(read, text, limits=Limits(max_nodes=4))
    assert (problem.message, str(problem.location)) == ("the table holds more than 4 values", "p.toml:2:12")
    assert read(text, limits=Limits(max_nodes=5))


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff"), max_size=8)
STRINGS = TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False))
LITERALS = TEXTS.filter(lambda text: "'" not in text).map(lambda text: f"'{text}'")
KEYS = st.sampled_from(["a", "b-c", "1", "é"]).map(lambda name: name if name.isascii() else f'"{name}"') | STRINGS
BLANKS = st.sampled_from(["", " ", "\n", " # ] } = 'x'\n\t", "\r\n"])
SCALARS = (
    STRINGS
    | LITERALS
    | st.sampled_from(["true", "1", "-0.5", "1e7", "0xff", "inf", "1979-05-27", "1979-05-27 07:32:00Z", "07:32:00"])
    | st.sampled_from(['"""\na = "" b\n"""', "'''\n[a]\n'''''", '"""\\""""', "''"])
)
VALUES = st.recursive(
    SCALARS,
    lambda values: (
        st.lists(st.tuples(BLANKS, values, BLANKS).map("".join), max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.dictionaries(KEYS, values, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=6,
)
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(".".join)
LINES = (
    st.tuples(PATHS, VALUES).map(" = ".join)
    | PATHS.map("[{}]".format)
    | PATHS.map("[[ {} ]] # x".format)
    | st.sampled_from(["", "# [a]"])
)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.lists(LINES, max_size=6).map("\n".join))
def test_what_stands_at_a_place_is_the_value(text):
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
    root = read(text, ()).root
    lines = text.split("\n")
    assert list(root.entries) == list(values)
    check_places(root, values, lines)


def check_places(node, value, lines):
    if isinstance(value, dict):
        for key, inner in node:
            name = cut(lines, key)
            assert name == key.text or tomllib.loads(f"k = {name}")["k"] == key.text
            check_places(inner, value[key.text], lines)
    elif isinstance(value, list):
        for inner, item in zip(node, value, strict=True):
            check_places(inner, item, lines)
    else:
        assert tomllib.loads(f"k = {cut(lines, node)}")["k"] == value


def cut(lines, node):
    """What stands from the node's start to its end."""
    if node.line == node.end_line:
        return lines[node.line - 1][node.column - 1 : node.end_column - 1]
    first, last = lines[node.line - 1][node.column - 1 :], lines[node.end_line - 1][: node.end_column - 1]
    return "\n".join([first, *lines[node.line : node.end_line - 1], last])


@given(st.binary(max_size=60) | st.text("ab.=[]{}\"'#,\n\\1 ", max_size=60).map(str.encode))
def test_nothing_but_a_refusal_comes_of_any_bytes(data):
    problems: tuple[Problem, ...] = ()
    try:
        read_toml_table(data, "p", ())
    except PolicyError as refusal:
        problems = refusal.problems
    assert all(problem.message and problem.remedy for problem in problems)
    assert all(problem.location for problem in problems)
