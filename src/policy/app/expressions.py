"""The CEL expressions of policies, evaluated: on a subject before it is judged, and on the cases of policies."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy.model.schema import is_expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.evidence.expressions import Evaluator
    from policy.model.facts import Facts
    from policy.model.policy import Case, Policy, PolicySet
    from policy.model.schema import Schema


def evaluate_expressions(policy_set: PolicySet, facts: Facts) -> Facts:
    """The facts with what the expressions of the policies in force say about them."""
    evaluator = open_evaluator(policy_set)
    return facts if evaluator is None else evaluator.add_answers(facts)


@lru_cache(maxsize=8)
def open_evaluator(policy_set: PolicySet) -> Evaluator | None:
    """What evaluates the expressions of a policy set, one process for all subjects; None where it has none."""
    return make_evaluator(policy_set.policies, policy_set.schema)


def make_evaluator(policies: Sequence[Policy], schema: Schema) -> Evaluator | None:
    """What evaluates the expressions of some policies; None where they have none."""
    if not any(is_expression(path) for policy in policies for path in policy.paths):
        return None
    from policy.evidence.expressions import Evaluator  # most policies have none
    from policy.model.expressions import list_expressions

    return Evaluator(list_expressions(policies, schema))


def answer_cases(policies: Sequence[Policy], schema: Schema) -> list[Policy]:
    """The policies, their cases with what the expressions say about them; one process for all of them."""
    evaluator = make_evaluator(policies, schema)
    if evaluator is None:
        return list(policies)
    try:
        return [_answer_policy(policy, schema, evaluator) for policy in policies]
    finally:
        evaluator.close()


def _answer_policy(policy: Policy, schema: Schema, evaluator: Evaluator) -> Policy:
    from policy.engine.mutation.mutants import replace

    wanted = {path for path in policy.paths if is_expression(path)}
    if not wanted:
        return policy
    return replace(policy, cases=tuple(_answer_case(case, wanted, schema, evaluator) for case in policy.cases))


def _answer_case(case: Case, wanted: set[str], schema: Schema, evaluator: Evaluator) -> Case:
    from policy.model.facts import Facts
    from policy.model.policy import Case

    known = Facts(case.claims, schema, unavailable=dict.fromkeys(case.timed_out, "timed out"))
    facts = evaluator.add_answers(known, wanted)
    return Case(facts.claims, case.expect, case.at, case.params, case.timed_out, case.location, facts.faults)
