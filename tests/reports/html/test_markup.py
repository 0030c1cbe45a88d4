"""Markup: whatever a text holds, it is text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.reports.html.markup import (
    LATER,
    LONGEST,
    LONGEST_NAME,
    Html,
    code,
    element,
    items,
    join,
    link,
    name,
    table,
    terms,
    write,
    write_prose,
)
from tests.reports.html.rendering import Page

ANYTHING = st.text(st.characters(codec=None))


@given(ANYTHING, ANYTHING)
def test_a_text_stays_within_its_element_and_its_attribute(text, value):
    page = Page(element("p", text, title=value))
    assert [found.name for found in page.elements if found.name != "span"] == ["p"]
    assert set(page.elements[0].attributes) <= {"title"}
    assert page.elements[0].text != [] or not text


@given(st.one_of(ANYTHING.map(write), ANYTHING.map(write_prose), ANYTHING.map(code), ANYTHING.map(name)))
def test_what_is_written_is_visible_can_be_encoded_and_marks_nothing(markup):
    assert LATER not in markup
    assert all(character.isprintable() or character in "\u200c\u200d" for character in markup)
    markup.encode()
    Page(markup)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ('"><img src=x onerror=alert(1)>', "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"),
        ("a&amp;b's", "a&amp;amp;b&#x27;s"),
        ("\x1b[31m\x00\n", "␛[31m␀␊"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe", "\ufffdgnp.exe"),
        ("\udcff", "\ufffd"),
        ("שלום", "שלום"),
    ],
)
def test_text_that_would_act(text, shown):
    assert write(text) == shown
    assert element("td", text) == f"<td>{shown}</td>"


def test_what_is_markup_already_is_not_escaped_again():
    inner = element("b", "<")
    assert element("p", "<", inner) == "<p>&lt;<b>&lt;</b></p>"
    assert join(["<", inner], " & ") == "&lt; &amp; <b>&lt;</b>"
    assert isinstance(join([]), Html)


def test_attributes_are_named_as_html_names_them_and_empty_ones_are_left_out():
    assert element("label", "x", for_="a", class_="", aria_label='"') == '<label for="a" aria-label="&quot;">x</label>'
    assert element("meta", name="referrer") == '<meta name="referrer">'


def test_what_is_cut_says_how_much():
    assert write("x" * LONGEST) == "x" * LONGEST
    assert write("<" * (LONGEST + 1234)).endswith('&lt;<span class="cut">… 1,234 more characters</span>')
    assert name("n" * 10_000) == f"<bdi>{'n' * LONGEST_NAME}… (10,000 characters)</bdi>"


def test_names_and_values_are_set_apart_from_the_text_around_them():
    assert name("a<b") == "<bdi>a&lt;b</bdi>"
    assert code("a<b") == "<code>a&lt;b</code>"


def test_backticks_mark_code():
    assert write_prose("state `a < b`,\n  then <go>") == "state <code>a &lt; b</code>, then &lt;go&gt;"
    assert write_prose("``a`` and `b") == "``a`` and `b"


@pytest.mark.parametrize(
    ("address", "followed"),
    [
        ("https://example.com", True),
        ("http://example.com:8080/a/b?c=1&d=2#e", True),
        ("javascript:alert(1)", False),
        ("JavaScript:alert(1)//https://example.com", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("//example.com", False),
        ("https://example.com/ onclick=alert(1)", False),
        ('https://example.com/"onclick="alert(1)', False),
        ("https://example.com\njavascript:alert(1)", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_addresses_of_the_web_are_followed(address, followed):
    page = Page(link("text", address))
    assert [found.attributes for found in page.find("a")] == [
        {"href": address, "rel": "noreferrer noopener"} for _ in range(followed)
    ]


def test_a_table_has_a_caption_and_heads_for_columns_and_rows():
    page = Page(table("What <it> holds", ("One", "Two"), [("a", ""), ("b", code("c"))]))
    assert page.text_of("caption") == ["What <it> holds"]
    assert [(head.said, head.attributes["scope"]) for head in page.find("th")] == [
        ("One", "col"),
        ("Two", "col"),
        ("a", "row"),
        ("b", "row"),
    ]
    assert page.values("data-title") == ["Two", "Two"]
    with pytest.raises(ValueError, match="zip"):
        table("caption", ("One", "Two"), [("a",)])


def test_lists_and_terms():
    assert items(["<", "b"]) == "<ul><li>&lt;</li><li>b</li></ul>"
    assert terms([("a", "b"), ("gone", "")], class_="c") == '<dl class="c"><div><dt>a</dt><dd>b</dd></div></dl>'
