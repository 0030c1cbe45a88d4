"""The values next to a threshold: what a policy that is a little stricter or laxer would compare with."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from policy.model.kinds import UNITS_MS, DateKind, DurationKind, IntegerKind, MoneyKind, NumberKind
from policy.model.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.kinds import Kind

# The smallest step that a case can show without odd numbers: below a day, the next smaller unit.
STEPS_MS = (("d", "d"), ("h", "min"), ("min", "s"), ("s", "ms"), ("ms", "ms"))
CENT = 0.01
FEW_DIGITS = 6


def find_neighbours(value: Any, kind: Kind) -> Iterator[Any]:
    """The values of this kind next to `value`, the lower one first; none where a kind has no order."""
    if isinstance(kind, IntegerKind):
        yield from (near for near in (value - 1, value + 1) if near >= kind.low)
    elif isinstance(kind, NumberKind):
        near_values = (shift_number(value, -1), shift_number(value, 1))
        yield from (near for near in near_values if kind.low <= near <= kind.high and near != value)
    elif isinstance(kind, DurationKind):
        step = find_step(value)
        yield from (near for near in (value - step, value + step) if kind.signed or near >= 0)
    elif isinstance(kind, DateKind):
        yield from find_days(value)
    elif isinstance(kind, MoneyKind):
        amounts = (round(value.amount - CENT, 2), round(value.amount + CENT, 2))
        yield from (Money(amount, value.currency) for amount in amounts if amount >= 0)


def shift_number(value: float, sign: int) -> float:
    """One step away: 1 for a whole number beyond 1, a tenth of the last digit for a short decimal, else a hundredth.

    Around 0 and 1, where numbers are shares and gains, a step is a thousandth.
    """
    from decimal import Decimal

    if abs(value) in (0, 1):
        return value + sign / 1000
    if value == int(value) and abs(value) < 1e15:
        return value + sign
    exact = Decimal(repr(value))
    places = exact.as_tuple().exponent
    if len(exact.as_tuple().digits) > FEW_DIGITS or not isinstance(places, int):
        return value + sign * abs(value) / 100
    return float(exact + sign * Decimal(1).scaleb(places - 1))


def find_step(milliseconds: int) -> int:
    """How far the next duration is that one would write, in milliseconds."""
    return next(UNITS_MS[step] for unit, step in STEPS_MS if milliseconds % UNITS_MS[unit] == 0)


def find_days(day: date) -> Iterator[date]:
    """The day before and the day after, within the calendar."""
    if day > date.min:
        yield day - timedelta(days=1)
    if day < date.max:
        yield day + timedelta(days=1)
