"""Which version of the tables this program writes, held against the one that a ledger has."""

from __future__ import annotations

from policy.records.faults import LedgerError
from policy.records.layout import VERSION


def check_newer(version: str, shown: str) -> None:
    """Raises LedgerError where a ledger has a schema that only a later version of this program knows."""
    if version.isascii() and version.isdigit() and int(version) > int(VERSION):
        message = f"the ledger `{shown}` was written by a newer version of tunegate (schema {version[:20]})"
        raise LedgerError("newer", message)


def check_schema(version: str) -> None:
    """Raises LedgerError where a ledger that is open has been brought up to date, or put back, by another version."""
    if version != VERSION:
        message = f"the ledger has schema {version[:20] or '?'} by now, and this version of tunegate writes {VERSION}"
        raise LedgerError("newer" if version > VERSION else "older", message)
