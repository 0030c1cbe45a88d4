"""A ledger in an SQLite file: one writer at a time, durable when the transaction is committed."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final

from policy.errors import Problem
from policy.records.database import Head, Layout
from policy.records.durable import sync_folder
from policy.records.faults import LedgerError, named_faults
from policy.records.guards import list_rules, write_sqlite
from policy.records.layout import GUARDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.records.address import Address

# Before it, a log that is reset while another process reads may corrupt the file: sqlite.org/wal.html#walresetbug.
SOUND: Final = (3, 51, 3)
# The log is what makes a commit cost one write. It is moved into the file seldom, because digests, by which most is
# found, are all over it: so many pages of 4 KiB. What is erased is overwritten.
SETTINGS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "wal_autocheckpoint = 8000",
    "cache_size = -32000",
    "foreign_keys = ON",
    "secure_delete = ON",
)
# Seconds: an append takes less than one of a thousand.
PAUSE: Final = (0.0001, 0.001)
WAIT: Final = 0.05
_HEAD: Final = (
    "SELECT e.seq, e.time, e.chain, v.version_num FROM alembic_version v"
    " LEFT JOIN entries e ON e.seq = (SELECT max(seq) FROM entries)"
)


class SQLiteSession:
    """A connection that is told itself where transactions begin and end."""

    tries_first = True

    def __init__(self, driver: sqlite3.Connection, timeout: float) -> None:
        self.driver = driver
        self._timeout = timeout
        self._writes = False

    def begin(self) -> Head:
        """Start a transaction that writes, after those of others."""
        if not self._writes:
            # SQLite itself would sleep ten times as long as others write, and longer each time it is not its turn.
            self.driver.execute("PRAGMA busy_timeout = 0")
            self._writes = True
        end = 0.0
        while True:
            try:
                self.driver.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError as error:
                end = end or time.monotonic() + self._timeout
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
            time.sleep(random.uniform(*PAUSE))  # noqa: S311 - to take turns
        size, clock, chain, schema = self.driver.execute(_HEAD).fetchone() or (0, "", b"", "")
        return Head(size or 0, clock or "", chain or b"", schema=schema)

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.driver.execute(statement, values).fetchall()

    def write(self, statements: Iterable[tuple[str, Sequence[Sequence[Any]]]], *, commit: bool) -> None:
        """Run each statement for each of its rows."""
        for statement, rows in statements:
            if len(rows) == 1:
                self.driver.execute(statement, rows[0])
            else:
                self.driver.executemany(statement, rows)
        if commit:
            self.driver.execute("COMMIT")

    def roll_back(self) -> None:
        """End the transaction without effect."""
        if self.driver.in_transaction:
            self.driver.execute("ROLLBACK")

    def reset(self) -> bool:
        """Be as it was when it was opened, where nothing is left undone."""
        if self._writes and not self.driver.in_transaction:
            self.driver.execute(f"PRAGMA busy_timeout = {int(self._timeout * 1000)}")
            self._writes = False
        return not self.driver.in_transaction

    def close(self) -> None:
        """Close the file."""
        self.driver.close()


class SQLiteDatabase:
    """The file, and how connections to it are set."""

    dialect = "sqlite"

    def __init__(self, address: Address, timeout: float) -> None:
        self.address = address
        self.timeout = timeout

    def open_session(self) -> SQLiteSession:
        """A connection that waits for other writers, and whose commits reach the disk."""
        with named_faults(self.address.shown):
            return SQLiteSession(connect(self.address.place, self.timeout), self.timeout)

    def wrap(self, driver: Any) -> SQLiteSession:
        """A session on a connection that is there."""
        return SQLiteSession(driver, self.timeout)

    def is_there(self) -> bool:
        """Whether there is a file; an emptied one, or one of which only the log is left, is no new ledger."""
        place, shown = self.address.place, self.address.shown
        if os.path.isdir(place):
            raise LedgerError("foreign", f"`{shown}` is not a ledger: it is a folder")
        if os.path.exists(place):
            if not os.path.getsize(place):
                remedy = "restore the ledger, or remove the file if there never was one: a new one is made then"
                raise LedgerError("corrupt", f"the file of the ledger `{shown}` is empty", remedy)
            return True
        if os.path.exists(f"{place}-wal"):
            message = f"the file of the ledger `{shown}` is gone, and only the log beside it is left"
            raise LedgerError("corrupt", message)
        return False

    def create(self, name: str, created: str, role: str = "") -> None:
        """Make the ledger beside its place and move it there whole: nobody meets half a ledger."""
        from policy.records.creation import make_tables

        making = f"{self.address.place}.{os.urandom(8).hex()}.new"
        try:
            with named_faults(self.address.shown):
                driver = connect(making, self.timeout)
                try:
                    make_tables(self, driver, name, created)
                finally:
                    driver.close()
            self._publish(making)
        finally:
            for left in (making, f"{making}-wal", f"{making}-shm"):
                if os.path.lexists(left):
                    os.unlink(left)

    def _publish(self, making: str) -> None:
        try:
            os.link(making, self.address.place)
        except FileExistsError:
            return  # another process made it at the same time
        except OSError as error:
            said = error.strerror or str(error)
            raise LedgerError("unreachable", f"the ledger `{self.address.shown}` cannot be made: {said}") from None
        sync_folder(os.path.dirname(self.address.place))

    def forget(self) -> str:
        """Empty the log, so that what was erased is not in it either; what keeps it there, empty where nothing does."""
        driver = connect(self.address.place, self.timeout)
        end = time.monotonic() + self.timeout
        try:
            # SQLite itself would keep others from writing while it waits for who reads.
            driver.execute("PRAGMA busy_timeout = 0")
            while is_busy(driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()):
                if time.monotonic() > end:
                    log = f"{os.path.basename(self.address.place)}-wal"
                    return f"it is still in the log beside the file, `{log}`, which somebody reads"
                time.sleep(WAIT)
        finally:
            driver.close()
        return ""

    def read_layout(self, session: Any) -> Layout:
        """What there is; a guard counts only as it was written."""
        columns: dict[str, set[str]] = {}
        query = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        for table, column in session.read(query):
            columns.setdefault(table, set()).add(column)
        triggers = dict(session.read("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        guards = {name for name, statement in list_triggers().items() if triggers.get(name) == statement}
        version = session.read("SELECT version_num FROM alembic_version") if "alembic_version" in columns else []
        return Layout(columns, guards, str(version[0][0]) if len(version) == 1 else "")

    def list_guards(self) -> set[str]:
        """The names of all triggers."""
        return set(list_triggers())

    def list_warnings(self, session: Any) -> Sequence[Problem]:
        """An SQLite that has a known fault."""
        return warn_of_version(sqlite3.sqlite_version_info)


def connect(place: str, timeout: float) -> sqlite3.Connection:
    """A connection to a file, made if it is not there; a commit has reached the disk when it returns."""
    driver = sqlite3.connect(place, timeout=timeout, isolation_level=None, check_same_thread=False)
    try:
        for setting in SETTINGS:
            driver.execute(f"PRAGMA {setting}")
    except BaseException:
        driver.close()
        raise
    return driver


def is_busy(row: tuple[int, int, int]) -> bool:
    """Whether a checkpoint could not be taken, or not of the whole log: nothing is raised then."""
    busy, pages, moved = row
    return bool(busy) or pages != moved


def list_triggers() -> dict[str, str]:
    """All guards, by name, as the database keeps them."""
    from policy.records.guards import name_guard

    return {name_guard(rule): write_sqlite(rule) for rule in list_rules(GUARDED)}


def warn_of_version(version: tuple[int, ...]) -> list[Problem]:
    """Whether this version of SQLite has a fault that matters here."""
    if version >= SOUND:
        return []
    written = ".".join(map(str, version))
    sound = ".".join(map(str, SOUND))
    message = f"SQLite {written} may damage a ledger in rare cases when several processes write (before {sound})"
    return [Problem(message, f"use a Python with SQLite {sound} or later, or a PostgreSQL ledger", level="warning")]
