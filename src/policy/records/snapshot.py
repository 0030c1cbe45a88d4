"""A ledger as it is at one moment, for who verifies it: read in order, however much there is, and never written to.

It is read as it stands: guards that are missing and texts that are none keep nobody from looking at the rest.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, Final

from policy.records.address import read_address
from policy.records.faults import LedgerError, named_faults
from policy.records.layout import write_select
from policy.records.lookup import find_named, read_numbered
from policy.records.objects import parse_payload
from policy.records.opening import find_database, identify_ledger
from policy.records.policy_sets import read_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from policy.records.address import Address
    from policy.records.database import Database, Session
    from policy.records.entry import Entry
    from policy.records.policy_sets import Use
    from policy.records.requests.checking import Mismatch
    from policy.records.runs import checking as runs

BATCH: Final = 1024
_FIRST: Final = -(2**62)
_ID: Final = re.compile(r"[0-9a-f]{32}")
_ENTRIES: Final = write_select("entries", "WHERE seq >= ? ORDER BY seq")
_LEAVES: Final = "SELECT leaf FROM entries WHERE seq < ? ORDER BY seq"
_PAYLOADS: Final = (
    "SELECT e.seq, e.type, e.payload, p.seq, p.body, d.seq, d.decision_id, d.project, d.gate, d.verdict, d.time,"
    " d.policy_set, d.facts, d.stake FROM entries e LEFT JOIN payloads p ON p.seq = e.seq"
    " LEFT JOIN decisions d ON d.seq = e.seq ORDER BY e.seq"
)
_ERASURE: Final = (
    "SELECT e.seq, e.payload FROM erasures x JOIN entries e ON e.seq = x.seq WHERE x.target = ? AND e.type = 'erasure'"
)
_LATER: Final = "SELECT seq, payload FROM entries WHERE type = 'erasure' AND seq > ? ORDER BY seq"
_NEWEST: Final = (
    "SELECT e.seq, e.time, e.type, coalesce(d.decision_id, r.decision), coalesce(d.project, r.project),"
    " coalesce(d.gate, s.gate), coalesce(d.verdict, r.verdict), r.run, r.state, s.policy_set FROM entries e"
    " LEFT JOIN decisions d ON d.seq = e.seq LEFT JOIN runs r ON r.seq = e.seq"
    " LEFT JOIN policy_sets s ON s.seq = e.seq AND e.type = 'policy-set' {where} ORDER BY e.seq DESC LIMIT ?"
)
_STRAY_PAYLOADS: Final = (
    "SELECT p.seq FROM payloads p LEFT JOIN entries e ON e.seq = p.seq WHERE e.seq IS NULL ORDER BY p.seq"
)
_STRAYS: Final = (
    "SELECT d.seq, d.decision_id FROM decisions d LEFT JOIN entries e ON e.seq = d.seq AND e.type = 'decision'"
    " WHERE e.seq IS NULL ORDER BY d.seq"
)


class Snapshot:
    """An open snapshot; a context manager."""

    def __init__(self, database: Database, session: Session) -> None:
        self._session = session
        self._shown = database.address.shown
        self._on_file = database.dialect == "sqlite"
        self._read_any_text()
        self.id, self.name = identify_ledger(_unguard(database), session, "")
        if not _ID.fullmatch(self.id):
            raise LedgerError("corrupt", f"the ledger `{self._shown}` has an id that no ledger has")
        self._check_numbers()
        self.missing_guards = sorted(database.list_guards() - database.read_layout(session).guards)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._session.close()

    @property
    def format(self) -> str:
        """Which form the ledger says that it has."""
        return str(self._read("SELECT format FROM ledger")[0][0])

    def read_batches(self, start: int = _FIRST) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of entries from `start` on, by their number, as they are stored, many at once.

        Without a start also those of numbers below 1, which no ledger has.
        """
        last = start - 1
        if self._on_file:
            self._session.driver.text_factory = str
        try:
            for batch in self._stream(_ENTRIES, (start,)):
                yield batch
                last = batch[-1][0]
        except LedgerError as error:
            if not isinstance(error.__cause__, sqlite3.OperationalError) or "decode" not in str(error.__cause__):
                raise
            # There is a text that is none: from here on they are read one by one, which costs more.
            self._read_any_text()
            yield from self._stream(_ENTRIES, (last + 1,))

    def read_leaves(self, size: int) -> Iterator[bytes]:
        """The leaf hashes of the first so many entries, as they are stored."""
        return (row[0] for batch in self._stream(_LEAVES, (size + 1,)) for row in batch)

    def read_payloads(self) -> Iterator[list[tuple[Any, ...]]]:
        """Entries with number, type and digest, then number and body of the payload, then the row of the index."""
        self._read_any_text()
        return self._stream(_PAYLOADS)

    def read_stray_payloads(self) -> Iterator[int]:
        """The numbers of payloads that no entry belongs to."""
        return (row[0] for batch in self._stream(_STRAY_PAYLOADS) for row in batch)

    def read_strays(self) -> Iterator[tuple[Any, ...]]:
        """Rows of the index, by number and decision, that no decision's entry belongs to."""
        self._read_any_text()
        return (row for batch in self._stream(_STRAYS) for row in batch)

    def read_uses(self) -> Iterator[Use]:
        """Which policy sets were in use where, as they are stored."""
        self._read_any_text()
        return (read_row(row) for batch in self._stream(write_select("policy_sets", "ORDER BY seq")) for row in batch)

    def read_erasures(self) -> Iterator[tuple[Any, ...]]:
        """What the database says was erased: what, and by which entry."""
        self._read_any_text()
        return (row for batch in self._stream("SELECT target, seq FROM erasures ORDER BY seq") for row in batch)

    def read_objects(self) -> Iterator[list[tuple[Any, ...]]]:
        """All objects: digest and body, None for an erased one."""
        self._read_any_text()
        return self._stream("SELECT digest, body FROM objects")

    def read_checkpoints(self) -> list[tuple[Any, ...]]:
        """The checkpoints that the database itself keeps: size, root, note and frontier, the newest first."""
        self._read_any_text()
        return self._read(write_select("checkpoints", "ORDER BY size DESC"))

    def read_body(self, digest: str) -> Any:
        """The body of an object as it is stored, bytes if nobody changed it; None for an erased one, and for none."""
        rows = self._read("SELECT body FROM objects WHERE digest = ?", (digest,))
        return rows[0][0] if rows else None

    def check_requests(self) -> Iterator[Mismatch]:
        """What the tables of requests say otherwise than their entries."""
        from policy.records.requests.checking import check_requests

        self._read_any_text()
        with _named_faults(self._shown):
            yield from check_requests(self._session)

    def check_runs(self) -> Iterator[runs.Mismatch]:
        """What the table of runs says otherwise than its entries."""
        from policy.records.runs.checking import check_runs

        self._read_any_text()
        with _named_faults(self._shown):
            yield from check_runs(self._session)

    def read_newest(self, count: int, kind: str | None) -> list[tuple[Any, ...]]:
        """The newest entries, the last one first: number, time, type, and of a decision or run what it is found by."""
        self._read_any_text()
        if kind is None:
            return self._read(_NEWEST.format(where=""), (count,))
        return self._read(_NEWEST.format(where="WHERE e.type = ?"), (kind, count))

    def read_typed(self, kind: str) -> list[tuple[int, str, str]]:
        """Number, type and payload of all entries of a rare type."""
        self._read_any_text()
        found = self._read("SELECT seq, type, payload FROM entries WHERE type = ? ORDER BY seq", (kind,))
        return [(row[0], row[1], row[2]) for row in found]

    def find_erasure(self, entry: Entry) -> tuple[int, dict[str, Any]] | None:
        """Number and payload of the entry by which was erased what an entry says: others may have said it before."""
        rows = self._read(_ERASURE, (entry.payload,))
        if rows and rows[0][0] < entry.seq:
            rows = self._read(_LATER, (entry.seq,))
        for seq, digest in rows:
            said = self.read_said(seq, digest)
            if said is not None and said.get("target") == entry.payload:
                return seq, said
        return None

    def read_payload(self, seq: int) -> Any:
        """What the entry of a number says, as it is stored; None for what was erased, and for what is not there."""
        rows = self._read("SELECT body FROM payloads WHERE seq = ?", (seq,))
        return rows[0][0] if rows else None

    def read_said(self, seq: int, digest: str) -> dict[str, Any] | None:
        """What the entry of a number says; None where there is nothing, or something of another digest."""
        return parse_payload(digest, self.read_payload(seq))

    def find_name(self, person: str) -> str | None:
        """What the directory calls a person; None where the name is erased, and for nobody whom it knows."""
        rows = self._read("SELECT name FROM people WHERE id = ?", (person,))
        return rows[0][0] if rows and isinstance(rows[0][0], str) else None

    def find_missing(self, digests: Sequence[str]) -> set[str]:
        """Of some digests, those of which there is no object."""
        marks = ", ".join("?" * len(digests))
        found = self._read(f"SELECT digest FROM objects WHERE digest IN ({marks})", digests) if digests else []  # noqa: S608 - marks
        return set(digests) - {row[0] for row in found}

    def find_entry(self, name: str) -> Entry | None:
        """The entry of a number, of a decision's id, or of what only one begins with. Raises PolicyError for others."""
        self._read_any_text()
        found = find_named(self._read, name)
        return found.entry if found is not None else None

    def get_entry(self, seq: int) -> Entry | None:
        """The entry of a number."""
        self._read_any_text()
        return read_numbered(self._read, str(seq))

    def _check_numbers(self) -> None:
        """In SQLite only rows that are numbered by their key have whole numbers for sure: a damaged schema may not."""
        for table, column in (("entries", "seq"), ("payloads", "seq"), ("decisions", "seq"), ("checkpoints", "size")):
            query = "SELECT type, pk FROM pragma_table_info(?) WHERE name = ?"
            if self._on_file and self._read(query, (table, column)) != [("INTEGER", 1)]:
                message = f"the ledger `{self._shown}` is not whole: `{table}.{column}` does not number its rows"
                raise LedgerError("schema", message)

    def _read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with _named_faults(self._shown):
            return self._session.read(statement, values)

    def _stream(self, statement: str, values: Sequence[Any] = ()) -> Iterator[list[tuple[Any, ...]]]:
        driver = self._session.driver
        with _named_faults(self._shown):
            if self._on_file:
                cursor = driver.execute(statement, values)
            else:
                # A cursor of the server's: the client would hold all rows at once.
                cursor = driver.cursor(name="snapshot", binary=True)
                cursor.execute(statement.replace("?", "%s"), values)
            try:
                while rows := cursor.fetchmany(BATCH):
                    yield rows
            finally:
                cursor.close()

    def _read_any_text(self) -> None:
        if self._on_file:
            self._session.driver.text_factory = _decode_any


