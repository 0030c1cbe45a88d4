"""One condition, changed in one small way: the mistakes that an author could have made there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.engine.mutation.neighbours import find_neighbours
from policy.language.encoding import leaf_kind
from policy.language.vocabulary import EQUALITY, OPPOSITES, ORDER, PRESENT, SEVERAL
from policy.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    Count,
    Each,
    FieldValue,
    Leaf,
    Literal,
    Not,
    Now,
    Operand,
    Some,
)
from policy.model.kinds import COUNT, DAYS, EnumKind, ListKind
from policy.model.schema import is_expression
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.kinds import Kind

# The tests that a test is taken for: its neighbour at the bound, and its opposite.
FLIPS = {
    "at_least": ("more_than", "less_than"),
    "at_most": ("less_than", "more_than"),
    "more_than": ("at_least", "at_most"),
    "less_than": ("at_most", "at_least"),
    "starts_with": ("ends_with",),
    "ends_with": ("starts_with",),
    **{negative: (positive,) for negative, positive in OPPOSITES.items()},
    **{positive: (negative,) for negative, positive in OPPOSITES.items()},
}
# The test against several values that says the same of one.
WIDER = {
    "equals": "one_of",
    "not_equals": "none_of",
    "contains": "contains_any",
    **{test: test for test in SEVERAL},
}
# What only a `not` turns around.
WITHOUT_OPPOSITE = ("contains", "starts_with", "ends_with", "matches")
SIZED = (*ORDER, *EQUALITY)


class Variant(NamedTuple):
    """A changed condition; `change` says how, `part` names what of the condition was changed."""

    change: str
    condition: Condition
    part: str = ""


def vary(condition: Condition, *, negatable: bool = True) -> Iterator[Variant]:
    """Every change of the condition itself; what is in it stays. `negatable` is false directly under a `not`."""
    if isinstance(condition, Leaf):
        yield from vary_leaf(condition, negatable=negatable)
        return
    if isinstance(condition, Not):
        yield Variant("negated", condition.item)
        return
    if isinstance(condition, AllOf | AnyOf):
        if len(condition.items) > 1:
            swapped = AnyOf(condition.items) if isinstance(condition, AllOf) else AllOf(condition.items)
            yield Variant(f"becomes {'any' if isinstance(condition, AllOf) else 'all'}", swapped)
    elif isinstance(condition, Count):
        yield from vary_count(condition)
    else:
        yield swap_quantifier(condition)
    if negatable and condition != AllOf():
        yield Variant("negated", Not(condition))


def vary_leaf(leaf: Leaf, *, negatable: bool) -> Iterator[Variant]:
    """A test taken for another, moved, or asked of one value less; an expression only turned around."""
    if is_expression(leaf.path):
        if negatable:
            yield Variant("negated", Not(leaf))
        return
    for test in FLIPS.get(leaf.test, ()):
        yield Variant(f"becomes {test}", replace_leaf(leaf, test, leaf.operand))
    if leaf.test in WITHOUT_OPPOSITE and negatable:
        yield Variant("negated", Not(leaf))
    if leaf.test == PRESENT and isinstance(leaf.operand, Literal):
        opposite = Literal(value=not leaf.operand.value)
        yield Variant(f"with {leaf_kind(leaf).show(opposite.value)}", replace_leaf(leaf, PRESENT, opposite))
    elif leaf.test in (*SIZED, *SEVERAL):
        for change, operand in vary_operand(leaf.operand, leaf_kind(leaf)):
            yield Variant(change, replace_leaf(leaf, leaf.test, operand))
    yield from widen(leaf)


def widen(leaf: Leaf) -> Iterator[Variant]:
    """The test against one more of the words that the field can be."""
    single = leaf.kind.of if isinstance(leaf.kind, ListKind) else leaf.kind
    if leaf.test not in WIDER or not isinstance(single, EnumKind) or not isinstance(leaf.operand, Literal):
        return
    values = leaf.operand.value if leaf.test in SEVERAL else (leaf.operand.value,)
    for choice in single.choices:
        if choice not in values:
            yield Variant(f"with {choice}", replace_leaf(leaf, WIDER[leaf.test], Literal((*values, choice))))


def settle_unknown(leaf: Leaf) -> Iterator[Variant]:
    """The test as false, and as true, where its fact is not known."""
    paths = [leaf.path, *([leaf.operand.path] if isinstance(leaf.operand, FieldValue) else [])]
    stated = [Leaf(path, PRESENT, Literal(value=True), leaf.kind, leaf.location) for path in dict.fromkeys(paths)]
    yield Variant("unknown as false", AllOf((*stated, leaf)))
    yield Variant("unknown as true", AnyOf((*map(Not, stated), leaf)))


def replace_leaf(leaf: Leaf, test: str, operand: Operand) -> Leaf:
    """The same field at the same place, tested otherwise."""
    return Leaf(leaf.path, test, operand, leaf.kind, leaf.location)


def vary_operand(operand: Operand, kind: Kind) -> Iterator[tuple[str, Operand]]:
    """A literal moved to its neighbours, or without one of its values; parameters move by their default."""
    if isinstance(operand, Literal):
        for change, value in vary_value(operand.value, kind):
            yield change, Literal(value)
    elif isinstance(operand, Now) and isinstance(operand.offset, Literal):
        for near in find_neighbours(operand.offset.value, DAYS):
            yield f"with now {DAYS.show(near)}", Now(Literal(near))


def vary_value(value: Any, kind: Kind) -> Iterator[tuple[str, Any]]:
    """The values that stand next to one, or several values without each of them."""
    if isinstance(kind, ListKind):
        for position, left_out in enumerate(value):
            yield f"without {kind.of.show(left_out)}", value[:position] + value[position + 1 :]
    else:
        for near in find_neighbours(value, kind):
            yield f"with {kind.show(near)}", near


def vary_count(count: Count) -> Iterator[Variant]:
    """The bounds on a number of entries: each flipped, moved and, of several, left out."""
    for position, (test, operand) in enumerate(count.bounds):
        before, after = count.bounds[:position], count.bounds[position + 1 :]
        changes = [(f"becomes {other}", (other, operand)) for other in FLIPS[test]]
        changes += [(change, (test, moved)) for change, moved in vary_operand(operand, COUNT)]
        for change, bound in changes:
            yield Variant(change, rebound(count, (*before, bound, *after)), test)
        if before or after:
            yield Variant("dropped", rebound(count, (*before, *after)), test)


def rebound(count: Count, bounds: tuple[tuple[str, Operand], ...]) -> Count:
    """The same entries counted, within other bounds."""
    return Count(count.path, count.where, bounds, count.location)


def swap_quantifier(condition: Some | Each) -> Variant:
    """`some` taken for `each`, or `each` for `some`."""
    if isinstance(condition, Some):
        return Variant("becomes each", Each(condition.path, AllOf(), condition.where, condition.location))
    both = tuple(part for part in (condition.where, condition.require) if part != AllOf())
    return Variant("becomes some", Some(condition.path, AllOf(both), condition.location))
