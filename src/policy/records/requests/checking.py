"""Holds the tables of requests against the entries: what is looked up must be what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model.approval import fold_name
from policy.records.faults import LedgerError
from policy.records.requests.asking import STATED
from policy.records.requests.deadlines import is_in_force, tell_stated
from policy.records.requests.queries import (
    find_rows,
    find_time,
    list_delegations,
    list_events,
    list_people,
    list_votes,
    read_payload,
)
from policy.records.requests.rows import PENDING
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.records.database import Session
    from policy.records.requests.rows import Event, Row

TYPES: Final = ("request", "approval", "rejection", "withdrawal", "comment", "override", "review", "use", "expiry")
DECIDING: Final = ("approval", "rejection", "withdrawal", "override")
_STRAYS: Final = (
    "SELECT e.seq, e.type FROM entries e LEFT JOIN request_events v ON v.seq = e.seq LEFT JOIN requests r"  # noqa: S608 - marks
    f" ON r.id = v.request WHERE r.id IS NULL AND e.type IN ({', '.join('?' * len(TYPES))}) ORDER BY e.seq"
)
_NAMELESS: Final = (
    "SELECT id FROM people WHERE name IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM erasures WHERE target = people.id) ORDER BY id"
)
# Whoever approves it may set another end.
ASKED: Final = tuple(name for name in STATED if name != "ends")


class Mismatch(NamedTuple):
    """What a table says of a request and what its entries say; `seq` is the entry that it should follow."""

    request: str
    what: str
    stored: str
    recorded: str
    seq: int


def check_requests(session: Session) -> Iterator[Mismatch]:
    """Every request of which a table says something else than its entries; erased entries say nothing."""
    for row in find_rows(session):
        yield from check_request(session, row)
    yield from _check_delegations(session)
    for person, name, folded in session.read("SELECT id, name, folded FROM people WHERE name IS NOT NULL"):
        if fold_name(str(name)) != folded:
            # Whoever is found by one name would be shown, and counted, by another.
            yield Mismatch(person, "name", str(name), str(folded), 0)
    for (person,) in session.read(_NAMELESS):
        yield Mismatch(str(person), "name", "none", "not erased", 0)
    yield from list_strays(session)


def list_strays(session: Session) -> Iterator[Mismatch]:
    """Every entry of a request that is in no table."""
    for seq, kind in session.read(_STRAYS, TYPES):
        yield Mismatch("none", "events", "nothing", str(kind), seq)


def check_request(session: Session, row: Row) -> Iterator[Mismatch]:
    """What the tables say of one request and its entries do not."""
    try:
        yield from _check_one(session, row)
    except LedgerError:
        # What its entries said was changed.
        yield Mismatch(row.id, "entries", "changed", "not to be read", row.seq)


def _check_one(session: Session, row: Row) -> Iterator[Mismatch]:
    events = list_events(session, row.id)
    if not events or events[0].seq != row.seq or events[0].type != "request":
        yield Mismatch(row.id, "opening", str(row.seq), str(events[0].seq) if events else "none", row.seq)
        return
    yield from _check_asked(row, events[0])
    yield from _check_course(row, events)
    yield from _check_votes(session, row, events)
    yield from _check_times(row, events)
    yield from _check_delegated(session, row)
    yield from _check_people(session, row, events)


def _check_asked(row: Row, opening: Event) -> Iterator[Mismatch]:
    said = opening.payload
    if said is None:
        return
    for name in ASKED:
        recorded = said.get(name)
        if getattr(row, name) != recorded:
            yield Mismatch(row.id, name, str(getattr(row, name)), str(recorded), opening.seq)


def _check_course(row: Row, events: Sequence[Event]) -> Iterator[Mismatch]:
    recorded = replay_events(events)
    if any(event.payload is None and event.type in DECIDING for event in events):
        # What it decided nobody can tell.
        recorded = {name: said for name, said in recorded.items() if name not in ("state", "decided", "ends")}
    for name, said in recorded.items():
        stored = getattr(row, name)
        if stored != said:
            yield Mismatch(row.id, name, str(stored), str(said), row.decided or row.seq)


def replay_events(events: Sequence[Event]) -> dict[str, Any]:
    """How a request stands after what happened to it; an erased entry counts by its type alone."""
    known: dict[str, Any] = {
        "state": PENDING,
        "votes": 0,
        "uses": 0,
        "overridden": 0,
        "decided": None,
        "reviewed": None,
    }
    ends = (events[0].payload or {}).get("ends")
    for event in events:
        said = event.payload or {}
        known["votes"] += event.type in ("approval", "rejection")
        known["uses"] += event.type == "use"
        known["overridden"] = int(known["overridden"] or event.type == "override")
        if event.type == "review":
            known["reviewed"] = event.seq
        state = "expired" if event.type == "expiry" else said.get("state", PENDING)
        if state != PENDING and known["decided"] is None:
            known |= {"state": state, "decided": event.seq}
            ends = said.get("ends") or ends
    return {**known, "ends": ends}


def _check_votes(session: Session, row: Row, events: Sequence[Event]) -> Iterator[Mismatch]:
    recorded = {
        (event.seq, said.get("person"), said.get("behalf") or "", said.get("event"))
        for event in events
        if event.type in ("approval", "rejection") and (said := event.payload) is not None
    }
    erased = {event.seq for event in events if event.payload is None}
    stored = {
        (vote.seq, vote.person.id, vote.behalf.id if vote.behalf else "", vote.answer)
        for vote in list_votes(session, row.id)
        if vote.seq not in erased
    }
    for one in sorted(recorded ^ stored, key=str):
        texts = (str(one[1:]), "none")
        yield Mismatch(row.id, "vote", *(texts if one in stored else texts[::-1]), one[0])


def _check_times(row: Row, events: Sequence[Event]) -> Iterator[Mismatch]:
    """What was done too late, by the times of the entries."""
    opening = events[0].payload or {}
    expires = str(opening.get("expires") or row.expires)
    for event in events:
        time = tell_stated(event.time, event.payload or {}, opening)
        if event.type in DECIDING and time >= expires:
            yield Mismatch(row.id, f"time of {event.type}", time, f"before {expires}", event.seq)


def _check_delegated(session: Session, row: Row) -> Iterator[Mismatch]:
    """Votes instead of somebody who had handed theirs to nobody then."""
    for vote in list_votes(session, row.id):
        if vote.behalf is None:
            continue
        # To whom is for who judges: a policy set knows people by several names.
        given = [one for one in list_delegations(session) if one.giver.id == vote.behalf.id]
        if all(is_in_force(session, one, vote.seq) is False for one in given):
            time = find_time(session, vote.seq)
            yield Mismatch(row.id, "vote", f"for {vote.behalf.id}", f"no delegation at {time}", vote.seq)


def _check_people(session: Session, row: Row, events: Sequence[Event]) -> Iterator[Mismatch]:
    recorded: set[tuple[Any, str]] = set()
    for said in (event.payload for event in events if event.payload is not None):
        if said.get("event") == "asked":
            recorded.add((said.get("requester"), "requester"))
        recorded |= {(one, "requester") for one in said.get("requesters", ())}
        recorded |= {(one, "contributor") for one in said.get("contributors", ())}
        recorded |= {(one, "owner") for one in said.get("owners", ())}
        recorded |= {(one, "withdrawn") for one in said.get("withdrawn", ())}
    stored = {(one.id, one.part) for one in list_people(session, row.id)}
    if any(event.payload is None for event in events):
        # An erased entry may have named them.
        stored &= recorded
    for one in sorted(recorded ^ stored, key=str):
        texts = (" ".join(map(str, one)), "none")
        yield Mismatch(row.id, "people", *(texts if one in stored else texts[::-1]), row.seq)


def _check_delegations(session: Session) -> Iterator[Mismatch]:
    """Who votes for whom; a delegation that ended early has a second entry, which the table does not name."""
    told = {
        seq: said
        for (seq,) in session.read("SELECT seq FROM entries WHERE type = 'delegation' ORDER BY seq")
        if isinstance(said := _read(session, seq), dict)
    }
    ended = {said.get("request"): said.get("ends") for said in told.values() if said.get("event") == "revoked"}
    known = list_delegations(session)
    for seq in told.keys() - {one.seq for one in known}:
        if told[seq].get("event") == "delegated":
            yield Mismatch(str(told[seq].get("request")), "delegation", "none", "one", seq)
    for one in known:
        said = told.get(one.seq) or _read(session, one.seq)
        if said is None:
            continue
        ends = ended.get(one.id) or said.get("ends")
        stored = {
            "request": one.id,
            "giver": one.giver.id,
            "taker": one.taker.id,
            "starts": one.starts,
            "ends": one.ends,
        }
        recorded = {**said, "ends": ends}
        for name, value in stored.items():
            if recorded.get(name) != value:
                yield Mismatch(one.id, name, str(value), str(recorded.get(name)), one.seq)


def _read(session: Session, seq: int) -> Any:
    try:
        return read_payload(session, seq)
    except LedgerError:
        return None  # a changed payload is found where all of them are looked at
