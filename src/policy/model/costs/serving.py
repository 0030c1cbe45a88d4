"""What answering costs: hosting a model for a month, and the tokens of a month's calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.costs.inputs import ask, ask_row
from policy.model.costs.training import MILLION, SELF_HOSTED
from policy.model.costs.working import NOTHING, Working, add, combine, lack, round_value, scale, trace
from policy.model.fact import Members
from policy.model.kinds import UNITS_MS
from policy.model.tables import ACCELERATORS, PRICES

if TYPE_CHECKING:
    from policy.model.costs.inputs import Inputs

SERVERLESS = "serverless"
HOURS_A_MONTH = UNITS_MS["month"] // UNITS_MS["h"]
# Examples in a few-shot prompt where none were tried: the most that Anthropic's guide to multishot prompting asks for,
# which is 3 to 5.
EXAMPLES = 5
EVERY_HOUR = f"paid for all {HOURS_A_MONTH} hours of a month, whoever calls"
INPUT, OUTPUT = "input_per_million_tokens", "output_per_million_tokens"


def host_on_accelerators(inputs: Inputs) -> Working:
    """Accelerators · the price of an hour · the hours of a month."""
    if inputs.get("hosting.billed_idle") is False:
        return lack("`cost.hosting_month`: what the hours in use cost cannot be told where idle ones are free")
    accelerator = inputs.state("hosting.accelerator")
    price = accelerator
    if accelerator.value is not None:
        price = inputs.find_price(ACCELERATORS, accelerator.value, "price_per_hour", f"an hour of {accelerator.value}")
    count = inputs.get("hosting.accelerators")
    number = Working(1, assumptions=("one accelerator hosts the model",))
    if count is not None:
        number = Working(count, ("hosting.accelerators",))
    return combine(
        lambda *known: scale(known[0], known[1] * HOURS_A_MONTH), price, number, accelerator, assume=EVERY_HOUR
    )


def host_at_provider(inputs: Inputs, key: Working) -> Working:
    """The provider's price of an hour of hosting · the hours of a month; nothing where idle hours are not billed."""
    if inputs.get("hosting.billed_idle") is False:
        return Working(NOTHING.value, ("hosting.billed_idle",), assumptions=("the provider bills no idle hours",))
    if key.value is None:
        return key
    price = inputs.find_price(PRICES, key.value, "hosting_per_hour", f"an hour of hosting what is tuned of {key.value}")
    if price.value is None:
        return lack(f"`hosting.billed_idle: false`, or {ask_row(PRICES, key.value, 'hosting_per_hour')}")
    return combine(lambda *known: scale(known[0], HOURS_A_MONTH), price, key, assume=EVERY_HOUR)


def tell_host(inputs: Inputs, trainer: str = "") -> str:
    """Where the tuned model runs: as stated, else with whoever trains it; empty where nobody is known to."""
    return inputs.get("hosting.kind") or trainer


def work_out_hosting(inputs: Inputs, key: Working, trainer: str = "") -> Working:
    """The cost of hosting the tuned model for a month, by where it runs."""
    host = tell_host(inputs, trainer)
    if not host:
        return lack(ask("hosting.kind"))
    if host == SERVERLESS:
        # What it costs depends on the seconds in use, which nobody knows here.
        return lack(ask("cost.hosting_month"))
    hosting = host_on_accelerators(inputs) if host == SELF_HOSTED else host_at_provider(inputs, key)
    stated = ("hosting.kind",) if inputs.get("hosting.kind") else ()
    return round_value(hosting._replace(used=(*stated, *hosting.used)))


def price_calls(inputs: Inputs, key: Working, *more: Working) -> Working:
    """Calls · (tokens in · price + tokens out · price); `more` are tokens in beside those of `usage.input_tokens`."""
    calls, sent, answered = (
        inputs.state(f"usage.{name}") for name in ("calls_per_month", "input_tokens", "output_tokens")
    )
    if key.value is None:
        return trace((key, calls, sent, answered, *more))
    price_in = inputs.find_price(PRICES, key.value, INPUT, f"a million tokens to {key.value}")
    price_out = inputs.find_price(PRICES, key.value, OUTPUT, f"a million tokens from {key.value}")
    asked = combine(
        lambda price, number, *tokens: scale(price, number * sum(tokens) / MILLION), price_in, calls, sent, *more
    )
    told = combine(lambda price, number, tokens: scale(price, number * tokens / MILLION), price_out, calls, answered)
    whole = add(asked, told)
    return whole._replace(
        used=(*key.used, *whole.used),
        assumptions=(*whole.assumptions, "every token at its full price, without discounts for caching or batches"),
    )


def count_example_tokens(inputs: Inputs) -> Working:
    """Tokens of the examples in a prompt: as many as were tried, each as long as one of the training data."""
    rows = inputs.state("data.rows")
    if rows.value == 0:
        rows = lack(ask("data.rows"))
    number = find_examples(inputs)
    return combine(
        lambda tokens, rows, number: tokens / rows * number,
        inputs.state("data.tokens"),
        rows,
        number,
        assume="an example in a prompt is as long as one of the training data",
    )


def find_examples(inputs: Inputs) -> Working:
    """How many examples a few-shot prompt gives: the most that were tried, else an assumption."""
    tried = inputs.get("tried")
    items = tried.items if isinstance(tried, Members) else ()
    counts = [
        item["few_shot"]
        for item in items
        if item.get("approach") == "few-shot" and isinstance(item.get("few_shot"), int)
    ]
    if counts:
        return Working(max(counts), ("tried",), assumptions=(f"{max(counts)} examples in a prompt, as tried",))
    return Working(EXAMPLES, assumptions=(f"{EXAMPLES} examples in a prompt",))


def price_index(inputs: Inputs) -> Working:
    """Tokens of the documents · the price of embedding them."""
    model = inputs.state("retrieval.embedding")
    price = model
    if model.value is not None:
        price = inputs.find_price(PRICES, model.value, INPUT, f"a million tokens to {model.value}")
    return combine(
        lambda *known: scale(known[0], known[1] / MILLION),
        price,
        inputs.state("retrieval.document_tokens"),
        model,
        assume="all documents are embedded anew whenever one changes",
    )
