"""Requests as approvers need them: what is asked and why, what changed since the last yes, who decides and who has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.approvals.desk import find_request_terms
from policy.app.approvals.holding import find_settings
from policy.app.approvals.stakes import Change, compare_stakes
from policy.errors import Problem
from policy.records.faults import LedgerError
from policy.records.requests.asking import APPROVAL
from policy.records.requests.clock import read_clock, tell_time
from policy.records.requests.desk import open_session, refuse_unknown
from policy.records.requests.involved import CONTRIBUTOR, OWNER, list_asking, list_barred
from policy.records.requests.queries import (
    find_name,
    find_row,
    find_rows,
    list_delegations,
    list_events,
    list_people,
    read_object,
)
from policy.records.requests.recounting import find_lapse, find_lost, is_in_force, list_recounts, list_voters, recount
from policy.records.requests.rows import APPROVED, PENDING
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from policy.model.approval_settings import Need
    from policy.model.policy import PolicySet
    from policy.model.schema import Schema
    from policy.records.ledger import Ledger
    from policy.records.requests.checking import Mismatch
    from policy.records.requests.recounting import Recount
    from policy.records.requests.rows import Delegation, Row

REMEDY: Final = "trust what the entries say, and find out who changed it: `policy ledger verify` names all that differs"


class Step(NamedTuple):
    """One thing that happened: `event` and what was said; `behalf` is the person whose vote it was."""

    time: str
    event: str
    by: str
    behalf: str | None
    text: str


class Previous(NamedTuple):
    """The last request of the same subject that was approved, and what is at stake now otherwise than then."""

    request: str
    decided: str
    changes: tuple[Change, ...]


class RequestView(NamedTuple):
    """A request and all around it. `needs` are pairs of a need and the votes that it lacks.

    Row and `state` are by the entries, and `doubts` say what the tables have instead; `counts` where it lets something
    pass now, and `lapse` why what is approved does not, where that is known. `previous` is None where nothing was
    approved before. `document` is None where it is erased, or changed.
    """

    row: Row
    state: str
    asking: tuple[str, ...]
    contributors: tuple[str, ...]
    document: dict[str, Any] | None
    needs: tuple[tuple[Need, int], ...]
    steps: tuple[Step, ...]
    previous: Previous | None
    delegations: tuple[Delegation, ...]
    counts: bool = False
    doubts: tuple[Problem, ...] = ()
    lapse: str = ""

    @property
    def is_unreviewed(self) -> bool:
        """Whether the glass was broken, and nobody has reviewed it."""
        return bool(self.row.overridden) and self.row.reviewed is None


def view_request(ledger: Ledger, policy_set: PolicySet, request_id: str, *, now: datetime | None = None) -> RequestView:
    """One request. Raises PolicyError where there is none."""
    with open_session(ledger) as session:
        row = find_row(session, request_id)
        if row is None:
            raise refuse_unknown(request_id)
        return _view(session, policy_set, recount(session, row), read_clock(ledger, now, session))


def view_requests(
    ledger: Ledger,
    policy_set: PolicySet,
    *,
    everything: bool = False,
    project: str | None = None,
    now: datetime | None = None,
) -> list[RequestView]:
    """The requests that somebody has to act on, oldest first: open ones, and broken glass; or all.

    One of which the tables say something else than its entries is always among them.
    """
    with open_session(ledger) as session:
        clock = read_clock(ledger, now, session)
        return [
            _view(session, policy_set, counted, clock)
            for counted in list_recounts(session)
            if project in (None, counted.row.project, counted.stored.project)
            and (everything or counted.mismatches or _waits(counted.row, clock))
        ]


def _waits(row: Row, clock: str) -> bool:
    return row.state_at(clock) == PENDING or bool(row.overridden and row.reviewed is None)


def list_lost(ledger: Ledger) -> list[Problem]:
    """What is wrong with the tables beyond the requests that they have."""
    with open_session(ledger) as session:
        return [
            Problem(
                f"entry {one.seq:,} is about a request that is in no table: {one.recorded}", REMEDY, None, (), "warning"
            )
            for one in find_lost(session)
        ]


def list_current_delegations(ledger: Ledger, *, now: datetime | None = None) -> list[Delegation]:
    """Delegations that are not over."""
    with open_session(ledger) as session:
        clock = read_clock(ledger, now, session)
        return [one for one in list_delegations(session) if one.ends > clock]


def _view(session: Any, policy_set: PolicySet, counted: Recount, clock: str) -> RequestView:
    row = counted.row
    people = list_people(session, row.id)
    document, changed = _read_document(session, row)
    terms, settings = find_request_terms(policy_set, row, document), find_settings(policy_set)
    lacking = dict(terms.list_open(list_voters(session, counted, settings), settings))
    return RequestView(
        row=row,
        state=row.state_at(clock),
        asking=tuple(dict.fromkeys(one.shown for one in list_asking(people))),
        contributors=tuple(sorted({one.shown for one in list_barred(people) if one.part in (CONTRIBUTOR, OWNER)})),
        document=document,
        needs=tuple((need, lacking.get(need, 0)) for need in terms.needs),
        steps=tuple(_list_steps(session, row)),
        previous=_find_previous(session, row, policy_set.schema) if row.kind == APPROVAL else None,
        delegations=tuple(list_delegations(session, clock)),
        counts=is_in_force(session, counted, terms, settings, clock),
        doubts=(*map(_doubt, counted.mismatches), *changed),
        lapse=find_lapse(session, counted, terms, settings, clock) if row.state == APPROVED else "",
    )


def _read_document(session: Any, row: Row) -> tuple[Any, tuple[Problem, ...]]:
    """What approvers read, and that it is not what was recorded, where so."""
    try:
        return read_object(session, row.document), ()
    except LedgerError:
        message = f"what is asked in the request `{row.id}` was changed, and cannot be read"
        return None, (Problem(message, REMEDY, level="warning"),)


def _read(session: Any, digest: str) -> Any:
    """A document; None where it is erased, and where it is not what was recorded: then it says nothing."""
    try:
        return read_object(session, digest)
    except LedgerError:
        return None


def _doubt(found: Mismatch) -> Problem:
    if found.what == "entries":
        message = f"what is recorded of the request `{found.request}` was changed, and cannot be read"
    else:
        said = f"its table says `{found.stored[:80]}`, and its entries say `{found.recorded[:80]}`"
        message = f"the request `{found.request}` was changed ({found.what}): {said}"
    return Problem(message, REMEDY, level="warning")


def _list_steps(session: Any, row: Row) -> list[Step]:
    steps = []
    try:
        events = list_events(session, row.id)
    except LedgerError:
        return []
    for event in events:
        said = event.payload or {}
        who = said.get("person") or said.get("requester") or next(iter(said.get("requesters", ())), None)
        behalf = said.get("behalf")
        text = next((str(said[key]) for key in ("reason", "comment", "finding", "run") if said.get(key)), "")
        steps.append(
            Step(
                tell_time(event.time, said),
                str(said.get("event", event.type)),
                find_name(session, who).shown if who else "",
                find_name(session, behalf).shown if behalf else None,
                text if event.payload is not None else "(erased)",
            )
        )
    return steps


def _find_previous(session: Any, row: Row, schema: Schema) -> Previous | None:
    same = {"kind": row.kind, "project": row.project, "gate": row.gate, "subject": row.subject}
    earlier = [one for one in find_rows(session, **same, state=APPROVED) if one.seq < row.seq]
    if not earlier:
        return None
    last = earlier[-1]
    then, now = _read(session, last.staked), _read(session, row.staked)
    changes = tuple(compare_stakes(then, now, schema)) if then is not None and now is not None else ()
    rows = session.read("SELECT time FROM entries WHERE seq = ?", (last.decided,))
    return Previous(last.id, rows[0][0] if rows else "", changes)
