"""The tables of a ledger, by name and columns, as statements write and read them; and the version of the schema."""

from __future__ import annotations

from typing import Final

from policy.records.notices import layout as notices
from policy.records.requests import layout as requests
from policy.records.runs import layout as runs

# Of the newest migration: `records/migrations/versions`.
VERSION: Final = "0006"

COLUMNS: Final = {
    "ledger": ("id", "name", "format", "created"),
    "entries": ("seq", "time", "type", "payload", "leaf", "chain"),
    "objects": ("digest", "kind", "body"),
    "payloads": ("seq", "body"),
    "decisions": (
        "decision_id",
        "project",
        "gate",
        "verdict",
        "time",
        "policy_set",
        "facts",
        "stake",
        "seq",
    ),
    "erasures": ("target", "seq"),
    "people": ("id", "name", "folded"),
    "checkpoints": ("size", "root", "note", "frontier"),
    "policy_sets": ("seq", "name", "config", "origin", "gate", "policy_set", "sources", "mode"),
    **requests.COLUMNS,
    **runs.COLUMNS,
    **notices.COLUMNS,
}
UNGUARDED: Final = (*runs.UNGUARDED, *notices.UNGUARDED)
GUARDED: Final = tuple(name for name in COLUMNS if name not in UNGUARDED)


def write_select(table: str, rest: str = "") -> str:
    """A statement that reads all columns; values are marked `?`."""
    return f"SELECT {', '.join(COLUMNS[table])} FROM {table} {rest}"  # noqa: S608 - names from the table above


def write_insert(table: str) -> str:
    """A statement that writes one row."""
    marks = ", ".join("?" for _ in COLUMNS[table])
    return f"INSERT INTO {table} ({', '.join(COLUMNS[table])}) VALUES ({marks})"  # noqa: S608 - as above
