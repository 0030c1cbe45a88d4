"""CSV: the same tables, of which nothing acts in a spreadsheet."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from policy.reports.audit.csv_tables import write_all, write_one
from policy.reports.audit.sections import list_tables
from policy.reports.audit.tables import TABLES
from tests.app.auditing.history import gather
from tests.reports.audit.hostile import HOSTILE, make_many, plant


def read(pieces):
    return list(csv.reader(StringIO("".join(pieces), newline="")))


def test_all_tables_one_below_the_other_with_the_columns_of_the_page():
    rows = read(write_all(gather()))
    heads = [row for row in rows if row and row[0] == "table"]
    assert heads == [["table", *(column.name for column in table.columns)] for table in list_tables(gather())]
    named = dict.fromkeys(row[0] for row in rows if row and row[0] != "table")
    assert [name for name in TABLES if name in named] == list(named)


@pytest.mark.parametrize("name", TABLES)
def test_one_table_alone_is_a_rectangle(name):
    report = gather()
    (table,) = [table for table in list_tables(report) if table.name == name]
    rows = read(write_one(report, name))
    assert {len(row) for row in rows} == {len(table.columns)}
    assert len(rows) == table.total + 1


def test_numbers_are_plain():
    head, *rows = read(write_one(make_many(12_345, 1), "projects"))
    assert len(rows) == 12_345
    assert rows[0][head.index("fail")] == "1"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_cell_acts(text):
    for row in read(write_all(plant(text))):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@"))
            assert cell.isprintable()
