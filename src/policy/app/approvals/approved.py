"""A held decision that passes by an approval: who gave that, and what reports show of what would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.recording import write_time
from policy.model.decision import Approved, Decision, Yes
from policy.reports.approved import say_approved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.records.requests.standing import Grant


def note_approved(decision: Decision, grants: Iterable[Grant]) -> Decision:
    """The decision with who let it pass, where these approvals did."""
    yeses = tuple(
        Yes(
            grant.approval.by,
            grant.request,
            write_time(end) if (end := grant.approval.expires) else "",
            grant.overridden,
        )
        for grant in grants
    )
    if not yeses or decision.verdict in ("hold", "block"):
        return decision
    held = tuple(outcome.policy for outcome in decision.outcomes if outcome.effect == "hold")
    return decision._replace(approved=Approved(held, yeses))


def keep_back(decision: Decision) -> Decision:
    """The decision as reports show it: what an approval lets pass has no effect, and says whose it is."""
    approved = decision.approved
    if approved is None:
        return decision
    said = say_approved(approved)
    outcomes = tuple(
        outcome._replace(effect=None, would_be="hold", note="; ".join(filter(None, (said, outcome.note))))
        if outcome.policy in approved.policies
        else outcome
        for outcome in decision.outcomes
    )
    return decision._replace(outcomes=outcomes)
