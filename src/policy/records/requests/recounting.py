"""A request as its entries have it: what is shown to people must not be what somebody wrote into a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.records.faults import LedgerError
from policy.records.requests.checking import ASKED, Mismatch, check_request, list_strays, replay_events
from policy.records.requests.confirming import confirm, list_counting
from policy.records.requests.queries import find_rows, list_events
from policy.records.requests.rows import APPROVED
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.approval_settings import ApprovalSettings, Terms
    from policy.records.database import Session
    from policy.records.requests.rows import Row


class Recount(NamedTuple):
    """A request by its entries, as it is stored, and what of that its entries do not say.

    Where these cannot be read either, `row` is what is stored.
    """

    row: Row
    stored: Row
    mismatches: tuple[Mismatch, ...] = ()


def list_recounts(session: Session) -> Iterator[Recount]:
    """Every request, in the order in which they were asked."""
    return (recount(session, row) for row in find_rows(session))


def recount(session: Session, stored: Row) -> Recount:
    """One request."""
    mismatches = tuple(check_request(session, stored))
    if not mismatches:
        return Recount(stored, stored)
    return Recount(stored._replace(**_read_told(session, stored)), stored, mismatches)


def _read_told(session: Session, stored: Row) -> dict[str, Any]:
    """What the entries of a request say of it; nothing where one of them is gone, erased or changed."""
    try:
        events = list_events(session, stored.id)
    except LedgerError:
        return {}
    opening = events[0].payload if events and events[0].type == "request" else None
    if opening is None or any(event.payload is None for event in events):
        return {}
    return {**{name: opening.get(name) for name in ASKED}, **replay_events(events)}


def find_lost(session: Session) -> list[Mismatch]:
    """The entries of requests that the tables do not have any more."""
    return list(list_strays(session))


def list_voters(session: Session, counted: Recount, settings: ApprovalSettings) -> list[str]:
    """Who said yes by the entries, where these can be read."""
    try:
        return [vote.owner.shown for vote in list_counting(session, counted.row, settings)]
    except LedgerError:
        return []


def is_in_force(session: Session, counted: Recount, terms: Terms, settings: ApprovalSettings, clock: str) -> bool:
    """Whether a judge with these rules lets something pass by it at a time."""
    is_approved = counted.stored.state_at(clock) == APPROVED
    return is_approved and not find_lapse(session, counted, terms, settings, clock)


def find_lapse(session: Session, counted: Recount, terms: Terms, settings: ApprovalSettings, clock: str) -> str:
    """Why what was approved lets nothing pass by these rules at a time; empty where it does."""
    row = counted.stored
    if terms.runs is not None and row.uses >= terms.runs:
        return f"runs that it let begin: {row.uses:,}, and the rules allow {terms.runs:,}"
    try:
        found = confirm(session, row, terms, settings)
    except LedgerError:
        found = None
    if found is None:
        return "who let it pass may not, or its entries do not say that they did"
    if found.ends is not None and found.ends <= clock:
        return f"by the rules it ended at {found.ends}"
    return ""
