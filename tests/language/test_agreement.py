"""Laws of the language, on generated policies and facts: every way to judge agrees, and Kleene's rules hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policy.language.comparison import conjoin, disjoin, negate
from policy.language.compiler import compile_policies, compile_policy
from policy.language.encoding import encode_condition
from policy.language.explanation import Explainer, find_decisive
from policy.language.ground import make_ground
from policy.language.interpreter import Scope, evaluate, judge_policy, make_scope
from policy.language.policies import read_policy
from policy.language.prose import describe_policy
from policy.model.canonical import canonical_json
from policy.model.condition import AllOf, AnyOf, Condition, Not
from policy.model.fact import Members
from policy.model.kinds import ListKind, MoneyKind, RecordsKind
from policy.model.policy import Policy
from tests.building import make_document, make_facts, make_policy
from tests.strategies import Situation, policies, print_policy, situations

TRUTHS = st.sampled_from([True, False, None])


def judge_compiled(situation: Situation) -> str:
    policy, params, facts, today = situation
    proven = facts.proven_values if policy.observed else {}
    return compile_policy(policy, params)(facts.values, proven, facts.unavailable, today)


def scope_of(situation: Situation) -> Scope:
    return make_scope(situation.policy, situation.params, situation.facts, situation.today)


def with_require(situation: Situation, require: Condition) -> Situation:
    policy = situation.policy
    changed = Policy(
        policy.id, policy.title, policy.severity, require, policy.when, policy.params, policy.effect, policy.observed
    )
    return situation._replace(policy=changed)


@settings(max_examples=1000)
@given(situations())
def test_the_compiled_policy_agrees_with_the_interpreter(situation):
    policy, params, facts, today = situation
    assert judge_compiled(situation) == judge_policy(policy, params, facts, today)


def test_proof_is_asked_of_the_subject_and_not_of_the_members_of_lists():
    policy = make_policy(
        "require: {approach: rag, tried: {some: {approach: rag}}}\nobserved: [approach]",
    )
    situation = Situation(policy, {}, make_facts("approach: rag\ntried: [{approach: rag}]"), date(2026, 1, 1))
    assert judge_compiled(situation) == judge_policy(*situation) == "unknown"
    proven = situation._replace(facts=make_facts("tried: [{approach: rag}]", observed="approach: rag"))
    assert judge_compiled(proven) == judge_policy(*proven) == "pass"


@given(st.lists(situations(), min_size=2, max_size=4))
def test_policies_compiled_together_judge_as_they_do_alone(several):
    together = compile_policies([(situation.policy, situation.params) for situation in several])
    for function, (policy, params, facts, today) in zip(together, several, strict=True):
        proven = facts.proven_values if policy.observed else {}
        outcome = function(facts.values, proven, facts.unavailable, today)
        assert outcome == judge_policy(policy, params, facts, today)


@settings(max_examples=300)
@given(policies())
def test_a_printed_policy_is_read_as_the_same_tree(policy):
    read = read_policy(make_document(print_policy(policy)))
    assert (read.when, read.require) == (policy.when, policy.require)
    assert (read.params, read.observed) == (policy.params, policy.observed)


@given(policies())
def test_every_tree_has_a_canonical_form_and_can_be_said(policy):
    params = {spec.name: spec.default for spec in policy.params}
    assert canonical_json([encode_condition(policy.when), encode_condition(policy.require)])
    assert describe_policy(policy, params)
    assert describe_policy(policy, {})


# Kleene's laws


@given(situations(), situations())
def test_de_morgan(situation, other):
    # The second condition is judged on the first one's facts: most of them are unknown to it.
    scope = scope_of(situation)._replace(params={**situation.params, **other.params})
    assume(situation.params.keys().isdisjoint(other.params))
    one, two = situation.policy.require, other.policy.require
    assert evaluate(Not(AllOf((one, two))), scope) is evaluate(AnyOf((Not(one), Not(two))), scope)
    assert evaluate(Not(AnyOf((one, two))), scope) is evaluate(AllOf((Not(one), Not(two))), scope)


@given(situations())
def test_double_negation_and_idempotence(situation):
    require = situation.policy.require
    for same in (Not(Not(require)), AllOf((require, require)), AnyOf((require, require)), AllOf((require,))):
        assert judge_compiled(with_require(situation, same)) == judge_compiled(situation)
    scope = scope_of(situation)
    assert evaluate(Not(require), scope) is negate(evaluate(require, scope))


@settings(max_examples=300)
@given(situations(presence=False), st.data())
def test_what_is_decided_stays_decided_as_more_becomes_known(situation, data):
    scope = scope_of(situation)
    less = scope._replace(
        values=forget(scope.values, data.draw), proven=forget(scope.proven, data.draw), unavailable=frozenset()
    )
    for condition in (situation.policy.when, situation.policy.require):
        before = evaluate(condition, less)
        assert before is None or evaluate(condition, scope) is before


def forget(values: Any, draw: Callable[..., Any]) -> dict[str, Any]:
    """The values with less information: facts and members left out, lists opened."""
    kept = {}
    for path, value in values.items():
        if draw(st.booleans()):
            kept[path] = forget_members(value, draw) if isinstance(value, Members) else value
    return kept


def forget_members(members: Members, draw: Callable[..., Any]) -> Members:
    items = [forget(item, draw) if isinstance(item, dict) else item for item in members.items]
    if draw(st.booleans()):
        return Members(tuple(items), members.complete)
    return Members(tuple(item for item in items if draw(st.booleans())), complete=False)


# Explanations


@given(situations(), st.data())
def test_the_decisive_tests_decide(situation, data):
    policy, params, facts, today = situation
    ground = make_ground(policy, params, facts, today)
    for condition in (policy.when, policy.require):
        result = ground.holds(condition)
        decisive = {id(item.test) for item in find_decisive(condition, ground)}

        def replay(part: Condition, decisive: set[int] = decisive, result: bool | None = result) -> bool | None:
            truth = ground.holds(part)
            if result is None:
                # What left the condition unknown becomes known in some way, and with it the condition.
                return data.draw(st.booleans()) if id(part) in decisive else truth
            return truth if id(part) in decisive else data.draw(TRUTHS)

        if result is None:
            assert all(ground.holds(item.test) is None for item in find_decisive(condition, ground))
            assert combine(condition, replay) is not None
        else:
            assert combine(condition, replay) is result


def combine(condition: Condition, leaf: Callable[[Condition], bool | None]) -> bool | None:
    """The truth of a combination where `leaf` tells that of each test."""
    match condition:
        case AllOf(items=items):
            return conjoin([combine(item, leaf) for item in items])
        case AnyOf(items=items):
            return disjoin([combine(item, leaf) for item in items])
        case Not(item=item):
            return negate(combine(item, leaf))
    return leaf(condition)


@settings(max_examples=300)
@given(situations())
def test_failures_and_unknowns_are_explained(situation):
    policy, params, facts, today = situation
    outcome = judge_policy(policy, params, facts, today)
    assume(outcome in ("fail", "unknown"))
    explanation = Explainer(policy, params).explain(facts, today)
    assert explanation.message
    assert explanation.reasons
    if outcome == "fail":
        assert explanation.missing == ()
        return
    assert explanation.missing
    scope = scope_of(situation)
    for path in explanation.missing:
        kind = facts.kind_of(path)
        # Two currencies cannot be compared though both are known, and a list can be known in part.
        settled = "[]" not in path and not isinstance(kind, ListKind | RecordsKind | MoneyKind)
        assert not settled or scope.look_up(path) is None


def test_the_strategies_reach_every_outcome():
    seen: Counter[str] = Counter()

    @settings(max_examples=200, database=None, derandomize=True)
    @given(situations())
    def judge_some(situation):
        seen[judge_compiled(situation)] += 1

    judge_some()
    assert min(seen[outcome] for outcome in ("pass", "fail", "unknown", "not-applicable")) > 10
