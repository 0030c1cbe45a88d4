"""Who let pass what is held: a sentence without an end, for a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.layout import join_names

if TYPE_CHECKING:
    from policy.model.decision import Approved, Decision, Outcome, Yes

# So many people may have to say yes.
NAMED = 12


def is_approved(outcome: Outcome, decision: Decision) -> bool:
    """Whether an approval lets pass what the policy would hold."""
    return decision.approved is not None and outcome.policy in decision.approved.policies


def say_approved(approved: Approved) -> str:
    """Who approved it, in which request, and until when: one clause for each request."""
    by_request: dict[str, list[Yes]] = {}
    for yes in approved.yeses:
        by_request.setdefault(yes.request, []).append(yes)
    return "; ".join(map(_say_request, by_request.values()))


def _say_request(yeses: list[Yes]) -> str:
    first = yeses[0]
    names = join_names(list(dict.fromkeys(yes.by for yes in yeses)), NAMED)
    until = f" until {first.until}" if first.until else ""
    if first.overridden:
        return f"passes because {names} broke the glass{until} (request {first.request})"
    return f"approved by {names}{until} (request {first.request})"
