"""Decisions as a GitLab code-quality report: a list of issues, each with a fingerprint of its own."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Final

from policy.errors import Location
from policy.model.manifest import MANIFEST_NAME
from policy.reports.alerts import end_sentence, list_alerts
from policy.reports.fingerprints import CONTRADICTION, INPUT, fingerprint_problem, number
from policy.reports.json_report import write_json
from policy.reports.layout import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.model.decision import Decision
    from policy.model.summary import Summary
    from policy.reports.alerts import Alert
    from policy.reports.reporter import ReportContext

SEVERITIES: Final = {"block": "critical", "hold": "major", "flag": "minor"}


class GitlabReporter:
    """The report for merge requests: GitLab compares fingerprints, and shows what is new and what is gone."""

    name = "gitlab"
    separator = ""
    worst_first = True

    def start(self, context: ReportContext) -> str:
        """The head, up to the first issue."""
        return "[\n"

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """A line for every alert: its fingerprint, and the issue."""
        return "".join(_write_issue(alert, decision) for alert in list_alerts(decision, context))

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """A line for every problem with the input: a project that cannot be read is in no decision."""
        return "".join(_write_problem(problem, context) for problem in problems)

    def compose(self, head: str, decisions: Iterator[str], tail: str) -> Iterator[str]:
        """The document: problems with the input first, and of issues that are alike each with its own fingerprint."""
        seen: Counter[bytes] = Counter()
        yield head
        first = True
        for text in chain((tail,), decisions):
            for line in text.splitlines():
                fingerprint, _, issue = line.partition("\t")
                known = bytes.fromhex(fingerprint)
                seen[known] += 1
                issue = issue.replace(fingerprint, number(fingerprint, seen[known]), 1)
                yield issue if first else f",\n{issue}"
                first = False
        yield "\n]\n"


def _write_issue(alert: Alert, decision: Decision) -> str:
    described = f"{clean(decision.subject.project)}: {alert.message}"
    severity = SEVERITIES.get(alert.effect or "", "info")
    if alert.effect == "block" and alert.outcome is not None and alert.outcome.severity == "critical":
        severity = "blocker"
    if alert.rule == CONTRADICTION:
        severity = "minor"
    if alert.is_known:
        severity = "info"
    return _write_line(alert.rule, described, severity, alert.fingerprint, alert.place)


def _write_problem(problem: Problem, context: ReportContext) -> str:
    place = problem.location or Location(context.config or MANIFEST_NAME)
    described = " ".join(end_sentence(clean(text)) for text in (problem.message, problem.remedy) if text)
    severity = "blocker" if problem.level == "error" else "info"
    return _write_line(INPUT, described, severity, fingerprint_problem(problem), place)


def _write_line(rule: str, described: str, severity: str, fingerprint: str, place: Location) -> str:
    issue = {
        "description": described,
        "check_name": rule,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": clean(place.file), "lines": {"begin": max(place.line, 1)}},
    }
    return f"{fingerprint}\t{write_json(issue)}\n"
