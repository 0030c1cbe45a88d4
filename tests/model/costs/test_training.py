"""What a run costs: by tokens at a provider, by operations on accelerators."""

from __future__ import annotations

from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.costs.training import (
    UTILISATION,
    count_runs,
    price_hours,
    price_operations,
    price_tokens,
    tell_trainer,
    work_out_run,
)
from policy.model.kinds import LARGEST_INTEGER
from tests.model.costs.building import DAY, make_inputs, price, usd

OPENAI: dict[str, Any] = {
    "training.tool": "openai",
    "model.base": "gpt-4o-mini-2024-07-18",
    "data.tokens": 160_878,
    "training.epochs": 3.0,
}
DATA_SHEET = "https://www.nvidia.com/en-us/data-center/h100/"
KEY = "openai/gpt-4o-mini-2024-07-18"
OWN: dict[str, Any] = {"training.flops": 6 * 4e9 * 160_878 * 3, "training.accelerator": "H100-SXM"}


def ask_price(amount: float) -> Any:
    return price(prices={KEY: {"training_per_million_tokens": usd(amount)}})


def ask_hour(amount: float) -> Any:
    return price(accelerators={"h100-sxm": {"price_per_hour": usd(amount)}})


@pytest.mark.parametrize(
    ("values", "trainer"),
    [
        ({"training.tool": "openai"}, "provider"),
        ({"training.tool": "azure", "training.accelerator": "a100"}, "provider"),
        ({"training.tool": "axolotl", "model.provider": "openai"}, "self-hosted"),
        ({"model.provider": "OpenAI"}, "provider"),
        ({"training.tool": "custom", "model.provider": "openai"}, "provider"),
        ({"training.tool": "custom", "training.accelerator": "a100"}, "self-hosted"),
        ({"training.tool": "custom"}, ""),
        ({"model.provider": "acme"}, ""),
        ({}, ""),
    ],
)
def test_who_trains(values, trainer):
    assert tell_trainer(make_inputs(values)) == trainer


def test_a_provider_bills_every_token_once_an_epoch():
    done = price_tokens(make_inputs(OPENAI, ask_price(3)))
    assert done.value.amount == pytest.approx(160_878 * 3 / 1e6 * 3)
    assert done.used == ("data.tokens", "training.epochs", "model.base")
    assert [(used.what, used.amount, used.source) for used in done.prices] == [
        (f"a million trained tokens of {KEY}", usd(3), "our contract")
    ]


def test_a_model_that_was_tuned_before_is_trained_at_the_price_of_its_base():
    again = OPENAI | {"model.base": "ft:gpt-4o-mini-2024-07-18:acme::a1"}
    tables = ask_price(3)
    assert price_tokens(make_inputs(again, tables)).value == price_tokens(make_inputs(OPENAI, tables)).value


def test_epochs_that_nobody_states_are_the_providers_default():
    values = {path: value for path, value in OPENAI.items() if path != "training.epochs"}
    assert price_tokens(make_inputs(values, ask_price(3))).missing == (
        "`training.epochs` (passes over the training data)",
    )
    done = price_tokens(make_inputs(values | {"data.rows": 10}, ask_price(1)))
    assert done.value.amount == pytest.approx(160_878 * 10 / 1e6)
    assert done.assumptions[0] == "10 epochs, the default of OpenAI's data-preparation guide for 10 examples"


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        ("data.tokens", "`data.tokens` (tokens in the training split)"),
        ("training.epochs", "`training.epochs` (passes over the training data)"),
        ("model.base", "`model.base` (the base model)"),
        ("training.tool", "`model.provider` (who offers the base model)"),
    ],
)
def test_what_is_missing_is_named(without, missing):
    values = {path: value for path, value in OPENAI.items() if path != without}
    done = price_tokens(make_inputs(values, ask_price(3)))
    assert (done.value, done.missing) == (None, (missing,))


def test_without_a_price_there_is_no_cost_rather_than_none_to_pay():
    done = price_tokens(make_inputs(OPENAI))
    assert done.value is None
    assert done.missing == (f"`training_per_million_tokens` of `{KEY}` in the table of prices",)


@pytest.mark.parametrize(("epochs", "rows"), [(-1.0, 500), (None, 0)])
def test_what_is_no_number_of_epochs_is_missing(epochs, rows):
    done = price_tokens(make_inputs(OPENAI | {"training.epochs": epochs, "data.rows": rows}, ask_price(3)))
    assert done.missing == ("`training.epochs` (passes over the training data)",)


