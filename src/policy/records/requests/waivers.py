"""Waivers that were granted in the ledger, each as a waiver file would state it."""

from __future__ import annotations

from datetime import UTC, date
from typing import TYPE_CHECKING, Any

from policy.model.canonical import digest
from policy.model.waiver_entry import WaiverEntry
from policy.records.requests.asking import WAIVER
from policy.records.requests.clock import read_time, write_time
from policy.records.requests.confirming import confirm
from policy.records.requests.desk import open_session
from policy.records.requests.queries import find_rows, find_time, read_object
from policy.records.requests.rows import APPROVED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from policy.model.approval_settings import ApprovalSettings, Terms
    from policy.records.ledger import Ledger
    from policy.records.requests.rows import Row

BOUND = ("policy", "subject", "expires")
"""What the stake of a request for a waiver is the digest of."""


def list_granted(
    ledger: Ledger, now: datetime, settings: ApprovalSettings, find_terms: Callable[[str], Terms]
) -> tuple[WaiverEntry, ...]:
    """Those in force at a time, in the order in which they were asked for.

    Votes are counted by the `settings` of the policy set that judges, and by its terms for a policy.
    """
    clock = write_time(now)
    with open_session(ledger) as session:
        rows = [row for row in find_rows(session, kind=WAIVER, state=APPROVED) if row.state_at(clock) == APPROVED]
        found = [_read(session, row, settings, find_terms) for row in rows]
    return tuple(entry for entry in found if entry is not None)


def _read(session: Any, row: Row, settings: ApprovalSettings, find_terms: Callable[[str], Terms]) -> WaiverEntry | None:
    document = read_object(session, row.document)
    asked = document.get("waiver") if isinstance(document, dict) else None
    # Who writes to the table could name another document.
    if not isinstance(asked, dict) or digest({key: asked.get(key) for key in BOUND}) != row.stake:
        return None
    found = confirm(session, row, find_terms(asked["policy"]), settings)
    if found is None or row.decided is None:
        return None
    return WaiverEntry(
        policy=asked["policy"],
        subject=asked["subject"],
        reason=asked["reason"],
        owner=asked["owner"],
        requested_by=found.requester,
        expires=date.fromisoformat(asked["expires"]),
        id=row.id,
        ticket=asked["ticket"],
        compensating_control=asked["compensating_control"],
        requested_on=_read_day(row.asked),
        approved_by=" and ".join(found.names),
        approved_on=_read_day(find_time(session, row.decided)),
        request=row.id,
    )


def _read_day(time: str) -> date:
    return read_time(time).astimezone(UTC).date()
