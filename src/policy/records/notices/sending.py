"""Sending notices by one at a time: who takes one has it until its lease ends, and tells what came of it.

Each try has a number, by which it is compared and swapped: who was too slow changes nothing any more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from policy.records.notices.rows import DELIVERED, DROPPED, GIVEN_UP, WAITING, Notice
from policy.records.requests.clock import read_time, write_time
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.records.ledger import Ledger

# Longer than any try takes.
LEASE: Final = timedelta(minutes=5)
TRIED_FOR: Final = timedelta(hours=24)
# Kept to be looked at, and so that nothing is told twice.
KEPT: Final = timedelta(days=30)
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=1)
# Until who sends to an address may be back.
AWAITED: Final = timedelta(days=7)
LONGEST_SAID: Final = 200

_COLUMNS: Final = ", ".join(Notice._fields)
# Of one request, what happened first is told first.
_NEXT: Final = (
    f"SELECT {_COLUMNS} FROM notices n WHERE n.state = 'waiting' AND n.webhook = ? AND n.due <= ? AND n.lease <= ?"  # noqa: S608 - names of ours
    " AND NOT EXISTS (SELECT 1 FROM notices o WHERE o.webhook = n.webhook AND o.request = n.request"
    " AND o.state = 'waiting' AND o.number < n.number) ORDER BY n.due, n.number LIMIT 1"
)
_CLAIM: Final = (
    "UPDATE notices SET tries = tries + 1, lease = ? WHERE webhook = ? AND id = ? AND state = 'waiting'"  # noqa: S608 - as above
    f" AND tries = ? AND lease = ? RETURNING {_COLUMNS}"
)
_SETTLE: Final = (
    "UPDATE notices SET state = ?, due = ?, said = ?, lease = '' WHERE webhook = ? AND id = ? AND state = 'waiting'"
    " AND tries = ? RETURNING id"
)
_ABANDON: Final = (
    "UPDATE notices SET state = 'given-up', said = 'no server sends to this address any more'"
    " WHERE state = 'waiting' AND made <= ? AND lease <= ? RETURNING id"
)
_PURGE: Final = "DELETE FROM notices WHERE state <> 'waiting' AND made <= ?"
_PENDING: Final = "SELECT 1 FROM requests WHERE id = ? AND state = 'pending' AND expires > ?"


class Tally(NamedTuple):
    """How many notices wait, since when the oldest does, and how many were given up; `said` is of the last of these."""

    waiting: int
    oldest: str
    given_up: int
    said: str


def claim(ledger: Ledger, webhook: str, clock: str) -> Notice | None:
    """The next notice of a webhook for oneself alone, None where none is due or somebody else has taken it."""
    found = ledger.read(_NEXT, (webhook, clock, clock))
    if not found:
        return None
    notice = Notice(*found[0])
    lease = write_time(read_time(clock) + LEASE)
    with ledger.transaction() as transaction:
        rows = transaction.session.read(_CLAIM, (lease, webhook, notice.id, notice.tries, notice.lease))
    return Notice(*rows[0]) if rows else None


def is_pending(ledger: Ledger, request: str, clock: str) -> bool:
    """Whether a request still waits for somebody."""
    return bool(ledger.read(_PENDING, (request, clock)))


def note_delivered(ledger: Ledger, notice: Notice, said: str) -> bool:
    """Note that it was taken; False where somebody else has it meanwhile."""
    return _settle(ledger, notice, DELIVERED, notice.due, said)


def drop(ledger: Ledger, notice: Notice, said: str) -> bool:
    """Note that nobody needs to be told any more."""
    return _settle(ledger, notice, DROPPED, notice.due, said)


def note_failed(ledger: Ledger, notice: Notice, said: str, clock: str, jitter: float) -> str:
    """Note that it was not taken: it is due again later, or given up. Gives its state; `jitter` is from 0 to 1."""
    made = read_time(notice.made)
    if read_time(clock) - made >= TRIED_FOR:
        _settle(ledger, notice, GIVEN_UP, notice.due, said)
        return GIVEN_UP
    # The last try is at the very end.
    due = min(read_time(clock) + find_pause(notice.tries, jitter), made + TRIED_FOR)
    _settle(ledger, notice, WAITING, write_time(due), said)
    return WAITING


def give_up(ledger: Ledger, notice: Notice, said: str) -> bool:
    """Note that it will never be taken."""
    return _settle(ledger, notice, GIVEN_UP, notice.due, said)


def find_pause(tries: int, jitter: float) -> timedelta:
    """How long to wait after so many tries: twice as long each time, and a half of it by chance."""
    longest = min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE)
    return timedelta(seconds=longest.total_seconds() * (0.5 + jitter / 2))


def clear_away(ledger: Ledger, clock: str) -> int:
    """Let go of what is settled for long, and give up what nobody sends any more; how many are given up."""
    now = read_time(clock)
    with ledger.transaction() as transaction:
        session = transaction.session
        session.write([(_PURGE, [(write_time(now - KEPT),)])], commit=False)
        return len(session.read(_ABANDON, (write_time(now - AWAITED), clock)))


def tally(ledger: Ledger) -> Tally:
    """How the notices of all webhooks stand."""
    ((waiting, oldest),) = ledger.read("SELECT count(*), min(made) FROM notices WHERE state = 'waiting'")
    given_up = ledger.read("SELECT said FROM notices WHERE state = 'given-up' ORDER BY number DESC")
    return Tally(waiting, oldest or "", len(given_up), given_up[0][0] if given_up else "")


def _settle(ledger: Ledger, notice: Notice, state: str, due: str, said: str) -> bool:
    values = (state, due, said[:LONGEST_SAID], notice.webhook, notice.id, notice.tries)
    with ledger.transaction() as transaction:
        return bool(transaction.session.read(_SETTLE, values))
