"""What one training run costs: at a provider by its tokens, on own or rented accelerators by its operations."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from policy.model.costs.epochs import estimate_epochs
from policy.model.costs.inputs import ask, name_base
from policy.model.costs.working import Working, combine, lack, round_value, scale
from policy.model.derived.providers import AT_PROVIDERS
from policy.model.kinds import UNITS_MS
from policy.model.tables import ACCELERATORS, PRICES

if TYPE_CHECKING:
    from policy.model.costs.inputs import Inputs
    from policy.model.money import Money

PROVIDER, SELF_HOSTED = "provider", "self-hosted"
# These run on accelerators; the others may be calls to a provider as well.
ON_ACCELERATORS = ("axolotl", "llama-factory", "torchtune", "trl", "alignment-handbook", "hyperpod")
# They generate text, or ask a second model of unknown size: `training.flops` is only a part of what they take.
TAKES_MORE = ("grpo", "ppo", "distillation")
# Model FLOPs utilisation, the share of an accelerator's peak that a training reaches: Chowdhery et al. 2022, PaLM,
# section 4.1 and table 3, find 21 to 46 % in large runs; well set up fine-tuning reaches 30 to 45 %.
UTILISATION, LOW_UTILISATION, HIGH_UTILISATION = 0.4, 0.3, 0.45
FLOPS_INPUTS = ("model.parameters", "data.tokens", "training.epochs", "training.adapter")
MILLION = 1e6


def tell_trainer(inputs: Inputs) -> str:
    """Whether the provider of the model trains, or the project on accelerators; empty where it may be either."""
    tool, provider = inputs.get("training.tool"), inputs.get("model.provider")
    if tool in AT_PROVIDERS:
        return PROVIDER
    if tool in ON_ACCELERATORS:
        return SELF_HOSTED
    if provider is not None and provider.lower() in AT_PROVIDERS:
        return PROVIDER
    return SELF_HOSTED if inputs.get("training.accelerator") is not None else ""


def work_out_run(inputs: Inputs, trainer: str) -> Working:
    """The cost of one run where `trainer` trains."""
    if trainer == PROVIDER:
        return round_value(price_tokens(inputs))
    if trainer == SELF_HOSTED:
        return round_value(price_hours(inputs))
    return lack(ask("training.tool"))


def price_tokens(inputs: Inputs) -> Working:
    """Tokens · epochs · the provider's price of a million trained tokens."""
    tokens, epochs, key = inputs.state("data.tokens"), count_epochs(inputs), name_base(inputs)
    price = key
    if key.value is not None:
        what = f"a million trained tokens of {key.value}"
        price = inputs.find_price(PRICES, key.value, "training_per_million_tokens", what)
    return combine(
        lambda *known: scale(known[2], known[0] * known[1] / MILLION),
        tokens,
        epochs,
        price,
        key,
        assume="every token of the training data is billed once an epoch",
    )


def count_epochs(inputs: Inputs) -> Working:
    """The epochs that are configured, else the provider's default for so many examples."""
    epochs, rows = inputs.get("training.epochs"), inputs.get("data.rows")
    if epochs is not None and epochs >= 0:
        return Working(epochs, ("training.epochs",))
    if epochs is None and rows and name_base(inputs).value is not None and tell_trainer(inputs) == PROVIDER:
        default = estimate_epochs(rows)
        said = f"{default} epochs, the default of OpenAI's data-preparation guide for {rows} examples"
        return Working(default, ("data.rows",), assumptions=(said,))
    return lack(ask("training.epochs"))


def price_hours(inputs: Inputs) -> Working:
    """Operations / (peak · utilisation · 3600) · the price of an accelerator's hour."""
    accelerator = inputs.state("training.accelerator")
    peak = price = accelerator
    if accelerator.value is not None:
        name = accelerator.value
        peak = inputs.find_number(ACCELERATORS, name, "peak_flops", f"{name} does at most {{:g}} operations a second")
        price = inputs.find_price(ACCELERATORS, name, "price_per_hour", f"an hour of {name}")
    return combine(
        lambda *known: price_operations(*known[:3]),
        count_operations(inputs),
        peak,
        price,
        accelerator,
        assume=f"{UTILISATION:.0%} of that is reached: at {LOW_UTILISATION:.0%} a run costs "
        f"{UTILISATION / LOW_UTILISATION:.2f} times as much, at {HIGH_UTILISATION:.0%} "
        f"{UTILISATION / HIGH_UTILISATION:.2f} times",
    )


def price_operations(flops: float, peak: float, price: Money) -> Money | None:
    """What so many operations cost on an accelerator of that peak and price of an hour."""
    second = peak * UTILISATION
    if second <= 0 or not isfinite(second):
        return None
    return scale(price, flops / second / 3600)


def count_operations(inputs: Inputs) -> Working:
    """The operations of the training, or what is missing behind them."""
    method, flops = inputs.get("training.method"), inputs.get("training.flops")
    if method in TAKES_MORE:
        return lack(f"`cost.run`: what `training.method: {method}` takes beside the training does not show in the data")
    if flops is not None and flops >= 0:
        return Working(flops, ("training.flops",))
    missing = [ask(path) for path in FLOPS_INPUTS if inputs.get(path) is None]
    return lack(*missing or ("`cost.run`: the operations of this training cannot be told",))


def count_runs(inputs: Inputs) -> Working:
    """Runs a month: as often as it is trained, or where that is not known, as often as the data changes."""
    every = inputs.get("training.interval")
    if every is not None and every > 0:
        runs = UNITS_MS["month"] / every
        return Working(runs, ("training.interval",), assumptions=(f"training runs in a month of 30 days: {runs:.3g}",))
    changes = count_changes(inputs)
    if changes.value is None:
        return lack(f"{ask('training.interval')} or {ask('data.change_interval')}")
    return changes._replace(assumptions=(*changes.assumptions, "a run whenever the data changes"))


def count_changes(inputs: Inputs) -> Working:
    """Changes of the data in a month."""
    every = inputs.get("data.change_interval")
    if every is None or every <= 0:
        return lack(ask("data.change_interval"))
    changes = UNITS_MS["month"] / every
    said = f"changes of the data in a month of 30 days: {changes:.3g}"
    return Working(changes, ("data.change_interval",), assumptions=(said,))
