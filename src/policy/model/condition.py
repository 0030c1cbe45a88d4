"""The policy tree: tests on facts, combined. One tree is judged, translated, proved and read back as prose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from policy.structs import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import Location
    from policy.model.kinds import Kind


class Literal(Record):
    """A value written in the policy; a tuple for tests against several."""

    value: Any


class Parameter(Record):
    """The value that the policy set gives to a parameter of the policy."""

    name: str


class FieldValue(Record):
    """The value of another fact; inside a quantifier, of the same member."""

    path: str


class Now(Record):
    """The day of judging (UTC) and so many whole days later; `offset` is in milliseconds, as durations are."""

    offset: Literal | Parameter


Operand = Literal | Parameter | FieldValue | Now


class Leaf(Record):
    """One test on one fact, whose kind is `kind`; where that is a CEL expression, `reads` are the facts in it."""

    path: str
    test: str
    operand: Operand
    kind: Kind
    location: Location | None = None
    reads: tuple[str, ...] = ()
    _uncompared: ClassVar = frozenset({"kind", "location", "reads"})


class AllOf(Record):
    """Every item holds; true without items."""

    items: tuple[Condition, ...] = ()


class AnyOf(Record):
    """At least one item holds; false without items."""

    items: tuple[Condition, ...] = ()


class Not(Record):
    """The item does not hold."""

    item: Condition


class Some(Record):
    """At least one member of a list of records meets `where`."""

    path: str
    where: Condition
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"location"})


class Each(Record):
    """Every member that meets `where` meets `require`."""

    path: str
    where: Condition
    require: Condition
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"location"})


class Count(Record):
    """The number of members that meet `where` keeps every bound: pairs of a test and its operand."""

    path: str
    where: Condition
    bounds: tuple[tuple[str, Operand], ...]
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"location"})


Quantifier = Some | Each | Count
Condition = Leaf | AllOf | AnyOf | Not | Some | Each | Count


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions directly inside this one."""
    if isinstance(condition, AllOf | AnyOf):
        return condition.items
    if isinstance(condition, Not):
        return (condition.item,)
    if isinstance(condition, Each):
        return (condition.where, condition.require)
    if isinstance(condition, Some | Count):
        return (condition.where,)
    return ()


def walk(condition: Condition) -> Iterator[Condition]:
    """The condition and everything in it, outermost first."""
    yield condition
    for part in parts_of(condition):
        yield from walk(part)


def list_alternatives(condition: Condition, *, negated: bool = False, free: bool = False) -> Iterator[Location]:
    """Where the tests stand of which one is enough."""
    if isinstance(condition, Not):
        yield from list_alternatives(condition.item, negated=not negated, free=free)
        return
    if isinstance(condition, AllOf | AnyOf):
        free = free or (isinstance(condition, AnyOf) != negated and len(condition.items) > 1)
    place = getattr(condition, "location", None)
    if free and place:
        yield place
    for part in parts_of(condition):
        yield from list_alternatives(part, negated=negated, free=free)


def outer_paths(condition: Condition) -> Iterator[str]:
    """The facts of the subject that are read; what is inside a quantifier belongs to its list."""
    if isinstance(condition, Leaf):
        yield condition.path
        yield from condition.reads
        if isinstance(condition.operand, FieldValue):
            yield condition.operand.path
    elif isinstance(condition, Some | Each | Count):
        yield condition.path
        if isinstance(condition, Count):
            for _, operand in condition.bounds:
                if isinstance(operand, FieldValue):
                    yield operand.path
    else:
        for part in parts_of(condition):
            yield from outer_paths(part)
