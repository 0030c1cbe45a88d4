"""Who can decide now what is held: the members of the roles that it needs, but for who asked or contributed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.approvals.holding import find_decision_terms, find_settings
from policy.language.phrases import count_words, join_words
from policy.model.person import is_any

if TYPE_CHECKING:
    from policy.model.approval_settings import ApprovalSettings, Need
    from policy.model.decision import Decision
    from policy.model.policy import PolicySet
    from policy.records.ledger import Ledger
    from policy.records.requests.asking import Asked


def say_deciders(policy_set: PolicySet, decision: Decision, involved: tuple[str, ...]) -> str:
    """Their names; `involved` are those who asked or contributed."""
    settings = find_settings(policy_set)
    needs = find_decision_terms(policy_set, decision).needs
    return join_words([_say_need(need, settings, involved) for need in needs], "and")


def _say_need(need: Need, settings: ApprovalSettings, involved: tuple[str, ...]) -> str:
    votes = f"{count_words(need.quorum, 'vote')} of " if need.quorum > 1 else ""
    if need.members is None:
        return f"{votes}{need.said}"
    free = [name for name in need.members if not is_any(name, involved, settings.people)]
    if len(free) < need.quorum:
        # It waits in vain until the role has somebody else.
        left = join_words(free, "and") if free else "nobody"
        return f"{left} of {need.said}, where {count_words(need.quorum, 'vote')} of others than who asked are needed"
    return f"{votes}{join_words(free)} ({need.said})"


def list_involved(ledger: Ledger, asked: Asked | None) -> tuple[str, ...]:
    """Who asked the same or contributed, by the request. Raises LedgerError."""
    from policy.records.requests.desk import open_session
    from policy.records.requests.involved import list_barred
    from policy.records.requests.queries import list_people

    if asked is None:
        return ()
    with open_session(ledger) as session:
        people = list_barred(list_people(session, asked.row.id))
    return tuple(one.name for one in people if one.name is not None)
