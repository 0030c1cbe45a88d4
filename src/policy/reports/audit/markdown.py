"""The report as Markdown: the same tables, for a pull request or a wiki."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from policy.reports.audit.closing import list_steps
from policy.reports.audit.page import say_period, say_result
from policy.reports.audit.scope_tables import make_results, make_scope
from policy.reports.audit.sections import list_sections
from policy.reports.audit.tables import say_minutes
from policy.reports.audit.words import LIMITS, RESULTS
from policy.reports.markdown import escape, write_code, write_table, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.audit import AuditReport
    from policy.reports.audit.tables import Cell, Column, Table

CODE = ("code", "digest", "codes")
LONGEST = 2000


def write_markdown(report: AuditReport, most: int) -> Iterator[str]:
    """The report, piece by piece, with at most so many rows of each table."""
    yield f"# Audit report\n\nPolicy {say_period(report)}\n\n{escape(say_result(report))}\n"
    for table in (make_scope(report), make_results(report)):
        yield _write_table(table, most)
    if report.doubts:
        yield "\nTo be read with care:\n\n" + "".join(f"- {_show_text(doubt)}\n" for doubt in report.doubts)
    for section in list_sections(report):
        yield f"\n## {section.title}\n"
        for table in section.tables:
            yield _write_table(table, most)
    steps = "".join(f"{number}. {write_text(step)}\n" for number, step in enumerate(list_steps(report), 1))
    yield f"\n## How to verify this report\n\n{steps}"
    yield "\n## What this report does not prove\n\n" + "".join(f"- {limit}\n" for limit in LIMITS)


def _write_table(table: Table, most: int) -> str:
    if not table.total:
        return f"\n**{table.title}**: {table.empty}\n"
    head = [column.title for column in table.columns]
    rows = [
        [_show(cell, column) for cell, column in zip(row, table.columns, strict=True)]
        for row in islice(table.rows(), most)
    ]
    lines = write_table(head, rows)
    rest = f"\nThe first {most:,} of {table.total:,} rows; the CSV and JSON reports have all of them.\n"
    about = f"\n{write_text(table.about)}\n" if table.about else ""
    return f"\n**{table.title}**\n\n" + "\n".join(lines) + f"\n{rest if table.total > most else ''}{about}"


def _show(cell: Cell, column: Column) -> str:
    if cell is None or cell in ("", ()):
        return "not provided" if column.kind in ("owner", "given") else ""
    if isinstance(cell, int):
        return say_minutes(cell) if column.kind == "minutes" else f"{cell:,}{' %' if column.kind == 'percent' else ''}"
    if isinstance(cell, tuple):
        return ", ".join(map(write_code, cell))
    shown = cell if len(cell) <= LONGEST else f"{cell[:LONGEST]}… ({len(cell) - LONGEST:,} more characters)"
    if column.kind == "result":
        return RESULTS.get(shown, shown)
    if column.kind in ("prose", "given"):
        return _show_text(shown)
    return write_code(shown) if column.kind in CODE else escape(shown, quiet=True)


def _show_text(text: str) -> str:
    """A text of any origin, which calls nobody where the report is posted."""
    return write_text(text, quiet=True)
