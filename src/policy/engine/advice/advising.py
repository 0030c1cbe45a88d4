"""The facts of a project and the policies in force → which approach to take, why, and what would tell more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.advice.climb import climb
from policy.engine.advice.consultation import Panel
from policy.engine.advice.ladder import list_standings
from policy.engine.advice.questions import list_questions
from policy.engine.advice.ranking import name_best, rank_approaches
from policy.engine.advice.supposition import name_present
from policy.engine.costs.estimates import estimate_costs
from policy.language.identity import digest_policy_set
from policy.model.advice import Advice, Cost, Fault, Price
from policy.model.schema import is_expression

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from policy.engine.advice.consultation import Consultation
    from policy.model.facts import Facts
    from policy.model.policy import PolicySet


def advise(
    policy_set: PolicySet, facts: Facts, now: datetime, complete: Callable[[Facts], Facts] | None = None
) -> Advice:
    """The advice of a policy set about one project. Pure where `complete` is: same inputs, same advice.

    `complete` adds to facts what is not computed from them here, such as the answers of expressions.
    """
    panel = Panel(policy_set, now, complete or _leave)
    consultation = panel.consult(facts)
    ranked = rank_approaches(consultation, facts)
    faults = _list_faults(consultation)
    if any(is_expression(path) for fault in faults for path in _list_paths(policy_set, fault.policy)):
        # An expression that runs out of time would do so again for everything that is supposed.
        panel = panel._replace(complete=_leave)
    decision = next(iter(consultation.decisions.values()))
    return Advice(
        facts.subject,
        name_present(facts),
        name_best(ranked),
        ranked,
        tuple(list_standings(facts).items()),
        climb(panel, facts, consultation, ranked),
        list_questions(panel, facts, consultation, ranked),
        _list_costs(facts.on(now.date(), policy_set.tables)),
        faults,
        decision.time,
        digest_policy_set(policy_set),
        decision.engine,
    )


def _leave(facts: Facts) -> Facts:
    return facts


def _list_paths(policy_set: PolicySet, name: str) -> frozenset[str]:
    return next(policy.paths for policy in policy_set.policies if policy.id == name)


def _list_faults(consultation: Consultation) -> tuple[Fault, ...]:
    found = {
        outcome.policy: Fault(outcome.policy, outcome.message)
        for decision in consultation.decisions.values()
        for outcome in decision.outcomes
        if outcome.outcome == "error"
    }
    return tuple(found[name] for name in sorted(found))


def _list_costs(facts: Facts) -> tuple[Cost, ...]:
    return tuple(
        Cost(
            approach=estimate.approach,
            variant=estimate.variant,
            run=estimate.run,
            month=estimate.month,
            update=estimate.update,
            assumptions=estimate.assumptions,
            prices=tuple(Price(*price) for price in estimate.prices),
            missing=estimate.missing,
            lacks=estimate.lacks,
        )
        for estimate in estimate_costs(facts)
    )
