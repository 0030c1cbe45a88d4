"""Whether one condition holds more often than another, where their trees show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.encoding import leaf_kind
from policy.language.polarity import COUNT_SIGNS
from policy.language.strictness import TEST_SIGNS, compare_strictness
from policy.model.condition import AllOf, AnyOf, Condition, Count, Each, Leaf, Literal, Not, Now, Some
from policy.model.kinds import COUNT, SIGNED_DURATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.condition import Operand
    from policy.model.kinds import Kind

# A test that holds wherever another one does, of the same value.
WIDER = {"more_than": "at_least", "less_than": "at_most"}


def join_signs(signs: Iterable[int | None]) -> int | None:
    """The sign of several changes together; None where they go both ways, or one of them cannot be told."""
    found = set(signs) - {0}
    return found.pop() if len(found) == 1 else None if found else 0


def negate(sign: int | None) -> int | None:
    """The other way."""
    return None if sign is None else -sign


def compare(old: Condition, new: Condition) -> int | None:
    """1 where the new condition is true wherever the old one is, and false nowhere else; -1 for the reverse.

    0 where they are the same, None where neither can be told; both as `normalise` gives them. What is not known is so
    for both, and leaves both open.
    """
    if old == new:
        return 0
    if isinstance(old, Not) and isinstance(new, Not):
        return negate(compare(old.item, new.item))
    for kind in (AllOf, AnyOf):
        if isinstance(old, kind) or isinstance(new, kind):
            return _compare_parts(kind, old, new)
    if type(old) is not type(new) or getattr(old, "path", "") != getattr(new, "path", ""):
        return None
    if isinstance(old, Leaf) and isinstance(new, Leaf):
        return _compare_leaves(old, new)
    if isinstance(old, Some) and isinstance(new, Some):
        return compare(old.where, new.where)
    if isinstance(old, Each) and isinstance(new, Each):
        return join_signs((negate(compare(old.where, new.where)), compare(old.require, new.require)))
    return _compare_counts(old, new) if isinstance(old, Count) and isinstance(new, Count) else None


def _compare_parts(kind: type[AllOf | AnyOf], old: Condition, new: Condition) -> int | None:
    """What is left when the parts that both have are set aside: some more, some less, or one that is changed."""
    before, after = (
        dict.fromkeys(part.items) if isinstance(part, AllOf | AnyOf) and type(part) is kind else {part: None}
        for part in (old, new)
    )
    less, more = ([part for part in own if part not in other] for own, other in ((before, after), (after, before)))
    if less and more:
        return compare(less[0], more[0]) if len(less) == len(more) == 1 else None
    # Of a conjunction, a part less holds more often; of a disjunction, a part more does.
    return (1 if less else -1) * (1 if kind is AllOf else -1)


def _compare_leaves(old: Leaf, new: Leaf) -> int | None:
    if old.test == new.test:
        return _compare_operands(old.test, leaf_kind(old), old.operand, new.operand)
    if old.operand != new.operand:
        return None
    return 1 if WIDER.get(old.test) == new.test else -1 if WIDER.get(new.test) == old.test else None


def _compare_operands(test: str, kind: Kind, old: Operand, new: Operand) -> int | None:
    """What another right side does to a test."""
    if old == new:
        return 0
    if isinstance(old, Now) and isinstance(new, Now):
        old, new, kind = old.offset, new.offset, SIGNED_DURATION
    if test not in TEST_SIGNS or not isinstance(old, Literal) or not isinstance(new, Literal):
        return None
    grown = compare_strictness(kind, 1, old.value, new.value)
    return None if grown is None else grown * next(iter(TEST_SIGNS[test]))


def _compare_counts(old: Count, new: Count) -> int | None:
    if [test for test, _ in old.bounds] != [test for test, _ in new.bounds]:
        return None
    signs = []
    meant = compare(old.where, new.where)
    for (test, before), (_, after) in zip(old.bounds, new.bounds, strict=True):
        sign = next(iter(COUNT_SIGNS[test])) if test in COUNT_SIGNS else None
        signs.append(meant if meant == 0 else None if meant is None or sign is None else meant * sign)
        signs.append(_compare_operands(test, COUNT, before, after))
    return join_signs(signs)
