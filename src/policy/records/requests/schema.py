"""The tables of requests as SQLAlchemy knows them; what makes them is a migration, and a test compares the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text

if TYPE_CHECKING:
    from sqlalchemy import MetaData

_ASKED = ("kind", "project", "gate", "stake", "subject", "state", "asked", "expires")


def add_tables(metadata: MetaData, number: Any) -> None:
    """Add the tables; `number` is the type of what counts entries."""

    def make_seq(name: str = "seq", **settings: Any) -> Column[int]:
        return Column(name, number, ForeignKey("entries.seq"), **settings)

    def make_request(**settings: Any) -> Column[str]:
        return Column("request", Text, ForeignKey("requests.id"), **settings)

    add_requests(metadata, make_seq)
    Table(
        "request_people",
        metadata,
        make_request(primary_key=True),
        Column("person", Text, primary_key=True),
        Column("part", Text, primary_key=True),
        # Who withdrew may ask again.
        make_seq(primary_key=True, autoincrement=False),
    )
    Table(
        "request_votes",
        metadata,
        make_request(primary_key=True),
        Column("person", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("behalf", "answer")),
        make_seq(nullable=False),
    )
    Table(
        "request_events",
        metadata,
        make_seq(primary_key=True, autoincrement=False),
        make_request(nullable=False),
        Column("event", Text, nullable=False),
        Index("request_events_by_request", "request"),
    )
    Table(
        "request_uses",
        metadata,
        make_request(primary_key=True),
        Column("run", Text, primary_key=True),
        make_seq(nullable=False),
    )
    Table(
        "delegations",
        metadata,
        Column("id", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("giver", "taker", "starts", "ends")),
        make_seq(nullable=False),
    )


def add_requests(metadata: MetaData, make_seq: Any) -> None:
    """What is asked for, and how it stands; identical requests join the open one: there is room for one."""
    is_open = text("state = 'pending'")
    Table(
        "requests",
        metadata,
        Column("id", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in _ASKED),
        Column("ends", Text),
        Column("runs", Integer),
        *(Column(name, Integer, nullable=False) for name in ("uses", "votes", "overridden")),
        *(Column(name, Text, nullable=False) for name in ("document", "staked", "policy_set")),
        make_seq(nullable=False),
        make_seq("decided"),
        make_seq("reviewed"),
        Index("requests_by_project", "project", "gate"),
        Index(
            "requests_open",
            *("kind", "project", "gate", "stake"),
            unique=True,
            sqlite_where=is_open,
            postgresql_where=is_open,
        ),
    )
