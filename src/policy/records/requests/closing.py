"""What else happens to a request: it is withdrawn by who asked, or commented on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.model.person import is_member
from policy.records.requests.desk import open_desk, refuse_state
from policy.records.requests.involved import list_asking
from policy.records.requests.queries import list_people
from policy.records.requests.refusals import check_text, refuse
from policy.records.requests.rows import PENDING

if TYPE_CHECKING:
    from datetime import datetime

    from policy.model.approval_settings import ApprovalSettings
    from policy.records.ledger import Ledger

MOST_COMMENTS: Final = 100
"""On one request: they are on record for good."""


def withdraw(
    ledger: Ledger,
    request_id: str,
    name: str,
    reason: str,
    settings: ApprovalSettings,
    *,
    now: datetime | None = None,
) -> tuple[str, ...]:
    """Take back what somebody asked; who still asks for the same. Raises RefusedError for anybody else.

    The request is over when nobody asks any more.
    """
    reason = check_text(reason, "reason", needed=False)
    with open_desk(ledger, now) as desk:
        row = desk.find(request_id)
        desk.refuse_closed(row, "withdraw")
        person = desk.name_person(name)
        asking = list_asking(list_people(desk.session, row.id))
        own = [one for one in asking if one.id == person or (one.name and is_member(name, [one.name], settings.people))]
        if not own:
            names = " and ".join(one.shown for one in asking)
            raise refuse(f"{name} did not ask for `{row.id}`", f"only who asks can withdraw: {names}")
        left = tuple(one.shown for one in asking if one not in own)
        if not left and not desk.swap(
            "state = 'withdrawn'", "id = ? AND state = 'pending' AND expires > {time}", (row.id,)
        ):
            changed = desk.find(request_id)
            raise refuse_state(changed, changed.state_at(desk.time), "withdraw")
        said = {
            "event": "withdrawn",
            "kind": row.kind,
            "person": person,
            "withdrawn": [one.id for one in own],
            "reason": reason,
            "state": PENDING if left else "withdrawn",
        }
        seq = desk.note("withdrawal", row.id, said)
        desk.insert("request_people", *((row.id, one.id, "withdrawn", seq) for one in own))
        desk.insert("request_events", (seq, row.id, "withdrawn"))
        if not left:
            desk.swap("decided = ?", "id = ? AND decided IS NULL", (seq, row.id))
        return left


def comment(ledger: Ledger, request_id: str, name: str, text: str, *, now: datetime | None = None) -> None:
    """Say something about a request, decided or not; anybody may. Raises PolicyError."""
    text = check_text(text, "comment")
    with open_desk(ledger, now) as desk:
        row = desk.find(request_id)
        query = "SELECT count(*) FROM request_events WHERE request = ? AND event = 'comment'"
        if desk.session.read(query, (row.id,))[0][0] >= MOST_COMMENTS:
            raise refuse(f"there are {MOST_COMMENTS} comments on `{row.id}` already", "say more where it is discussed")
        said = {"event": "comment", "kind": row.kind, "person": desk.name_person(name), "comment": text}
        seq = desk.note("comment", row.id, said)
        desk.insert("request_events", (seq, row.id, "comment"))
