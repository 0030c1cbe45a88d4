"""The report as a page that stands alone: for a screen, for paper, and for whoever asks how it can be verified."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from policy.reports.audit.charts import draw_results, draw_verdicts
from policy.reports.audit.closing import write_closing
from policy.reports.audit.html_table import write_table
from policy.reports.audit.scope_tables import list_scope, make_results
from policy.reports.audit.sections import list_sections
from policy.reports.audit.words import RESULTS
from policy.reports.html.head import read_style, write_top
from policy.reports.html.markup import Html, code, element, items, join, terms, write
from policy.reports.layout import count_noun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.audit import AuditReport
    from policy.reports.audit.sections import Section

STYLE: Final = os.path.join(os.path.dirname(__file__), "audit.css")
CLOSING: Final = {"verify": "How to verify", "limits": "What it does not prove", "sign-off": "Sign-off"}
CODES: Final = ("root",)


@lru_cache(maxsize=1)
def read_audit_style() -> str:
    """The style sheet of all pages, and what is this one's own."""
    with open(STYLE, encoding="utf-8") as stream:
        return read_style() + stream.read()


def write_page(report: AuditReport, most: int) -> Iterator[str]:
    """The page, piece by piece, with at most so many rows of each table."""
    yield write_top(f"Audit report: {say_period(report)}", read_audit_style())
    sections = list_sections(report)
    yield f"{element('a', 'Skip to the overview', class_='skip', href='#overview')}\n"
    yield f"{_write_banner(report, sections)}\n<main>\n"
    yield f"{_write_overview(report)}\n"
    for section in sections:
        yield f"{_write_section(section, report, most)}\n"
    yield f"{write_closing(report)}\n</main>\n</body>\n</html>\n"


def say_period(report: AuditReport) -> str:
    """`decisions from 2026-07-01 up to 2026-10-01`."""
    period = report.scope.period
    since = f"from {_say_moment(period.since)} " if period.since else ""
    return f"decisions {since}up to {_say_moment(period.until)}"


def _say_moment(time: str) -> str:
    return time[:10] if time.endswith("T00:00:00Z") else f"{time[:16].replace('T', ' ')} UTC"


def _write_banner(report: AuditReport, sections: tuple[Section, ...]) -> Html:
    named = {"overview": "Overview", **{one.anchor: one.title for one in sections}, **CLOSING}
    links = [element("li", element("a", title, href=f"#{anchor}")) for anchor, title in named.items()]
    said = say_period(report)
    return element(
        "header",
        element("p", "tunegate", class_="brand"),
        element("h1", "Audit report"),
        element("p", f"Policy {said}", class_="lead"),
        element("nav", element("ul", *links), aria_label="Sections of this report"),
    )


def _write_overview(report: AuditReport) -> Html:
    pairs = [(title, code(text) if name in CODES else write(text)) for name, title, text in list_scope(report)]
    return element(
        "section",
        element("h2", "Overview", id="overview"),
        element("p", say_result(report), class_="result"),
        _write_tiles(report),
        element(
            "div",
            terms([*pairs, *_list_sets(report)], class_="scope"),
            write_table(make_results(report), 99),
            class_="sides",
        ),
        _write_doubts(report),
        class_="overview",
    )


def say_result(report: AuditReport) -> str:
    """The whole in one sentence."""
    counts = report.counts
    if not counts.decisions:
        return "Nothing is in scope: no decision was found, and nothing was judged."
    projects, results = count_noun(counts.projects, "project"), count_noun(counts.total, "result")
    failing = sum(one.latest.verdict in ("block", "hold") for one in report.projects)
    # A project with several training configs is judged for each.
    apart = "" if len(report.projects) == counts.projects else ", each training config by itself,"
    return (
        f"{count_noun(counts.decisions, 'decision')} about {projects}, {results} of policies; "
        f"at the end {failing:,} of {len(report.projects):,}{apart} may not go ahead."
    )


def _write_tiles(report: AuditReport) -> Html:
    """All results: what stands here adds up to the whole."""
    results, total = report.counts.results, report.counts.total
    tiles = [
        element(
            "li",
            element("b", f"{results.get(word, 0):,}"),
            " ",
            element("span", said),
            " ",
            element("small", _say_share(results.get(word, 0), total)),
            class_=word,
        )
        for word, said in RESULTS.items()
    ]
    return join((draw_results(results), element("ul", *tiles, class_="tiles all-results")))


def _say_share(count: int, total: int) -> str:
    if not total:
        return "of 0"
    share = 100 * count / total
    # What is there is not shown as none.
    return f"{'under 0.1' if 0 < share < 0.1 else f'{share:.1f}'} % of {total:,}"


def _list_sets(report: AuditReport) -> list[tuple[str, Html]]:
    """The newest policy set on the first screen, and what it changes; all of them stand further down."""
    if not report.policy_sets:
        return []
    newest, others = report.policy_sets[0], len(report.policy_sets) - 1
    more = f" and {count_noun(others, 'other')}, listed below" if others else ""
    changed = [join((code(f"{one.name} = {one.value}"), f" instead of {one.default}")) for one in newest.parameters]
    return [
        ("Policy set", write(f"{newest.name or 'of no name'}, {newest.engine}{more}")),
        ("Its digest", code(newest.digest)),
        ("Parameters", items(changed) if changed else write("none changed")),
    ]


def _write_doubts(report: AuditReport) -> Html:
    if not report.doubts:
        return Html("")
    lead = element("p", element("b", "To be read with care"))
    return element("div", lead, items(report.doubts), class_="doubts")


def _write_section(section: Section, report: AuditReport, most: int) -> Html:
    parts = [element("h2", section.title, id=section.anchor)]
    for table in section.tables:
        written = write_table(table, most)
        if table.name == "verdicts" and table.total:
            drawn = draw_verdicts(report.verdicts, report.step)
            parts += [drawn, element("details", element("summary", "The numbers"), written)]
        else:
            parts.append(written)
    return element("section", *parts, class_="wide" if section.wide else "part")
