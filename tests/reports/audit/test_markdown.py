"""Markdown: the same tables, in which no text is markup."""

from __future__ import annotations

import re

import pytest

from policy.reports.audit.markdown import write_markdown
from policy.reports.audit.tables import say_minutes
from tests.app.auditing.history import gather, normalise
from tests.reports.audit.hostile import HOSTILE, make_many, plant
from tests.reports.forge import Page


def write(report, most=200):
    return "".join(write_markdown(report, most))


def test_the_quarter(snapshot):
    snapshot("audit/quarter.md", normalise(write(gather())))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_of_anybody_is_markup(text):
    written = write(plant(text))
    assert "<script" not in re.sub("`[^`]*`", "", written)
    assert "![f](g)" not in re.sub("`+[^`]*`+", "", written)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", written)
    # A cell never ends its row.
    widths = [line.count("|") for line in written.splitlines() if line.startswith("| ---")]
    assert widths
    assert all(line.endswith("|") for line in written.splitlines() if line.startswith("|"))


def test_what_is_cut_is_counted():
    assert "The first 50 of 1,500 rows; the CSV and JSON reports have all of them." in write(make_many(300, 5), 50)


def test_where_nothing_is_in_scope_it_says_so():
    assert "Nothing is in scope" in write(gather(projects=("nobody",)))


def test_where_it_is_posted_nobody_is_called_and_nothing_is_linked():
    loud = Page(write(plant("@all see #12, GH-3, !4 at http://x.example or www.y.example")))
    quiet = Page(write(plant("all")))
    assert loud.calls == quiet.calls
    assert not [name for name, _ in loud.attributes if name == "href"]
    assert "see #12" in loud.text.replace("\u200b", "")
    assert "@all" in Page(write(plant("@all"))).text.replace("\u200b", "")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "under 1 min"), (1, "1 min"), (59, "59 min"), (60, "1 h"), (200, "3 h 20 min"), (7440, "5 d 4 h")],
)
def test_how_long_it_took(minutes, said):
    assert say_minutes(minutes) == said
