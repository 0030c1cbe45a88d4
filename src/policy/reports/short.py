"""Decisions as one line a finding, for editors, long runs and people in a hurry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.findings import list_contradictions, list_findings
from policy.reports.layout import clean, count_noun
from policy.reports.proposals import say_proposed
from policy.reports.text_summary import say_policy_set, say_summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Location, Problem
    from policy.model.baseline import Comparison
    from policy.model.decision import Decision
    from policy.model.summary import Summary
    from policy.reports.reporter import ReportContext


class ShortReporter:
    """`file:line:column: block[policy]: message`, one line each, and one for each project's verdict."""

    name = "short"
    separator = ""
    worst_first = True

    def start(self, context: ReportContext) -> str:
        """Nothing stands before the first project."""
        return ""

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """A line for every finding, and the verdict."""
        return "".join(f"{line}\n" for line in _write_lines(decision, context))

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """The counts in one line."""
        said = say_policy_set(context) + say_summary(summary, problems, context) + "\n"
        if summary.baseline is not None:
            from policy.reports.known import list_fixed_lines

            said += "".join(f"{line}\n" for line in list_fixed_lines(summary.baseline))
        return said


def _write_lines(decision: Decision, context: ReportContext) -> Iterator[str]:
    subject = decision.subject
    file = subject.manifest or subject.training_config or ""
    for finding in list_findings(decision):
        outcome = finding.outcome
        place = _say_place(outcome.location, file, context)
        yield f"{place}: {finding.level}[{outcome.policy}]: {_add(outcome.message, finding.comparison)}"
    for found, comparison in list_contradictions(decision):
        level = "known contradiction" if comparison is not None and comparison.is_covered else "contradiction"
        yield f"{_say_place(found.declared_at, file, context)}: {level}: {_add(found.message, comparison)}"
    if decision.proposed is not None:
        yield f"{_show_file(file, context)}: {say_proposed(decision)}"
    assessed = f" ({count_noun(len(decision.not_assessed), 'policy')} not assessed)" if decision.not_assessed else ""
    beyond = _say_beyond(decision)
    yield f"{_show_file(file, context)}: {decision.verdict}: {clean(subject.project)}{assessed}{beyond}"


def _say_beyond(decision: Decision) -> str:
    if decision.baseline is None or decision.verdict == "allow":
        return ""
    from policy.reports.known import say_beyond  # most runs have no baseline

    return f" ({say_beyond(decision)})"


def _add(message: str, comparison: Comparison | None) -> str:
    """What was found, and how it compares with the baseline."""
    if comparison is None:
        return clean(message)
    from policy.reports.known import say_comparison

    said = say_comparison(comparison)
    return clean(message) + (f" ({clean(said)})" if said else "")


def _say_place(place: Location | None, file: str, context: ReportContext) -> str:
    if place is None:
        return f"{_show_file(file, context)}:1:1"
    return f"{_show_file(place.file, context)}:{place.line}:{place.column}"


def _show_file(file: str, context: ReportContext) -> str:
    """The file's name, fit to begin a line: `::` there makes a command for the runner of GitHub Actions."""
    shown = clean(context.show_path(file))
    return f"./{shown}" if shown.lstrip().startswith("::") else shown
