"""A policy as two formulas in plain logic, for engines without three values: when it is met, and when it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from policy.model.condition import AllOf, AnyOf, Condition, Leaf, Literal, Not

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.model.policy import Policy

OPPOSITES = {
    "equals": "not_equals",
    "one_of": "none_of",
    "contains": "lacks",
    "contains_any": "contains_none",
    "at_least": "less_than",
    "more_than": "at_most",
    "present": "missing",
}
OPPOSITES |= {opposite: test for test, opposite in OPPOSITES.items()}
# How most languages write the tests of order and equality.
SIGNS = {
    "equals": "==",
    "not_equals": "!=",
    "at_least": ">=",
    "at_most": "<=",
    "more_than": ">",
    "less_than": "<",
}


class Atom(NamedTuple):
    """The fact is known and meets the test; of the test `missing`, it is not known."""

    path: str
    test: str
    value: Any


class Both(NamedTuple):
    """Every part is true."""

    parts: tuple[Formula, ...]


class Either(NamedTuple):
    """At least one part is true."""

    parts: tuple[Formula, ...]


Formula = Atom | Both | Either


class Rule(NamedTuple):
    """A policy as formulas; where neither is true, nothing is known."""

    id: str
    met: Formula
    failed: Formula


def make_rule(policy: Policy) -> Rule:
    """The formulas of a policy: it is met where it does not apply, too."""
    met = Either((state(policy.when, wanted=False), state(policy.require, wanted=True)))
    failed = Both((state(policy.when, wanted=True), state(policy.require, wanted=False)))
    return Rule(policy.id, met, failed)


def state(condition: Condition, *, wanted: bool) -> Formula:
    """That the condition is true, or that it is false; neither holds where it is unknown."""
    if isinstance(condition, Not):
        return state(condition.item, wanted=not wanted)
    if isinstance(condition, AllOf | AnyOf):
        parts = tuple(state(item, wanted=wanted) for item in condition.items)
        return Both(parts) if isinstance(condition, AllOf) == wanted else Either(parts)
    if not isinstance(condition, Leaf) or not isinstance(condition.operand, Literal):
        raise TypeError(f"not every engine can say {condition}")
    test = condition.test if wanted else OPPOSITES[condition.test]
    return Atom(condition.path, test, condition.operand.value)


def write_formula(formula: Formula, atom: Callable[[Atom], str], both: str = " && ", either: str = " || ") -> str:
    """The formula in the syntax of an engine, every part in brackets."""
    if isinstance(formula, Atom):
        return atom(formula)
    word, nothing = (both, "true") if isinstance(formula, Both) else (either, "false")
    parts = [f"({write_formula(part, atom, both, either)})" for part in formula.parts]
    return word.join(parts) if parts else nothing


def tell_verdict(met: bool, failed: bool) -> str:
    """The verdict that a rule's two formulas make."""
    return "met" if met else "failed" if failed else "unknown"


def tell_outcome(outcome: str) -> str:
    """The verdict that our outcome stands for."""
    return {"pass": "met", "not-applicable": "met", "fail": "failed"}.get(outcome, outcome)
