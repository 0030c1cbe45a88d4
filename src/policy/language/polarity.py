"""In which direction each part of a policy works: towards what it requires, or against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.condition import Condition, Count, Each, Not, parts_of
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.policy import Policy

RISING = frozenset((1,))
FALLING = frozenset((-1,))
BOTH = frozenset((1, -1))
# More members that meet `where` help to keep these bounds on their number, or to break them; else both.
COUNT_SIGNS = {"at_least": RISING, "more_than": RISING, "at_most": FALLING, "less_than": FALLING}


class Signed(NamedTuple):
    """A part of `when` or of `require`; with sign 1 it being true helps that to be true, with -1 to be false."""

    condition: Condition
    signs: frozenset[int]
    in_when: bool = False


def walk_signed(policy: Policy) -> Iterator[Signed]:
    """Every part of `when`, then of `require`, outermost first."""
    for part in walk_signs(policy.when, RISING):
        yield part._replace(in_when=True)
    yield from walk_signs(policy.require, RISING)


def walk_signs(condition: Condition, signs: frozenset[int]) -> Iterator[Signed]:
    """The condition and everything in it, with their signs where its own are `signs`."""
    yield Signed(condition, signs)
    inner = signs
    if isinstance(condition, Not):
        inner = flip(signs)
    elif isinstance(condition, Count):
        inner = frozenset().union(*(multiply(signs, COUNT_SIGNS.get(test, BOTH)) for test, _ in condition.bounds))
    if isinstance(condition, Each):
        yield from walk_signs(condition.where, flip(signs))
        yield from walk_signs(condition.require, signs)
        return
    for part in parts_of(condition):
        yield from walk_signs(part, inner)


def flip(signs: frozenset[int]) -> frozenset[int]:
    """The opposite directions."""
    return multiply(signs, FALLING)


def multiply(signs: frozenset[int], others: frozenset[int]) -> frozenset[int]:
    """The directions of a part that stands in another."""
    return frozenset(sign * other for sign in signs for other in others)
