"""What is read from a ledger beside its last entry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.records.entry import Entry
from policy.records.faults import LedgerError, named_faults
from policy.records.layout import write_select
from policy.records.objects import DecisionRow, Erased, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.records.database import Database, Session

CHUNK: Final = 2000
EQUAL: Final = ("project", "gate", "verdict", "policy_set")
_FROM: Final = write_select("entries", "WHERE seq >= ? ORDER BY seq LIMIT ?")
_ERASURE: Final = (
    "SELECT e.seq, e.time, p.body FROM erasures x JOIN entries e ON e.seq = x.seq"
    " JOIN payloads p ON p.seq = e.seq WHERE x.target = ?"
)
_LATER: Final = (
    "SELECT e.seq, e.time, p.body FROM entries e JOIN payloads p ON p.seq = e.seq"
    " WHERE e.type = 'erasure' AND e.seq > ? ORDER BY e.seq"
)


def read_next(session: Session, *, start: int, stop: int | None, limit: int) -> list[Entry]:
    """The next entries, at most `limit`; also where some are missing."""
    found = list(map(Entry._make, session.read(_FROM, (start, limit))))
    return found if stop is None else [entry for entry in found if entry.seq < stop]


def get_object(session: Session, digest: str, place: str) -> bytes | Erased | None:
    """An object's bytes, held against their digest; or what is left of it."""
    rows = session.read("SELECT body FROM objects WHERE digest = ?", (digest,))
    return _hold(session, rows[0][0], digest, "object", place) if rows else None


def get_payload(session: Session, entry: Entry, place: str) -> bytes | Erased | None:
    """What an entry says, held against the digest that it names; or what is left of it."""
    rows = session.read("SELECT body FROM payloads WHERE seq = ?", (entry.seq,))
    return _hold(session, rows[0][0], entry.payload, "payload", place, after=entry.seq) if rows else None


def _hold(session: Session, body: Any, digest: str, what: str, place: str, after: int = 0) -> bytes | Erased:
    if body is None:
        return find_erasure(session, digest, place, after)
    if not isinstance(body, bytes) or digest_bytes(body) != digest:
        raise LedgerError("corrupt", f"in the ledger `{place}` the {what} `{digest}` is not what it was")
    return body


def find_erasure(session: Session, target: str, place: str, after: int = 0) -> Erased:
    """Who erased an object, a person, or what the entry `after` says, when and why: it may have been before, too."""
    rows = session.read(_ERASURE, (target,))
    if rows and rows[0][0] < after:
        rows = session.read(_LATER, (after,))
    for seq, time, body in rows:
        said = json.loads(body)
        if said["target"] == target:
            return Erased(seq, time, said["by"], said["reason"])
    raise LedgerError("corrupt", f"in the ledger `{place}` `{target}` is gone, and no entry says that it was erased")


def read_decisions(
    database: Database, filters: Mapping[str, str], *, bodies: bool
) -> Iterator[tuple[DecisionRow, bytes | None]]:
    """Decisions in the order in which they were recorded, a chunk at a time so that writers are not held up."""
    from policy.records.creation import make_engine

    with named_faults(database.address.shown):
        engine = make_engine(database, lambda: database.open_session().driver)
        query = _write_query(filters, bodies=bodies)
        with engine.connect() as connection:
            last = 0
            while rows := connection.execute(query, {"last": last}).all():
                for *parts, body in rows:
                    yield DecisionRow(*parts), body
                last = rows[-1][-2]


def _write_query(filters: Mapping[str, str], *, bodies: bool) -> Any:
    from sqlalchemy import bindparam, null, select

    from policy.records.layout import COLUMNS
    from policy.records.schema import decisions, payloads

    columns = [decisions.c[name] for name in COLUMNS["decisions"]]
    query = select(*columns, payloads.c.body if bodies else null())
    if bodies:
        query = query.join_from(decisions, payloads, payloads.c.seq == decisions.c.seq)
    for name, value in filters.items():
        if name in EQUAL:
            query = query.where(decisions.c[name] == value)
        elif name in ("since", "until"):
            query = query.where(decisions.c.time >= value if name == "since" else decisions.c.time < value)
        else:
            raise TypeError(f"decisions are not filtered by `{name}`")
    return query.where(decisions.c.seq > bindparam("last")).order_by(decisions.c.seq).limit(CHUNK)