def test_the_known_example_takes_eight_thousandths_of_an_hour():
    done = price_hours(make_inputs(OWN, ask_hour(1)))
    assert OWN["training.flops"] == pytest.approx(1.2e16, rel=0.05)
    assert done.value.amount == pytest.approx(0.008, rel=0.03)
    assert done.assumptions == (
        f"H100-SXM does at most 9.89e+14 operations a second ({DATA_SHEET}, 2026-11-20)",
        "40% of that is reached: at 30% a run costs 1.33 times as much, at 45% 0.89 times",
    )


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"training.accelerator": "abacus"}, ["`peak_flops` of `abacus`", "`price_per_hour` of `abacus`"]),
        ({"training.accelerator": None}, ["`training.accelerator` (the accelerator that trains, such as h100-sxm)"]),
        ({"training.method": "grpo"}, ["`cost.run`: what `training.method: grpo` takes"]),
        (
            {"training.flops": None},
            ["`model.parameters`", "`data.tokens`", "`training.epochs`", "`training.adapter`"],
        ),
    ],
)
def test_what_is_missing_on_accelerators_is_named(changes, missing):
    done = price_hours(make_inputs(OWN | changes, ask_hour(1)))
    assert done.value is None
    assert [said for said, start in zip(done.missing, missing, strict=True) if said.startswith(start)] == list(
        done.missing
    )


def test_operations_that_no_one_can_tell_are_asked_for_as_a_cost():
    known = {"model.parameters": 1, "data.tokens": 1, "training.epochs": 1.0, "training.adapter": "freeze"}
    done = price_hours(make_inputs(OWN | known | {"training.flops": None}, ask_hour(1)))
    assert done.missing == ("`cost.run`: the operations of this training cannot be told",)


def test_who_may_train_either_way_is_asked():
    assert work_out_run(make_inputs({}), "").missing == ("`training.tool` (what trains)",)


@pytest.mark.parametrize("peak", [0.0, 1e-320, 1e309])
def test_a_peak_that_is_none_has_no_price(peak):
    assert price_operations(1e30, peak, usd(1)) is None


@pytest.mark.parametrize(
    ("values", "runs"),
    [
        ({"training.interval": 60 * DAY}, 0.5),
        ({"data.change_interval": 10 * DAY}, 3),
        ({"training.interval": 60 * DAY, "data.change_interval": 10 * DAY}, 0.5),
        ({"training.interval": 0, "data.change_interval": 10 * DAY}, 3),
        ({"training.interval": 0, "data.change_interval": 0}, None),
        ({}, None),
    ],
)
def test_runs_in_a_month(values, runs):
    done = count_runs(make_inputs(values))
    assert done.value == runs
    assert (runs is None) == bool(done.missing)


AMOUNTS = st.floats(0, allow_infinity=False)
COUNTS = st.integers(0, LARGEST_INTEGER)


def pay(tokens: int, epochs: float, amount: float) -> float | None:
    values = OPENAI | {"data.tokens": tokens, "training.epochs": epochs}
    done = price_tokens(make_inputs(values, ask_price(amount)))
    assert (done.value is None) == bool(done.missing)
    return None if done.value is None else done.value.amount


@given(COUNTS, COUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_more_tokens_epochs_or_a_higher_price_never_cost_less(tokens, more, epochs, longer, amount, dearer):
    low = pay(min(tokens, more), min(epochs, longer), min(amount, dearer))
    high = pay(max(tokens, more), max(epochs, longer), max(amount, dearer))
    assert low is None or (isfinite(low) and low >= 0)
    assert low is None or high is None or low <= high
    # What is too much for a number stays so for more of it, unless nothing is multiplied with it.
    assert low is not None or high is None or 0 in (min(tokens, more), min(epochs, longer), min(amount, dearer))


@given(AMOUNTS, AMOUNTS, st.floats(1, 1e30), AMOUNTS)
def test_more_operations_never_cost_less(flops, more, peak, amount):
    low, high = (price_operations(number, peak, usd(amount)) for number in sorted((flops, more)))
    assert low is None or (isfinite(low.amount) and low.amount >= 0)
    assert low is None or high is None or low.amount <= high.amount


@given(st.floats(1e12, 1e16), st.floats(1e10, 1e26))
def test_hours_are_operations_over_what_is_done_in_one(peak, flops):
    cost = price_operations(flops, peak, usd(1))
    assert cost is not None
    assert cost.amount * 3600 * peak * UTILISATION == pytest.approx(flops)
