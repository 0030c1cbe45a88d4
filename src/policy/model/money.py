"""An amount in a currency."""

from __future__ import annotations

from policy.structs import NamedTuple


class Money(NamedTuple):
    """An amount of money; `currency` is a three-letter ISO 4217 code. Order it with `compare`, never with `<`."""

    amount: float
    currency: str

    def compare(self, other: Money) -> float | None:
        """Below, at or above zero as self is less, equal or more; None for two currencies, unless one is zero."""
        if self.currency != other.currency and self.amount != 0 and other.amount != 0:
            return None
        return self.amount - other.amount
