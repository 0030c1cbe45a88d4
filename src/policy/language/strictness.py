"""In which direction a parameter makes its policy stricter, by its polarity in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.polarity import BOTH, FALLING, RISING, flip, multiply, walk_signed
from policy.model.condition import Count, Leaf, Now, Operand, Parameter
from policy.model.kinds import ListKind
from policy.model.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.language.polarity import Signed
    from policy.model.kinds import Kind
    from policy.model.policy import Policy

# What a larger right side, or a longer list, does to each test: it holds more often, or less. Others go both ways.
TEST_SIGNS = {
    "at_most": RISING,
    "less_than": RISING,
    "at_least": FALLING,
    "more_than": FALLING,
    "one_of": RISING,
    "contains_any": RISING,
    "none_of": FALLING,
    "contains_none": FALLING,
}


def find_strict_directions(policy: Policy) -> dict[str, int]:
    """For each parameter 1 where more of it is stricter, -1 where less is, and 0 where it works both ways.

    Stricter means that no subject fares better: a failure stays one, and an unknown outcome does not become a pass.
    """
    signs: dict[str, frozenset[int]] = {}
    for name, found in _walk_uses(policy):
        signs[name] = signs.get(name, frozenset()) | found
    return {name: next(iter(found)) if len(found) == 1 else 0 for name, found in signs.items()}


def _walk_uses(policy: Policy) -> Iterator[tuple[str, frozenset[int]]]:
    """Every place of a parameter, and what more of it does to a violation, which is `when` and not `require`."""
    for part in walk_signed(policy):
        violation = part.signs if part.in_when else flip(part.signs)
        for test, operand in _list_operands(part):
            value = operand.offset if isinstance(operand, Now) else operand
            if isinstance(value, Parameter):
                yield value.name, multiply(violation, TEST_SIGNS.get(test, BOTH))


def _list_operands(part: Signed) -> Iterator[tuple[str, Operand]]:
    if isinstance(part.condition, Leaf):
        yield part.condition.test, part.condition.operand
    elif isinstance(part.condition, Count):
        yield from part.condition.bounds


def compare_strictness(kind: Kind, direction: int, old: Any, new: Any) -> int | None:
    """1 where the new value of a parameter is stricter than the old one, -1 where it is milder, 0 where they are equal.

    None where neither can be said. A policy whose parameter had no value did not apply: any value is stricter.
    """
    if old is None:
        return 1
    change = _find_growth(kind, old, new)
    return change if change == 0 else (change or 0) * direction or None


def _find_growth(kind: Kind, old: Any, new: Any) -> int | None:
    """1 where the new value is more than the old one, -1 where it is less; None where they cannot be compared."""
    if isinstance(kind, ListKind):
        old, new = frozenset(old), frozenset(new)
    elif isinstance(old, Money):
        difference = new.compare(old)
        return None if difference is None else (difference > 0) - (difference < 0)
    elif not kind.ordered:
        return 0 if old == new else None
    return 0 if old == new else (new > old) - (new < old) or None
