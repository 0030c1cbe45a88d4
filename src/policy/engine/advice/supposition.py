"""The facts of a project as they would be if it took another approach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.engine.advice.ladder import TRIED
from policy.model.derived.derivations import DERIVATIONS, plan_retrieval
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.model.schema import is_expression

if TYPE_CHECKING:
    from collections.abc import Iterable

APPROACH: Final = "approach"
RETRIEVAL: Final = "retrieval.planned"
SOURCE: Final = "supposed"
# What a project states of these follows from the approach that it has, and falls with it.
DEPENDENT: Final = frozenset(item.path for item in DERIVATIONS if item.inputs == (APPROACH,))


def suppose(facts: Facts, approach: str) -> Facts:
    """The same facts under another approach, without what was computed from the present one.

    What is not stated as tried counts as not tried: advice asks what to do next, and silence is nothing done.
    """
    kept = [claim for claim in facts.claims if not _depends(claim)]
    # Observed, so that it counts also where a policy asks for evidence.
    supposed = [Fact(APPROACH, approach, "observed", SOURCE)]
    if plan_retrieval(approach) is None:
        supposed.append(Fact(RETRIEVAL, False, "observed", SOURCE))
    nothing_more = Fact(TRIED, Members((), complete=True), source=SOURCE)
    return replace_claims(facts, (*kept, *supposed, nothing_more))


def _depends(claim: Fact) -> bool:
    # An expression was evaluated on the facts as they are.
    return claim.path == APPROACH or claim.path in DEPENDENT or is_expression(claim.path)


def replace_claims(facts: Facts, claims: Iterable[Fact]) -> Facts:
    """The facts with other claims, and all else as it is."""
    faults = {path: fault for path, fault in facts.faults.items() if not is_expression(path)}
    return Facts(claims, facts.schema, facts.subject, facts.unavailable, faults, facts.tables, facts.today)


def name_present(facts: Facts) -> str | None:
    """The approach that the project has; one that retrieves beside what it calls itself is named for both."""
    approach = facts.values.get(APPROACH)
    if not isinstance(approach, str):
        return None
    if facts.values.get(RETRIEVAL) is not True or plan_retrieval(approach):
        return approach
    return "hybrid" if approach == "fine-tuning" else "rag"
