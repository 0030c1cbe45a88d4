"""The comment on a pull request, as a forge shows it."""

from __future__ import annotations

import re

import pytest

from policy.errors import Location, Problem
from policy.model.decision import Outcome
from policy.model.proposal import PoliciesFrom
from policy.reports.markdown_report import LONGEST, MarkdownReporter, write_mark
from policy.reports.reporter import ReportContext
from tests.reports.forge import Page
from tests.reports.scenarios import SCENARIOS, allow, block, flag, hostile
from tests.reports.whole import HOSTILE, poison, poison_problems, propose, render, render_decisions, render_named

REPORTER = MarkdownReporter()
# What GitHub takes for a comment, counted as a browser counts.
LIMIT = 65_536
OURS = {
    "h2",
    "h3",
    "p",
    "code",
    "strong",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "ul",
    "li",
    "details",
    "summary",
}


def measure(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_comment_is_as_kept(name, snapshot):
    snapshot(f"reports/markdown/{name}.md", render_named(REPORTER, name))


def test_worst_comes_first_and_what_is_fine_is_only_counted():
    text = render(REPORTER, [allow(), flag(), allow(), block()])
    assert text.splitlines()[1].startswith("## Policies: 1 blocked, 1 flagged, 2 allowed")
    headings = [line for line in text.splitlines() if line.startswith("###")]
    assert headings == ["### Blocked: `support-reply-tone`", "### Flagged: `support-reply-tone`"]


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("waived", "- waived: `volatile-data` `projects/tone/ml-manifest.yaml:7` data.change_interval is 7 days"),
        ("unknown", "- not assessed: `citations-required` (flag), `few-examples` (block)"),
        ("undeclared", "- not assessed: `citations-required`, `style-measured`, `volatile-data`\n"),
        ("contradiction", "- contradiction: `projects/tone/ml-manifest.yaml:8` data.rows is declared as 4000"),
        ("allow-with-gaps", "- no value under `params` in the policy set: `approved-models.models`"),
    ],
)
def test_what_does_not_act_is_folded(name, folded):
    head, _, rest = render_named(REPORTER, name).partition("<details>")
    assert folded in rest
    assert folded not in head


def test_a_policy_that_broke_is_in_the_table():
    assert "| **block** | `few-examples` |" in render_named(REPORTER, "error")
    assert "could not be judged: the predicate `rows` was ended" in render_named(REPORTER, "error")


def test_what_is_held_back_is_not_bold():
    assert "| would block | `volatile-data` |" in render_named(REPORTER, "observe")


def test_problems_with_the_input_stand_before_the_projects():
    problems = (
        Problem("odd", "", None, (), "warning"),
        Problem("no `x` here", "write `y`", Location("a.yaml", 3, 1), (("the other", Location("b.yaml", 2)),)),
    )
    text = render(REPORTER, [block()], problems)
    told = text[: text.index("###")]
    assert "**1 wrong input**\n\n- `a.yaml:3` no `x` here (the other: `b.yaml:2`). Help: write `y`.\n" in told
    assert "**1 warning**\n\n- odd.\n" in told


@pytest.mark.parametrize("scenario", [block, allow])
def test_what_a_change_proposes_stands_below_the_heading(scenario):
    text = render_decisions(REPORTER, [propose(scenario().decision)])
    assert "### " in text
    assert "`support-reply-tone`\n\nproposed: this change also changes volatile-data: with it the verdict would" in text


def test_whose_policies_judged_is_said():
    source = PoliciesFrom("origin/main", "0123456789abcdef", "base/policy.yaml")
    text = render(REPORTER, [block()], context=block().context()._replace(policies_from=source))
    assert "At the gate `check` · judged by policy.yaml at origin/main (0123456789) · `policy explain`" in text


# The mark


def test_the_first_line_is_a_mark_that_is_not_shown():
    text = render(REPORTER, [block()])
    page = Page(text)
    assert text.splitlines()[0] == f"<!--{page.comments[0]}-->"
    assert re.fullmatch(r" tunegate:check:[0-9a-f]{12} ", page.comments[0])


