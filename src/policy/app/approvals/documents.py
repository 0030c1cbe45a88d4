"""Requests as JSON, `policy-requests/1`: the contract that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.app.approvals.viewing import Previous, RequestView
    from policy.records.requests.rows import Delegation

FORMAT: Final = "policy-requests/1"
DOCUMENT: Final = "policy-request-document/1"
"""The form of what is recorded of a request for who decides it."""


def requests_document(views: Sequence[RequestView], delegations: Sequence[Delegation] = ()) -> dict[str, Any]:
    """Some requests, and the delegations that are not over."""
    return {
        "format": FORMAT,
        "requests": [request_document(view) for view in views],
        "delegations": [delegation_document(one) for one in delegations],
    }


def request_document(view: RequestView) -> dict[str, Any]:
    """One request, every key always there."""
    row = view.row
    return {
        "id": row.id,
        "kind": row.kind,
        "project": row.project,
        "gate": row.gate or None,
        "stake": row.stake,
        "subject": row.subject or None,
        "state": view.state,
        "counts": view.counts,
        "asked": row.asked,
        "expires": row.expires,
        "ends": row.ends,
        "runs": row.runs,
        "uses": row.uses,
        "policy_set": row.policy_set,
        "asked_by": list(view.asking),
        "contributors": list(view.contributors),
        "needs": [
            {
                "who": need.said,
                "members": list(need.members or ()),
                "quorum": need.quorum,
                "lacking": lacking,
                "anybody": need.members is None,
            }
            for need, lacking in view.needs
        ],
        "break_glass": bool(row.overridden),
        "unreviewed": view.is_unreviewed,
        "previous": previous_document(view.previous),
        "history": [step._asdict() for step in view.steps],
        "document": view.document,
        "changed": [doubt.message for doubt in view.doubts],
    }


def previous_document(previous: Previous | None) -> dict[str, Any] | None:
    """What was approved before, and what is otherwise now; null where nothing was."""
    if previous is None:
        return None
    changes = [change._asdict() for change in previous.changes]
    return {"request": previous.request, "decided": previous.decided, "changes": changes}


def delegation_document(one: Delegation) -> dict[str, Any]:
    """Who votes for whom."""
    return {"id": one.id, "from": one.giver.shown, "to": one.taker.shown, "starts": one.starts, "ends": one.ends}
