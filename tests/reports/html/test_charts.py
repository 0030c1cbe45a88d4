"""Charts: every count is seen, and the bar is exactly as wide as it should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.gates import VERDICTS
from policy.model.summary import Summary
from policy.reports.html.charts import GAP, LEAST, WIDTH, draw_share, draw_verdicts
from tests.reports.html.rendering import Page


def draw(**verdicts: int) -> Page:
    summary = Summary()
    summary.verdicts.update(verdicts)
    return Page(draw_verdicts(summary))


def test_the_bar_says_what_it_shows():
    page = draw(block=1, allow=1234)
    assert page.text_of("title") == ["Projects by verdict"]
    assert page.text_of("desc") == ["Of 1,235 judged: 1 blocked, 1,234 allowed."]
    (drawing,) = page.find("svg")
    assert drawing.attributes["role"] == "img"
    assert drawing.attributes["aria-labelledby"].split() == [
        found.attributes["id"] for found in page.elements if found.name in ("title", "desc")
    ]


@given(st.dictionaries(st.sampled_from(VERDICTS), st.integers(1, 10**6), min_size=1))
def test_the_parts_fill_the_bar_and_none_is_too_small_to_be_seen(verdicts):
    page, total, end = draw(**verdicts), sum(verdicts.values()), -GAP
    for part in page.find("rect"):
        start, width = int(part.attributes["x"]), int(part.attributes["width"])
        assert start == end + GAP
        assert width >= LEAST
        assert abs(width - WIDTH * verdicts[part.attributes["class"]] / total) <= LEAST * 4 + GAP * 3 + 1
        end = start + width
    assert end == WIDTH
    assert {part.attributes["class"] for part in page.find("rect")} == set(verdicts)


def test_a_run_without_projects_is_an_empty_bar():
    assert draw().values("class") == ["bar", "none"]
    assert draw().text_of("desc") == ["Of 0 judged: none."]


@pytest.mark.parametrize(("count", "total", "width"), [(0, 0, 0), (0, 9, 0), (1, 9000, 1), (1, 2, 50), (7, 7, 100)])
def test_a_share(count, total, width):
    page = Page(draw_share(count, total, "pass"))
    assert [int(part.attributes["width"]) for part in page.find("rect", "pass")] == [width] * (width > 0)
    # The number stands beside it: who hears the page needs no drawing.
    assert page.find("svg")[0].attributes["aria-hidden"] == "true"
