from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.scan.escapes import undo_escapes


def test_a_text_without_escapes_stays_as_it_is():
    data = "plain é".encode()
    text = undo_escapes(data)
    assert text.data is data
    assert text.locate(3) == 3


def test_escapes_of_any_depth_become_their_character_and_places_are_kept():
    data = rb'"a\u0040b\\u0040c\/d\n\u00e9\"e'
    text = undo_escapes(data)
    assert text.data.startswith(b'"a@b@c/d \n')
    for character, escape in ((b"a", b"a"), (b"b", b"b"), (b"c", b"c\\/"), (b"d", b"d"), (b"e", b"e")):
        at = text.data.rindex(character) if character == b"e" else text.data.index(character)
        place = data.rindex(escape) if character == b"e" else data.index(escape)
        assert text.locate(at) == place


def test_what_is_no_ascii_joins_no_word():
    plain = undo_escapes(rb"\u4e2dAB\u00e9C\n\r\t").data
    assert plain == b"\xff" * 6 + b"AB" + b"\xff" * 6 + b"C \n \r \t"


def test_a_run_of_backslashes_is_looked_at_once():
    data = b"\\" * 500_000 + rb"\u0040" * 50
    assert undo_escapes(data).data.endswith(b"@" * 50)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF)), st.integers(1, 3))
def test_letters_keep_their_order_and_their_places(text, depth):
    for _ in range(depth):
        text = json.dumps(text)
    data = text.encode()
    plain = undo_escapes(data)
    for at in range(len(plain.data)):
        place = plain.locate(at)
        assert 0 <= place < len(data)
        if plain.data[at : at + 1].isalpha() and plain.data[at] == data[place]:
            assert data[place : place + 1] == plain.data[at : at + 1]
    places = [plain.locate(at) for at in range(len(plain.data))]
    assert places == sorted(set(places))


def test_nothing_of_the_text_is_shown():
    assert "secret" not in repr(undo_escapes(b"\\u0040secret"))
