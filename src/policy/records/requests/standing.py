"""What counts: approvals and waivers in force, and glass that was broken."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from policy.model.approval import Approval
from policy.model.waiver import Waiver
from policy.records.requests.asking import APPROVAL, WAIVER
from policy.records.requests.clock import read_time, write_time
from policy.records.requests.desk import open_session
from policy.records.requests.queries import find_name, find_rows, list_people, list_votes, read_object, read_payload
from policy.records.requests.rows import APPROVED
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.approval_settings import ApprovalSettings, Terms
    from policy.records.ledger import Ledger
    from policy.records.requests.rows import Row


class Grant(NamedTuple):
    """An approval in force: what the judge is told, the request behind it, and whether the glass was broken for it."""

    approval: Approval
    request: str
    overridden: bool


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


def load_approvals(
    ledger: Ledger,
    project: str,
    gate: str,
    stake: str,
    now: datetime,
    *,
    terms: Terms | None = None,
    settings: ApprovalSettings | None = None,
) -> tuple[Approval, ...]:
    """The approvals that count for what is at stake, for `judge`: one for each yes, once there are enough of them.

    With the `terms` and `settings` of the policy set that judges, votes are counted again by these: what somebody
    without the role, or with another policy set, let pass does not count.
    """
    grants = list_grants(ledger, project, gate, stake, now, terms=terms, settings=settings)
    return tuple(grant.approval for grant in grants)


def list_grants(
    ledger: Ledger,
    project: str,
    gate: str,
    stake: str,
    now: datetime,
    *,
    terms: Terms | None = None,
    settings: ApprovalSettings | None = None,
) -> list[Grant]:
    """As `load_approvals`, with the requests behind them."""
    clock = write_time(now)
    with open_session(ledger) as session:
        rows = find_rows(session, kind=APPROVAL, project=project, gate=gate, stake=stake, state=APPROVED)
        return [
            grant
            for row in rows
            if row.state_at(clock) == APPROVED
            for grant in _confirm(session, row, terms=terms, settings=settings)
        ]


def _confirm(session: Any, row: Row, *, terms: Terms | None, settings: ApprovalSettings | None) -> Iterator[Grant]:
    """The yeses of a request of which the entries say the same as the tables, and that are enough."""
    decided = read_payload(session, row.decided) if row.decided is not None else None
    if decided is None or not is_recorded(row, decided):
        return
    names = [vote.owner.shown for vote in list_votes(session, row.id) if vote.answer == "approve"]
    if row.overridden:
        by = find_name(session, decided["person"])
        if settings is not None and not _may_override(by.name or "", settings):
            return
        names = [by.shown]
    elif terms is not None and settings is not None and terms.list_open(names, settings):
        return
    asking = next(one for one in list_people(session, row.id) if one.part == "requester")
    ends = read_time(row.ends) if row.ends is not None else None
    for name in names:
        yield Grant(Approval(name, asking.shown, row.gate, row.stake, ends), row.id, bool(row.overridden))


def is_recorded(row: Row, decided: Any) -> bool:
    """Whether the entry of its decision says what the row says: who writes to a table approves nothing by that."""
    said = ("request", row.id), ("project", row.project), ("gate", row.gate), ("stake", row.stake), ("state", row.state)
    return isinstance(decided, dict) and decided.get("ends") == row.ends and all(decided.get(k) == v for k, v in said)


def _may_override(name: str, settings: ApprovalSettings) -> bool:
    from policy.model.person import is_member

    return is_member(name, settings.list_members(settings.override_roles), settings.people)


def load_waivers(ledger: Ledger, project: str | None, now: datetime) -> tuple[Waiver, ...]:
    """The waivers in force that were granted in the ledger; of all projects where none is named."""
    clock, today = write_time(now), now.astimezone(UTC).date()
    with open_session(ledger) as session:
        rows = [row for row in find_rows(session, kind=WAIVER, state=APPROVED) if row.state_at(clock) == APPROVED]
        found = [waiver for row in rows if (waiver := _read_waiver(session, row)) is not None]
    return tuple(waiver for waiver in found if project is None or waiver.covers(waiver.policy, project, today))


def _read_waiver(session: Any, row: Row) -> Waiver | None:
    decided = read_payload(session, row.decided) if row.decided is not None else None
    document = read_object(session, row.document)
    if not is_recorded(row, decided) or document is None:
        return None
    asked = document["waiver"]
    names = [vote.owner.shown for vote in list_votes(session, row.id) if vote.answer == "approve"]
    return Waiver(
        policy=asked["policy"],
        subject=asked["subject"],
        reason=asked["reason"],
        expires=date.fromisoformat(asked["expires"]),
        owner=asked["owner"],
        ticket=asked["ticket"],
        approved_by=" and ".join(names),
    )


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
        time=times[0][0] if times else "",
        ends=row.ends or "",
        reviewed=None if row.reviewed is None else found.get("finding", "(erased)"),
        reviewer=find_name(session, found["person"]).shown if found else None,
    )
