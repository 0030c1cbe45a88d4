"""Requests that nobody has decided in time: that is on record once somebody looks, and once only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from policy.records.requests.clock import read_time, write_time
from policy.records.requests.desk import open_desk
from policy.records.requests.queries import find_row

if TYPE_CHECKING:
    from datetime import datetime

    from policy.records.ledger import Ledger
    from policy.records.requests.desk import Desk
    from policy.records.requests.rows import Row

# What has been over for longer is old to everybody, and stays as it is until somebody asks for it again.
RECENT: Final = timedelta(days=7)
MOST: Final = 100

_DUE: Final = (
    "SELECT id FROM requests WHERE state = 'pending' AND expires <= ? AND expires > ? ORDER BY expires, id LIMIT ?"
)


def expire_due(ledger: Ledger, clock: str, now: datetime | None = None) -> tuple[str, ...]:
    """Note of requests that ended lately that nobody decided; those of which nobody else has. Raises PolicyError."""
    found = ledger.read(_DUE, (clock, write_time(read_time(clock) - RECENT), MOST))
    return tuple(request_id for (request_id,) in found if _expire_one(ledger, request_id, now))


def _expire_one(ledger: Ledger, request_id: str, now: datetime | None) -> bool:
    with open_desk(ledger, now) as desk:
        row = find_row(desk.session, request_id)
        return row is not None and expire(desk, row)


def expire(desk: Desk, row: Row) -> bool:
    """Note that nobody decided in time; whether that is so, and is noted now."""
    if not desk.swap("state = 'expired'", "id = ? AND state = 'pending' AND expires <= {time}", (row.id,)):
        return False
    seq = desk.note("expiry", row.id, {"kind": row.kind, "expires": row.expires})
    desk.insert("request_events", (seq, row.id, "expired"))
    desk.swap("decided = ?", "id = ? AND decided IS NULL", (seq, row.id))
    return True
