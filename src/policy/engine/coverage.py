"""What the cases of a policy touch: the outcomes that it can have, and the tests that decide them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.explanation import find_decisive
from policy.language.prose import describe_condition
from policy.language.vocabulary import PRESENT
from policy.model.condition import AllOf, AnyOf, Condition, Count, Each, FieldValue, Leaf, Not, Quantifier, walk
from policy.model.derived.derivations import DERIVATIONS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import Location
    from policy.language.ground import Ground
    from policy.model.policy import Policy

# What follows from nothing is always known.
ALWAYS_KNOWN = frozenset(derivation.path for derivation in DERIVATIONS if not derivation.inputs)


class UndecisiveTest(NamedTuple):
    """A test of the policy, in words, that decided no case: without it every case would come out the same."""

    test: str
    location: Location | None


def reachable_outcomes(policy: Policy) -> list[str]:
    """The outcomes that some facts give, which the cases of the policy should show."""
    outcomes = ["pass", "fail"]
    if policy.when != AllOf():
        outcomes.append("not-applicable")
    if any(can_be_unknown(part) for part in (*walk(policy.when), *walk(policy.require))):
        outcomes.append("unknown")
    return outcomes


def can_be_unknown(condition: Condition) -> bool:
    """Whether this is a test that a missing fact leaves open; `present` is open only after a time-out."""
    if not isinstance(condition, Leaf):
        return isinstance(condition, Quantifier)
    if condition.test == PRESENT:
        return False
    other = condition.operand.path if isinstance(condition.operand, FieldValue) else condition.path
    return not {condition.path, other} <= ALWAYS_KNOWN


def find_deciding(policy: Policy, ground: Ground) -> Iterator[Leaf | Quantifier]:
    """The tests that make the outcome what it is, also those on entries of lists."""
    when, require = ground.holds(policy.when), ground.holds(policy.require)
    # Where `require` holds, an unknown `when` changes nothing; where `when` is false, `require` does not.
    if when is not None or require is not True:
        yield from _find_tests(policy.when, ground)
    if when is not False:
        yield from _find_tests(policy.require, ground)


def _find_tests(condition: Condition, ground: Ground) -> Iterator[Leaf | Quantifier]:
    for item in find_decisive(condition, ground):
        yield item.test
        if not isinstance(item.test, Leaf):
            result = ground.holds(item.test)
            for entry in ground.entries(item.test.path):
                yield from _find_inner(item.test, result, entry.ground)


def _find_inner(test: Quantifier, result: bool | None, entry: Ground) -> Iterator[Leaf | Quantifier]:
    """The tests on one entry, where what they say of it speaks for the result of all."""
    inner = AnyOf((Not(test.where), test.require)) if isinstance(test, Each) else test.where
    truth = entry.holds(inner)
    # A number rests on the entries that count and on those that do not.
    counted = isinstance(test, Count) and truth is not None and result is not None
    if counted or truth is result:
        yield from _find_tests(inner, entry)


def find_undecisive(policy: Policy, decisive: set[int], params: dict[str, Any]) -> Iterator[UndecisiveTest]:
    """The tests of the policy whose identities are not among the decisive ones."""
    for part in (*walk(policy.when), *walk(policy.require)):
        if isinstance(part, Leaf | Quantifier) and id(part) not in decisive:
            yield UndecisiveTest(describe_condition(part, params), part.location)
