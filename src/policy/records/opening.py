"""The database of an address, and which ledger is in it: one that this version can write, or a defined error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.records.faults import LedgerError, named_faults
from policy.records.layout import COLUMNS, VERSION, write_select
from policy.records.schema_version import check_newer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.records.address import Address
    from policy.records.database import Database, Layout, Session

TIMEOUT: Final = 10.0
"""So many seconds a writer waits for the others."""


def find_database(
    address: Address, timeout: float = TIMEOUT, patience: float = 0.0, *, waits: bool = False
) -> Database:
    """The database of an address. Raises LedgerError where its driver is not installed.

    `patience` is for a server; one that `waits` leaves queries longer, while the server answers others.
    """
    if address.kind == "sqlite":
        from policy.records.sqlite import SQLiteDatabase

        return SQLiteDatabase(address, timeout)
    try:
        from policy.records.postgresql import PostgreSQLDatabase
    except ImportError as error:
        raise LedgerError("extra", f"what a ledger needs is not installed: there is no {error.name}") from None
    return PostgreSQLDatabase(address, timeout, patience, waits=waits)


def identify_ledger(database: Database, session: Session, expect: str) -> tuple[str, str]:
    """The id and name of the ledger, when the database holds one that this version writes. Raises LedgerError."""
    shown = database.address.shown
    with named_faults(shown):
        layout = database.read_layout(session)
    _check_version(layout, shown)
    missing = [
        f"`{table}.{column}`"
        for table, columns in COLUMNS.items()
        for column in columns
        if column not in layout.columns.get(table, ())
    ]
    missing += [f"the guard `{name}`" for name in sorted(database.list_guards() - layout.guards)]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise LedgerError("schema", f"the ledger `{shown}` is not whole: it lacks {', '.join(missing[:3])}{more}")
    with named_faults(shown):
        rows = session.read(write_select("ledger"))
    return _check_ledger(rows, shown, expect)


def _check_version(layout: Layout, shown: str) -> None:
    ours = COLUMNS.keys() & layout.columns.keys()
    if not layout.version:
        if not ours and not layout.columns:
            raise LedgerError("absent", f"there is no ledger in `{shown}`")
        if len(ours) < len(COLUMNS):
            raise LedgerError("foreign", f"`{shown}` is not a ledger: it holds other tables")
        raise LedgerError("schema", f"the ledger `{shown}` does not say which version of its schema it has")
    if not (layout.version.isascii() and layout.version.isdigit()):
        raise LedgerError("foreign", f"`{shown}` is not a ledger: its schema has another kind of version")
    check_newer(layout.version, shown)
    if int(layout.version) < int(VERSION):
        raise LedgerError("older", f"the ledger `{shown}` was written by an older version of tunegate")


def _check_ledger(rows: Sequence[tuple[Any, ...]], shown: str, expect: str) -> tuple[str, str]:
    if len(rows) != 1:
        raise LedgerError("schema", f"the ledger `{shown}` is not whole: it does not say which ledger it is")
    ledger_id, name = str(rows[0][0]), str(rows[0][1])
    if expect and ledger_id != expect:
        message = f"`{shown}` is another ledger of the name `{name}`: `{ledger_id}`, and `{expect}` is meant"
        raise LedgerError("another", message)
    return ledger_id, name
