"""The tables of runs as SQLAlchemy knows them; what makes them is a migration, and a test compares the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

if TYPE_CHECKING:
    from sqlalchemy import MetaData

_SAID = ("experiment", "project", "principal", "activity", "manifest", "decision", "state", "verdict", "parent")


def add_tables(metadata: MetaData, number: Any) -> None:
    """Add the tables; `number` is the type of what counts entries."""
    is_sent, is_held = text("manifest <> ''"), text("state = 'held'")
    Table(
        "runs",
        metadata,
        Column("server", Text, primary_key=True),
        Column("run", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in _SAID),
        Column("seq", number, ForeignKey("entries.seq"), primary_key=True, autoincrement=False),
        Index("runs_by_seq", "seq", unique=True),
        Index("runs_by_manifest", "manifest", sqlite_where=is_sent, postgresql_where=is_sent),
        Index("runs_held", "server", "experiment", "manifest", sqlite_where=is_held, postgresql_where=is_held),
    )
    Table(
        "uploads",
        metadata,
        Column("digest", Text, primary_key=True),
        Column("principal", Text, primary_key=True),
        Column("received", Text, nullable=False),
        Column("size", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Index("uploads_by_principal", "principal", "received"),
    )
    Index(
        "decisions_on_runs",
        metadata.tables["decisions"].c.facts,
        sqlite_where=text("gate IN ('run', 'release')"),
        postgresql_where=text("gate IN ('run', 'release')"),
    )
