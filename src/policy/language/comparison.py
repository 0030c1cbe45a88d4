"""What each test says of one value, in three values: True, False, or None for unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.patterns import compile_pattern
from policy.language.vocabulary import OPPOSITES
from policy.model.fact import ABSENT, Members
from policy.model.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


# What each test says of two known values that are not amounts of money.
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda value, operand: bool(value == operand),
    "at_least": lambda value, operand: bool(value >= operand),
    "at_most": lambda value, operand: bool(value <= operand),
    "more_than": lambda value, operand: bool(value > operand),
    "less_than": lambda value, operand: bool(value < operand),
    "starts_with": lambda value, operand: bool(value.startswith(operand)),
    "ends_with": lambda value, operand: bool(value.endswith(operand)),
    "matches": lambda value, operand: compile_pattern(operand)(value),
}


def conjoin(results: Iterable[bool | None]) -> bool | None:
    """Kleene's and: false if one is, else unknown if one is, else true."""
    unknown = False
    for result in results:
        if result is False:
            return False
        unknown = unknown or result is None
    return None if unknown else True


def disjoin(results: Iterable[bool | None]) -> bool | None:
    """Kleene's or: true if one is, else unknown if one is, else false."""
    unknown = False
    for result in results:
        if result is True:
            return True
        unknown = unknown or result is None
    return None if unknown else False


def negate(result: bool | None) -> bool | None:
    """Kleene's not."""
    return None if result is None else not result


def apply_test(test: str, value: Any, operand: Any) -> bool | None:
    """The result of `test`; None as value or operand is an unknown one, ABSENT one that is not there."""
    if test in OPPOSITES:
        return negate(apply_test(OPPOSITES[test], value, operand))
    if test == "one_of":
        return disjoin(compare_scalars("equals", value, item) for item in operand)
    if test == "contains_any":
        return disjoin(has_member(value, item) for item in operand)
    if test == "contains":
        return has_member(value, operand)
    return compare_scalars(test, value, operand)


def compare_scalars(test: str, value: Any, operand: Any) -> bool | None:
    """A plain test on two scalars; a value that is not there meets no test."""
    if value is ABSENT or operand is ABSENT:
        return False
    if value is None or operand is None:
        return None
    if isinstance(value, Money):
        difference = value.compare(operand)
        return None if difference is None else compare_scalars(test, difference, 0.0)
    return COMPARE[test](value, operand)


def has_member(value: Any, operand: Any) -> bool | None:
    """Whether a list holds a value; an unknown list is open and has no known members."""
    members = members_of(value)
    if operand is ABSENT:
        return False
    if operand is None:
        return False if members.complete and not members.items else None
    if operand in members.items:
        return True
    return False if members.complete else None


def members_of(value: Any) -> Members:
    """The members of a list's value: none and open where it is unknown, none at all where it is not there."""
    if value is None:
        return Members((), complete=False)
    if value is ABSENT:
        return Members((), complete=True)
    return value if isinstance(value, Members) else Members(tuple(value), complete=True)


def bound_count(test: str, low: int, high: int | None, bound: int | None) -> bool | None:
    """Whether a number between `low` and `high` (None: no limit) keeps a bound."""
    if bound is None:
        return None
    if test == "not_equals":
        return negate(bound_count("equals", low, high, bound))
    if test == "equals":
        if low == high == bound:
            return True
        return False if bound < low or (high is not None and bound > high) else None
    if test in ("more_than", "at_most"):
        at_least_more = bound_count("at_least", low, high, bound + 1)
        return at_least_more if test == "more_than" else negate(at_least_more)
    if test == "less_than":
        return negate(bound_count("at_least", low, high, bound))
    if low >= bound:
        return True
    return False if high is not None and high < bound else None
