"""The words of the language: which test stands on which kind, and what it takes on its right side."""

from __future__ import annotations

from policy.model.kinds import BooleanKind, Kind, ListKind, RecordsKind

EQUALITY = ("equals", "not_equals")
MEMBERSHIP = ("one_of", "none_of")
ORDER = ("at_least", "at_most", "more_than", "less_than")
TEXT = ("starts_with", "ends_with", "matches")
LIST = ("contains", "contains_any", "contains_none")
QUANTIFIERS = ("some", "each", "count")
PRESENT = "present"
TESTS = (*EQUALITY, *MEMBERSHIP, *ORDER, *LIST, *TEXT, PRESENT)
COMBINATORS = ("all", "any", "not")
EXPRESSION = "cel"
COUNT_TESTS = (*ORDER, *EQUALITY)

# A negated test is the exact opposite of its plain one.
OPPOSITES = {"not_equals": "equals", "none_of": "one_of", "contains_none": "contains_any"}
SEVERAL = (*MEMBERSHIP, "contains_any", "contains_none")

MAX_DEPTH = 16
MAX_NODES = 500


def tests_for(kind: Kind) -> tuple[str, ...]:
    """The tests that a field of this kind can take."""
    if isinstance(kind, RecordsKind):
        return (*QUANTIFIERS, PRESENT)
    if isinstance(kind, ListKind):
        return (*LIST, PRESENT)
    tests = EQUALITY if isinstance(kind, BooleanKind) else (*EQUALITY, *MEMBERSHIP)
    if kind.ordered:
        tests = (*tests, *ORDER)
    if kind.textual:
        tests = (*tests, *TEXT)
    return (*tests, PRESENT)
