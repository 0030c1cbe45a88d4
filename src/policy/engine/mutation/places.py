"""The conditions of a policy, each where it stands: by name, and with what puts another in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.vocabulary import PRESENT
from policy.model.condition import AllOf, AnyOf, Condition, Count, Each, Leaf, Literal, Not, Quantifier, Some
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Put = Callable[[Condition], Condition]

NOTHING: frozenset[str] = frozenset()
HEADS = {AllOf: "all", AnyOf: "any", Not: "not", Some: "some", Each: "each", Count: "count"}


class Place(NamedTuple):
    """A condition where it stands: `put` gives the whole with another in its place.

    `neutral` is what to put there to leave the condition out; None under a `not`, of which the whole is left out.
    `known` names the facts that are never unknown there.
    """

    name: str
    condition: Condition
    put: Put
    neutral: Condition | None
    known: frozenset[str]


def walk_places(place: Place) -> Iterator[Place]:
    """The place and all those in it, outermost first."""
    yield place
    for inner in _split(place):
        yield from walk_places(inner)


def name_place(place: Place) -> str:
    """The name of the condition itself, which for tests and lists is also that of what is in it."""
    return f"{place.name}.{name_head(place.condition)}"


def name_head(condition: Condition) -> str:
    """How a condition begins: its field and test, or its combinator."""
    if isinstance(condition, Leaf):
        return f"{condition.path}.{condition.test}"
    head = HEADS[type(condition)]
    return f"{condition.path}.{head}" if isinstance(condition, Quantifier) else head


def _split(place: Place) -> Iterator[Place]:
    condition, put, own = place.condition, place.put, name_place(place)
    if isinstance(condition, AllOf | AnyOf):
        yield from _split_items(place, condition)
    elif isinstance(condition, Not):
        yield Place(own, condition.item, lambda new: put(Not(new)), None, place.known)
    elif not isinstance(condition, Leaf):
        yield from _split_quantifier(condition, put, own)


def _split_quantifier(condition: Quantifier, put: Put, own: str) -> Iterator[Place]:
    path, where, location = condition.path, condition.where, condition.location
    if isinstance(condition, Some):
        yield Place(own, where, lambda new: put(Some(path, new, location)), AllOf(), NOTHING)
    elif isinstance(condition, Count):
        bounds = condition.bounds
        yield Place(f"{own}.where", where, lambda new: put(Count(path, new, bounds, location)), AllOf(), NOTHING)
    else:
        require = condition.require
        yield Place(f"{own}.where", where, lambda new: put(Each(path, new, require, location)), AllOf(), NOTHING)
        yield Place(f"{own}.require", require, lambda new: put(Each(path, where, new, location)), AllOf(), NOTHING)


def _split_items(place: Place, condition: AllOf | AnyOf) -> Iterator[Place]:
    heads = [name_head(item) for item in condition.items]
    # The entries of a mapping go by their own names; only what stands in a list needs a number.
    plain = isinstance(condition, AllOf) and len(set(heads)) == len(heads)
    kind = type(condition)
    known = place.known | (find_stated(condition) if isinstance(condition, AllOf) else NOTHING)
    for position, item in enumerate(condition.items):

        def put(new: Condition, position: int = position) -> Condition:
            return place.put(kind((*condition.items[:position], new, *condition.items[position + 1 :])))

        name = place.name if plain else f"{name_place(place)}.{position + 1}"
        yield Place(name, item, put, kind(), known)


def find_stated(condition: AllOf) -> frozenset[str]:
    """The fields that the condition itself asks to be stated."""
    leaves = (item for item in condition.items if isinstance(item, Leaf) and item.test == PRESENT)
    return frozenset(leaf.path for leaf in leaves if isinstance(leaf.operand, Literal) and leaf.operand.value)
