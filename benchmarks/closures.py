"""Tree → closures, the usual alternative to generated code: here only to be measured against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.comparison import apply_test, bound_count, conjoin, disjoin, members_of, negate
from policy.language.interpreter import add_days
from policy.language.vocabulary import PRESENT
from policy.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    Each,
    FieldValue,
    Leaf,
    Literal,
    Not,
    Operand,
    Parameter,
    Quantifier,
    Some,
)
from policy.model.fact import ABSENT
from policy.model.kinds import ListKind, MoneyKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from policy.language.compiler import Judge
    from policy.model.policy import Policy

    # values, proven values, paths whose evidence could not be had, today → truth
    Test = Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, str], date], bool | None]
    Value = Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, str], date], Any]

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda value, bound: bool(value == bound),
    "at_least": lambda value, bound: bool(value >= bound),
    "at_most": lambda value, bound: bool(value <= bound),
    "more_than": lambda value, bound: bool(value > bound),
    "less_than": lambda value, bound: bool(value < bound),
}


def compile_closures(policy: Policy, params: Mapping[str, Any]) -> Judge:
    """The function that judges one policy, as a closure over closures."""
    if any(spec.name not in params for spec in policy.params):
        return lambda *_: "not-applicable"
    builder = ClosureBuilder(params, policy.observed)
    when, require = builder.build(policy.when), builder.build(policy.require)

    def judge(values: Mapping[str, Any], proven: Mapping[str, Any], unavailable: Mapping[str, str], today: date) -> str:
        applies = when(values, proven, unavailable, today)
        if applies is False:
            return "not-applicable"
        met = require(values, proven, unavailable, today)
        if met is True:
            return "pass"
        return "fail" if applies is True and met is False else "unknown"

    return judge


class ClosureBuilder:
    """Builds closures for conditions under some parameters."""

    def __init__(self, params: Mapping[str, Any], observed: frozenset[str]) -> None:
        self.params = params
        self.observed = observed

    def build(self, condition: Condition) -> Test:
        if isinstance(condition, AllOf | AnyOf):
            return self._combined(condition, stop=isinstance(condition, AnyOf))
        if isinstance(condition, Not):
            item = self.build(condition.item)
            return lambda v, p, u, t: negate(item(v, p, u, t))
        if isinstance(condition, Leaf):
            return self._leaf(condition)
        return self._quantifier(condition)

    def _combined(self, condition: AllOf | AnyOf, *, stop: bool) -> Test:
        items = [self.build(item) for item in condition.items]
        if len(items) == 1:
            return items[0]

        def combined(v: Any, p: Any, u: Any, t: date) -> bool | None:
            result: bool | None = not stop
            for item in items:
                truth = item(v, p, u, t)
                if truth is stop:
                    return stop
                if truth is None:
                    result = None
            return result

        return combined

    def _leaf(self, leaf: Leaf) -> Test:
        path, test = leaf.path, leaf.test
        proven = path in self.observed
        if test == PRESENT:
            wanted = isinstance(leaf.operand, Literal) and leaf.operand.value

            def present(v: Any, p: Any, u: Any, _: date) -> bool | None:
                value = (p if proven else v).get(path)
                if value is None and path in u:
                    return None
                return (value is not None and value is not ABSENT) == wanted

            return present
        plain = isinstance(leaf.operand, Literal | Parameter) and not isinstance(leaf.kind, ListKind | MoneyKind)
        if plain and test in ORDERS:
            return self._order(leaf, ORDERS[test], proven=proven)
        operand = self._operand(leaf.operand)
        return lambda v, p, u, t: apply_test(test, (p if proven else v).get(path), operand(v, p, u, t))

    def _order(self, leaf: Leaf, order: Callable[[Any, Any], bool], *, proven: bool) -> Test:
        path = leaf.path
        operand = leaf.operand
        bound = operand.value if isinstance(operand, Literal) else self.params[getattr(operand, "name", "")]

        def compare(v: Any, p: Any, _u: Any, _t: date) -> bool | None:
            value = (p if proven else v).get(path)
            if value is None:
                return None
            return value is not ABSENT and order(value, bound)

        return compare

    def _operand(self, operand: Operand) -> Value:
        if isinstance(operand, Literal | Parameter):
            constant = operand.value if isinstance(operand, Literal) else self.params[operand.name]
            return lambda *_: constant
        if isinstance(operand, FieldValue):
            path = operand.path
            proven = path in self.observed
            return lambda v, p, *_: (p if proven else v).get(path)
        offset = self._operand(operand.offset)
        return lambda v, p, u, t: add_days(t, offset(v, p, u, t))

    def _quantifier(self, quantifier: Quantifier) -> Test:
        path, inner = quantifier.path, ClosureBuilder(self.params, frozenset())
        source = path in self.observed
        where = inner.build(quantifier.where)
        if isinstance(quantifier, Some):

            def some(v: Any, p: Any, _: Any, t: date) -> bool | None:
                members = members_of((p if source else v).get(path))
                results = [where(item, item, {}, t) for item in members.items]
                return disjoin(results if members.complete else [*results, None])

            return some
        if isinstance(quantifier, Each):
            require = inner.build(quantifier.require)

            def each(v: Any, p: Any, _: Any, t: date) -> bool | None:
                members = members_of((p if source else v).get(path))
                results = [
                    disjoin((negate(where(item, item, {}, t)), require(item, item, {}, t))) for item in members.items
                ]
                return conjoin(results if members.complete else [*results, None])

            return each
        bounds = [(test, self._operand(operand)) for test, operand in quantifier.bounds]

        def count(v: Any, p: Any, u: Any, t: date) -> bool | None:
            members = members_of((p if source else v).get(path))
            results = [where(item, item, {}, t) for item in members.items]
            low = results.count(True)
            high = low + results.count(None) if members.complete else None
            return conjoin(bound_count(test, low, high, bound(v, p, u, t)) for test, bound in bounds)

        return count
