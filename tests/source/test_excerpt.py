from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location
from policy.source.display import measure_width
from policy.source.excerpt import quote

MANIFEST = "manifest: 1\ndata:\n  change_interval: 7d\n  rows: 10\n"


def draw(text, line, column, end_line=0, end_column=0, **options):
    return quote(text, Location("f", line, column, end_line, end_column), **options)


def test_the_span_is_underlined_and_labelled():
    assert draw(MANIFEST, 3, 20, 3, 22, label="at least 30 days is required") == (
        " 3 |   change_interval: 7d\n   |                    ^^ at least 30 days is required"
    )


def test_context_is_shown_on_both_sides():
    assert draw(MANIFEST, 3, 20, 3, 22, label="here", context=1) == (
        " 2 | data:\n 3 |   change_interval: 7d\n   |                    ^^ here\n 4 |   rows: 10"
    )


def test_numbers_are_aligned():
    text = "\n".join(f"line {number}" for number in range(1, 12))
    assert draw(text, 10, 1, 10, 5, context=1) == ("  9 | line 9\n 10 | line 10\n    | ^^^^\n 11 | line 11")


@pytest.mark.parametrize(
    ("text", "span", "drawn"),
    [
        ("a: b", (1, 4), " 1 | a: b\n   |    ^"),
        ("a: b", (1, 4, 1, 4), " 1 | a: b\n   |    ^"),
        ("a: b", (1, 5), " 1 | a: b\n   |     ^"),
        ("a:\tbc", (1, 4, 1, 6), " 1 | a:    bc\n   |       ^^"),
        ("\ta: b", (1, 1, 1, 2), " 1 |     a: b\n   | ^^^^"),
        ("日本: 東京 x", (1, 5, 1, 7), " 1 | 日本: 東京 x\n   |       ^^^^"),
        ("e\u0301: b", (1, 5), " 1 | e\u0301: b\n   |    ^"),
        ("a\x1b: b", (1, 5), " 1 | a␛: b\n   |     ^"),
        ("a: [b,  \n c]", (1, 4, 2, 4), " 1 | a: [b,\n   |    ^^^"),
        ("a: 1\r\nb: 2\r\n", (2, 4, 2, 5), " 2 | b: 2\n   |    ^"),
        ("a: 1\rb: 2", (2, 4), " 2 | b: 2\n   |    ^"),
        ("a\u2028b\x0cc\nd", (2, 1), " 2 | d\n   | ^"),
        ("a: b\n", (2, 1), " 2 |\n   | ^"),
        ("", (1, 1), " 1 |\n   | ^"),
        ("ab", (1, 2, 1, 99), " 1 | ab\n   |  ^"),
        ("ab", (1, 99, 1, 120), " 1 | ab\n   |   ^"),
        ("ab", (99, 99), " 1 | ab\n   |   ^"),
        ("ab", (0, 0), " 1 | ab\n   | ^"),
        ("ab", (-3, -3, -9, -9), " 1 | ab\n   | ^"),
        ("abc", (1, 3, 1, 2), " 1 | abc\n   |   ^"),
    ],
)
def test_carets_stand_below_the_span(text, span, drawn):
    assert draw(text, *span) == drawn


def test_a_long_line_is_cut_around_the_span():
    line = "k: " + "x" * 300 + "HERE" + "y" * 300
    row, carets = draw(line, 1, 304, 1, 308, label="this").splitlines()
    assert row == " 1 | …" + "x" * 40 + "HERE" + "y" * 76 + "…"
    assert carets == "   | " + " " * 41 + "^^^^ this"


def test_a_long_line_keeps_its_start_where_that_shows_the_span():
    row, carets = draw("key: " + "x" * 300, 1, 1, 1, 4).splitlines()
    assert row == " 1 | key: " + "x" * 115 + "…"
    assert carets == "   | ^^^"


def test_a_long_span_is_cut_at_its_end():
    row, carets = draw("k: " + "x" * 300, 1, 4, 1, 304).splitlines()
    assert row == " 1 | k: " + "x" * 117 + "…"
    assert carets == "   |    " + "^" * 117


def test_a_label_stays_on_its_line():
    assert draw("a", 1, 1, label="no\x1b[2J\nmore") == " 1 | a\n   | ^ no␛[2J␊more"


@given(
    st.text(alphabet=st.characters() | st.sampled_from("a\t\n\r日\u0301\x1b"), max_size=400),
    st.builds(Location, st.just("f"), *[st.integers(-2, 450)] * 4),
    st.integers(0, 3),
)
def test_any_place_in_any_text_is_shown_in_bounds(text, location, context):
    rows = quote(text, location, "label", context).split("\n")
    assert sum(row.startswith(" ") and "^" in row and row.endswith("label") for row in rows) >= 1
    assert len(rows) <= 2 + 2 * context
    for row in rows:
        assert row.replace("\u200c", "").replace("\u200d", "").isprintable()
        assert measure_width(row) <= 120 + 20
