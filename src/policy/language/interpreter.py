"""The reference meaning of the language: walks the tree, plainly. Every compiler must agree with it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from policy.language.comparison import apply_test, bound_count, conjoin, disjoin, members_of, negate
from policy.language.vocabulary import PRESENT
from policy.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    Count,
    Each,
    FieldValue,
    Leaf,
    Literal,
    Not,
    Operand,
    Parameter,
    Some,
)
from policy.model.fact import ABSENT
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.facts import Facts
    from policy.model.policy import Policy

DAY_MS = 86_400_000


class Scope(NamedTuple):
    """What a condition is judged on: plain values by path, and those that are proven.

    `observed` names the paths that count only when proven; `unavailable` those whose evidence could not be had.
    """

    values: Mapping[str, Any]
    proven: Mapping[str, Any]
    observed: frozenset[str]
    unavailable: frozenset[str]
    params: Mapping[str, Any]
    today: date

    def look_up(self, path: str) -> Any:
        """The value at a path; None where it is unknown."""
        return (self.proven if path in self.observed else self.values).get(path)

    def of_member(self, member: Mapping[str, Any]) -> Scope:
        """The scope inside a quantifier: the member's own fields."""
        return Scope(member, member, frozenset(), frozenset(), self.params, self.today)


def make_scope(policy: Policy, params: Mapping[str, Any], facts: Facts, today: date) -> Scope:
    """The scope that a policy is judged in."""
    proven = facts.proven_values if policy.observed else {}
    return Scope(facts.values, proven, policy.observed, frozenset(facts.unavailable), params, today)


def judge_policy(policy: Policy, params: Mapping[str, Any], facts: Facts, today: date) -> str:
    """The outcome of one policy: pass, fail, unknown or not-applicable."""
    if any(spec.name not in params for spec in policy.params):
        return "not-applicable"
    scope = make_scope(policy, params, facts, today)
    when = evaluate(policy.when, scope)
    if when is False:
        return "not-applicable"
    require = evaluate(policy.require, scope)
    if require is True:
        return "pass"
    return "fail" if when is True and require is False else "unknown"


def evaluate(condition: Condition, scope: Scope) -> bool | None:
    """The truth of a condition: True, False, or None for unknown."""
    if isinstance(condition, AllOf):
        return conjoin([evaluate(item, scope) for item in condition.items])
    if isinstance(condition, AnyOf):
        return disjoin([evaluate(item, scope) for item in condition.items])
    if isinstance(condition, Not):
        return negate(evaluate(condition.item, scope))
    if isinstance(condition, Leaf):
        return evaluate_leaf(condition, scope)
    return evaluate_quantifier(condition, scope)


def evaluate_leaf(leaf: Leaf, scope: Scope) -> bool | None:
    """One test on one fact."""
    value = scope.look_up(leaf.path)
    if leaf.test == PRESENT:
        wanted = isinstance(leaf.operand, Literal) and leaf.operand.value
        if value is None and leaf.path in scope.unavailable:
            return None
        return (value is not None and value is not ABSENT) == wanted
    return apply_test(leaf.test, value, resolve_operand(leaf.operand, scope))


def resolve_operand(operand: Operand, scope: Scope) -> Any:
    """The value that stands on the right side; None where it is unknown."""
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, Parameter):
        return scope.params[operand.name]
    if isinstance(operand, FieldValue):
        return scope.look_up(operand.path)
    offset = resolve_operand(operand.offset, scope)
    return None if offset is None else add_days(scope.today, offset)


def add_days(day: date, milliseconds: int) -> date:
    """The day so many whole days later, kept within the calendar."""
    days = milliseconds // DAY_MS
    try:
        return day + timedelta(days)
    except OverflowError:
        return date.min if days < 0 else date.max


def evaluate_quantifier(condition: Some | Each | Count, scope: Scope) -> bool | None:
    """A statement about the members of a list of records."""
    members = members_of(scope.look_up(condition.path))
    scopes = [scope.of_member(member) for member in members.items]
    chosen = [evaluate(condition.where, inner) for inner in scopes]
    open_end = [] if members.complete else [None]
    if isinstance(condition, Some):
        return disjoin([*chosen, *open_end])
    if isinstance(condition, Each):
        kept = [
            disjoin([negate(where), evaluate(condition.require, inner)])
            for where, inner in zip(chosen, scopes, strict=True)
        ]
        return conjoin([*kept, *open_end])
    low = chosen.count(True)
    high = low + chosen.count(None) if members.complete else None
    return conjoin([bound_count(test, low, high, resolve_operand(bound, scope)) for test, bound in condition.bounds])
