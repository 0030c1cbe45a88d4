"""Values for the parameters of policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.kinds import DurationKind, EnumKind, IntegerKind, Kind, ListKind, NumberKind, enum, list_of
from policy.model.reading import NOTHING, FactReader

if TYPE_CHECKING:
    from policy.source.node import Node


def read_parameter(kind: Kind, node: Node, name: str, values: FactReader) -> Any:
    """The value of a parameter, or NOTHING; a list becomes a tuple."""
    value = values.read_value(kind, node, name)
    if value is not NOTHING and isinstance(kind, ListKind):
        return value.items
    return value


def show_parameter(kind: Kind, value: Any) -> str:
    """The value of a parameter as a policy set would write it."""
    if isinstance(kind, ListKind):
        return f"[{', '.join(map(kind.of.show, value))}]"
    return kind.show(value)


def merge_kinds(one: Kind, other: Kind) -> Kind | None:
    """The kind of what can stand where either kind is needed; None where nothing can."""
    if isinstance(one, ListKind) and isinstance(other, ListKind):
        of = merge_kinds(one.of, other.of)
        return None if of is None else list_of(of)
    if isinstance(one, EnumKind) and isinstance(other, EnumKind):
        shared = [choice for choice in one.choices if choice in other.choices]
        return enum(*shared) if shared else None
    if isinstance(one, DurationKind) and isinstance(other, DurationKind):
        signed, whole_days = one.signed and other.signed, one.whole_days or other.whole_days
        return DurationKind("duration", ordered=True, signed=signed, whole_days=whole_days)
    if isinstance(one, IntegerKind) and isinstance(other, IntegerKind):
        return max(one, other, key=lambda kind: kind.low)
    # A whole number can stand where a number can, not the other way round.
    if isinstance(one, IntegerKind | NumberKind) and isinstance(other, IntegerKind | NumberKind):
        return one if isinstance(one, IntegerKind) else other
    return one if one.name == other.name else None
