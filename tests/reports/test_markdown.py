"""Text that an organisation wrote is shown in Markdown as it stands, whatever it holds."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.reports.markdown import escape, write_code, write_fence, write_link, write_table, write_text

ESCAPED = [
    ("plain words, and data.rows", "plain words, and data.rows"),
    ("snake_case stays", "snake_case stays"),
    ("_emphasis_ and *stars*", "\\_emphasis\\_ and \\*stars\\*"),
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("a & b &lt; c", "a &amp; b &amp;lt; c"),
    ("`code`", "\\`code\\`"),
    ("[text](javascript:alert(1))", "\\[text\\](javascript:alert(1))"),
    ("![picture](x)", "!\\[picture\\](x)"),
    ("two\nlines\r\nand\ttabs", "two lines and tabs"),
    ("# no heading", "\\# no heading"),
    ("no heading #", "no heading \\#"),
    ("- no item", "\\- no item"),
    ("1. no item", "1\\. no item"),
    ("1.5 times", "1.5 times"),
    ("=== no rule", "\\=== no rule"),
    ("$x$ and ~~gone~~", "\\$x\\$ and \\~\\~gone\\~\\~"),
    ("back\\slash", "back\\\\slash"),
    ("\x1b[31mred", "␛\\[31mred"),
    ("see https://example.com/a_b?c=d&e=f.", "see <https://example.com/a_b?c=d&e=f>."),
    ("https://example.com/<script>", "<https://example.com/>&lt;script&gt;"),
]


@pytest.mark.parametrize(("text", "shown"), ESCAPED)
def test_what_would_be_markup_is_escaped(text, shown):
    assert escape(text) == shown


@given(st.text())
def test_nothing_is_lost_and_nothing_is_left_to_act(text):
    shown = escape(text)
    assert "\n" not in shown
    without_links = re.sub(r"<https?://[^<>\s]*>", "", shown)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*\[\]<>]", without_links)
    plain = "".join(character for character in text if character.isascii() and character.isalnum())
    undone = "".join(character for character in unescape(shown) if character.isascii() and character.isalnum())
    assert undone == plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ask @somebody", "ask @&#8203;somebody"),
        ("fixes #12 and acme/x#3", "fixes \\#&#8203;12 and acme/x#&#8203;3"),
        ("gh-12 and !7", "gh-&#8203;12 and !&#8203;7"),
        ("at https://example.com/a?b@c", "at https:&#8203;//example.com/a?b@&#8203;c"),
        ("at www.example.com", "at www&#8203;.example.com"),
        ("issue # 1, at 10:30", "issue \\# 1, at 10:30"),
        ("<b> & `c`", "&lt;b&gt; &amp; \\`c\\`"),
    ],
)
def test_a_quiet_text_calls_nobody_and_links_nothing(text, shown):
    assert escape(text, quiet=True) == shown


def test_in_code_nothing_has_to_be_quiet():
    assert write_text("ask `@me` or @you", quiet=True) == "ask `@me` or @&#8203;you"


@given(st.text())
def test_a_quiet_text_shows_the_same(text):
    assert unescape(escape(text, quiet=True)).replace("\u200b", "") == unescape(
        re.sub(r"<(https?://[^<>\s]*)>", r"\1", escape(text))
    ).replace("\u200b", "")


def test_a_text_may_name_things_in_backticks():
    assert write_text("state `needs.citations: <true>` or *not*") == "state `needs.citations: <true>` or \\*not\\*"
    assert write_text("one ` alone") == "one \\` alone"
    assert write_text("``twice``") == "\\`\\`twice\\`\\`"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", "`a`"),
        ("", "` `"),
        ("a`b", "`` a`b ``"),
        ("``", "``` `` ```"),
        ("two\nlines", "`two lines`"),
        ("<b>", "`<b>`"),
    ],
)
def test_code_holds_any_text(text, shown):
    assert write_code(text) == shown


def test_no_line_ends_a_block_of_code():
    assert write_fence("yaml", ["a", "```", "````"]) == ["`````yaml", "a", "```", "````", "`````"]
    assert write_fence("yaml", ["a\x1bb\nc"]) == ["```yaml", "a␛b␊c", "```"]


def test_a_link_leads_where_its_path_says():
    assert write_link("`a`", "x y/(b).md#c") == "[`a`](x%20y/%28b%29.md#c)"
    assert write_link("a", "javascript:alert(1)") == "[a](javascript%3Aalert%281%29)"


def test_a_bar_ends_no_cell_and_empty_columns_are_left_out():
    lines = write_table(("a", "b", "c"), [("x|y", "", "1"), (write_code("p|q"), "", "2")])
    assert lines == ["| a | c |", "| --- | --- |", "| x\\|y | 1 |", "| `p\\|q` | 2 |"]