@contextmanager
def _named_faults(shown: str) -> Iterator[None]:
    try:
        with named_faults(shown):
            yield
    except UnicodeDecodeError:
        # What SQLite says of a damaged schema quotes it, and Python cannot read the message.
        raise LedgerError("corrupt", f"the ledger `{shown}` cannot be used: it is damaged") from None


def _decode_any(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _unguard(database: Database) -> Database:
    """The same database, but that no guards are expected of it: those that lack are reported."""
    unguarded = copy(database)
    unguarded.list_guards = set  # type: ignore[method-assign]
    return unguarded


def open_snapshot(url: str, folder: str = ".") -> Snapshot:
    """A ledger as it is now; a relative file is one of `folder`. Raises LedgerError."""
    address = read_address(url, folder)
    database = find_database(address)
    if not database.is_there():
        raise LedgerError("absent", f"there is no ledger at `{address.shown}`")
    with _named_faults(address.shown):
        session = _open_file(database, address) if database.dialect == "sqlite" else database.open_session()
        try:
            session.driver.execute(
                "BEGIN" if database.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            )
            return Snapshot(database, session)
        except BaseException:
            session.close()
            raise


def _open_file(database: Database, address: Address) -> Session:
    """A connection that writes nothing; a copy on a medium that cannot be written to is read, too."""
    from urllib.parse import quote

    place = f"file:{quote(address.place)}"
    last: sqlite3.Error | None = None
    alone = not os.path.exists(f"{address.place}-wal")
    for mode in ("mode=ro", "mode=ro&immutable=1") if alone else ("mode=ro",):
        try:
            driver = sqlite3.connect(f"{place}?{mode}", uri=True, isolation_level=None, timeout=10)
        except sqlite3.Error as error:
            last = error
            continue
        try:
            driver.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            driver.close()
            last = error
            continue
        except BaseException:
            driver.close()
            raise
        return database.wrap(driver)
    raise last or LedgerError("unreachable", f"the ledger `{address.shown}` cannot be opened")
