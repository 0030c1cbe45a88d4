"""Conditions written in one way: parameters' values in place, parts flat and in one order, no double negation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.encoding import encode_condition
from policy.language.vocabulary import SEVERAL
from policy.model.canonical import canonical_json
from policy.model.condition import AllOf, AnyOf, Condition, Count, Each, Leaf, Literal, Not, Now, Parameter, Some
from policy.model.kinds import ListKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.condition import Operand
    from policy.model.kinds import Kind

    Values = Mapping[str, Any]

# The test against several values that says the same of one.
PLURAL = {"equals": "one_of", "not_equals": "none_of", "contains": "contains_any"}


def normalise(condition: Condition, values: Values) -> Condition:
    """A condition that means the same, and is equal to that of every other one that is written a little otherwise."""
    if isinstance(condition, Leaf):
        return _normalise_leaf(condition, values)
    if isinstance(condition, Not):
        inner = normalise(condition.item, values)
        return inner.item if isinstance(inner, Not) else Not(inner)
    if isinstance(condition, AllOf | AnyOf):
        return _combine(type(condition), condition.items, values)
    where = normalise(condition.where, values)
    if isinstance(condition, Some):
        return Some(condition.path, where)
    if isinstance(condition, Each):
        return Each(condition.path, where, normalise(condition.require, values))
    bounds = sorted(((test, settle(operand, values)) for test, operand in condition.bounds), key=lambda bound: bound[0])
    return Count(condition.path, where, tuple(bounds))


def _combine(kind: type[AllOf | AnyOf], items: tuple[Condition, ...], values: Values) -> Condition:
    flat: dict[Condition, None] = {}
    for item in items:
        part = normalise(item, values)
        flat.update(dict.fromkeys(part.items if isinstance(part, AllOf | AnyOf) and type(part) is kind else (part,)))
    if len(flat) == 1:
        return next(iter(flat))
    return kind(tuple(sorted(flat, key=lambda part: canonical_json(encode_condition(part)))))


def _normalise_leaf(leaf: Leaf, values: Values) -> Leaf:
    test, operand = leaf.test, settle(leaf.operand, values)
    if isinstance(operand, Literal):
        if test in PLURAL:
            test, operand = PLURAL[test], Literal((operand.value,))
        if test in SEVERAL:
            operand = Literal(_order(operand.value, leaf.kind))
    return Leaf(leaf.path, test, operand, leaf.kind, None, leaf.reads)


def _order(values: tuple[Any, ...], kind: Kind) -> tuple[Any, ...]:
    """Several values in one order, each once: neither says anything."""
    single = kind.of if isinstance(kind, ListKind) else kind
    return tuple(sorted(dict.fromkeys(values), key=lambda value: canonical_json(single.encode(value))))


def settle(operand: Operand, values: Values) -> Operand:
    """The right side of a test with the value of a parameter in its place, as far as it has one."""
    if isinstance(operand, Now):
        offset = settle(operand.offset, values)
        return Now(offset) if isinstance(offset, Literal | Parameter) else operand
    if isinstance(operand, Parameter) and operand.name in values:
        return Literal(values[operand.name])
    return operand
