"""The report as JSON, `policy-audit/1`: the contract that other programs read, a row of each table a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.__about__ import __version__
from policy.reports.audit.sections import list_tables
from policy.reports.json_report import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.audit import AuditReport
    from policy.reports.audit.tables import Table

FORMAT: Final = "policy-audit/1"
# Said in other words by what stands at the head.
LEFT_OUT: Final = ("scope", "results")


def write_document(report: AuditReport) -> Iterator[str]:
    """The document, piece by piece: every key is always there."""
    yield f'{{"format": {write_json(FORMAT)},\n "tool": {write_json(f"tunegate {__version__}")}'
    for name, value in (
        ("scope", scope_document(report)),
        ("ledger", ledger_document(report)),
        ("counts", counts_document(report)),
        ("step", report.step),
        ("doubts", list(report.doubts)),
    ):
        yield f",\n {write_json(name)}: {write_json(value)}"
    for table in list_tables(report):
        if table.name not in LEFT_OUT:
            yield from _write_table(table)
    yield "}\n"


def _write_table(table: Table) -> Iterator[str]:
    names = [column.name for column in table.columns]
    yield f",\n {write_json(table.name)}: ["
    between = "\n  "
    for row in table.rows():
        yield between + write_json(dict(zip(names, row, strict=True)))
        between = ",\n  "
    yield "]"


def scope_document(report: AuditReport) -> dict[str, Any]:
    """What was asked for."""
    scope = report.scope
    return {
        "since": scope.period.since or None,
        "until": scope.period.until,
        "effective": scope.effective,
        "gate": scope.gate if scope.paths else None,
        "paths": list(scope.paths),
        "teams": list(scope.teams),
        "projects": list(scope.projects),
        "policies": list(scope.policies),
        "frameworks": list(scope.frameworks),
    }


def ledger_document(report: AuditReport) -> dict[str, Any] | None:
    """What the ledger was; null where none was read."""
    ledger = report.ledger
    if ledger is None:
        return None
    checkpoint = ledger.checkpoint
    return {
        "address": ledger.address,
        "id": ledger.id,
        "name": ledger.name,
        "size": ledger.size,
        "root": ledger.root,
        "chain": ledger.chain,
        "checkpoint": checkpoint and {"size": checkpoint.size, "note": checkpoint.note},
    }


def counts_document(report: AuditReport) -> dict[str, Any]:
    """The counts, with their denominators."""
    counts = report.counts
    return {
        "decisions": {"all": counts.decisions, "recorded": counts.recorded, "judged": counts.judged},
        "projects": counts.projects,
        "results": {**counts.results, "all": counts.total},
        "verdicts": {word: counts.verdicts.get(word, 0) for word in ("block", "hold", "flag", "allow")},
        "unread": counts.unread,
        "erased": counts.erased,
        "recorded_on_another_day": counts.late,
        "without_denominator": counts.uncounted,
    }
