"""The reporter of a format; one that a plugin offers is held to what a reporter gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.errors import PolicyError, Problem
from policy.plugins.faults import BREAKING, describe_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from policy.model.decision import Decision
    from policy.model.summary import Summary
    from policy.reports.reporter import ReportContext, Reporter

# Where one of ours breaks, it is a bug and is said to be one.
OURS = "policy.reports."
FUNCTIONS = ("start", "report_decision", "finish")


def make_reporter(makers: Mapping[str, Callable[[], Any]], name: str) -> Reporter:
    """The reporter of a format. Raises PolicyError for a name that no plugin offers, and for one that breaks."""
    if name not in makers:
        from policy.source.suggestion import nearest

        close = nearest(name, makers)
        remedy = f"write `{close}`" if close else f"the formats are {', '.join(sorted(makers))}"
        raise PolicyError(Problem(f"there is no report format `{name}`", remedy))
    try:
        reporter = makers[name]()
        is_ours = type(reporter).__module__.startswith(OURS)
        return reporter if is_ours else GuardedReporter(name, reporter)
    except PolicyError:
        raise
    except BREAKING as error:
        raise _blame(name, describe_fault(error)) from error


def _blame(name: str, fault: str) -> PolicyError:
    return PolicyError(Problem(f"the report format `{name}` failed: {fault}", "mend the plugin, or leave it out"))


class GuardedReporter:
    """The reporter of a plugin: where it breaks, PolicyError names its format. It composes if the plugin's does."""

    compose: Callable[[str, Iterator[str], str], Iterator[str]]

    def __init__(self, format_name: str, reporter: Any) -> None:
        self._reporter = reporter
        self._format = format_name
        missing = [name for name in FUNCTIONS if not callable(getattr(reporter, name, None))]
        if missing:
            raise _blame(format_name, f"{type(reporter).__name__} has no function `{missing[0]}`")
        self.name: str = format_name
        self.separator = self._expect_text(reporter.separator, "separator")
        self.worst_first = bool(reporter.worst_first)
        if callable(getattr(reporter, "compose", None)):
            self.compose = self._compose

    def start(self, context: ReportContext) -> str:
        """The text before the first decision."""
        return self._call("start", context)

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """The text of one decision."""
        return self._call("report_decision", decision, context)

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """The text after the last decision."""
        return self._call("finish", summary, problems, context)

    def _compose(self, head: str, decisions: Iterator[str], tail: str) -> Iterator[str]:
        try:
            for text in self._reporter.compose(head, decisions, tail):
                yield self._expect_text(text, "compose")
        except PolicyError:
            raise
        except BREAKING as error:
            raise _blame(self._format, describe_fault(error)) from error

    def _call(self, function: str, *arguments: object) -> str:
        try:
            text = getattr(self._reporter, function)(*arguments)
        except BREAKING as error:
            raise _blame(self._format, describe_fault(error)) from error
        return self._expect_text(text, function)

    def _expect_text(self, text: object, function: str) -> str:
        if not isinstance(text, str):
            raise _blame(self._format, f"`{function}` gives a {type(text).__name__}, not text")
        return text
