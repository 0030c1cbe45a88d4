"""The report `html`: one page that needs nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.html.head import write_head
from policy.reports.html.limits import write_limits, write_sign_off, write_verification
from policy.reports.html.markup import LATER, element
from policy.reports.html.overview import write_overview
from policy.reports.html.policies import write_policies
from policy.reports.html.project import read_time, write_project
from policy.reports.html.waivers import write_waivers
from policy.reports.html.words import say_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.model.decision import Decision
    from policy.model.summary import Summary
    from policy.reports.reporter import ReportContext


class HtmlReporter:
    """The report for people who govern: no script, nothing fetched, the same bytes for the same decisions.

    The markup is built by functions of our own, not by a template engine: a project is written as it is judged, a
    template engine costs more to load than most checks take, and there is no extra to miss.
    """

    name = "html"
    separator = "\n"
    worst_first = True

    def start(self, context: ReportContext) -> str:
        """The head, up to the first project."""
        return write_head(context)

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """One project."""
        return write_project(decision, context)

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """The overview, and what follows the projects, with a mark for what stands in between."""
        parts = (
            LATER,
            write_waivers(summary),
            write_policies(context),
            write_verification(context),
            write_limits(),
            write_sign_off(),
        )
        return write_overview(summary, problems, context) + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"

    def compose(self, head: str, decisions: Iterator[str], tail: str) -> Iterator[str]:
        """The page: the counts, which are known last, are read first, and with them when the projects were judged."""
        first = next(decisions, "")
        before, after, rest = tail.split(LATER)
        time = read_time(first)
        yield from (head, before, element("time", say_time(time), datetime=time) if time else "not judged", after)
        yield f"\n{first}"
        for article in decisions:
            yield f"\n{article}"
        yield rest
