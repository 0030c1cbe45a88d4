"""Whether values that a plugin made up are of the kind that the fact schema asks for."""

from __future__ import annotations

from datetime import date
from sys import float_info
from typing import TYPE_CHECKING, Any

from policy.evidence.forms import find_malformed
from policy.model.fact import ABSENT, Fact, Members
from policy.model.kinds import (
    LARGEST_INTEGER,
    BooleanKind,
    DateKind,
    DurationKind,
    EnumKind,
    IntegerKind,
    ListKind,
    MoneyKind,
    NumberKind,
    PathKind,
    RecordsKind,
)
from policy.model.money import Money
from policy.model.resolution import STRENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.kinds import Kind
    from policy.model.schema import Field, Schema

TYPES: dict[type[Kind], tuple[type[Any], ...]] = {
    BooleanKind: (bool,),
    DateKind: (date,),
    DurationKind: (int,),
    IntegerKind: (int,),
    MoneyKind: (Money,),
    NumberKind: (int, float),
}

# The infinities are no numbers.
_LARGEST = float_info.max


def find_misfit(facts: Iterable[Fact], problems: Iterable[object], schema: Schema) -> str:
    """What is wrong with the first of them that nobody can work with; empty where there is none.

    This runs for every fact about every subject, so values are looked at as they are, not written and read again.
    """
    facts = tuple(facts)
    malformed = find_malformed(facts, problems)
    if malformed:
        return malformed
    for fact in facts:
        field = schema.fields.get(fact.path)
        if field is None:
            return f"`{fact.path}` is no field"
        if fact.origin not in STRENGTH:
            return f"`{fact.path}` has the origin `{fact.origin}`, not one of {', '.join(STRENGTH)}"
        if not _is_typed(field.kind, fact.value):
            return f"`{fact.path}` is a {type(fact.value).__name__}, not {field.kind.describe()}"
        if not _is_possible(field.kind, fact.value):
            return f"`{fact.path}` holds a value that is {_describe_limits(field.kind)}"
    return ""


def _is_typed(kind: Kind, value: Any) -> bool:
    if value is ABSENT:
        return True
    if isinstance(kind, RecordsKind):
        fields = {field.path: field for field in kind.fields}
        return type(value) is Members and all(_is_typed_record(fields, item) for item in value.items)
    if isinstance(kind, ListKind):
        return type(value) is Members and all(_is_typed(kind.of, item) for item in value.items)
    return type(value) in TYPES.get(type(kind), (str,))


def _is_typed_record(fields: dict[str, Field], record: Any) -> bool:
    return type(record) is dict and all(
        name in fields and isinstance(fact, Fact) and _is_typed(fields[name].kind, fact.value)
        for name, fact in record.items()
    )


def _is_possible(kind: Kind, value: Any) -> bool:
    """Whether a value of the right type is one that the kind can have."""
    if value is ABSENT:
        return True
    if isinstance(kind, RecordsKind):
        fields = {field.path: field.kind for field in kind.fields}
        return all(_is_possible(fields[name], fact.value) for item in value.items for name, fact in item.items())
    if isinstance(kind, ListKind):
        return all(_is_possible(kind.of, item) for item in value.items)
    if isinstance(kind, EnumKind):
        return value in kind.choices
    if isinstance(kind, MoneyKind):
        return type(value.currency) is str and type(value.amount) in (int, float) and 0 <= value.amount <= _LARGEST
    low, high = _find_bounds(kind)
    return low is None or low <= value <= high


def _find_bounds(kind: Kind) -> tuple[Any, float]:
    """The least and the largest number of the kind; None for a kind that is no number. NaN is between none."""
    if isinstance(kind, IntegerKind):
        return kind.low, LARGEST_INTEGER
    if isinstance(kind, NumberKind):
        return max(kind.low, -_LARGEST), min(kind.high, _LARGEST)
    if isinstance(kind, DurationKind):
        return -LARGEST_INTEGER if kind.signed else 0, LARGEST_INTEGER
    return None, 0


def _describe_limits(kind: Kind) -> str:
    if isinstance(kind, ListKind | RecordsKind):
        return "possible for no such list: an item of it is out of range, or none of the words to choose from"
    if isinstance(kind, EnumKind):
        return f"not {kind.describe()}"
    return f"out of range for {kind.describe()}"


def is_of_kind(kind: Kind, value: Any) -> bool:
    """Whether the kind could have read the plain value; a list may be a tuple. Any value can be asked about."""
    if isinstance(kind, ListKind):
        return isinstance(value, list | tuple) and all(is_of_kind(kind.of, item) for item in value)
    try:
        if not _is_typed(kind, value) or value is ABSENT:
            return False
        # As text it must be one that can be written down.
        text = kind.show(value)
        text.encode()
        read = kind.read(text, plain=True)
    except (ArithmeticError, AttributeError, NotImplementedError, TypeError, ValueError):
        return False
    return bool(read == value) or isinstance(kind, PathKind)
