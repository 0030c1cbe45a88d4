"""What a decided request is worth to who judges: its tables held against the entries, its votes counted again.

Who voted chose the policy set by which that was counted. So nothing of theirs is believed here but what entries say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model.approval_settings import DEFAULT_APPROVALS
from policy.model.person import is_any, is_member
from policy.records.requests.clock import add_length
from policy.records.requests.deadlines import is_in_force, is_in_time
from policy.records.requests.involved import find_involved
from policy.records.requests.queries import (
    find_name,
    find_time,
    list_delegations,
    list_people,
    list_votes,
    read_payload,
)
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.approval_settings import ApprovalSettings, Terms
    from policy.records.requests.rows import Person, Row, Vote


class Confirmed(NamedTuple):
    """Who let it pass, in order; who asked for it first; and until when at most, None where nothing ends it."""

    names: tuple[str, ...]
    requester: str
    ends: str | None


class User(NamedTuple):
    """Who begins something by an approval, and whom they name as owners: none of them has a say in that.

    Without a `name` it is for whoever may have it.
    """

    name: str = ""
    owners: tuple[str, ...] = ()

    def is_any_of(self, names: list[str], settings: ApprovalSettings) -> bool:
        """Whether some people are, or may be, any of these."""
        return any(is_any(one, names, settings.people) for one in (self.name, *self.owners) if one)


ANYBODY: Final = User()


def confirm(
    session: Any, row: Row, terms: Terms | None, settings: ApprovalSettings | None, user: User = ANYBODY
) -> Confirmed | None:
    """What counts of a request that is approved; None where it is not enough.

    Without `terms` every yes is enough; without `settings` nobody is known by another name. What covers so many runs is
    for those who asked.
    """
    decided = read_payload(session, row.decided) if row.decided is not None else None
    asking = next((one for one in list_people(session, row.id) if one.part == "requester"), None)
    if row.decided is None or asking is None or not is_recorded(row, decided):
        return None
    if not is_in_time(session, row, decided):
        return None
    known = settings or DEFAULT_APPROVALS
    if user.name and _is_limited(row, terms) and not _has_asked(session, row, user.name, known):
        return None
    names, lasts = _list_names(session, row, decided, settings, user), known.override_lasts
    if not row.overridden:
        lasts = terms.lasts if terms is not None else 0
        if terms is not None and terms.list_open(names, known):
            return None
    ends = row.ends
    if settings is not None and lasts:
        longest = add_length(find_time(session, row.decided), lasts)
        ends = longest if ends is None else min(ends, longest)
    return Confirmed(names, asking.shown, ends) if names else None


def _is_limited(row: Row, terms: Terms | None) -> bool:
    """Whether it covers so many runs and no more."""
    return row.runs is not None or (terms is not None and terms.runs is not None)


def _has_asked(session: Any, row: Row, user: str, settings: ApprovalSettings) -> bool:
    asked = [one.shown for one in list_people(session, row.id) if one.part == "requester"]
    return is_any(user, asked, settings.people)


def _list_names(session: Any, row: Row, decided: Any, settings: ApprovalSettings | None, user: User) -> tuple[str, ...]:
    """Who let it pass, and is not who uses it."""
    known = settings or DEFAULT_APPROVALS
    if not row.overridden:
        return tuple(vote.owner.shown for vote in list_counting(session, row, known, user))
    by = find_name(session, str(decided["person"]))
    if decided["event"] != "override" or user.is_any_of([by.shown], known):
        return ()
    return (by.shown,) if _may_override(session, row, by, settings) else ()


def is_recorded(row: Row, decided: Any) -> bool:
    """Whether the entry of its decision says what the row says: who writes to a table approves nothing by that."""
    said = ("request", row.id), ("project", row.project), ("gate", row.gate), ("stake", row.stake), ("state", row.state)
    return isinstance(decided, dict) and decided.get("ends") == row.ends and all(decided.get(k) == v for k, v in said)


def list_counting(session: Any, row: Row, settings: ApprovalSettings, user: User = ANYBODY) -> Iterator[Vote]:
    """Every yes that an entry records, of people who neither asked nor contributed nor use it, one a person."""
    involved, seen = list_people(session, row.id), list[str]()
    for vote in list_votes(session, row.id):
        if vote.answer != "approve" or not _is_cast(session, row, vote):
            continue
        people = (vote.person, vote.owner)
        if any(find_involved(involved, one.name or "", one.id, settings) for one in people):
            continue
        if user.is_any_of([one.shown for one in people], settings):
            continue
        if vote.behalf is not None and not _is_delegated(session, vote, settings):
            continue
        names = [one.shown for one in people]
        if not any(is_any(name, seen, settings.people) for name in names):
            seen += names
            yield vote


def _is_cast(session: Any, row: Row, vote: Vote) -> bool:
    """Whether the entry of a vote says the same."""
    said = read_payload(session, vote.seq)
    stated = {
        "request": row.id,
        "event": vote.answer,
        "stake": row.stake,
        "person": vote.person.id,
        "behalf": vote.behalf.id if vote.behalf else None,
    }
    return isinstance(said, dict) and all(said.get(key, "") == value for key, value in stated.items())


def _is_delegated(session: Any, vote: Vote, settings: ApprovalSettings) -> bool:
    """Whether somebody had handed their vote to who cast it, for then, whom the judge knows by that name."""
    if vote.behalf is None or vote.person.name is None:
        return False
    for one in list_delegations(session):
        same = one.giver.id == vote.behalf.id and one.taker.name is not None
        named = same and is_member(vote.person.name, [one.taker.name or ""], settings.people)
        if named and is_in_force(session, one, vote.seq):
            return True
    return False


def _may_override(session: Any, row: Row, by: Person, settings: ApprovalSettings | None) -> bool:
    if settings is None:
        return True
    involved = find_involved(list_people(session, row.id), by.name or "", by.id, settings)
    members = settings.list_members(settings.override_roles)
    return involved is None and is_member(by.name or "", members, settings.people)
