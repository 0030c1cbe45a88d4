from __future__ import annotations

import ast
import warnings

import pytest

from policy.evidence.source.python_parts import UnparsedError, parse_python


@pytest.mark.parametrize(
    "data",
    [
        b"f(1)",
        b"\xef\xbb\xbff(1)",
        b"# -*- coding: utf-8 -*-\nf(1)",
        b"\xef\xbb\xbf# coding: utf-8\nf(1)",
        b"# coding: latin-1\nx = '\xe9'; f(1)",
        "# coding: shift-jis\nx = 'あ'; f(1)".encode("shift-jis"),
        b"#!/usr/bin/env python\n# vim: set fileencoding=cp1252 :\nx = '\x80'; f(1)",
        b"x = 1\r\nf(1)\r\n",
        b"x = 1\rf(1)",
        b"x = 1\x0c\nf(1)",
        b"match x:\n    case 1: f(1)",
    ],
)
def test_source_is_read_in_the_encoding_that_it_states(data):
    part = parse_python(data)
    call = next(node for node in ast.walk(part.tree) if isinstance(node, ast.Call))
    spot = part.locate(call)
    assert part.lines[spot.line - 1][spot.column - 1 : spot.end_column - 1] == "f(1)"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"print 'hello'", 1),
        (b"x = 1\n\nexec 'x'", 3),
        (b"x = 1\n<<<<<<< HEAD\n", 2),
        (b"if x:\n\ty\n        z", 3),
        ("f(1)".encode("utf-16"), 1),
        (b"x = 1\0", 1),
        (b"(" * 1000, 1),
    ],
)
def test_what_is_no_python_is_refused_where_it_is(data, line):
    with pytest.raises(UnparsedError) as refusal:
        parse_python(data)
    assert refusal.value.line == line


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"x\n\xff\xfe", "it is no utf-8 text", 2),
        (b"# coding: ascii\nx = '\xe9'", "it is no ascii text", 2),
        (b"# coding: nothing-like-it\n", "unknown encoding: nothing-like-it", 1),
        (b"# coding: rot13\nk", "it states an encoding that is none", 1),
        (b"# coding: hex\nk", "it states an encoding that is none", 1),
        (b"# coding: undefined\nk", "it states an encoding that is none", 1),
    ],
)
def test_what_is_no_text_is_refused_where_it_is(data, message, line):
    with pytest.raises(UnparsedError) as refusal:
        parse_python(data)
    assert (refusal.value.message, refusal.value.line) == (message, line)


def test_an_encoding_that_rests_on_another():
    with pytest.raises(UnparsedError) as refusal:
        parse_python(b"# coding: idna\n\xff")
    # Which of the two Python names depends on its version.
    assert refusal.value.message in ("it is no ascii text", "it is no idna text")
    assert refusal.value.line == 2


@pytest.mark.parametrize("data", [b"-" * 200_000 + b"1", b"x = " + b"a." * 200_000 + b"b", b"a+" * 200_000 + b"b"])
def test_what_is_nested_without_end_is_refused(data):
    # Where the parser stops depends on its version.
    with pytest.raises(UnparsedError) as refusal:
        parse_python(data)
    assert refusal.value.message


def test_what_python_thinks_of_the_source_is_not_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_python(b"x = '\\d'\nassert (x, 'y')\nx is 1\n").tree.body
