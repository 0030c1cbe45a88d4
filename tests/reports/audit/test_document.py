"""`policy-audit/1` keeps its shape: later versions write at least these keys, with these meanings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy.reports.audit.document import LEFT_OUT, write_document
from policy.reports.audit.sections import list_tables
from policy.reports.audit.tables import TABLES
from tests.app.auditing.history import gather, normalise
from tests.reports.audit.hostile import HOSTILE, make_many, plant


def write(report):
    return "".join(write_document(report))


def test_the_golden_report(generated):
    generated(Path("tests/golden/policy-audit-1.json"), normalise(write(gather())))


def test_every_table_is_a_key():
    document = json.loads(write(gather()))
    assert [name for name in TABLES if name not in LEFT_OUT] == [name for name in document if name in TABLES[1:]]
    assert document["counts"]["results"]["all"] == sum(
        count for word, count in document["counts"]["results"].items() if word != "all"
    )


def test_the_names_of_the_tables_are_those_that_can_be_asked_for():
    assert tuple(table.name for table in list_tables(gather())) == TABLES


def test_every_table_says_how_many_rows_it_has():
    for table in list_tables(gather()):
        assert len(list(table.rows())) == table.total, table.name
        assert all(len(row) == len(table.columns) for row in table.rows())


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_comes_back_as_it_was(text):
    document = json.loads(write(plant(text)))
    assert document["projects"][0]["project"] == text
    assert document["chain"][0]["requirements"] == [f"{text} {text}"]
    assert write(plant(text)).replace("\n", "").isprintable()


def test_nothing_is_cut():
    assert len(json.loads(write(make_many(300, 5)))["chain"]) == 1500
