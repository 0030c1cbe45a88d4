"""Breaking the glass: one named person lets a held decision pass, shortly and with a reason; another one reviews it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.person import is_any, is_member
from policy.records.requests.clock import add_length
from policy.records.requests.desk import open_desk, refuse_state
from policy.records.requests.queries import find_name, read_payload
from policy.records.requests.refusals import check_text, refuse
from policy.records.requests.rows import APPROVED

if TYPE_CHECKING:
    from datetime import datetime

    from policy.model.approval_settings import ApprovalSettings
    from policy.records.ledger import Ledger

_MAY_OVERRIDE = (
    "id = ? AND state = 'pending' AND expires > {time}"
    " AND NOT EXISTS (SELECT 1 FROM request_people p WHERE p.request = requests.id AND p.person = ?"
    " AND p.part <> 'owner')"
)


def break_glass(
    ledger: Ledger,
    request_id: str,
    name: str,
    reason: str,
    settings: ApprovalSettings,
    *,
    lasts: int | None = None,
    now: datetime | None = None,
) -> str:
    """Let it pass without the votes, until the time that is given back. Raises RefusedError.

    `lasts` is how long, in milliseconds, and no longer than the policy set allows.
    """
    reason = check_text(reason, "reason")
    if not settings.override_roles:
        remedy = "name who may in the policy set, `approvals: {break_glass: {roles: [on-call], longest: 4h}}`"
        raise refuse("nobody may break the glass: the policy set names nobody who may", remedy)
    with open_desk(ledger, now) as desk:
        row = desk.find(request_id)
        desk.refuse_closed(row, "override")
        if row.kind != "approval":
            raise refuse(f"`{row.id}` asks for a {row.kind}, and only a hold can be overridden", "ask who may grant it")
        person = desk.name_person(name)
        desk.refuse_involved(row, name, person, settings, "override")
        if not is_member(name, settings.list_members(settings.override_roles), settings.people):
            raise refuse(f"{name} may not break the glass", f"ask one of these: {' or '.join(settings.override_roles)}")
        ends = add_length(desk.clock, min(lasts or settings.override_lasts, settings.override_lasts))
        if not desk.swap("state = 'approved', ends = ?, overridden = 1", _MAY_OVERRIDE, (ends, row.id, person)):
            changed = desk.find(request_id)
            raise refuse_state(changed, changed.state_at(desk.time), "override")
        said = {
            "event": "override",
            "kind": row.kind,
            "project": row.project,
            "gate": row.gate,
            "stake": row.stake,
            "person": person,
            "reason": reason,
            "state": APPROVED,
            "ends": ends,
        }
        seq = desk.note("override", row.id, said)
        desk.insert("request_events", (seq, row.id, "override"))
        desk.swap("decided = ?", "id = ? AND decided IS NULL", (seq, row.id))
        return ends


def review(
    ledger: Ledger,
    request_id: str,
    name: str,
    finding: str,
    settings: ApprovalSettings,
    *,
    now: datetime | None = None,
) -> None:
    """Say what came of breaking the glass: by somebody who neither did it, nor asked, nor contributed."""
    finding = check_text(finding, "finding")
    with open_desk(ledger, now) as desk:
        row = desk.find(request_id)
        if not row.overridden or row.decided is None:
            raise refuse(
                f"nobody broke the glass for `{row.id}`", "`policy approvals list` shows what is to be reviewed"
            )
        person = desk.name_person(name)
        desk.refuse_involved(row, name, person, settings, "review")
        members = settings.list_members(tuple(settings.roles))
        if not is_member(name, members, settings.people):
            raise refuse(f"{name} may not review `{row.id}`", f"ask somebody with a role: {', '.join(settings.roles)}")
        payload = read_payload(desk.session, row.decided)
        who = find_name(desk.session, str(payload["person"])) if payload else None
        if who is not None and (who.id == person or (who.name and is_any(name, [who.name], settings.people))):
            raise refuse(
                f"{name} broke the glass for `{row.id}`, and so cannot review it", "let somebody else review it"
            )
        seq = desk.note("review", row.id, {"event": "review", "kind": row.kind, "person": person, "finding": finding})
        if not desk.swap("reviewed = ?", "id = ? AND overridden = 1 AND reviewed IS NULL", (seq, row.id)):
            raise refuse(f"`{row.id}` is reviewed already", "add a comment, where there is more to say")
        desk.insert("request_events", (seq, row.id, "review"))
