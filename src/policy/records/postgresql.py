"""A ledger in PostgreSQL: an advisory lock puts the writers in order, durable when the transaction is committed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.pq import TransactionStatus

from policy.errors import Problem
from policy.records.database import Head, Layout
from policy.records.faults import LedgerError, named_faults
from policy.records.guards import list_rules, name_guard
from policy.records.layout import COLUMNS, GUARDED, UNGUARDED
from policy.records.notices import layout as notices
from policy.records.requests import layout as requests
from policy.records.requests.clock import CLOCKS
from policy.records.runs import layout as runs
from policy.records.vacuum import vacuum

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from policy.records.address import Address

# One ledger in a database: its lock is known to every writer.
LOCK: Final = int.from_bytes(b"policyle")
# In one go; each statement sees what was committed before it began, so that the lock must come first.
_BEGIN: Final = (
    f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({LOCK});"  # noqa: S608 - numbers of ours
    f" SELECT seq, time, chain, {CLOCKS['postgresql']}, (SELECT version_num FROM alembic_version)"
    " FROM (SELECT 1) AS one LEFT JOIN (SELECT seq, time, chain FROM entries ORDER BY seq DESC LIMIT 1) AS last ON true"
)
# Also what the user may not read, which is not missing.
_LAYOUT: Final = (
    "SELECT c.relname::text, a.attname::text, has_table_privilege(c.oid, 'SELECT') FROM pg_class c"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'f')"
)
# What a server says that takes no more connections, or a pool before it.
_CROWDED: Final = (
    "too many clients",
    "too many connections",
    "connection slots are reserved",
    "no more connections allowed",
)
_APPENDS: Final = (
    "entries",
    "objects",
    "payloads",
    "decisions",
    "people",
    "checkpoints",
    "policy_sets",
    *requests.COLUMNS,
    *runs.COLUMNS,
    *notices.COLUMNS,
)


class Impatient(psycopg.Connection[Any]):
    """A connection that is closed where the server does not answer for so many seconds; 0 is for ever.

    What only reads waits on where the server is known to answer others, who `asks`: a query may take its time.
    """

    patience = 0.0
    asks: Callable[[], bool] | None = None
    writes = False

    def wait(self, gen: Any, *args: Any, **more: Any) -> Any:
        """As the driver waits, which looks at intervals whether to go on."""
        return super().wait(self._limit(gen) if self.patience else gen, *args, **more)

    def _limit(self, gen: Any) -> Generator[Any, Any, Any]:
        end = time.monotonic() + self.patience
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > end:
                    self._give_up()
                    end = time.monotonic() + self.patience
                wanted = gen.send(ready)
        except StopIteration as stop:
            return stop.value

    def _give_up(self) -> None:
        """Raises, unless it is only this query that takes so long."""
        if self.asks is not None and not self.writes and self.asks():
            return
        self.pgconn.finish()
        raise psycopg.OperationalError(f"it has not answered for {self.patience:g} seconds")


class PostgreSQLSession:
    """A connection that is told itself where transactions begin and end."""

    tries_first = False

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def begin(self) -> Head:
        """Start a transaction and take the lock, after those of others."""
        self.driver.writes = True
        cursor = self.driver.execute(_BEGIN)
        while cursor.nextset():
            pass
        ((seq, time, chain, clock, schema),) = cursor.fetchall()
        return Head(seq or 0, time or "", chain or b"", clock, schema or "")

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        rows: list[tuple[Any, ...]] = self.driver.execute(statement.replace("?", "%s"), values, binary=True).fetchall()
        return rows

    def write(self, statements: Iterable[tuple[str, Sequence[Sequence[Any]]]], *, commit: bool) -> None:
        """Run each statement for each of its rows, all of it in one go."""
        with self.driver.pipeline():
            for statement, rows in statements:
                self.driver.cursor().executemany(statement.replace("?", "%s"), rows)
            if commit:
                self.driver.execute("COMMIT")

    def roll_back(self) -> None:
        """End the transaction without effect."""
        if not self.driver.closed:
            # The driver's own, which forgets what it believes to be prepared: a pipeline that broke off did not do it.
            self.driver.rollback()

    def reset(self) -> bool:
        """Be as it was when it was opened, where nothing is left undone."""
        self.driver.writes = False
        return not self.driver.closed and self.driver.info.transaction_status == TransactionStatus.IDLE

    def close(self) -> None:
        """Close the connection."""
        self.driver.close()


class PostgreSQLDatabase:
    """The database, and how connections to it are set."""

    dialect = "postgresql"

    def __init__(self, address: Address, timeout: float, patience: float = 0.0, *, waits: bool = False) -> None:
        self.address = address
        self.timeout = timeout
        self.patience = patience
        self.waits = waits

    def open_session(self) -> PostgreSQLSession:
        """A connection that waits for other writers, and whose commits reach the disk."""
        with named_faults(self.address.shown):
            return PostgreSQLSession(self.connect())

    def connect(self) -> psycopg.Connection[Any]:
        """A connection; one that cannot be made is another fault than one that is lost."""
        try:
            driver = self._reach()
            driver.asks = self._answers if self.waits else None
        except psycopg.Error as error:
            said = " ".join(str(error).split())
            kind = name_refusal(said) if isinstance(error, psycopg.OperationalError) else "address"
            raise LedgerError(kind, f"the ledger `{self.address.shown}` cannot be reached: {said}") from None
        # A role or a database may have been given settings that acknowledge what is not on the disk.
        driver.execute(f"SET synchronous_commit = on; SET lock_timeout = {max(1, int(self.timeout * 1000))}")
        return driver

    def _reach(self) -> Impatient:
        limit = max(2, int(self.timeout))
        driver = Impatient.connect(self.address.place, autocommit=True, connect_timeout=limit)
        driver.patience = self.patience
        return driver

    def _answers(self) -> bool:
        """Whether the server does what it is asked, by another connection; one that is not taken is an answer, too."""
        try:
            with self._reach() as driver:
                driver.execute("SELECT 1")
        except psycopg.Error as error:
            return name_refusal(str(error)) == "crowded"
        return True

    def wrap(self, driver: Any) -> PostgreSQLSession:
        """A session on a connection that is there."""
        return PostgreSQLSession(driver)

    def is_there(self) -> bool:
        """A database is there or cannot be connected to; its tables are another matter."""
        return True

    def create(self, name: str, created: str, role: str = "") -> None:
        """Make the tables in the schema that the connection names first, and let the role append."""
        from policy.records.creation import make_tables

        session = self.open_session()
        try:
            with named_faults(self.address.shown):
                session.driver.execute(f"SELECT pg_advisory_lock({LOCK})")
                make_tables(self, session.driver, name, created, write_grants(role) if role else ())
        finally:
            session.close()

    def forget(self) -> str:
        """Let go of the rows that were replaced; what keeps some of them, empty where nothing does."""
        driver = self.connect()
        try:
            return vacuum(driver, self.timeout)
        finally:
            driver.close()

    def read_layout(self, session: Any) -> Layout:
        """What there is in the schema that the connection names first. Raises LedgerError where it may not be read."""
        columns: dict[str, set[str]] = {}
        unreadable: set[str] = set()
        for table, column, readable in session.read(_LAYOUT):
            columns.setdefault(table, set()).add(column)
            if not readable and table in ("alembic_version", *COLUMNS):
                unreadable.add(table)
        if unreadable and "ledger" in columns:
            tables = ", ".join(f"`{table}`" for table in sorted(unreadable)[:3])
            message = f"the ledger `{self.address.shown}` may not be read by this user: {tables}"
            raise LedgerError("read-only", message, "let its owner run `policy ledger init --role USER`")
        triggers = session.read(
            "SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled IN ('O', 'A')"
        )
        version = session.read("SELECT version_num FROM alembic_version") if "alembic_version" in columns else []
        return Layout(columns, {name for (name,) in triggers}, str(version[0][0]) if len(version) == 1 else "")

    def list_guards(self) -> set[str]:
        """The names of all triggers."""
        truncates = {f"policy_{table}_truncate_never" for table in GUARDED}
        more = {"policy_entries_insert_chain", "policy_payloads_insert_entry"}
        return {name_guard(rule) for rule in list_rules(GUARDED)} | truncates | more

    def list_warnings(self, session: Any) -> Sequence[Problem]:
        """A server that acknowledges what it has not written."""
        settings = ("fsync", "full_page_writes")
        off = [name for name in settings if session.read("SELECT current_setting(?)", (name,)) == [("off",)]]
        message = "the server of the ledger has `{} = off`: what it acknowledged may be lost when the machine fails"
        return [Problem(message.format(name), "switch it on", level="warning") for name in off]


def name_refusal(said: str) -> str:
    """Which fault it is that a connection was not made: the driver gives a server's words, and not their code."""
    return "crowded" if any(words in said for words in _CROWDED) else "unreachable"


def write_grants(role: str) -> tuple[str, ...]:
    """What lets a role append and read, and nothing else: erasing is left to the owner."""
    name = '"' + role.replace('"', '""') + '"'
    tables = ", ".join(COLUMNS)
    return (
        f"REVOKE ALL ON {tables}, alembic_version FROM {name}",
        f"GRANT SELECT ON {tables}, alembic_version TO {name}",
        f"GRANT INSERT ON {', '.join(_APPENDS)} TO {name}",
        f"GRANT UPDATE ON {', '.join((*requests.CHANGED, *UNGUARDED))} TO {name}",
        f"GRANT DELETE ON {', '.join(UNGUARDED)} TO {name}",
    )
