"""Voting: one vote a person, compared and swapped in the database, with its entry in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.model.person import is_any, is_member
from policy.records.requests.clock import add_length
from policy.records.requests.desk import open_desk, refuse_state
from policy.records.requests.involved import find_involved
from policy.records.requests.queries import list_delegations, list_people, list_votes
from policy.records.requests.refusals import check_text, refuse
from policy.records.requests.rows import APPROVED, PENDING, Person
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from policy.model.approval_settings import ApprovalSettings, Need, Terms
    from policy.records.ledger import Ledger
    from policy.records.requests.desk import Desk
    from policy.records.requests.rows import Row, Vote

APPROVE: Final = "approve"
REJECT: Final = "reject"
_TYPES: Final = {APPROVE: "approval", REJECT: "rejection"}
# The whole right to a vote, in one statement: undecided, not expired, counted on from what was read, nobody involved.
_MAY_VOTE: Final = (
    "id = ? AND state = 'pending' AND votes = ? AND expires > {time}"
    " AND NOT EXISTS (SELECT 1 FROM request_people p WHERE p.request = requests.id AND p.person IN (?, ?)"
    " AND p.part <> 'owner')"
    " AND NOT EXISTS (SELECT 1 FROM request_votes v WHERE v.request = requests.id AND v.person = ?)"
)


class Voted(NamedTuple):
    """How the request stands after a vote, until when where it is approved, and what it still lacks."""

    state: str
    ends: str | None
    behalf: str
    lacking: tuple[tuple[Need, int], ...]


class Ballot(NamedTuple):
    """A vote that is to be cast."""

    name: str
    answer: str
    reason: str
    terms: Terms
    settings: ApprovalSettings


def vote(ledger: Ledger, request_id: str, ballot: Ballot, *, now: datetime | None = None) -> Voted:
    """Cast a vote. Raises RefusedError where that person may not, or it is too late."""
    reason = check_text(ballot.reason, "reason", needed=ballot.answer == REJECT)
    with open_desk(ledger, now) as desk:
        row = desk.find(request_id)
        desk.refuse_closed(row, ballot.answer)
        person = Person(desk.name_person(ballot.name), ballot.name)
        desk.refuse_involved(row, ballot.name, person.id, ballot.settings, ballot.answer)
        votes = list_votes(desk.session, row.id)
        behalf = find_right(desk, row, ballot, person, votes)
        voted = count(row, ballot, _list_free(desk, row, votes, ballot.settings), behalf or person, desk.clock)
        values = (voted.state, voted.ends, row.id, row.votes, person.id, behalf.id if behalf else person.id, person.id)
        if not desk.swap("state = ?, ends = ?, votes = votes + 1", _MAY_VOTE, values):
            changed = desk.find(request_id)
            raise refuse_state(changed, changed.state_at(desk.time), ballot.answer)
        _record(desk, row, ballot._replace(reason=reason), person, behalf, voted)
        return voted._replace(behalf=behalf.shown if behalf else "")


def count(row: Row, ballot: Ballot, votes: Sequence[Vote], owner: Person, clock: str) -> Voted:
    """How the request stands with one more vote; votes of those who lost their role do not count."""
    if ballot.answer == REJECT:
        return Voted("rejected", row.ends, "", ())
    names = [name for vote in votes if vote.answer == APPROVE and (name := vote.owner.name) is not None]
    lacking = tuple(ballot.terms.list_open([*names, owner.shown], ballot.settings))
    if lacking:
        return Voted(PENDING, row.ends, "", lacking)
    # A waiver ends when it was asked to.
    return Voted(APPROVED, row.ends or add_length(clock, ballot.terms.lasts), "", ())


def _list_free(desk: Desk, row: Row, votes: Sequence[Vote], settings: ApprovalSettings) -> list[Vote]:
    """The votes of people who have not come to ask for the same, or to contribute, since they voted."""
    involved = list_people(desk.session, row.id)
    return [
        vote
        for vote in votes
        if not any(find_involved(involved, one.name or "", one.id, settings) for one in (vote.person, vote.owner))
    ]


def find_right(desk: Desk, row: Row, ballot: Ballot, person: Person, votes: Sequence[Vote]) -> Person | None:
    """Whose right to vote is used: None for one's own. Raises RefusedError where there is none left."""
    settings, voters = ballot.settings, [one for vote in votes for one in (vote.person, vote.owner)]
    if is_involved(voters, person, settings):
        raise refuse(
            f"{ballot.name} has voted on `{row.id}` already", "leave it to the others: it is one vote a person"
        )
    if ballot.terms.admits(ballot.name, settings):
        return None
    involved = list_people(desk.session, row.id)
    for delegation in list_delegations(desk.session, desk.time):
        giver, taker = delegation.giver, delegation.taker
        if giver.name is None or taker.name is None or not is_member(ballot.name, [taker.name], settings.people):
            continue
        free = not is_involved(voters, giver, settings) and not find_involved(involved, giver.name, giver.id, settings)
        # Whoever votes by delegation only has nothing to delegate.
        if free and ballot.terms.admits(giver.name, settings):
            return giver
    needed = "; ".join(need.said for need in ballot.terms.needs)
    raise refuse(f"{ballot.name} may not {ballot.answer} `{row.id}`", f"ask one of these: {needed}")


def is_involved(people: Sequence[Person], person: Person, settings: ApprovalSettings) -> bool:
    """Whether somebody is, or may be, one of some people."""
    names = [one.name for one in people if one.name is not None]
    same_name = person.name is not None and is_any(person.name, names, settings.people)
    return same_name or any(one.id == person.id for one in people)


def _record(desk: Desk, row: Row, ballot: Ballot, person: Person, behalf: Person | None, voted: Voted) -> None:
    said = {
        "event": ballot.answer,
        "kind": row.kind,
        "project": row.project,
        "gate": row.gate,
        "stake": row.stake,
        "person": person.id,
        "behalf": behalf.id if behalf else None,
        "reason": ballot.reason,
        "state": voted.state,
        "ends": voted.ends if voted.state == APPROVED else None,
    }
    seq = desk.note(_TYPES[ballot.answer], row.id, said)
    desk.insert("request_votes", (row.id, person.id, behalf.id if behalf else "", ballot.answer, seq))
    desk.insert("request_events", (seq, row.id, ballot.answer))
    if voted.state != PENDING:
        desk.swap("decided = ?", "id = ? AND decided IS NULL", (seq, row.id))
