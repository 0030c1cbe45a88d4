"""Values of facts as a record keeps them, and back: the order of members stays, for explanations follow it."""

from __future__ import annotations

from datetime import date
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from policy.errors import Location
from policy.model.fact import ABSENT, Fact, Members
from policy.model.kinds import (
    BooleanKind,
    DateKind,
    DurationKind,
    IntegerKind,
    Kind,
    ListKind,
    MoneyKind,
    NumberKind,
    RecordsKind,
)
from policy.model.resolution import STRENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MISFIT: Final = object()
# Of a place: file, line and column, and where it ends.
_PLACE: Final = 5


class MalformedError(ValueError):
    """A document that no version wrote."""


def encode_fact(kind: Kind, fact: Fact) -> list[Any]:
    """A fact behind its path or name: value, origin, source, its digest, and position."""
    place = list(fact.location) if fact.location is not None else None
    return [encode_value(kind, fact.value), fact.origin, fact.source, fact.digest, place]


def encode_value(kind: Kind, value: Any) -> Any:
    """A value as JSON: a list as it is when it is complete, else marked as open; records as lists of named facts."""
    if value is ABSENT:
        return {"absent": True}
    if not isinstance(value, Members):
        return kind.encode(value)
    if isinstance(kind, RecordsKind):
        kinds = {field.path: field.kind for field in kind.fields}
        items: list[Any] = [
            [_encode_named(name, kinds[name], fact) for name, fact in item.items()] for item in value.items
        ]
    else:
        of = kind.of if isinstance(kind, ListKind) else kind
        items = [of.encode(item) for item in value.items]
    return items if value.complete else {"open": items}


def _encode_named(name: str, kind: Kind, fact: Fact) -> list[Any]:
    row = [name, *encode_fact(kind, fact)]
    return row if fact.path == name else [*row, fact.path]


def decode_fact(path: str, kind: Kind, row: Sequence[Any]) -> Fact | None:
    """The fact that `encode_fact` wrote; None where its value is none of the kind. Raises MalformedError."""
    try:
        value, origin, source, digest, place = row
    except ValueError:
        raise MalformedError("a fact has other parts than a value, its origin, source, digest and place") from None
    # Thousands of facts are read in a second: nothing is called here that need not be.
    if not (type(origin) is type(source) is type(digest) is str and origin in STRENGTH):
        raise MalformedError(f"nobody can have told `{path}` so")
    decoded = decode_value(kind, value)
    location = None if place is None else decode_place(place)
    return None if decoded is MISFIT else Fact(path, decoded, origin, source, location, digest)


def decode_place(place: Any) -> Location:
    """The position that was written as a list. Raises MalformedError."""
    if type(place) is list and len(place) == _PLACE:
        file, *numbers = place
        line, column, end_line, end_column = numbers
        whole = type(line) is type(column) is type(end_line) is type(end_column) is int
        if whole and type(file) is str and min(numbers) >= 0:
            return Location(file, line, column, end_line, end_column)
    raise MalformedError("a position is none")


def decode_value(kind: Kind, value: Any) -> Any:
    """The value that `encode_value` wrote; MISFIT where it is none of the kind. Raises MalformedError."""
    if type(value) is dict and value == {"absent": True}:
        return ABSENT
    if not isinstance(kind, ListKind | RecordsKind):
        return decode_scalar(kind, value)
    complete = type(value) is list
    items = value if complete else value.get("open") if type(value) is dict else None
    if type(items) is not list:
        return MISFIT
    if isinstance(kind, RecordsKind):
        kinds = {field.path: field.kind for field in kind.fields}
        return Members(tuple(_decode_record(kinds, item) for item in items), complete)
    decoded = tuple(decode_scalar(kind.of, item) for item in items)
    return MISFIT if MISFIT in decoded else Members(decoded, complete)


def _decode_record(kinds: Mapping[str, Kind], rows: Any) -> dict[str, Fact]:
    """One record; of what its fields do not know, or know otherwise, nothing is told."""
    if type(rows) is not list:
        raise MalformedError("a record is no list of named facts")
    record = {}
    for row in rows:
        if type(row) is not list or not row or type(row[0]) is not str:
            raise MalformedError("a record is no list of named facts")
        name, *parts = row
        path = parts.pop() if len(parts) == _PLACE + 1 else name
        fact = decode_fact(path, kinds[name], parts) if name in kinds and type(path) is str else None
        if fact is not None:
            record[name] = fact
    return record


def decode_scalar(kind: Kind, value: Any) -> Any:
    """The value of a scalar kind; MISFIT where it is none."""
    fits = _FITS.get(type(kind))
    if fits is None:
        return value if type(value) is str else MISFIT
    try:
        return kind.decode(value) if fits(value) else MISFIT
    except (ValueError, OverflowError):
        return MISFIT


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and isfinite(value))


def _is_whole(value: Any) -> bool:
    return _is_number(value) and value == int(value)


def _is_money(value: Any) -> bool:
    if type(value) is not dict or value.keys() != {"amount", "currency"}:
        return False
    return _is_number(value["amount"]) and type(value["currency"]) is str


def _is_day(value: Any) -> bool:
    # Python reads other forms, too; this one is all that was ever written.
    return type(value) is str and len(value) == len("2026-11-20") and date.fromisoformat(value).isoformat() == value


def _is_truth(value: Any) -> bool:
    return type(value) is bool


# All other kinds are texts, which are kept as they are.
_FITS: Final[dict[type[Kind], Callable[[Any], bool]]] = {
    BooleanKind: _is_truth,
    DateKind: _is_day,
    DurationKind: _is_whole,
    IntegerKind: _is_whole,
    MoneyKind: _is_money,
    NumberKind: _is_number,
}
