from __future__ import annotations

import pytest

from policy.source.yaml_reader import read_yaml

pytestmark = pytest.mark.usefixtures("parser")

TAB = "a tab is used for indentation"
COLON = "a key stands where none can be: the text before it is not complete, or is indented less"
LIST = "the list that starts with `[` is not closed, or a comma is missing"
MAPPING = "the mapping that starts with `{` is not closed, or a comma is missing"
ESCAPE = "is not a complete escape of a character in double quotes"
HALF = "an escape names no character: it is half of a surrogate pair, or beyond U+10FFFF"
NOT_A_KEY = "the line is not a key at the indentation of the keys above it"
MORE = "there is more text after the end of the value"
NO_NAME = "and its name is missing or not made of letters, digits, `-` and `_`"
NOT_A_TAG = "`!` starts a tag, and this is not one"
DIRECTIVE = "a line that starts with `%` is not understood"
BLOCK = "only `+`, `-`, a digit from 1 to 9 and a comment can follow `|` or `>`"
NO_COLON = "the line has no `:` after its key"

FAULTS = [
    ("a:\n\tb: 1\n", "2:1", TAB),
    ("\ta: 1\n", "1:1", TAB),
    ("a:\n  - x\n\t- y\n", "3:1", TAB),
    ("a: |\n\tb\n", "2:1", TAB),
    ("a: @x", "1:4", "a value cannot start with `@`"),
    ("a: `x`", "1:4", "a value cannot start with a backtick"),
    ("a: %x", "1:4", "a value cannot start with `%`"),
    ("a: b: c\n", "1:5", "the value contains `: `, which ends a key"),
    ("a: 1\n b: 2\n", "2:3", COLON),
    ("key\nb: 1", "2:2", COLON),
    ("a: - b\n", "1:4", "a list cannot start with `- ` on the line of its key"),
    ("a: ? b\n", "1:4", "a `?` marks a key where none can be"),
    ("[a, b", "1:1", LIST),
    ("a: [1, 2\nb: 3\n", "1:4", LIST),
    ("{a: b", "1:1", MAPPING),
    ("{a: 1 b: 2}", "1:1", MAPPING),
    ("a: {b: 1\nc: [", "1:4", MAPPING),
    ("a: 'x\nb: 1\n", "1:4", "the text that starts with ' is not closed"),
    ('a: "x\n', "1:4", 'the text that starts with " is not closed'),
    ("x: '\n---\n'", "1:4", "the text that starts with ' is not closed"),
    ('a: "\\q"', None, f"`\\q` {ESCAPE}"),
    ('a: "\\xZZ"', "1:7", f"`\\x` {ESCAPE}"),
    ('a: "C:\\Users"', "1:9", f"`\\U` {ESCAPE}"),
    ('a: "\\ud800"', None, HALF),
    ('a: "\\ud83d\\ude00"', None, HALF),
    ('a: "\\U00110000"', "1:7", HALF),
    ("a:\n  b: 1\n c: 2\n", "3:2", NOT_A_KEY),
    ("a: b\n- c", "2:1", NOT_A_KEY),
    ("a: 'x' y\n", "1:8", MORE),
    ("a: 'don't'", "1:9", MORE),
    ("a: {b: c}}", "1:10", MORE),
    ("- 'a' b", "1:7", MORE),
    ("a: &a &b c", "1:7", MORE),
    (":", "1:1", "there is no key before `:`"),
    (": a", "1:1", "there is no key before `:`"),
    ("{: a}", "1:2", "there is no key before `:`"),
    ("?", "1:2", "there is no key before `:`"),
    ("- a\nb: c\n", "2:1", "a line within a list does not start with `- `"),
    ("a: b\n  c\nd\n", "3:1", NO_COLON),
    ("- a\n - b\nc", "3:1", NO_COLON),
    ("a: }", "1:4", "a value is missing before `}`"),
    ("[a, , b]", "1:5", "a value is missing before `,`"),
    ("a: &", "1:4", f"`&` starts an anchor, {NO_NAME}"),
    ("a: *.jsonl", "1:4", f"`*` starts an alias, {NO_NAME}"),
    ("a: !<x", "1:4", NOT_A_TAG),
    ("a: !x!y z", "1:4", NOT_A_TAG),
    ("a: !! z", "1:4", NOT_A_TAG),
    ("a: !%zz x", "1:4", NOT_A_TAG),
    ("%YAML 2.0\n---\na", "1:1", DIRECTIVE),
    ("%YAML x\n---\n", "1:1", DIRECTIVE),
    (f"%YAML 1.{'9' * 5000}\n---\na", None, None),
    ("%YAML 1.1\n%YAML 1.1\n---\na", "2:1", DIRECTIVE),
    ("%\n---\n", "1:1", DIRECTIVE),
    ("%TAG ! tag:x\n---\na", "1:1", "a `%TAG` line defines custom tags, which are not supported"),
    ("# c\r%TAG ! tag:x\r---\ra", "2:1", "a `%TAG` line defines custom tags, which are not supported"),
    ("a: |x\n b\n", "1:5", BLOCK),
    ("a: |0\n b\n", "1:5", BLOCK),
    ("a: > x\n", "1:6", BLOCK),
    ("--- a\n... b\n", "2:5", "the document has ended, and there is more text"),
    ("[a] [b]", "1:5", "the document has ended, and there is more text"),
    ("a: \u0080", "1:4", "the character U+0080 cannot be seen and is not allowed here"),
    ("a: é\uffff", "1:5", "the character U+FFFF cannot be seen and is not allowed here"),
]


@pytest.mark.parametrize(("text", "place", "message"), FAULTS, ids=[repr(text)[:30] for text, _, _ in FAULTS])
def test_a_fault_is_told_in_plain_words(refuse, text, place, message):
    (problem,) = refuse(read_yaml, text.encode(), "f")
    assert problem.remedy
    if place:
        assert str(problem.location) == f"f:{place}"
    if message:
        assert problem.message == message
    for jargon in ("token", "scanning", "mark", "flow", "scalar", "block end"):
        assert jargon not in problem.message or message


def test_the_place_where_a_bracket_was_missed_is_shown_too(refuse):
    (problem,) = refuse(read_yaml, b"a: [1, 2\nb: 3\n", "f")
    assert [(label, str(place)) for label, place in problem.related] == [
        ("one of them is missing before this", "f:2:2")
    ]


def test_the_end_of_the_file_is_no_place_to_show(refuse):
    (problem,) = refuse(read_yaml, b"a: [1, 2\n\n", "f")
    assert problem.related == ()


def test_a_tab_after_the_key_is_not_called_indentation(monkeypatch, refuse):
    monkeypatch.setattr("policy.source.yaml_events.CParser", None)
    (problem,) = refuse(read_yaml, b"a: \tb\n", "f")
    assert problem.message == "a tab stands before a value"


def test_nothing_of_the_content_is_repeated(refuse):
    for text in (b"k: 1\nhf_secret\n", b"k: 'x' hf_secret", b"k: a: hf_secret", b"- a\nhf_secret: 1"):
        problems = refuse(read_yaml, text, "f")
        assert "hf_secret" not in "".join(map(str, problems))
