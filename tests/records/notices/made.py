"""Notices for tests: a webhook that has begun, and what there is to tell of requests."""

from __future__ import annotations

from datetime import datetime

from policy.records.ledger import Ledger
from policy.records.notices import making, sending
from policy.records.notices.rows import Happening, Made, Notice
from policy.records.requests.clock import write_time
from tests.records.requests.asked import NOW

HOOK = "0123456789abcdef"
CLOCK = write_time(NOW)


def begin(ledger: Ledger, webhook: str = HOOK, now: datetime = NOW) -> making.Mark:
    making.begin(ledger, webhook, write_time(now))
    return making.list_marks(ledger)[webhook]


def list_new(ledger: Ledger, mark: making.Mark) -> list[tuple[str, str]]:
    """What is behind a mark, in words."""
    found, _ = making.list_happenings(ledger.read, mark, making.find_last(ledger))
    return [(one.event, one.row.id) for one in found]


def write(ledger: Ledger, happening: Happening) -> Made:
    return Made(happening.name_notice(ledger.id), happening.row.id, happening.event, f"{happening.event} it is")


def make(ledger: Ledger, webhook: str = HOOK, clock: str = CLOCK) -> bool:
    """Notices of all that has happened; whether it was this one that made them."""
    mark, last = making.list_marks(ledger)[webhook], making.find_last(ledger)
    found, seq = making.list_happenings(ledger.read, mark, last)
    return making.move_mark(ledger, mark, seq, [write(ledger, one) for one in found], clock)


def list_notices(ledger: Ledger) -> list[Notice]:
    rows = ledger.read(f"SELECT {', '.join(Notice._fields)} FROM notices ORDER BY number")
    return [Notice(*row) for row in rows]


def list_states(ledger: Ledger) -> list[tuple[str, str]]:
    return [(notice.event, notice.state) for notice in list_notices(ledger)]


def take(ledger: Ledger, clock: str = CLOCK, webhook: str = HOOK) -> Notice:
    """The next notice, claimed; there is one."""
    claimed = sending.claim(ledger, webhook, clock)
    assert claimed is not None
    return claimed
