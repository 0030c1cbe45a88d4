"""The values that a threshold is moved to."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.engine.mutation.neighbours import find_neighbours
from policy.model.kinds import (
    COUNT,
    DATE,
    DAYS,
    DURATION,
    INTEGER,
    LARGEST_INTEGER,
    MONEY,
    NUMBER,
    RATE,
    STRING,
    UNITS_MS,
    Kind,
    enum,
)
from policy.model.money import Money
from tests.strategies import values_of

DAY = UNITS_MS["d"]
SCALARS = [COUNT, DATE, DAYS, DURATION, INTEGER, MONEY, NUMBER, RATE]


@pytest.mark.parametrize(
    ("kind", "value", "near"),
    [
        (INTEGER, 0, [-1, 1]),
        (COUNT, 0, [1]),
        (COUNT, 100, [99, 101]),
        # A bound on whole numbers may be a fraction.
        (COUNT, 0.5, [1.5]),
        (NUMBER, 500.0, [499, 501]),
        (NUMBER, 0.05, [0.049, 0.051]),
        (NUMBER, -0.3, [-0.31, -0.29]),
        (NUMBER, 2.25, [2.249, 2.251]),
        (NUMBER, 0.0, [-0.001, 0.001]),
        (NUMBER, 1.0, [0.999, 1.001]),
        (NUMBER, 1e23, [9e22, 1.1e23]),
        (RATE, 0.0, [0.001]),
        (RATE, 1.0, [0.999]),
        (DURATION, 30 * DAY, [29 * DAY, 31 * DAY]),
        (DURATION, 2 * 3_600_000, [2 * 3_600_000 - 60_000, 2 * 3_600_000 + 60_000]),
        (DURATION, 60_000, [59_000, 61_000]),
        (DURATION, 2000, [1999, 2001]),
        (DURATION, 800, [799, 801]),
        (DURATION, 0, [DAY]),
        (DAYS, 0, [-DAY, DAY]),
        (DATE, date(2026, 3, 1), [date(2026, 2, 28), date(2026, 3, 2)]),
        (DATE, date.min, [date(1, 1, 2)]),
        (DATE, date.max, [date(9999, 12, 30)]),
        (MONEY, Money(500.0, "USD"), [Money(499.99, "USD"), Money(500.01, "USD")]),
        (MONEY, Money(0.0, "EUR"), [Money(0.01, "EUR")]),
        (STRING, "a", []),
        (enum("a", "b"), "a", []),
    ],
)
def test_neighbours(kind: Kind, value, near):
    assert list(find_neighbours(value, kind)) == near


def test_a_number_written_with_all_its_digits_moves_by_a_hundredth():
    assert list(find_neighbours(10**23 / 3, NUMBER)) == pytest.approx([0.99 * 10**23 / 3, 1.01 * 10**23 / 3])
    assert list(find_neighbours(0.333333333, RATE)) == pytest.approx([0.33, 0.336666666])


@given(st.sampled_from(SCALARS).flatmap(lambda kind: st.tuples(st.just(kind), values_of(kind))))
def test_neighbours_are_other_values_of_the_kind(pair):
    kind, value = pair
    for near in find_neighbours(value, kind):
        assert near != value
        if not isinstance(near, int) or abs(near) <= LARGEST_INTEGER:
            kind.read(kind.show(near), plain=True)
