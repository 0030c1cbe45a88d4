"""What counts: approvals in force, and glass that was broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.approval import Approval
from policy.records.requests.asking import APPROVAL
from policy.records.requests.clock import read_time, tell_time, write_time
from policy.records.requests.confirming import ANYBODY, User, confirm
from policy.records.requests.desk import open_session
from policy.records.requests.queries import find_name, find_rows, find_time, read_payload
from policy.records.requests.rows import APPROVED
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from policy.model.approval_settings import ApprovalSettings, Terms
    from policy.records.ledger import Ledger
    from policy.records.requests.rows import Row


class Grant(NamedTuple):
    """An approval in force: what the judge is told, the request behind it, and whether the glass was broken for it.

    `decided` is when it was let pass.
    """

    approval: Approval
    request: str
    overridden: bool
    decided: str


class Override(NamedTuple):
    """Broken glass: who, why, until when; `reviewed` is the finding of another person, None until there is one."""

    request: str
    project: str
    gate: str
    by: str
    reason: str
    time: str
    ends: str
    reviewed: str | None
    reviewer: str | None


def list_grants(
    ledger: Ledger,
    project: str,
    gate: str,
    stake: str,
    now: datetime,
    *,
    terms: Terms | None = None,
    settings: ApprovalSettings | None = None,
    run: str = "",
    user: User = ANYBODY,
) -> list[Grant]:
    """The approvals that count for what is at stake: one for each yes, once there are enough of them.

    With the `terms` and `settings` of the policy set that judges, votes are counted again by these: what somebody
    without the role, or with another policy set, let pass does not count. One of which all runs are used counts for a
    `run` that is one of these.
    """
    clock = write_time(now)
    with open_session(ledger) as session:
        rows = find_rows(session, kind=APPROVAL, project=project, gate=gate, stake=stake, state=APPROVED)
        rows = [_give_back(session, row, run) for row in rows] if run else rows
        return [grant for row in rows for grant in _read_grants(session, row, clock, terms, settings, user)]


def _give_back(session: Any, row: Row, run: str) -> Row:
    """The request as it stands for a run: what that has used is not taken from it twice."""
    used = session.read("SELECT 1 FROM request_uses WHERE request = ? AND run = ?", (row.id, run))
    return row._replace(uses=row.uses - 1) if used else row


def _read_grants(
    session: Any, row: Row, clock: str, terms: Terms | None, settings: ApprovalSettings | None, user: User
) -> Iterator[Grant]:
    """The yeses of a request, where they are enough, not over, and not used up."""
    if row.state_at(clock) != APPROVED or (terms is not None and terms.runs is not None and row.uses >= terms.runs):
        return
    found = confirm(session, row, terms, settings, user)
    if found is None or (found.ends is not None and found.ends <= clock):
        return
    ends = read_time(found.ends) if found.ends is not None else None
    decided = find_time(session, row.decided) if row.decided is not None else ""
    for name in found.names:
        yield Grant(Approval(name, found.requester, row.gate, row.stake, ends), row.id, bool(row.overridden), decided)


def list_overrides(ledger: Ledger, *, unreviewed: bool = False) -> list[Override]:
    """Every time the glass was broken, for reports; with `unreviewed` only what nobody has reviewed yet."""
    with open_session(ledger) as session:
        rows = [row for row in find_rows(session, overridden=1) if not (unreviewed and row.reviewed is not None)]
        return [_read_override(session, row) for row in rows]


def _read_override(session: Any, row: Row) -> Override:
    said = (read_payload(session, row.decided) if row.decided is not None else None) or {}
    found = (read_payload(session, row.reviewed) if row.reviewed is not None else None) or {}
    times = session.read("SELECT time FROM entries WHERE seq = ?", (row.decided,))
    return Override(
        request=row.id,
        project=row.project,
        gate=row.gate,
        by=find_name(session, said["person"]).shown if said else "somebody (erased)",
        reason=said.get("reason", "(erased)"),
        time=tell_time(times[0][0], said) if times else "",
        ends=row.ends or "",
        reviewed=None if row.reviewed is None else found.get("finding", "(erased)"),
        reviewer=find_name(session, found["person"]).shown if found else None,
    )
