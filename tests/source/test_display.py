from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.source.display import measure_width, quote_name, show_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本", "plain é 日本"),
        ("a\tb", "a    b"),
        ("a\x1b[31mb", "a␛[31mb"),
        ("a\nb\0", "a␊b␀"),
        ("a\x7f\x9bb", "a��b"),
        ("a\u202eb\u2066", "a�b�"),
        ("a\u200bb\ufeff", "a�b�"),
        ("a\u00a0b\u3000c", "a b c"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("\ud800", "�"),
        ("a ##[error]b ###[c", "a ## [error]b ### [c"),
    ],
)
def test_nothing_invisible_is_shown(text, shown):
    assert show_text(text) == shown


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("日本", 4),
        ("e\u0301", 1),
        ("é", 1),
        ("\N{FULLWIDTH LATIN SMALL LETTER W}", 2),
        ("\N{GRINNING FACE}", 2),
        ("a\u200cb", 2),
    ],
)
def test_width_is_counted_in_columns(text, width):
    assert measure_width(text) == width


@given(st.text())
def test_shown_text_is_one_harmless_line(text):
    shown = show_text(text).replace("\u200c", "").replace("\u200d", "")
    assert shown.isprintable()
    assert show_text(show_text(text)) == show_text(text)


def test_a_name_is_quoted_and_cut():
    assert quote_name("data.rows") == "`data.rows`"
    assert quote_name("a\nb") == "`a␊b`"
    assert quote_name("x" * 60) == f"`{'x' * 60}`"
    assert quote_name("x" * 61) == f"`{'x' * 59}…`"
