"""Who said no to what is held before, and why: whoever asks again reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.app.approvals.holding import find_decision_terms, find_settings, needs_approval
from policy.app.approvals.secrecy import redact_document
from policy.records.requests.rejections import find_rejection
from policy.source.display import show_text

if TYPE_CHECKING:
    from policy.model.decision import Decision
    from policy.model.policy import PolicySet
    from policy.records.ledger import Ledger
    from policy.records.requests.rejections import Rejection

LONGEST_REASON: Final = 300
LONGEST_NAME: Final = 60


def find_last_no(ledger: Ledger, policy_set: PolicySet, decision: Decision) -> Rejection | None:
    """The last rejection of what is at stake in a decision that an approval would let pass. Raises LedgerError."""
    if not needs_approval(policy_set, decision):
        return None
    project, terms = redact_document(decision.subject.project), find_decision_terms(policy_set, decision)
    return find_rejection(ledger, project, decision.gate, decision.stake, terms, find_settings(policy_set))


def say_no(found: Rejection) -> str:
    """Who said it, when, and why; the request has the rest of a reason that is long."""
    by = shorten(found.by, LONGEST_NAME)
    behalf = f" for {shorten(found.behalf, LONGEST_NAME)}" if found.behalf else ""
    when = f"{found.time[:10]} {found.time[11:16]} UTC"
    return f"{by}{behalf} rejected the same on {when} ({found.request}): {shorten(found.reason, LONGEST_REASON)}"


def shorten(text: str, limit: int) -> str:
    """A text of somebody on one line, cut where it is long."""
    return show_text(text if len(text) <= limit else f"{text[: limit - 1]}…")
