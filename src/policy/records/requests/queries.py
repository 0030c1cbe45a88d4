"""What is read of requests, in a transaction or outside of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.records.faults import LedgerError
from policy.records.objects import digest_bytes
from policy.records.requests.rows import Delegation, Event, Person, Row, Vote, list_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.records.database import Session

FILTERS = ("id", "kind", "project", "gate", "stake", "state", "subject", "overridden")


def find_rows(session: Session, **filters: str | int) -> list[Row]:
    """Requests in the order in which they were asked. Filters are FILTERS."""
    if not filters.keys() <= set(FILTERS):
        raise TypeError(f"requests are not filtered by {', '.join(sorted(filters))}")
    where = " AND ".join(f"{name} = ?" for name in filters) or "1 = 1"
    query = f"SELECT {list_columns('requests')} FROM requests WHERE {where} ORDER BY seq"  # noqa: S608 - names of ours
    return [Row(*row) for row in session.read(query, tuple(filters.values()))]


def find_row(session: Session, request_id: str) -> Row | None:
    """A request by its id."""
    return next(iter(find_rows(session, id=request_id)), None)


def list_people(session: Session, request_id: str) -> list[Person]:
    """Who asked, who contributed, who is named, and who withdrew, in order."""
    query = (
        "SELECT r.person, p.name, r.part, r.seq FROM request_people r LEFT JOIN people p ON p.id = r.person"
        " WHERE r.request = ? ORDER BY r.seq, r.part, r.person"
    )
    return [Person(*row) for row in session.read(query, (request_id,))]


def list_votes(session: Session, request_id: str) -> list[Vote]:
    """The votes on a request, in order."""
    query = (
        "SELECT v.person, p.name, v.behalf, b.name, v.answer, v.seq FROM request_votes v"
        " LEFT JOIN people p ON p.id = v.person LEFT JOIN people b ON b.id = v.behalf"
        " WHERE v.request = ? ORDER BY v.seq"
    )
    return [
        Vote(Person(person, name), Person(behalf, giver) if behalf else None, answer, seq)
        for person, name, behalf, giver, answer, seq in session.read(query, (request_id,))
    ]


def list_events(session: Session, request_id: str) -> list[Event]:
    """Everything that happened to a request, with what its entries say."""
    query = (
        "SELECT e.seq, e.time, e.type, e.payload, p.body FROM request_events v JOIN entries e ON e.seq = v.seq"
        " LEFT JOIN payloads p ON p.seq = e.seq WHERE v.request = ? ORDER BY e.seq"
    )
    return [
        Event(seq, time, kind, _read_json([stored])) for seq, time, kind, *stored in session.read(query, (request_id,))
    ]


def read_payload(session: Session, seq: int) -> Any:
    """What an entry says; None where there is none, or where it is erased. Raises LedgerError for a changed one."""
    query = "SELECT e.payload, p.body FROM entries e JOIN payloads p ON p.seq = e.seq WHERE e.seq = ?"
    return _read_json(session.read(query, (seq,)))


def find_time(session: Session, seq: int) -> str:
    """When an entry was appended; empty where there is none."""
    rows = session.read("SELECT time FROM entries WHERE seq = ?", (seq,))
    return str(rows[0][0]) if rows else ""


def read_object(session: Session, digest: str) -> Any:
    """A stored JSON document; None where there is none, or where it is erased. Raises LedgerError for a changed one."""
    return _read_json(session.read("SELECT digest, body FROM objects WHERE digest = ?", (digest,)) if digest else [])


def _read_json(rows: Sequence[Sequence[Any]]) -> Any:
    if not rows or rows[0][1] is None:
        return None
    digest, body = rows[0]
    if not isinstance(body, bytes) or digest_bytes(body) != digest:
        raise LedgerError("corrupt", f"in the ledger the object `{digest}` is not what it was")
    return json.loads(body)


def find_name(session: Session, person: str) -> Person:
    """Somebody by the id."""
    rows = session.read("SELECT name FROM people WHERE id = ?", (person,))
    return Person(person, rows[0][0] if rows else None)


def list_delegations(session: Session, clock: str = "") -> list[Delegation]:
    """Delegations in the order in which they were made; with a time only those in force then."""
    where = "d.starts <= ? AND d.ends > ?" if clock else "1 = 1"
    query = (
        "SELECT d.id, d.giver, g.name, d.taker, t.name, d.starts, d.ends, d.seq FROM delegations d"  # noqa: S608 - as above
        f" LEFT JOIN people g ON g.id = d.giver LEFT JOIN people t ON t.id = d.taker WHERE {where} ORDER BY d.seq"
    )
    return [
        Delegation(name, Person(giver, given), Person(taker, taken), starts, ends, seq)
        for name, giver, given, taker, taken, starts, ends, seq in session.read(query, (clock, clock) if clock else ())
    ]
