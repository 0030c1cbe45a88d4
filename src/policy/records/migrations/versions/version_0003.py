"""Runs of tracking servers, with their guards; what clients send, which has none; and finding decisions on runs."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Text, text

from policy.records.guards import write_guards

revision = "0003"
down_revision = "0002"

GUARDED = ("runs",)


def upgrade() -> None:
    """Make the tables, then what keeps steps of runs as they are."""
    make_runs()
    make_uploads()
    on_runs = text("gate IN ('run', 'release')")
    op.create_index("decisions_on_runs", "decisions", ["facts"], sqlite_where=on_runs, postgresql_where=on_runs)
    connection = op.get_bind()
    schema = ""
    if connection.dialect.name != "sqlite":
        schema = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
    for statement in write_guards(connection.dialect.name, GUARDED, schema):
        connection.exec_driver_sql(statement)


def make_runs() -> None:
    """A row for each step of a run."""
    seq = BigInteger().with_variant(Integer, "sqlite")
    said = ("experiment", "project", "principal", "activity", "manifest", "decision", "state", "verdict", "parent")
    op.create_table(
        "runs",
        Column("server", Text, primary_key=True),
        Column("run", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in said),
        Column("seq", seq, ForeignKey("entries.seq"), primary_key=True, autoincrement=False),
    )
    op.create_index("runs_by_seq", "runs", ["seq"], unique=True)
    is_sent = text("manifest <> ''")
    op.create_index("runs_by_manifest", "runs", ["manifest"], sqlite_where=is_sent, postgresql_where=is_sent)


def make_uploads() -> None:
    """What clients send, each for itself."""
    op.create_table(
        "uploads",
        Column("digest", Text, primary_key=True),
        Column("principal", Text, primary_key=True),
        Column("received", Text, nullable=False),
        Column("size", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    op.create_index("uploads_by_principal", "uploads", ["principal", "received"])
