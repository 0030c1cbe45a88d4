"""The migrations make what the queries expect, and they are part of what is installed."""

from __future__ import annotations

import ast
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import policy.records
from policy.records.creation import make_engine
from policy.records.layout import COLUMNS, VERSION
from policy.records.schema import METADATA

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
