"""Whether values that a plugin made up are of the kind that the fact schema asks for."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from policy.errors import Problem
from policy.model.fact import ABSENT, Fact, Members
from policy.model.kinds import (
    BooleanKind,
    DateKind,
    DurationKind,
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

    from policy.model.fields import Field, Schema
    from policy.model.kinds import Kind

TYPES: dict[type[Kind], tuple[type[Any], ...]] = {
    BooleanKind: (bool,),
    DateKind: (date,),
    DurationKind: (int,),
    IntegerKind: (int,),
    MoneyKind: (Money,),
    NumberKind: (int, float),
}


def find_misfit(facts: Iterable[Fact], problems: Iterable[object], schema: Schema) -> str:
    """What is wrong with the first of them that nobody can work with; empty where there is none.

    Types are looked at, not values: this runs for every fact about every subject.
    """
    for fact in facts:
        field = schema.fields.get(fact.path)
        if field is None:
            return f"`{fact.path}` is no field"
        if fact.origin not in STRENGTH:
            return f"`{fact.path}` has the origin `{fact.origin}`, not one of {', '.join(STRENGTH)}"
        if not _is_typed(field.kind, fact.value):
            return f"`{fact.path}` is a {type(fact.value).__name__}, not {field.kind.describe()}"
    for problem in problems:
        if not isinstance(problem, Problem) or not isinstance(problem.related, tuple):
            return f"a problem is not one: {type(problem).__name__}"
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
