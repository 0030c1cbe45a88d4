"""The first tables: entries, what they refer to, what they are found by, people, checkpoints; and their guards."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Text

from policy.records.guards import write_guards

revision = "0001"
down_revision = None

GUARDED = ("ledger", "entries", "objects", "decisions", "erasures", "people", "checkpoints")


def upgrade() -> None:
    """Make the tables, then what keeps them from being changed."""
    make_record()
    make_directory()
    # Literally: percent signs mean nothing in them.
    connection = op.get_bind().execution_options(no_parameters=True)
    for statement in write_guards(connection.dialect.name, GUARDED, current_schema()):
        connection.exec_driver_sql(statement)


def make_record() -> None:
    """Entries, objects, and the index of decisions."""
    seq = BigInteger().with_variant(Integer, "sqlite")
    op.create_table(
        "ledger",
        Column("id", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("name", "format", "created")),
    )
    op.create_table(
        "entries",
        Column("seq", seq, primary_key=True, autoincrement=False),
        *(Column(name, Text, nullable=False) for name in ("time", "type", "payload")),
        *(Column(name, LargeBinary, nullable=False) for name in ("leaf", "chain")),
    )
    op.create_table(
        "objects",
        Column("digest", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("body", LargeBinary),
    )
    texts = ("project", "gate", "verdict", "time", "policy_set", "facts", "stake")
    op.create_table(
        "decisions",
        Column("seq", seq, ForeignKey("entries.seq"), primary_key=True, autoincrement=False),
        Column("decision_id", Text, nullable=False, unique=True),
        *(Column(name, Text, nullable=False) for name in texts),
    )


def make_directory() -> None:
    """People, what is erased, and checkpoints."""
    seq = BigInteger().with_variant(Integer, "sqlite")
    op.create_table(
        "erasures",
        Column("target", Text, primary_key=True),
        Column("seq", seq, ForeignKey("entries.seq"), nullable=False),
    )
    op.create_table(
        "people",
        Column("id", Text, primary_key=True),
        Column("name", Text),
        Column("folded", Text, unique=True),
    )
    op.create_table(
        "checkpoints",
        Column("size", seq, primary_key=True, autoincrement=False),
        Column("root", LargeBinary, nullable=False),
        Column("note", Text, nullable=False),
        Column("frontier", LargeBinary, nullable=False),
    )


def current_schema() -> str:
    """Where PostgreSQL makes the tables; SQLite has one place."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return ""
    return str(connection.exec_driver_sql("SELECT current_schema()").scalar())
