"""Requests as approvers need them: what is asked and why, what changed since the last yes, who decides and who has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.app.approvals.desk import find_request_terms
from policy.app.approvals.holding import find_settings
from policy.app.approvals.stakes import Change, compare_stakes
from policy.records.requests.asking import APPROVAL
from policy.records.requests.closing import list_asking
from policy.records.requests.desk import open_session, read_clock, refuse_unknown
from policy.records.requests.queries import (
    find_name,
    find_row,
    find_rows,
    list_delegations,
    list_events,
    list_people,
    list_votes,
    read_object,
)
from policy.records.requests.rows import APPROVED, PENDING
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from policy.model.approval_settings import Need
    from policy.model.policy import PolicySet
    from policy.model.schema import Schema
    from policy.records.ledger import Ledger
    from policy.records.requests.rows import Delegation, Row


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
    """A request and all around it. `needs` are pairs of a need and the votes that it lacks; `reviewed` as it was found.

    `previous` is None where nothing was approved before. `document` is None where it is erased.
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
        return _view(session, policy_set, row, read_clock(ledger, session, now))


def view_requests(
    ledger: Ledger,
    policy_set: PolicySet,
    *,
    everything: bool = False,
    project: str | None = None,
    now: datetime | None = None,
) -> list[RequestView]:
    """The requests that somebody has to act on, oldest first: open ones, and broken glass; or all."""
    filters = {"project": project} if project is not None else {}
    with open_session(ledger) as session:
        clock = read_clock(ledger, session, now)
        return [
            _view(session, policy_set, row, clock)
            for row in find_rows(session, **filters)
            if everything or row.state_at(clock) == PENDING or (row.overridden and row.reviewed is None)
        ]


def list_current_delegations(ledger: Ledger, *, now: datetime | None = None) -> list[Delegation]:
    """Delegations that are not over."""
    with open_session(ledger) as session:
        clock = read_clock(ledger, session, now)
        return [one for one in list_delegations(session) if one.ends > clock]


def _view(session: Any, policy_set: PolicySet, row: Row, clock: str) -> RequestView:
    people = list_people(session, row.id)
    document = read_object(session, row.document)
    terms, settings = find_request_terms(policy_set, row, document), find_settings(policy_set)
    names = [vote.owner.shown for vote in list_votes(session, row.id) if vote.answer == "approve"]
    lacking = dict(terms.list_open(names, settings))
    return RequestView(
        row=row,
        state=row.state_at(clock),
        asking=tuple(dict.fromkeys(one.shown for one in list_asking(people))),
        contributors=tuple(sorted({one.shown for one in people if one.part == "contributor"})),
        document=document,
        needs=tuple((need, lacking.get(need, 0)) for need in terms.needs),
        steps=tuple(_list_steps(session, row)),
        previous=_find_previous(session, row, policy_set.schema) if row.kind == APPROVAL else None,
        delegations=tuple(list_delegations(session, clock)),
    )


def _list_steps(session: Any, row: Row) -> list[Step]:
    steps = []
    for event in list_events(session, row.id):
        said = event.payload or {}
        who = said.get("person") or said.get("requester") or next(iter(said.get("requesters", ())), None)
        behalf = said.get("behalf")
        text = next((str(said[key]) for key in ("reason", "comment", "finding", "run") if said.get(key)), "")
        steps.append(
            Step(
                event.time,
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
    then, now = read_object(session, last.staked), read_object(session, row.staked)
    changes = tuple(compare_stakes(then, now, schema)) if then is not None and now is not None else ()
    rows = session.read("SELECT time FROM entries WHERE seq = ?", (last.decided,))
    return Previous(last.id, rows[0][0] if rows else "", changes)
