"""The tables as SQLAlchemy knows them, for queries; what makes them are the migrations, and a test compares the two."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from policy.records.notices import schema as notices
from policy.records.requests.schema import add_tables
from policy.records.runs import schema as runs

METADATA: Final = MetaData()
# SQLite numbers rows by what is called INTEGER and nothing else.
SEQ: Final = BigInteger().with_variant(Integer, "sqlite")

ledger = Table(
    "ledger",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("created", Text, nullable=False),
)
entries = Table(
    "entries",
    METADATA,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("time", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
)
objects = Table(
    "objects",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary),
)
payloads = Table(
    "payloads",
    METADATA,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("body", LargeBinary),
)
decisions = Table(
    "decisions",
    METADATA,
    Column("seq", SEQ, ForeignKey("entries.seq"), primary_key=True, autoincrement=False),
    Column("decision_id", Text, nullable=False, unique=True),
    Column("project", Text, nullable=False),
    Column("gate", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("policy_set", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("stake", Text, nullable=False),
)
erasures = Table(
    "erasures",
    METADATA,
    Column("target", Text, primary_key=True),
    Column("seq", SEQ, ForeignKey("entries.seq"), nullable=False),
)
people = Table(
    "people",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("folded", Text, unique=True),
)
checkpoints = Table(
    "checkpoints",
    METADATA,
    Column("size", SEQ, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)
policy_sets = Table(
    "policy_sets",
    METADATA,
    Column("seq", SEQ, ForeignKey("entries.seq"), primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("gate", Text, nullable=False),
    Column("policy_set", Text, nullable=False),
    Column("sources", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Index("policy_sets_by_place", "name", "config", "origin", "gate", "seq"),
)
add_tables(METADATA, SEQ)
runs.add_tables(METADATA, SEQ)
notices.add_tables(METADATA, SEQ)
