"""Holds the tables of requests against the entries: what is looked up must be what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.records.requests.queries import find_rows, list_events, list_votes
from policy.records.requests.rows import PENDING
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.records.database import Session
    from policy.records.requests.rows import Event, Row

_ASKED: Final = ("kind", "project", "gate", "stake", "subject", "document", "policy_set", "asked", "expires", "runs")


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
        events = list_events(session, row.id)
        if not events or events[0].seq != row.seq or events[0].type != "request":
            yield Mismatch(row.id, "opening", str(row.seq), str(events[0].seq) if events else "none", row.seq)
            continue
        yield from _check_asked(row, events[0])
        yield from _check_course(row, events)
        yield from _check_votes(session, row, events)


def _check_asked(row: Row, opening: Event) -> Iterator[Mismatch]:
    said = opening.payload
    if said is None:
        return
    for name in _ASKED:
        recorded = said.get(name)
        if getattr(row, name) != recorded:
            yield Mismatch(row.id, name, str(getattr(row, name)), str(recorded), opening.seq)


def _check_course(row: Row, events: Sequence[Event]) -> Iterator[Mismatch]:
    recorded = _replay(events)
    for name, said in recorded.items():
        stored = getattr(row, name)
        if stored != said:
            yield Mismatch(row.id, name, str(stored), str(said), row.decided or row.seq)


def _replay(events: Sequence[Event]) -> dict[str, Any]:
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
        (event.seq, said["person"], said["behalf"] or "", said["event"])
        for event in events
        if event.type in ("approval", "rejection") and (said := event.payload) is not None
    }
    erased = {event.seq for event in events if event.payload is None}
    stored = {
        (vote.seq, vote.person.id, vote.behalf.id if vote.behalf else "", vote.answer)
        for vote in list_votes(session, row.id)
        if vote.seq not in erased
    }
    for one in sorted(recorded ^ stored):
        texts = (str(one[1:]), "none")
        yield Mismatch(row.id, "vote", *(texts if one in stored else texts[::-1]), one[0])
