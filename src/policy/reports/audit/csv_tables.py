"""The report as CSV: all tables one below the other, or one alone; the columns are those of the page."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from policy.reports.audit.sections import list_tables
from policy.reports.csv_report import LONGEST, defuse
from policy.source.display import show_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policy.model.audit import AuditReport
    from policy.reports.audit.tables import Cell, Table

BATCH = 500


def write_all(report: AuditReport) -> Iterator[str]:
    """Every table; the first column of each row names it, and its first row is the names of its columns."""
    for number, table in enumerate(list_tables(report)):
        yield from _write_table(table, (table.name,), "\r\n" if number else "")


def write_one(report: AuditReport, name: str) -> Iterator[str]:
    """One table alone. Raises KeyError where there is none of that name."""
    tables = {table.name: table for table in list_tables(report)}
    yield from _write_table(tables[name], (), "")


def _write_table(table: Table, first: tuple[str, ...], before: str) -> Iterator[str]:
    head = ("table",) * len(first)
    yield before + _write_rows([(*head, *(column.name for column in table.columns))])
    batch: list[Sequence[str]] = []
    for row in table.rows():
        batch.append((*first, *map(_show, row)))
        if len(batch) == BATCH:
            yield _write_rows(batch)
            batch.clear()
    yield _write_rows(batch)


def _show(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, int):
        return str(cell)
    text = cell if isinstance(cell, str) else ", ".join(cell)
    # What a cell of a spreadsheet does not hold would run over into the next row.
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST:,} more characters)"
    return defuse(show_text(cut))


def _write_rows(rows: Iterable[Sequence[str]]) -> str:
    stream = StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()
