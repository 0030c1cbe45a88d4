"""What follows from results and costs: the gain, and the calls that pay for it."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING

from policy.model.derived.derivation import Derivation
from policy.model.kinds import LARGEST_INTEGER, UNITS_MS

if TYPE_CHECKING:
    from policy.model.money import Money


def subtract_baseline(tuned: float, baseline: float) -> float | None:
    """What the tuned model gains over the best cheaper approach."""
    gain = tuned - baseline
    return gain if isfinite(gain) else None


def count_break_even(
    run: Money, hosting: Money, saving: Money, interval: int | None, changes: int | None
) -> int | None:
    """(Runs a month · cost of a run + hosting) / saving per call, in whole calls a month.

    The runs come as often as they do, or where that is not known, as often as the data changes. What saves nothing
    never pays back, and amounts in two currencies say nothing about each other: both leave it unknown.
    """
    every = interval if interval is not None else changes
    if not every or not saving.amount:
        return None
    # Nothing is nothing in every currency.
    if len({money.currency for money in (run, hosting, saving) if money.amount}) > 1:
        return None
    calls = (run.amount * UNITS_MS["month"] / every + hosting.amount) / saving.amount
    return ceil(calls) if calls <= LARGEST_INTEGER else None


COST_DERIVATIONS = (
    Derivation("evaluation.gain", ("evaluation.tuned", "evaluation.baseline"), subtract_baseline),
    Derivation(
        "cost.break_even_calls",
        ("cost.run", "cost.hosting_month", "usage.saving_per_call", "training.interval", "data.change_interval"),
        count_break_even,
        optional=("training.interval", "data.change_interval"),
    ),
)
