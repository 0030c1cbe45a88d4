"""What follows from results and costs: the gain, what runs and months cost, and the calls that pay for them."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING, Any

from policy.model.derived.derivation import Derivation, Told
from policy.model.kinds import LARGEST_INTEGER, UNITS_MS
from policy.model.tables import ACCELERATORS, PRICES

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.model.costs.inputs import Inputs
    from policy.model.costs.working import Working
    from policy.model.money import Money
    from policy.model.tables import Lookup

PRICED = (PRICES, ACCELERATORS)
LOWER = "evaluation.lower_is_better"
TUNED = ("fine-tuning", "hybrid")
RUN_INPUTS = (
    "training.tool",
    "model.provider",
    "model.base",
    "data.tokens",
    "training.epochs",
    "data.rows",
    "training.method",
    "training.flops",
    "training.accelerator",
)
# Without all of these at a provider, or on accelerators, nothing can be told, and what tells it is not imported.
RUN_NEEDS = ({"data.tokens", "model.base"}, {"training.flops", "training.accelerator"})
# The same, and one of these is enough.
HOSTING_NEEDS = {"self-hosted": ("hosting.accelerator",), "provider": ("model.base", "hosting.billed_idle")}
HOSTING_INPUTS = (
    "hosting.kind",
    "hosting.billed_idle",
    "hosting.accelerator",
    "hosting.accelerators",
    "training.tool",
    "model.provider",
    "model.base",
)
MONTH_INPUTS = (
    "approach",
    "cost.run",
    "cost.hosting_month",
    "training.interval",
    "data.change_interval",
    "hosting.kind",
    "hosting.billed_idle",
    "usage.calls_per_month",
    "usage.input_tokens",
    "usage.output_tokens",
    "retrieval.tokens",
    "training.tool",
    "training.accelerator",
    "model.provider",
    "model.base",
)


def subtract_baseline(tuned: float, baseline: float, lower: bool | None) -> float | None:
    """What the tuned model gains over the best cheaper approach; `lower`: less is better, as of an error rate."""
    gain = baseline - tuned if lower else tuned - baseline
    # What is left of doubles beyond the twelfth digit is no gain and no loss.
    return float(f"{gain:.12g}") if isfinite(gain) else None


def estimate_run(lookup: Lookup, *values: Any) -> Told | None:
    """The cost of a training run: tokens · epochs · price, or operations / (peak · utilisation) · price of the time.

    The first where the provider of the model trains, by its price of a million trained tokens; the second on
    accelerators, by their peak and the price of an hour.
    """
    known = name_values(RUN_INPUTS, values)
    if not any(known.keys() >= needed for needed in RUN_NEEDS):
        return None
    from policy.model.costs.training import tell_trainer, work_out_run

    return work_out(known, lookup, lambda inputs: work_out_run(inputs, tell_trainer(inputs)))


def estimate_hosting(lookup: Lookup, *values: Any) -> Told | None:
    """The cost of hosting for a month: accelerators · their price of an hour · 720, or the provider's price · 720."""
    known = name_values(HOSTING_INPUTS, values)
    if known.keys().isdisjoint(HOSTING_NEEDS.get(known.get("hosting.kind", ""), ())):
        return None
    from policy.model.costs.inputs import name_base
    from policy.model.costs.serving import work_out_hosting

    return work_out(known, lookup, lambda inputs: work_out_hosting(inputs, name_base(inputs)))


def estimate_month(lookup: Lookup, *values: Any) -> Told | None:
    """The cost of a month with a tuned model: runs · cost of a run + hosting + calls · price of their tokens."""
    known = name_values(MONTH_INPUTS, values)
    if known.get("approach") not in TUNED or "cost.run" not in known:
        return None
    from policy.model.costs.months import work_out_month
    from policy.model.costs.training import tell_trainer

    retrieves = known["approach"] == "hybrid"
    return work_out(known, lookup, lambda inputs: work_out_month(inputs, tell_trainer(inputs), retrieves=retrieves))


def name_values(paths: tuple[str, ...], values: tuple[Any, ...]) -> dict[str, Any]:
    """Path to value of what is known."""
    return {path: value for path, value in zip(paths, values, strict=True) if value is not None}


def work_out(known: dict[str, Any], lookup: Lookup, work: Callable[[Inputs], Working]) -> Told | None:
    """The amount, with the facts and the dated prices that it rests on; None where one is missing."""
    from policy.model.costs.inputs import Inputs
    from policy.model.costs.working import round_value

    done = round_value(work(Inputs(known, lookup)))
    if done.value is None:
        return None
    prices = (f"{price.what} at {show_price(price.amount)} ({price.source}, {price.date})" for price in done.prices)
    return Told(done.value, (*done.used, *prices), done.assumptions)


def show_price(money: Money) -> str:
    """A price, which may be a fraction of a cent."""
    return f"{money.amount:g} {money.currency}"


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
    Derivation(
        "evaluation.gain",
        ("evaluation.tuned", "evaluation.baseline", LOWER),
        subtract_baseline,
        optional=(LOWER,),
    ),
    Derivation("cost.run", RUN_INPUTS, estimate_run, PRICED, optional=RUN_INPUTS, estimate=True),
    Derivation("cost.hosting_month", HOSTING_INPUTS, estimate_hosting, PRICED, optional=HOSTING_INPUTS, estimate=True),
    Derivation("cost.month", MONTH_INPUTS, estimate_month, PRICED, optional=MONTH_INPUTS, estimate=True),
    Derivation(
        "cost.break_even_calls",
        ("cost.run", "cost.hosting_month", "usage.saving_per_call", "training.interval", "data.change_interval"),
        count_break_even,
        optional=("training.interval", "data.change_interval"),
    ),
)
