"""Requests for approval: what is asked, who is involved, votes, uses and delegations; and their guards."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Text, text

from policy.records.guards import write_guards

revision = "0002"
down_revision = "0001"

GUARDED = ("requests", "request_people", "request_votes", "request_events", "request_uses", "delegations")


def upgrade() -> None:
    """Make the tables, then what keeps decided requests as they are."""
    make_requests()
    make_parts()
    connection = op.get_bind()
    schema = ""
    if connection.dialect.name != "sqlite":
        schema = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
    for statement in write_guards(connection.dialect.name, GUARDED, schema):
        connection.exec_driver_sql(statement)


def make_seq(name: str, *, required: bool = True, **settings: Any) -> Column[int]:
    """A column that names an entry."""
    kind = BigInteger().with_variant(Integer, "sqlite")
    return Column(name, kind, ForeignKey("entries.seq"), nullable=not required, **settings)


def make_requests() -> None:
    """What is asked for, and how it stands; one open request for the same thing."""
    asked = ("kind", "project", "gate", "stake", "subject", "state", "asked", "expires")
    op.create_table(
        "requests",
        Column("id", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in asked),
        Column("ends", Text),
        Column("runs", Integer),
        *(Column(name, Integer, nullable=False) for name in ("uses", "votes", "overridden")),
        *(Column(name, Text, nullable=False) for name in ("document", "staked", "policy_set")),
        make_seq("seq"),
        make_seq("decided", required=False),
        make_seq("reviewed", required=False),
    )
    op.create_index("requests_by_project", "requests", ["project", "gate"])
    is_open = text("state = 'pending'")
    columns = ["kind", "project", "gate", "stake"]
    op.create_index("requests_open", "requests", columns, unique=True, sqlite_where=is_open, postgresql_where=is_open)


def make_parts() -> None:
    """Who is involved, votes, what happened, runs, and who votes for whom."""
    op.create_table(
        "request_people",
        make_request(primary_key=True),
        Column("person", Text, primary_key=True),
        Column("part", Text, primary_key=True),
        make_seq("seq", primary_key=True, autoincrement=False),
    )
    op.create_table(
        "request_votes",
        make_request(primary_key=True),
        Column("person", Text, primary_key=True),
        Column("behalf", Text, nullable=False),
        Column("answer", Text, nullable=False),
        make_seq("seq"),
    )
    op.create_table(
        "request_events",
        make_seq("seq", primary_key=True, autoincrement=False),
        make_request(nullable=False),
        Column("event", Text, nullable=False),
    )
    op.create_index("request_events_by_request", "request_events", ["request"])
    op.create_table(
        "request_uses", make_request(primary_key=True), Column("run", Text, primary_key=True), make_seq("seq")
    )
    op.create_table(
        "delegations",
        Column("id", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("giver", "taker", "starts", "ends")),
        make_seq("seq"),
    )


def make_request(**settings: Any) -> Column[str]:
    """A column that names a request."""
    return Column("request", Text, ForeignKey("requests.id"), **settings)
