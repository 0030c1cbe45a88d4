from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location, PolicyError
from policy.source.encoding import decode, find_place
from policy.source.limits import Limits

UTF_16 = "the file is encoded as UTF-16, and only UTF-8 is read"
UTF_32 = "the file is encoded as UTF-32, and only UTF-8 is read"
BINARY = "the file is binary, not text"


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        ("a: b".encode("utf-16"), UTF_16, "1:1"),
        ("a: b".encode("utf-16-le"), UTF_16, "1:1"),
        ("a: b".encode("utf-16-be"), UTF_16, "1:1"),
        ("日本".encode("utf-16"), UTF_16, "1:1"),
        ("a: b".encode("utf-32"), UTF_32, "1:1"),
        ("a: b".encode("utf-32-le"), UTF_32, "1:1"),
        ("a: b".encode("utf-32-be"), UTF_32, "1:1"),
        (b"a: b\n\0", BINARY, "1:1"),
        (b"\0" * 100, BINARY, "1:1"),
        (b"\x7fELF\x02\x01\x01\0\0\0", BINARY, "1:1"),
        (b"a: \x07", "the character U+0007 cannot be seen and is not allowed here", "1:4"),
        (b"a\r\nb: \x7f", "the character U+007F cannot be seen and is not allowed here", "2:4"),
        (b"\xff: \x1b", "the character U+001B cannot be seen and is not allowed here", "1:4"),
        ("a: \u2028b".encode(), "the character U+2028 cannot be seen and is not allowed here", "1:4"),
        ("# é\n# \u2029b: c".encode(), "the character U+2029 cannot be seen and is not allowed here", "2:3"),
        ("a: \x85".encode(), "the character U+0085 cannot be seen and is not allowed here", "1:4"),
        ("\ufeff\ufeffa".encode(), "the character U+FEFF cannot be seen and is not allowed here", "1:1"),
        (b"caf\xe9: x", "the file is not UTF-8: the byte 0xE9 is not part of a character", "1:4"),
        (b"\xc3\xa9\r\n\xc3\xa9\xff", "the file is not UTF-8: the byte 0xFF is not part of a character", "2:2"),
        (b"\xef\xbb\xbf\xc3", "the file is not UTF-8: the byte 0xC3 is not part of a character", "1:1"),
        (b"\xed\xa0\x80", "the file is not UTF-8: the byte 0xED is not part of a character", "1:1"),
    ],
)
def test_what_is_not_utf8_text_is_refused_and_named(refuse, data, message, place):
    (problem,) = refuse(decode, data, "f")
    assert (problem.message, str(problem.location)) == (message, f"f:{place}")
    assert problem.remedy


def test_a_character_has_an_escape_to_be_written_as(refuse):
    (problem,) = refuse(decode, b"\x1b", "f")
    assert problem.remedy == "remove it, or write it as `\\u001b` in double quotes"


@pytest.mark.parametrize("text", ["", "a", "\t\r\n", "日本 é \N{GRINNING FACE}", "\ufeffa"])
def test_text_is_decoded(text):
    assert decode(text.encode(), "f") == text.removeprefix("\ufeff")


def test_a_large_file_is_refused(refuse):
    (problem,) = refuse(decode, b"abcd", "f", Limits(max_bytes=3))
    assert problem.message == "the file is larger than 3 bytes"
    assert decode(b"abc", "f", Limits(max_bytes=3)) == "abc"


@given(st.binary())
def test_bytes_become_their_text_or_a_problem(data):
    with suppress(PolicyError):
        assert decode(data, "f").encode() == data.removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("text", "index", "line", "column"),
    [
        ("ab", 0, 1, 1),
        ("ab", 2, 1, 3),
        ("a\nb", 1, 1, 2),
        ("a\nb", 2, 2, 1),
        ("a\r\nb", 2, 1, 2),
        ("a\r\nb", 3, 2, 1),
        ("a\rb", 2, 2, 1),
        ("é\n日本", 3, 2, 2),
    ],
)
def test_a_place_is_counted_in_lines_and_characters(text, index, line, column):
    assert find_place(text, index, "f") == Location("f", line, column, line, column + 1)
