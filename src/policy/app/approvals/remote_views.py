"""What a server says of requests, held to the contract `policy-requests/1` and made what commands show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.app.approvals.stakes import Change
from policy.app.approvals.viewing import Previous, RequestView, Step
from policy.errors import PolicyError, Problem
from policy.model.approval_settings import Need
from policy.records.requests.rows import Delegation, Person, Row
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.reports.contracts.requests import Request, RequestDelegation, RequestsDocument

KEYS = ("format", "requests", "delegations")


class Requests(NamedTuple):
    """Requests and who votes for whom, with the document that says so."""

    views: tuple[RequestView, ...]
    delegations: tuple[Delegation, ...]
    document: dict[str, Any]


def read_requests(answer: dict[str, Any], address: str) -> Requests:
    """What is answered. Raises PolicyError where it is not what the contract says."""
    document = {key: answer[key] for key in KEYS if key in answer}
    found = hold_to_contract(document, address)
    delegations = tuple(map(_make_delegation, found.delegations))
    return Requests(tuple(_make_view(one, delegations) for one in found.requests), delegations, document)


def hold_to_contract(document: dict[str, Any], address: str) -> RequestsDocument:
    """The document as the contract has it, without the keys that a later version has added."""
    from pydantic import ValidationError

    from policy.reports.contracts.requests import RequestsDocument

    try:
        return RequestsDocument.model_validate(document)
    except ValidationError as error:
        wrong = error.errors()
    if any(one["type"] != "extra_forbidden" for one in wrong):
        where = next(one["loc"] for one in wrong if one["type"] != "extra_forbidden")
        message = f"{address} does not answer as Tunegate's server does: `{'.'.join(map(str, where))[:80]}`"
        raise PolicyError(Problem(message, "is the address right, and the server of about this version?"))
    for one in wrong:
        _drop(document, one["loc"])
    return RequestsDocument.model_validate(document)


def _drop(document: Any, place: Sequence[str | int]) -> None:
    for step in place[:-1]:
        document = document[step]
    del document[place[-1]]


def _make_view(one: Request, delegations: tuple[Delegation, ...]) -> RequestView:
    previous = None
    if one.previous is not None:
        changes = tuple(Change(change.what, change.then, change.now) for change in one.previous.changes)
        previous = Previous(one.previous.request, one.previous.decided, changes)
    return RequestView(
        row=_make_row(one),
        state=one.state,
        asking=one.asked_by,
        contributors=one.contributors,
        document=one.document,
        needs=tuple(
            (Need(None if need.anybody else need.members, need.quorum, need.who), need.lacking) for need in one.needs
        ),
        steps=tuple(Step(step.time, step.event, step.by, step.behalf, step.text) for step in one.history),
        previous=previous,
        delegations=delegations,
        counts=one.counts,
        doubts=tuple(Problem(text, "have the server's ledger verified", level="warning") for text in one.changed),
    )


def _make_row(one: Request) -> Row:
    """The row, without what only a ledger needs."""
    return Row(
        id=one.id,
        kind=one.kind,
        project=one.project,
        gate=one.gate or "",
        stake=one.stake,
        subject=one.subject or "",
        state=one.state,
        asked=one.asked,
        expires=one.expires,
        ends=one.ends,
        runs=one.runs,
        uses=one.uses,
        votes=0,
        overridden=int(one.break_glass),
        document="",
        staked="",
        policy_set=one.policy_set,
        seq=0,
        decided=None,
        reviewed=0 if one.break_glass and not one.unreviewed else None,
    )


def _make_delegation(one: RequestDelegation) -> Delegation:
    return Delegation(one.id, Person("", one.giver), Person("", one.taker), one.starts, one.ends)
