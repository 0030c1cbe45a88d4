"""Decisions as CSV (RFC 4180), for spreadsheets and databases: a row for each project and policy."""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from io import StringIO
from itertools import zip_longest
from typing import TYPE_CHECKING

from policy.reports.findings import list_contradictions
from policy.reports.fingerprints import CONTRADICTION, fingerprint_findings, fingerprint_problem
from policy.reports.known import name_state
from policy.reports.proposals import say_proposed
from policy.reports.waived import find_entries
from policy.source.display import show_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policy.errors import Location, Problem
    from policy.model.baseline import BaselineEntry
    from policy.model.decision import Decision, Outcome
    from policy.model.summary import Summary
    from policy.reports.fingerprints import KnownFinding
    from policy.reports.reporter import ReportContext

COLUMNS = (
    "project",
    "manifest",
    "training_config",
    "gate",
    "time",
    "verdict",
    "policy",
    "title",
    "area",
    "severity",
    "outcome",
    "effect",
    "would_be",
    "message",
    "instead",
    "fix",
    "note",
    "missing",
    "file",
    "line",
    "column",
    "waiver",
    "without_waiver",
    "fingerprint",
    "decision",
    "baseline",
)
# A spreadsheet's cell holds 32,767 characters; what is longer runs over into the next row.
LONGEST = 32_000
# Ids, titles and remedies, which come back with every project, are not longer.
REPEATED = 500
# A spreadsheet takes what begins with these for a formula, the wide ones too where they are typed; it also splits at a
# semicolon where the decimal sign is a comma, whatever the quotes say.
FORMULA = re.compile("(^|;)(\\s*)([=+\\-@\\t\\r\uff1d\uff0b\uff0d\uff20])")


BEGINNINGS = frozenset(" \t\r=+-@\uff1d\uff0b\uff0d\uff20")


class CsvReporter:
    """The report for a table: every outcome has a row, also what passed, and so has every problem with the input.

    In the column `outcome`, `contradiction`, `proposed`, `input error` and `input warning` are about no policy, and
    `fixed` is what the baseline holds and is not found any more.
    """

    name = "csv"
    separator = ""
    worst_first = False

    def start(self, context: ReportContext) -> str:
        """The names of the columns."""
        return _write_rows([COLUMNS])

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """The rows of one project: its policies, then its contradictions."""
        subject = decision.subject
        files = (subject.manifest or "", subject.training_config or "")
        shared = _show((subject.project, *files, decision.gate, decision.time, decision.verdict))
        findings = fingerprint_findings(decision)
        own = [*_list_outcomes(decision, findings, context), *_list_contradictions(decision, findings)]
        if decision.proposed is not None:
            own.append(_make_row("proposed", say_proposed(decision)))
        rows = zip_longest(own, _list_states(decision), fillvalue="")
        return _write_rows((*shared, *_show(row), decision.id, state) for row, state in rows)

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """A row for every problem with the input, `input error` or `input warning`, and for what is `fixed`."""
        shared = ("", "", "", context.gate, "", "")
        rows = _write_rows((*shared, *_show(_list_problem(problem)), "", "") for problem in problems)
        fixed = summary.baseline.fixed if summary.baseline is not None else ()
        return rows + _write_rows(_list_fixed(entry) for entry in fixed)


def defuse(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would take for a formula."""
    if text[:1] in BEGINNINGS or ";" in text:
        return FORMULA.sub(r"\1\2'\3", text)
    return text


def _list_outcomes(
    decision: Decision, findings: Sequence[KnownFinding], context: ReportContext
) -> Iterator[tuple[str, ...]]:
    known = {found.policy: found for found in findings}
    for outcome in decision.outcomes:
        policy, found = context.policies.get(outcome.policy), known.get(outcome.policy)
        yield (
            outcome.policy,
            policy.title if policy else "",
            policy.area if policy else "",
            outcome.severity,
            outcome.outcome,
            outcome.effect or "",
            outcome.would_be or "",
            outcome.message,
            ", ".join(outcome.instead),
            outcome.fix,
            outcome.note,
            ", ".join(outcome.missing),
            *_list_place(outcome.location),
            _name_waivers(outcome, decision, context),
            found.outcome if found and found.waived else "",
            found.fingerprint if found else "",
        )


def _name_waivers(outcome: Outcome, decision: Decision, context: ReportContext) -> str:
    if outcome.outcome != "waived":
        return ""
    return ", ".join(entry.name for entry in find_entries(outcome, decision, context))


def _list_contradictions(decision: Decision, findings: Sequence[KnownFinding]) -> Iterator[tuple[str, ...]]:
    known = (found for found in findings if found.policy == CONTRADICTION)
    for found, mark in zip(decision.contradictions, known, strict=True):
        place = found.declared_at or found.observed_at
        yield _make_row("contradiction", found.message, place=place, fingerprint=mark.fingerprint)


def _list_problem(problem: Problem) -> tuple[str, ...]:
    note = "; ".join(f"{label}: {place}" for label, place in problem.related)
    mark = fingerprint_problem(problem)
    return _make_row(f"input {problem.level}", problem.message, problem.remedy, note, problem.location, mark)


def _list_states(decision: Decision) -> Iterator[str]:
    """How each policy, then each contradiction, compares with the baseline."""
    compared = decision.baseline.by_policy if decision.baseline is not None else {}
    yield from (name_state(compared.get(outcome.policy)) for outcome in decision.outcomes)
    yield from (name_state(comparison) for _, comparison in list_contradictions(decision))


def _list_fixed(entry: BaselineEntry) -> tuple[str, ...]:
    """A row of what was found once: policy, severity, where and by what fingerprint."""
    cells = dict.fromkeys(COLUMNS, "")
    cells |= {"project": entry.project or "", "manifest": entry.subject or "", "gate": entry.gate, "outcome": "fixed"}
    cells |= {"policy": entry.policy, "severity": entry.severity or "", "fingerprint": entry.fingerprint}
    cells["baseline"] = f"known since {entry.since}"
    return tuple(_show(cells.values()))


def _make_row(
    outcome: str,
    message: str,
    fix: str = "",
    note: str = "",
    place: Location | None = None,
    fingerprint: str = "",
) -> tuple[str, ...]:
    """A row that is about no policy, from the column `policy` to the fingerprint."""
    return ("", "", "", "", outcome, "", "", message, "", fix, note, "", *_list_place(place), "", "", fingerprint)


def _list_place(place: Location | None) -> tuple[str, str, str]:
    return (place.file, str(place.line), str(place.column)) if place else ("", "", "")


def _show(cells: Iterable[str]) -> list[str]:
    """Cells of any origin, none of which acts."""
    return [_show_repeated(cell) if len(cell) <= REPEATED else _show_cell(cell) for cell in cells]


def _show_cell(cell: str) -> str:
    return defuse(show_text(cell if len(cell) <= LONGEST else _cut(cell)))


_show_repeated = lru_cache(maxsize=4096)(_show_cell)


def _cut(text: str) -> str:
    return f"{text[:LONGEST]}… ({len(text) - LONGEST:,} more characters)"


def _write_rows(rows: Iterable[Sequence[str]]) -> str:
    stream = StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()
