"""Requests for approval: listed, shown and decided by whom the server has let in, and never by a name in a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.app.approvals.documents import requests_document
from policy.app.approvals.served import SHOWN, Counter, Filter
from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server.api.exchange import BASE, Answer, describe, read_object
from policy.gates.mlflow.server.keeping import is_outage
from policy.records.faults import LedgerError

if TYPE_CHECKING:
    from policy.gates.mlflow.server.api.exchange import Call

MOST: Final = 500


def list_requests(call: Call) -> Answer:
    """Those that somebody has to act on, or those of a state."""
    wanted = Filter(**{**call.query, "limit": read_limit(call.query.get("limit"))})  # type: ignore[arg-type]
    counter = open_counter(call)
    views, more = counter.list_requests(wanted)
    document = requests_document(views, counter.list_delegations())
    return Answer(200, {**document, "next": views[-1].row.id if more else None})


def read_limit(text: str | None) -> int:
    """How many at most. Raises PolicyError."""
    if text is None:
        return SHOWN
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 0 < int(text) <= MOST):
        raise PolicyError(Problem("`limit` is not a number that is taken", f"write one from 1 to {MOST}"))
    return int(text)


def show_request(call: Call) -> Answer:
    """One request, with those who vote for others."""
    view = open_counter(call).show(call.place["request"])
    return Answer(200, requests_document([view], view.delegations))


def approve(call: Call) -> Answer:
    """Say yes."""
    said = read_object(call.body, ["reason"])
    open_counter(call).vote(call.place["request"], "approve", said.get("reason", ""))
    return show_request(call)


def reject(call: Call) -> Answer:
    """Say no."""
    said = read_object(call.body, ["reason"], ["reason"])
    open_counter(call).vote(call.place["request"], "reject", said["reason"])
    return show_request(call)


def withdraw(call: Call) -> Answer:
    """Take back what one has asked for."""
    said = read_object(call.body, ["reason"])
    open_counter(call).withdraw(call.place["request"], said.get("reason", ""))
    return show_request(call)


def comment(call: Call) -> Answer:
    """Say something that decides nothing."""
    said = read_object(call.body, ["comment"], ["comment"])
    open_counter(call).comment(call.place["request"], said["comment"])
    return show_request(call)


def break_glass(call: Call) -> Answer:
    """Let it pass at once, alone, for a short time."""
    said = read_object(call.body, ["reason", "for"], ["reason"])
    lasts = read_length(said["for"]) if "for" in said else None
    try:
        open_counter(call).break_glass(call.place["request"], said["reason"], lasts)
        return show_request(call)
    except LedgerError as error:
        if not is_outage(error):
            raise
        remedy = f"until it answers, break the glass for an experiment and a manifest: `POST {BASE}/break-glass`"
        return describe(403, error.problems[0].message, remedy)


def review(call: Call) -> Answer:
    """Say what came of broken glass."""
    said = read_object(call.body, ["finding"], ["finding"])
    open_counter(call).review(call.place["request"], said["finding"])
    return show_request(call)


def read_length(text: str) -> int:
    """A duration in milliseconds. Raises PolicyError."""
    from policy.model.kinds import DURATION, KindError

    try:
        length: int = DURATION.read(text, plain=True)
    except KindError as error:
        raise PolicyError(Problem(f"`for`: {error.message}", error.remedy)) from None
    if not length:
        raise PolicyError(Problem("`for` is nothing at all", "say how long: 2h"))
    return length


def open_counter(call: Call) -> Counter:
    """Where who asks stands."""
    return Counter(call.panel, call.guard.ledger, call.person)
