"""Asking: a request is opened, or joins the open one for the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model.approval import fold_name
from policy.records.objects import StoredObject, store_json
from policy.records.requests.clock import add_length
from policy.records.requests.desk import make_token, open_desk
from policy.records.requests.expiring import expire
from policy.records.requests.involved import CONTRIBUTOR, OWNER, REQUESTER, list_asking
from policy.records.requests.queries import find_rows, list_people
from policy.records.requests.refusals import LONGEST_NAME, check_name
from policy.records.requests.rows import PENDING, Row
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from policy.records.ledger import Ledger
    from policy.records.requests.desk import Desk
    from policy.records.requests.rows import Person

# So often somebody names other owners of what they ask for; after that those whom they named last stay.
MOST_AGAIN: Final = 20
APPROVAL: Final = "approval"
WAIVER: Final = "waiver"
# What of a request its entry says, for good.
STATED: Final = (
    "kind",
    "project",
    "gate",
    "stake",
    "subject",
    "document",
    "policy_set",
    "asked",
    "expires",
    "ends",
    "runs",
)


class Question(NamedTuple):
    """What is asked. `document` is what approvers read, `staked` what the stake is the digest of.

    Lengths are in milliseconds; `ends` is when what is asked for is over, where that is asked for, too. Where nobody
    `insists`, who only looks at what somebody else asked for does not ask for it, and may vote. Of `contributors`
    there is evidence, `owners` are those whom who asks only names.
    """

    kind: str
    project: str
    gate: str
    stake: str
    subject: str
    document: Mapping[str, Any]
    staked: Mapping[str, Any] | None
    policy_set: str
    requester: str
    contributors: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    lasts: int = 0
    runs: int | None = None
    ends: str | None = None
    insists: bool = True


class Asked(NamedTuple):
    """The request, and whether it was there before."""

    row: Row
    joined: bool


def ask(ledger: Ledger, question: Question, *, now: datetime | None = None) -> Asked:
    """Open a request, or join the open one for the same thing. Raises PolicyError."""
    check_name(question.requester, "name of who asks")
    with open_desk(ledger, now) as desk:
        same = {"kind": question.kind, "project": question.project, "gate": question.gate, "stake": question.stake}
        for row in find_rows(desk.session, **same, state=PENDING):
            if row.expires > desk.time:
                _join(desk, row, question)
                return Asked(row, joined=True)
            expire(desk, row)
        return Asked(_open(desk, question), joined=False)


def _open(desk: Desk, question: Question) -> Row:
    document = store_json("request", question.document)
    stake = store_json("stake", question.staked) if question.staked is not None else None
    row = _make_row(desk, question, document.digest, stake.digest if stake is not None else "")
    asking = _name_all(desk, question)
    objects = [document] if stake is None else [document, stake]
    seq = desk.note("request", row.id, _state(row, asking), _list_new(objects))
    row = row._replace(seq=seq)
    desk.insert("requests", row)
    desk.insert("request_people", *((row.id, person, part, seq) for person, part in asking.list_parts()))
    desk.insert("request_events", (seq, row.id, "asked"))
    return row


def _make_row(desk: Desk, question: Question, document: str, staked: str) -> Row:
    """The request, of which the entry is still to come."""
    return Row(
        id=f"r-{make_token(5)}",
        kind=question.kind,
        project=question.project,
        gate=question.gate,
        stake=question.stake,
        subject=question.subject,
        state=PENDING,
        asked=desk.clock,
        expires=_find_end(desk, question),
        ends=question.ends,
        runs=question.runs,
        uses=0,
        votes=0,
        overridden=0,
        document=document,
        staked=staked,
        policy_set=question.policy_set,
        seq=0,
        decided=None,
        reviewed=None,
    )


def _find_end(desk: Desk, question: Question) -> str:
    """Until when it can be decided, which goes by the times of entries."""
    expires = add_length(desk.clock, question.lasts)
    expires = min(expires, question.ends or expires)
    # The clock once ran ahead, and until it is there again no entry has an earlier time.
    return add_length(desk.time, question.lasts) if desk.clock < expires <= desk.time else expires


def _state(row: Row, asking: Asking) -> dict[str, Any]:
    """What the entry says."""
    said = {name: getattr(row, name) for name in STATED}
    owners = {"owners": asking.owners} if asking.owners else {}
    return {"event": "asked", **said, "requester": asking.requester, "contributors": asking.contributors, **owners}


def _list_new(objects: Iterable[StoredObject]) -> list[StoredObject]:
    return list({item.digest: item for item in objects}.values())


class Asking(NamedTuple):
    """Who asks, and who is involved by that, as ids."""

    requester: str
    contributors: list[str]
    owners: list[str]

    def list_parts(self) -> list[tuple[str, str]]:
        """Each with what they do there."""
        named = [(person, CONTRIBUTOR) for person in self.contributors] + [(person, OWNER) for person in self.owners]
        return [(self.requester, REQUESTER), *named]


def _name_all(desk: Desk, question: Question) -> Asking:
    contributors, owners = (_name_each(desk, names) for names in (question.contributors, question.owners))
    return Asking(desk.name_person(question.requester), contributors, owners)


def _name_each(desk: Desk, names: Iterable[str]) -> list[str]:
    # Who is written with what cannot be seen contributed all the same.
    shown = ("".join(filter(str.isprintable, name))[:LONGEST_NAME] for name in names)
    folded = {fold_name(name): name for name in shown if fold_name(name)}
    return sorted({desk.name_person(name) for name in folded.values()})


def _join(desk: Desk, row: Row, question: Question) -> None:
    """Add who asks, and who contributed meanwhile; nothing happens where all are there."""
    asking = _name_all(desk, question)
    new = list_joining(asking, list_people(desk.session, row.id), insists=question.insists)
    if new:
        parts = {kind: [person for person, part in new if part == kind] for kind in (REQUESTER, CONTRIBUTOR, OWNER)}
        said = {
            "event": "joined",
            "kind": row.kind,
            "requesters": parts[REQUESTER],
            "contributors": parts[CONTRIBUTOR],
            **({"owners": parts[OWNER]} if parts[OWNER] else {}),
        }
        seq = desk.note("request", row.id, said)
        desk.insert("request_people", *((row.id, person, part, seq) for person, part in new))
        desk.insert("request_events", (seq, row.id, "joined"))


def list_joining(asking: Asking, people: Sequence[Person], *, insists: bool) -> list[tuple[str, str]]:
    """What is new of who asks: who names others as owners than before asks anew."""
    known = {one.id for one in people if one.part == CONTRIBUTOR}
    new = [(person, CONTRIBUTOR) for person in asking.contributors if person not in known]
    before = next((one for one in list_asking(people) if one.id == asking.requester), None)
    named = sorted(one.id for one in people if before and (one.part, one.seq) == (OWNER, before.seq))
    again = sum((one.id, one.part) == (asking.requester, REQUESTER) for one in people) >= MOST_AGAIN
    if not insists or again or (before is not None and named == asking.owners):
        return new
    return [(asking.requester, REQUESTER), *new, *((person, OWNER) for person in asking.owners)]
