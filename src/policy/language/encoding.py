"""Tree ↔ JSON: the form that is digested and cached, and the surface form that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.vocabulary import PRESENT, SEVERAL
from policy.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    Each,
    FieldValue,
    Leaf,
    Literal,
    Not,
    Now,
    Operand,
    Parameter,
    Some,
)
from policy.model.kinds import BOOLEAN, COUNT, SIGNED_DURATION, Kind, ListKind

if TYPE_CHECKING:
    from collections.abc import Mapping


def encode_condition(condition: Condition) -> list[Any]:
    """The condition as nested lists; positions are left out, values are canonical."""
    if isinstance(condition, AllOf | AnyOf):
        word = "all" if isinstance(condition, AllOf) else "any"
        return [word, *map(encode_condition, condition.items)]
    if isinstance(condition, Not):
        return ["not", encode_condition(condition.item)]
    if isinstance(condition, Leaf):
        return [
            "test",
            condition.path,
            condition.test,
            encode_operand(condition.operand, leaf_kind(condition)),
        ]
    if isinstance(condition, Some):
        return ["some", condition.path, encode_condition(condition.where)]
    if isinstance(condition, Each):
        return [
            "each",
            condition.path,
            encode_condition(condition.where),
            encode_condition(condition.require),
        ]
    bounds = [[test, encode_operand(operand, COUNT)] for test, operand in condition.bounds]
    return ["count", condition.path, encode_condition(condition.where), bounds]


def encode_operand(operand: Operand, kind: Kind) -> Any:
    """The right side of a test as JSON."""
    if isinstance(operand, Parameter):
        return {"param": operand.name}
    if isinstance(operand, FieldValue):
        return {"field": operand.path}
    if isinstance(operand, Now):
        return {"now": encode_operand(operand.offset, SIGNED_DURATION)}
    return encode_plain(operand.value, kind)


def encode_plain(value: Any, kind: Kind) -> Any:
    """A parameter's or literal's value as JSON; several values as a sorted list, for their order says nothing."""
    from policy.model.canonical import canonical_json

    if isinstance(value, tuple) and isinstance(kind, ListKind):
        return sorted((kind.of.encode(item) for item in value), key=canonical_json)
    return kind.encode(value)


def leaf_kind(leaf: Leaf) -> Kind:
    """The kind of what stands on the right side of a leaf's test."""
    if leaf.test == PRESENT:
        return BOOLEAN
    single = leaf.kind.of if isinstance(leaf.kind, ListKind) else leaf.kind
    return ListKind(f"list of {single.name}", of=single) if leaf.test in SEVERAL else single


def show_operand(leaf: Leaf, params: Mapping[str, Any]) -> str:
    """The right side of a test as a policy would write it, parameters filled in."""
    operand, kind = leaf.operand, leaf_kind(leaf)
    if isinstance(operand, FieldValue):
        return operand.path
    if isinstance(operand, Now):
        offset = operand.offset
        length = offset.value if isinstance(offset, Literal) else params[offset.name]
        return f"now {'+' if length >= 0 else '-'} {SIGNED_DURATION.show(abs(length))}"
    value = operand.value if isinstance(operand, Literal) else params[operand.name]
    if isinstance(kind, ListKind):
        return f"[{', '.join(kind.of.show(item) for item in value)}]"
    return kind.show(value)