def test_runs_of_one_sort_share_a_mark_and_others_have_their_own():
    context = allow().context()
    contexts: list[ReportContext] = [
        context,
        context._replace(gate="ci"),
        context._replace(config="strict.yaml"),
        context._replace(paths=("a",)),
        context._replace(paths=("a", "b")),
        context._replace(config="--> <script>"),
    ]
    marks = [write_mark(each) for each in contexts]
    assert len(set(marks)) == len(marks)
    assert all(re.fullmatch(r"<!-- tunegate:[a-z]+:[0-9a-f]{12} -->", mark) for mark in marks)
    assert write_mark(context._replace(fail_on="flag")) == write_mark(context)
    bases = [PoliciesFrom("main", commit, "base/strict.yaml") for commit in ("0" * 40, "1" * 40)]
    assert {write_mark(context._replace(policies_from=base, config=base.commit)) for base in bases} == {marks[2]}
    assert write_mark(context._replace(paths=("b", "a"))) == marks[4]


# Room


def count_projects(text: str) -> int:
    """Those with a heading, and those that are said to be left out."""
    left = re.search(r"([\d,]+) more projects? (?:is|are) left out", text)
    return text.count("\n### ") + (int(left[1].replace(",", "")) if left else 0)


@pytest.mark.parametrize("count", [1, 40, 5000])
def test_a_comment_fits_and_says_what_is_left_out(count):
    text = render(REPORTER, [flag(), *[block()] * count])
    assert measure(text) <= LIMIT
    assert count_projects(text) == count + 1
    assert ("left out" in text) == (count == 5000)


def test_the_findings_of_one_project_fit_too():
    outcomes = tuple(Outcome(f"p{number}", "fail", "low", "block", message="m" * 200) for number in range(2000))
    decision = block().decision._replace(outcomes=outcomes)
    text = render_decisions(REPORTER, [decision, block().decision])
    assert measure(text) <= LIMIT
    (more,) = re.findall(r"^And ([\d,]+) more findings\.$", text, re.MULTILINE)
    assert text.count("| **block** |") == 2001 - int(more.replace(",", ""))
    assert count_projects(text) == 2


def test_a_project_without_room_keeps_its_heading_if_there_is_room_for_that():
    wide = tuple(Outcome(f"p{number}", "waived", "low", message="\N{GRINNING FACE} " * 200) for number in range(60))
    decisions = [block().decision._replace(outcomes=wide)] * 12
    text = render_decisions(REPORTER, decisions)
    assert measure(text) <= LIMIT
    assert text.count("\n### ") == 12
    assert re.search(r"^Of \d+ projects only the heading is shown, for a comment holds no more", text, re.MULTILINE)


def test_problems_with_the_input_leave_room_for_projects():
    problems = [Problem(f"{number} {'<' * 5000}", "", Location("a", number + 1)) for number in range(3000)]
    problems += [problem._replace(level="warning") for problem in problems]
    text = render(REPORTER, [block()] * 3, problems)
    assert measure(text) <= LIMIT
    assert re.search(r"^And [\d,]+ more wrong inputs\.$", text, re.MULTILINE)
    assert text.count("\n### ") == 3


# Hostile texts


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_markup_or_calls_anybody(text):
    page = Page(render_decisions(REPORTER, [poison(text)], poison_problems(text)))
    assert set(page.tags) <= OURS
    assert page.attributes == []
    assert page.calls == []
    assert len(page.comments) == 1
    assert set(page.rows) == {5}
    assert page.tags.count("details") == 1
    assert len(page.text) < LONGEST * 1000


def test_a_hostile_project_is_shown_as_it_is_called():
    page = Page(render(REPORTER, [hostile()]))
    assert (
        "␛[31mred␊block: \N{REPLACEMENT CHARACTER}evil\N{REPLACEMENT CHARACTER}␇ ␛]8;;https://example.com␛\\"
        in page.code
    )


def test_the_forge_of_these_tests_acts():
    page = Page("@me #1 GH-2 https://a.example www.a.example <b onclick=x>x</b> ![a](b) `@code`\n\n<!-- c -->\n")
    assert page.calls == ["@m", "#1", "GH-2", "://", "www."]
    assert {"b", "img", "a"} <= set(page.tags)
    assert ("onclick", "x") in page.attributes
    assert (page.code, page.comments) == (["@code"], [" c "])
