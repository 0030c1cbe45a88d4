"""The tables of notices as SQLAlchemy knows them; what makes them is a migration, and a test compares the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, Integer, Table, Text

if TYPE_CHECKING:
    from sqlalchemy import MetaData


def add_tables(metadata: MetaData, number: Any) -> None:
    """Add the tables; `number` is the type of what counts entries."""
    Table(
        "notices",
        metadata,
        Column("webhook", Text, primary_key=True),
        Column("id", Text, primary_key=True),
        Column("number", number, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("request", "event", "body", "made", "due")),
        Column("tries", Integer, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("lease", "state", "said")),
        Index("notices_by_state", "state", "due"),
        Index("notices_by_request", "webhook", "request"),
    )
    Table(
        "notice_marks",
        metadata,
        Column("webhook", Text, primary_key=True),
        Column("seq", number, nullable=False),
        Column("seen", Text, nullable=False),
    )
