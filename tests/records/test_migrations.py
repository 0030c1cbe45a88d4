"""The migrations make what the queries expect, and they are part of what is installed."""

from __future__ import annotations

import ast
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import policy.records
from policy.records.address import read_address
from policy.records.creation import make_engine
from policy.records.faults import LedgerError
from policy.records.layout import COLUMNS, VERSION
from policy.records.ledger import create_ledger, open_ledger
from policy.records.opening import find_database
from policy.records.schema import METADATA
from tests.records.drafts import check_chain, draft_decision
from tests.records.keeping import verify

# A ledger of four decisions, two notes and two erasures, as schema 5 left it; it is never written anew.
OLD = Path(__file__).parent / "golden" / "ledger-0005.sql"
FOLDER = Path(policy.records.__file__).parent / "migrations"


def test_the_tables_are_those_that_queries_know(ledger):
    engine = make_engine(ledger.database, lambda: ledger.database.open_session().driver)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_statements_and_queries_know_the_same_columns():
    assert {name: set(columns) for name, columns in COLUMNS.items()} == {
        table.name: {column.name for column in table.columns} for table in METADATA.sorted_tables
    }


def test_the_newest_version_is_the_one_that_is_asked_for():
    scripts = ScriptDirectory(str(FOLDER))
    assert scripts.get_current_head() == VERSION
    revisions = [script.revision for script in scripts.walk_revisions()]
    # Numbers, so that newer is told from older.
    assert revisions == sorted((f"{number:04}" for number in range(1, len(revisions) + 1)), reverse=True)


def test_migrations_make_tables_from_what_they_say_themselves():
    # Not from today's tables, which may be others tomorrow.
    for file in FOLDER.glob("versions/version_*.py"):
        imported = {node.module for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)}
        assert "policy.records.schema" not in imported


def restore(file):
    """The old ledger in a file."""
    connection = sqlite3.connect(file)
    connection.executescript(OLD.read_text(encoding="utf-8"))
    connection.close()
    return f"sqlite:///{file}"


def restore_in_postgresql(url, file):
    """The same rows in the other database, in tables of the same schema."""
    restore(file)
    engine = make_engine(find_database(read_address(url)), lambda: psycopg.connect(url, autocommit=True))
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
    rows, source = [], sqlite3.connect(file)
    for table, columns in COLUMNS.items():
        if f'INSERT INTO "{table}"' in OLD.read_text(encoding="utf-8"):
            marks = ", ".join(["%s"] * len(columns))
            found = source.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
            rows += [(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", row) for row in found]
    source.close()
    with psycopg.connect(url) as target:
        target.execute("SET session_replication_role = replica")
        for statement, row in rows:
            target.execute(statement, row)


@pytest.fixture
def old(url, tmp_path):
    if url.startswith("sqlite"):
        return restore(tmp_path / "ledger.db")
    restore_in_postgresql(url, tmp_path / "old.db")
    return url


def test_a_ledger_of_an_older_schema_is_not_written_to(old):
    with pytest.raises(LedgerError, match="older version"):
        open_ledger(old)


def test_a_ledger_of_an_older_schema_is_brought_up_to_date_whole(old):
    with create_ledger(old) as ledger:
        assert check_chain(ledger) == list(range(1, 9))
        assert ledger.read("SELECT count(*), count(body) FROM payloads") == [(8, 7)]
        kinds = {kind for (kind,) in ledger.read("SELECT DISTINCT kind FROM objects")}
        assert kinds == {"facts", "policy-set", "policy.yaml"}
        found: Any = verify(old)
        assert (found.total, found.size, found.contents.erased, found.contents.decisions) == (0, 8, 2, 4)
        ledger.append([draft_decision("one")])
        assert check_chain(ledger) == list(range(1, 10))


def test_what_guards_it_then_is_what_guards_a_new_one(old, tmp_path):
    create_ledger(old).close()
    if not old.startswith("sqlite"):
        assert verify(old).findings == ()
        return
    triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    with create_ledger(f"sqlite:///{tmp_path}/new.db") as new, create_ledger(old) as ledger:
        assert ledger.read(triggers) == new.read(triggers)
