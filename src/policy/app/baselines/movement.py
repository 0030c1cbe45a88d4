"""Whether what was found of a policy moved towards what it requires, and in words how it moved."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Final

from policy.model.kinds import KindError, ListKind, RecordsKind
from policy.model.money import Money
from policy.reports.layout import join_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.model.decision import Reason
    from policy.model.kinds import Kind
    from policy.model.schema import Schema

    Values = Sequence[tuple[str, str]]

# Which way a value has to go for a test that it does not meet: 1 up, -1 down.
WANTED: Final = {
    "at_least": 1,
    "more_than": 1,
    "not at_most": 1,
    "not less_than": 1,
    "at_most": -1,
    "less_than": -1,
    "not at_least": -1,
    "not more_than": -1,
}
# More fields and values than these say no more to a reader.
SHOWN: Final = 3


def has_improved(before: Values, now: Values, because: Sequence[Reason], schema: Schema) -> bool:
    """Whether no value is worse than it was: each is the same, gone, or moved the way that every failed test wants."""
    was, left = _group(before), _group(now)
    return left.keys() <= was.keys() and all(
        _is_no_worse(was[field], values, _find_direction(field, because), _find_kind(field, schema))
        for field, values in left.items()
    )


def say_movement(before: Values, now: Values) -> str:
    """`data.rows was 400, is 300`, for each field whose values are others."""
    was, left = _group(before), _group(now)
    told = [
        f"{field} was {_say_values(was.get(field, ()))}, is {_say_values(left.get(field, ()))}"
        for field in dict.fromkeys((*left, *was))
        if Counter(was.get(field, ())) != Counter(left.get(field, ()))
    ]
    return join_names(told, SHOWN)


def _group(values: Values) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for field, value in values:
        found.setdefault(field, []).append(value)
    return found


def _is_no_worse(was: list[str], now: list[str], direction: int, kind: Kind | None) -> bool:
    others = list((Counter(now) - Counter(was)).elements())
    gone = list((Counter(was) - Counter(now)).elements())
    if not others:
        return True
    measured = _measure([*gone, *others], kind) if direction and len(others) <= len(gone) else None
    if measured is None:
        return False
    # Which entry of a list became which nobody can tell: each has to be at least as good as the best that are gone.
    best = sorted(direction * value for value in measured[: len(gone)])[-len(others) :]
    left = sorted(direction * value for value in measured[len(gone) :])
    return all(value >= previous for value, previous in zip(left, best, strict=True))


def _measure(texts: Sequence[str], kind: Kind | None) -> list[float] | None:
    """The values as numbers; None where they have no order, or not one that they share."""
    if kind is None or not kind.ordered:
        return None
    try:
        values = [kind.read(text, plain=True) for text in texts]
    except KindError:
        return None
    if isinstance(values[0], Money):
        return [value.amount for value in values] if len({value.currency for value in values}) == 1 else None
    return [value.toordinal() for value in values] if isinstance(values[0], date) else values


def _find_direction(field: str, because: Sequence[Reason]) -> int:
    """The way that all tests want which the field does not meet; 0 where they do not agree, or have none."""
    wanted = {WANTED.get(reason.test, 0) for reason in because if reason.field == field and reason.result != "true"}
    return wanted.pop() if len(wanted) == 1 else 0


def _find_kind(field: str, schema: Schema) -> Kind | None:
    """The kind of a fact, or of a field of a list's entries: `data.sources[].rows`."""
    path, inside, name = field.partition("[].")
    found = schema.get(path)
    if found is None or not inside:
        return found.kind if found else None
    kind = found.kind.of if isinstance(found.kind, ListKind) else found.kind
    fields = kind.fields if isinstance(kind, RecordsKind) else ()
    return next((member.kind for member in fields if member.path == name), None)


def _say_values(values: Sequence[str]) -> str:
    counted = Counter(values)
    said = [f"{value} ({count} times)" if count > 1 else value for value, count in counted.items()]
    return join_names(said, SHOWN) or "not at fault"
