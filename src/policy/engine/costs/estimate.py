"""What one approach would cost, with all that it was worked out from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.costs.inputs import STATED
from policy.model.costs.working import round_value, trace
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.model.costs.working import PriceUsed, Working
    from policy.model.money import Money

WORK = "people's time is not counted"


class CostEstimate(NamedTuple):
    """What one approach would cost: the first run, a month of use, and taking up changed data or knowledge.

    `variant` is provider, self-hosted, or empty where nothing tells them apart. An amount that is not known is None,
    and `missing` says in plain words what to give for it; `lacks` says the same of each such amount by itself.
    """

    approach: str
    variant: str
    run: Money | None
    month: Money | None
    update: Money | None
    assumptions: tuple[str, ...] = ()
    prices: tuple[PriceUsed, ...] = ()
    missing: tuple[str, ...] = ()
    lacks: tuple[tuple[str, tuple[str, ...]], ...] = ()


def make_estimate(approach: str, variant: str, run: Working, month: Working, update: Working) -> CostEstimate:
    """The three amounts side by side, with everything behind them once."""
    parts = {"run": run, "month": month, "update": update}
    whole = trace(parts.values())
    stated = (f"`{path}` as it is stated" for path in whole.used if path in STATED)
    return CostEstimate(
        approach,
        variant,
        run=round_value(run).value,
        month=round_value(month).value,
        update=round_value(update).value,
        assumptions=(*stated, *whole.assumptions, WORK),
        prices=whole.prices,
        missing=whole.missing,
        lacks=tuple((name, part.missing) for name, part in parts.items() if part.value is None),
    )
