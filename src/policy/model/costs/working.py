"""A number or an amount of money together with all that it was worked out from."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from policy.model.money import Money
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

BEYOND = "smaller numbers: these make an amount that cannot be written"


class PriceUsed(NamedTuple):
    """One price behind an amount: `what` it buys, who says so, and on which day."""

    what: str
    amount: Money
    source: str
    date: date


class Working(NamedTuple):
    """A value, the facts, prices and assumptions behind it; without a value, `missing` says what to give for it."""

    value: Any
    used: tuple[str, ...] = ()
    prices: tuple[PriceUsed, ...] = ()
    assumptions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


NOTHING: Final = Working(Money(0.0, "USD"))


def lack(*missing: str) -> Working:
    """No value, for want of these."""
    return Working(None, missing=missing)


def combine(function: Callable[..., Any], *parts: Working, assume: str = "") -> Working:
    """What the function makes of the parts' values once all are known; None is beyond all numbers."""
    whole = trace(parts)
    if whole.missing:
        return whole
    value = function(*(part.value for part in parts))
    if value is None:
        return whole._replace(missing=(BEYOND,))
    return whole._replace(value=value, assumptions=whole.assumptions + ((assume,) if assume else ()))


def trace(parts: Iterable[Working]) -> Working:
    """Everything behind the parts, each thing once, without a value."""
    parts = tuple(parts)
    used, prices, assumptions, missing = (
        tuple(dict.fromkeys(item for part in parts for item in getattr(part, name)))
        for name in ("used", "prices", "assumptions", "missing")
    )
    return Working(None, used, prices, assumptions, missing)


def add(*parts: Working) -> Working:
    """The sum of amounts; two currencies have none, and nothing is nothing in every currency."""
    whole = trace(parts)
    if whole.missing:
        return whole
    amounts: list[Money] = [part.value for part in parts]
    currencies = list(dict.fromkeys(money.currency for money in amounts if money.amount))
    if len(currencies) > 1:
        return whole._replace(missing=(f"amounts in one currency: these are in {' and '.join(sorted(currencies))}",))
    total = sum(money.amount for money in amounts)
    if not isfinite(total):
        return whole._replace(missing=(BEYOND,))
    return whole._replace(value=Money(total, currencies[0] if currencies else amounts[0].currency))


def scale(money: Money, factor: float) -> Money | None:
    """So many times the amount; None where that is beyond all numbers."""
    amount = money.amount * factor
    return Money(amount, money.currency) if isfinite(amount) else None


def round_value(part: Working) -> Working:
    """The part with its amount rounded, as a fact shows it: what follows from the one must follow from the other."""
    return part if part.value is None else part._replace(value=round_money(part.value))


def round_money(money: Money) -> Money:
    """To cents, or to two digits below ten cents: an estimate knows no more."""
    amount = money.amount
    return Money(round(amount, 2) if amount >= 0.1 else float(f"{amount:.2g}"), money.currency)
