"""Which changes of what was found are for the better."""

from __future__ import annotations

import pytest

from policy.app.baselines.movement import has_improved, say_movement
from policy.model.decision import Reason
from policy.model.fields import SCHEMA

ROWS, INTERVAL, COST, TOKENS = "data.rows", "data.change_interval", "cost.month", "data.tokens"


def improves(field, tests, before, now):
    because = [Reason(field, test, "", None, None, "false") for test in tests]
    return has_improved([(field, value) for value in before], [(field, value) for value in now], because, SCHEMA)


@pytest.mark.parametrize(
    ("field", "tests", "before", "now", "better"),
    [
        (ROWS, ["at_least"], ["50"], ["90"], True),
        (ROWS, ["at_least"], ["90"], ["50"], False),
        (ROWS, ["more_than"], ["50"], ["51"], True),
        (ROWS, ["at_most"], ["90"], ["50"], True),
        (ROWS, ["at_most"], ["50"], ["90"], False),
        (ROWS, ["less_than"], ["90"], ["89"], True),
        (ROWS, ["not at_least"], ["90"], ["50"], True),
        (ROWS, ["not at_most"], ["90"], ["50"], False),
        # By size, not as text.
        (ROWS, ["at_least"], ["90"], ["100"], True),
        (INTERVAL, ["at_least"], ["7d"], ["14d"], True),
        (INTERVAL, ["at_least"], ["14d"], ["169h"], False),
        (INTERVAL, ["at_least"], ["7d"], ["169h"], True),
        ("model.retires", ["at_least"], ["2026-01-31"], ["2026-02-01"], True),
        ("model.retires", ["at_least"], ["2026-02-01"], ["2026-01-31"], False),
        (COST, ["at_most"], ["200 USD"], ["150 USD"], True),
        (COST, ["at_most"], ["150 USD"], ["200 USD"], False),
        # Amounts in two currencies, what is not known and what is no number have no order.
        (COST, ["at_most"], ["200 USD"], ["150 EUR"], False),
        (ROWS, ["at_least"], ["unknown"], ["90"], False),
        (ROWS, ["at_least"], ["90"], ["unknown"], False),
        (ROWS, ["at_least"], ["absent"], ["90"], False),
        # Which way is wanted must be clear.
        (ROWS, ["at_least", "at_most"], ["50"], ["90"], False),
        (ROWS, ["equals"], ["50"], ["90"], False),
        (ROWS, [], ["50"], ["90"], False),
        ("model.base", ["one_of"], ["a"], ["b"], False),
        ("x.unheard_of", ["at_least"], ["1"], ["2"], False),
        # Of a list: fewer of the same, or as many and none worse.
        ("data.sources[].license", ["one_of"], ["gpl", "cc", "cc"], ["cc", "cc"], True),
        ("data.sources[].license", ["one_of"], ["gpl", "cc"], ["cc", "cc"], False),
        ("data.sources[].license", ["one_of"], ["cc"], ["cc", "cc"], False),
        ("data.sources[].rows", ["at_least"], ["5", "50"], ["6", "50"], True),
        ("data.sources[].rows", ["at_least"], ["5", "50"], ["60"], True),
        # It may have been the better one that fell.
        ("data.sources[].rows", ["at_least"], ["5", "50"], ["40"], False),
        ("data.sources[].rows", ["at_least"], ["5", "50"], ["6", "7"], False),
    ],
)
def test_better_is_what_the_failed_tests_want(field, tests, before, now, better):
    assert improves(field, tests, before, now) is better


def test_every_field_counts():
    because = [Reason(ROWS, "at_least", "", None, None, "false"), Reason(INTERVAL, "at_least", "", None, None, "false")]
    before = [(INTERVAL, "7d"), (ROWS, "50")]
    assert has_improved(before, [(INTERVAL, "8d"), (ROWS, "60")], because, SCHEMA)
    assert has_improved(before, [(INTERVAL, "8d")], because, SCHEMA)
    assert not has_improved(before, [(INTERVAL, "8d"), (ROWS, "40")], because, SCHEMA)
    assert not has_improved([(ROWS, "50")], [(INTERVAL, "7d"), (ROWS, "60")], because, SCHEMA)


def test_a_test_that_is_met_says_nothing_of_the_direction():
    because = [Reason(ROWS, "at_least", "", None, None, "false"), Reason(ROWS, "at_most", "", None, None, "true")]
    assert has_improved([(ROWS, "50")], [(ROWS, "60")], because, SCHEMA)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ([(ROWS, "90")], [(ROWS, "50")], "data.rows was 90, is 50"),
        ([(ROWS, "90"), (COST, "1 USD")], [(ROWS, "50"), (COST, "1 USD")], "data.rows was 90, is 50"),
        (
            [(ROWS, "90")],
            [(COST, "1 USD")],
            "cost.month was not at fault, is 1 USD and data.rows was 90, is not at fault",
        ),
        ([(ROWS, "1"), (ROWS, "1")], [(ROWS, "1")], "data.rows was 1 (2 times), is 1"),
        ([(ROWS, "1")], [(ROWS, "1")], ""),
    ],
)
def test_a_change_is_said(before, now, said):
    assert say_movement(before, now) == said


def test_long_lists_are_cut_with_a_word():
    now = [(ROWS, str(number)) for number in range(100)]
    assert say_movement([], now) == "data.rows was not at fault, is 0, 1, 2 and 97 more"
