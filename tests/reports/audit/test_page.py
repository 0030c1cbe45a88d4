"""The page: safe to open, complete or cut out loud, and the same each time."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from itertools import pairwise

import pytest

from policy.model.audit import Counts
from policy.reports.audit.page import say_result, write_page
from policy.reports.audit.sections import list_tables
from tests.app.auditing.history import gather
from tests.reports.audit.hostile import HOSTILE, make_many, plant
from tests.reports.html.rendering import Page

NOTHING = {"projects": ("nobody",)}


def render(report, most=200):
    return "".join(write_page(report, most))


@pytest.fixture(scope="module")
def quarter():
    return render(gather())


PAGES = {"quarter": gather, "nothing": lambda: gather(**NOTHING), "hostile": lambda: plant(HOSTILE[0])}


@pytest.mark.parametrize("make", PAGES.values(), ids=PAGES)
def test_the_page_is_built_soundly(make):
    page = Page(render(make()))
    anchors = Counter(page.values("id"))
    assert [anchor for anchor, count in anchors.items() if count > 1] == []
    assert [address for address in page.values("href") if address[1:] not in anchors] == []
    assert {anchor for value in page.values("aria-labelledby") for anchor in value.split()} <= set(anchors)
    for one in ("main", "h1", "nav"):
        assert len(page.find(one)) == 1
    assert len(page.find("caption")) == len(page.find("table"))
    levels = [int(found.name[1]) for found in page.elements if re.fullmatch("h[1-6]", found.name)]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_the_first_screen_says_the_denominator_beside_every_count(quarter):
    page = Page(quarter)
    assert page.text_of("p", "result") == [
        "16 decisions about 4 projects, 80 results of policies; at the end 3 of 4 may not go ahead."
    ]
    tiles = [tile.said for tile in page.find("ul", "all-results")]
    for count in ("20 Pass", "13 Fail", "3 Waived, would fail", "26 Unknown", "0 Errored", "14 Not evaluated"):
        assert count in tiles[0]
    assert tiles[0].count(" % of 80") == 8
    assert "25.0 % of 80" in tiles[0]


@pytest.mark.parametrize(("unknown", "said"), [(0, "0.0 %"), (1, "under 0.1 %"), (10, "0.1 %"), (150, "1.5 %")])
def test_what_is_rare_is_not_shown_as_none(unknown, said):
    counts = Counts(1, projects=1, results={"pass": 10_000 - unknown, "unknown": unknown})
    (tiles,) = Page(render(gather()._replace(counts=counts))).find("ul", "all-results")
    assert f"{unknown} Unknown {said} of 10,000" in " ".join(tiles.said.split())


def test_training_configs_of_a_project_are_told_apart():
    report = gather()
    more = report._replace(projects=(*report.projects, report.projects[0]._replace(config="other.yaml")))
    assert say_result(more).endswith("at the end 4 of 5, each training config by itself, may not go ahead.")


def test_the_sections_are_all_there_and_linked(quarter):
    titles = Page(quarter).text_of("h2")
    assert titles == [
        "Overview",
        "Verdicts over time",
        "Projects",
        "Runs",
        "Policies",
        "Waivers",
        "Approvals",
        "Unknown",
        "Contradictions",
        "Time to fix",
        "Requirements",
        "Evidence",
        "Policy sets",
        "How to verify this report",
        "What this report does not prove",
        "Sign-off",
    ]
    links = [link.said for link in Page(quarter).find("a") if link.attributes["href"] != "#overview"]
    assert len(links) == len(titles) - 1


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_of_anybody_acts(text):
    written = render(plant(text))
    page = Page(written)
    names = {found.name for found in page.elements}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base", "input"})
    assert page.values("src") == page.values("style") == []
    assert not [key for found in page.elements for key in found.attributes if key.startswith("on")]
    assert all(address.startswith("#") for address in page.values("href"))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", written)
    written.encode()


def test_the_page_forbids_everything_but_its_own_style(quarter):
    style = quarter.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in quarter
    assert "url(" not in quarter
    assert "@import" not in quarter


def test_all_columns_of_all_tables_are_there(quarter):
    for table in list_tables(gather()):
        for column in table.columns if table.total and table.name != "scope" else ():
            assert f">{column.label or column.title}<" in quarter or f">{column.title.lower()}<" in quarter


def test_of_many_rows_the_first_are_shown_and_the_rest_is_counted():
    report = make_many(300, 5)
    page = Page(render(report, 50))
    assert page.text_of("p", "cut-off") == [
        "The first 50 of 300 rows; the CSV and JSON reports have all of them.",
        "The first 50 of 300 rows; the CSV and JSON reports have all of them.",
        "The first 50 of 1,500 rows; the CSV and JSON reports have all of them.",
    ]
    assert len(render(report, 50)) < 200_000


def test_ten_thousand_projects_make_no_larger_page():
    small, large = (len(render(make_many(number, 20))) for number in (1_000, 10_000))
    assert large < 1.01 * small


def test_where_nothing_is_in_scope_it_says_so():
    written = render(gather(**NOTHING))
    assert "Nothing is in scope: no decision was found, and nothing was judged." in written
    assert "<b>0</b> <span>Pass</span>" in written


def test_what_is_to_be_read_with_care_stands_on_the_first_screen():
    written = render(gather()._replace(doubts=("2 decisions erased",)))
    assert written.index("2 decisions erased") < written.index('id="verdicts"')


def test_it_says_how_to_make_it_again_and_verify_the_ledger(quarter):
    ledger = gather().ledger
    assert ledger is not None
    for said in (
        ledger.root,
        ledger.id,
        f"--entries {ledger.size}",
        "policy ledger verify",
        "--effective-time 2026-11-01",
    ):
        assert said in quarter


def test_the_same_report_gives_the_same_bytes(quarter):
    assert render(gather.__wrapped__()) == quarter
