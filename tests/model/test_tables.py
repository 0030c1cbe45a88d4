"""Dated tables: which row counts, what names a table, and how old what was used is."""

from __future__ import annotations

from datetime import date

from policy.engine.recording import NOTHING_DIGEST
from policy.model.tables import NO_TABLES, Lookup, Row, Table, Tables

OLD, NEW = date(2026, 1, 1), date(2026, 6, 1)


def make_table(name: str, digest: str = "sha256:1", **rows: date) -> Table:
    return Table(name, digest, {key: Row(key, {}, "a source", day) for key, day in rows.items()}.get)


def test_a_row_is_found_in_whatever_case_its_key_is_written():
    lookup = Lookup(Tables({"licenses": make_table("licenses", mit=OLD)}))
    assert lookup.find("licenses", "MIT") == lookup.find("licenses", "mit") == Row("mit", {}, "a source", OLD)
    assert lookup.find("licenses", "isc") is None
    assert lookup.find("models", "mit") is None


def test_a_table_over_another_replaces_rows_and_keeps_the_rest():
    below, above = make_table("licenses", a=OLD, b=OLD), make_table("licenses", "sha256:2", b=NEW, c=NEW)
    both = below.overlaid(above)
    found = {key: row.date for key in "abcd" if (row := both.find(key))}
    assert found == {"a": OLD, "b": NEW, "c": NEW}
    assert both.name == "licenses"


def test_the_digest_names_every_table_and_the_order_of_layers():
    one, two = make_table("licenses"), make_table("licenses", "sha256:2")
    digests = {table.digest for table in (one, two, one.overlaid(two), two.overlaid(one))}
    assert len(digests) == 4
    sets = [{"licenses": one}, {"licenses": two}, {"models": one}, {"licenses": one, "models": two}, {}]
    assert len({Tables(by_name).digest for by_name in sets}) == len(sets)
    ordered = Tables({"licenses": one, "models": two}).digest
    assert Tables({"models": two, "licenses": one}).digest == ordered


def test_a_column_is_that_of_the_uppermost_row_that_fills_it():
    def make(digest: str, day: date, **columns: int) -> Table:
        row = Row("a", columns, digest, day)
        return Table("prices", digest, {"a": row}.get)

    below, middle, above = make("one", OLD, x=1, y=1, z=1), make("two", NEW, y=2, z=2), make("three", NEW, z=3)
    for table in (below.overlaid(middle).overlaid(above), below.overlaid(middle.overlaid(above))):
        lookup = Lookup(Tables({"prices": table}))
        assert lookup.find_value("prices", "A", "none") is lookup.find_value("prices", "b", "x") is None
        assert lookup.used == {}
        found = {column: lookup.find_value("prices", "A", column) for column in "zyx"}
        assert {column: (told[0], told[1].source) for column, told in found.items() if told} == {
            "x": (1, "one"),
            "y": (2, "two"),
            "z": (3, "three"),
        }
        # The row that was used counts, not the one above it.
        assert lookup.used == {"prices": OLD}
    assert Lookup().find_value("prices", "a", "x") is None


def test_a_table_that_replaces_those_below_stands_alone():
    table = Table("prices", "one", {"a": Row("a", {"x": 1}, "s", OLD)}.get)
    assert [row.values for row in table.find_all("a")] == [{"x": 1}]
    assert list(table.find_all("b")) == []


def test_no_tables_have_the_digest_of_nothing():
    assert NO_TABLES.digest == Tables().digest == NOTHING_DIGEST


def test_a_lookup_remembers_the_oldest_row_that_it_used():
    tables = {"licenses": make_table("licenses", old=OLD, new=NEW), "models": make_table("models", new=NEW)}
    lookup = Lookup(Tables(tables))
    assert lookup.used == {}
    lookup.find("licenses", "none")
    assert lookup.used == {}
    for key in ("new", "old", "new"):
        lookup.find("licenses", key)
    lookup.find("models", "new")
    assert lookup.used == {"licenses": OLD, "models": NEW}
