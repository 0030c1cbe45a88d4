"""Sums and products that carry what they were worked out from."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.costs.working import BEYOND, NOTHING, Working, add, combine, lack, round_money, scale
from policy.model.money import Money
from tests.model.costs.building import usd

FINITE = st.floats(0, allow_infinity=False)


def test_what_is_behind_the_parts_is_behind_the_whole_once():
    one = Working(2, ("a", "b"), assumptions=("x",))
    two = Working(3, ("b", "c"), assumptions=("x", "y"))
    assert combine(lambda *known: sum(known), one, two, assume="z") == Working(5, ("a", "b", "c"), (), ("x", "y", "z"))


def fail(*known: object) -> None:
    raise AssertionError(known)


def test_what_is_missing_of_any_part_is_missing_of_the_whole_and_nothing_is_worked_out():
    whole = combine(fail, Working(1, ("a",)), lack("this"), lack("that", "this"), assume="z")
    assert (whole.value, whole.used, whole.missing, whole.assumptions) == (None, ("a",), ("this", "that"), ())


def test_what_is_beyond_all_numbers_is_missing_and_not_infinite():
    assert combine(scale, Working(usd(1e300)), Working(1e300)).missing == (BEYOND,)
    assert add(Working(usd(1.7e308)), Working(usd(1.7e308))).missing == (BEYOND,)
    assert scale(usd(0), float("inf")) is None


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([usd(1), usd(2)], usd(3)),
        ([usd(0), Money(2, "EUR")], Money(2, "EUR")),
        ([Money(2, "EUR"), usd(0)], Money(2, "EUR")),
        ([Money(0, "EUR"), usd(0)], Money(0, "EUR")),
    ],
)
def test_amounts_in_one_currency_are_added_and_nothing_is_of_any(amounts, expected):
    assert add(*map(Working, amounts)).value == expected


def test_amounts_in_two_currencies_have_no_sum():
    whole = add(Working(usd(1)), Working(Money(2, "EUR")), NOTHING)
    assert (whole.value, whole.missing) == (None, ("amounts in one currency: these are in EUR and USD",))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, 0), (1.447902, 1.45), (0.0201, 0.02), (0.1049, 0.1), (0.0000123, 0.000012), (1e300, 1e300)],
)
def test_an_estimate_is_rounded_to_cents_or_two_digits(amount, shown):
    assert round_money(usd(amount)) == usd(shown)


@given(FINITE, FINITE)
def test_rounding_keeps_the_order_and_never_makes_something_of_nothing(one, two):
    less, more = sorted((one, two))
    assert 0 <= round_money(usd(less)).amount <= round_money(usd(more)).amount
    assert isfinite(round_money(usd(more)).amount)
