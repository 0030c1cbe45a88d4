"""Delegation: somebody else votes instead of one, from a time to a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem
from policy.model.person import is_any, is_member
from policy.records.requests.clock import add_length, write_time
from policy.records.requests.desk import make_token, open_desk
from policy.records.requests.queries import list_delegations
from policy.records.requests.refusals import check_name, refuse

if TYPE_CHECKING:
    from datetime import datetime

    from policy.model.approval_settings import ApprovalSettings
    from policy.records.ledger import Ledger

LONGEST: Final = 366 * 86_400_000


def delegate(
    ledger: Ledger,
    giver: str,
    taker: str,
    starts: datetime | None,
    ends: datetime,
    settings: ApprovalSettings,
    *,
    now: datetime | None = None,
) -> str:
    """Let somebody vote instead; the id of the delegation. Without a start it begins now. Raises PolicyError."""
    check_name(taker, "name of who is to vote")
    with open_desk(ledger, now) as desk:
        first, last = write_time(starts) if starts is not None else desk.clock, write_time(ends)
        if last <= max(first, desk.time):
            message = f"a delegation from {first} to {last} would never hold"
            raise PolicyError(Problem(message, f"let it end after it starts, and after {desk.time}"))
        if last > add_length(first, LONGEST):
            raise PolicyError(Problem("a delegation may last a year", "let it end earlier, and renew it then"))
        if is_any(giver, [taker], settings.people):
            raise refuse(f"{giver} and {taker} are one person", "name somebody else")
        if not is_member(giver, settings.list_members(tuple(settings.roles)), settings.people):
            raise refuse(f"{giver} has no role that could be delegated", "let somebody with a role delegate it")
        made = f"d-{make_token(5)}"
        people = desk.name_person(giver), desk.name_person(taker)
        for one in list_delegations(desk.session):
            if (one.giver.id, one.taker.id) == people and one.starts <= first and last <= one.ends:
                message = f"{taker} votes for {giver} from {one.starts} to {one.ends} already: `{one.id}`"
                raise refuse(message, "name another time, or end that one first: `--end`")
        said = {"event": "delegated", "giver": people[0], "taker": people[1], "starts": first, "ends": last}
        seq = desk.note("delegation", made, said)
        desk.insert("delegations", (made, *people, first, last, seq))
        return made


def revoke(
    ledger: Ledger, delegation_id: str, name: str, settings: ApprovalSettings, *, now: datetime | None = None
) -> None:
    """End a delegation now; either of the two can. Raises PolicyError."""
    with open_desk(ledger, now) as desk:
        found = next((one for one in list_delegations(desk.session) if one.id == delegation_id), None)
        if found is None:
            shown = delegation_id[:40] if delegation_id.isprintable() else ascii(delegation_id[:40])
            raise PolicyError(Problem(f"there is no delegation `{shown}`", "`policy approvals list` shows them"))
        names = [one.name for one in (found.giver, found.taker) if one.name is not None]
        if not is_member(name, names, settings.people):
            raise refuse(f"`{found.id}` is not a delegation of {name}", f"ask {' or '.join(names)}")
        ends = max(desk.clock, found.starts)
        query = "UPDATE delegations SET ends = ? WHERE id = ? AND ends > ? RETURNING id"
        if not desk.session.read(query, (ends, found.id, desk.clock)):
            raise refuse(f"`{found.id}` ended at {found.ends}", "there is nothing left to end")
        desk.note("delegation", found.id, {"event": "revoked", "person": desk.name_person(name), "ends": ends})
