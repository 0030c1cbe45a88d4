"""What hosting, calls and retrieval cost."""

from __future__ import annotations

from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.costs.inputs import name_base
from policy.model.costs.months import work_out_month
from policy.model.costs.serving import count_example_tokens, price_calls, price_index, work_out_hosting
from policy.model.costs.working import Working
from policy.model.fact import Members
from policy.model.kinds import LARGEST_INTEGER
from policy.model.money import Money
from policy.model.tables import Tables
from tests.model.costs.building import DAY, make_inputs, price, usd

CALLS: dict[str, Any] = {
    "model.provider": "acme",
    "model.base": "one",
    "usage.calls_per_month": 1000,
    "usage.input_tokens": 300,
    "usage.output_tokens": 50,
}
COLUMNS = {"input_per_million_tokens": usd(2.0), "output_per_million_tokens": usd(10.0)}
ONE = price(prices={"acme/one": COLUMNS, "acme/ft:one": {name: usd(2 * cost.amount) for name, cost in COLUMNS.items()}})
L40S: dict[str, Any] = {"hosting.kind": "self-hosted", "hosting.accelerator": "L40S"}
HOURLY = price(accelerators={"l40s": {"price_per_hour": usd(0.5)}})


def call(values: dict[str, Any], *more: Working, tables: Tables = ONE) -> Working:
    inputs = make_inputs(values, tables)
    return price_calls(inputs, name_base(inputs), *more)


def test_calls_cost_what_is_sent_and_what_is_answered():
    assert call(CALLS).value == usd(1000 * (300 * 2.0 + 50 * 10.0) / 1e6)
    assert call(CALLS, Working(700)).value == usd(1000 * (1000 * 2.0 + 50 * 10.0) / 1e6)
    assert [used.what for used in call(CALLS).prices] == [
        "a million tokens to acme/one",
        "a million tokens from acme/one",
    ]


@pytest.mark.parametrize("without", sorted(CALLS))
def test_each_thing_that_is_missing_is_asked_for(without):
    done = call({path: value for path, value in CALLS.items() if path != without})
    assert done.value is None
    assert any(said.startswith(f"`{without}`") for said in done.missing)


def test_without_a_model_everything_is_asked_for_at_once():
    assert [said.split()[0].strip("`") for said in call({}).missing] == [
        "model.base",
        "model.provider",
        "usage.calls_per_month",
        "usage.input_tokens",
        "usage.output_tokens",
    ]


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_half_a_price_is_none(column):
    half = price(prices={"acme/one": {column: usd(1)}})
    (other,) = set(COLUMNS) - {column}
    assert call(CALLS, tables=half).missing == (f"`{other}` of `acme/one` in the table of prices",)


def test_prices_in_two_currencies_are_no_price():
    mixed = price(prices={"acme/one": COLUMNS | {"output_per_million_tokens": Money(1, "EUR")}})
    assert call(CALLS, tables=mixed).missing == ("amounts in one currency: these are in EUR and USD",)


def test_hosting_is_paid_for_every_hour():
    done = work_out_hosting(make_inputs(L40S | {"hosting.accelerators": 2}, HOURLY), Working(None))
    assert (done.value, done.used) == (usd(720), ("hosting.kind", "hosting.accelerators", "hosting.accelerator"))
    alone = work_out_hosting(make_inputs(L40S, HOURLY), Working(None))
    assert alone.value == usd(360)
    assert "one accelerator hosts the model" in alone.assumptions


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({}, "`hosting.kind` (where the model runs)"),
        (
            {"hosting.kind": "self-hosted"},
            "`hosting.accelerator` (the accelerator that the model runs on, such as l40s)",
        ),
        (L40S | {"hosting.accelerator": "abacus"}, "`price_per_hour` of `abacus` in the table of accelerators"),
        (L40S | {"hosting.billed_idle": False}, "`cost.hosting_month`: what the hours in use cost"),
        ({"hosting.kind": "serverless", "hosting.billed_idle": False}, "`cost.hosting_month` (cost of hosting"),
        (
            {"hosting.kind": "provider"},
            "`hosting.billed_idle: false`, or `hosting_per_hour` of `acme/one` in the table of prices",
        ),
    ],
)
def test_hosting_that_is_not_known_is_never_free(values, missing):
    done = work_out_hosting(make_inputs(values, HOURLY), Working("acme/one"))
    assert done.value is None
    assert done.missing[0].startswith(missing)


def test_a_provider_hosts_by_the_hour_or_for_nothing():
    tables = price(prices={"acme/one": {"hosting_per_hour": usd(1.7)}})
    inputs = make_inputs({"hosting.kind": "provider"}, tables)
    assert work_out_hosting(inputs, Working("acme/one")).value == usd(1.7 * 720)
    free = make_inputs({"hosting.kind": "provider", "hosting.billed_idle": False}, tables)
    done = work_out_hosting(free, Working("acme/one"))
    assert (done.value, done.assumptions) == (usd(0), ("the provider bills no idle hours",))


def tell_tried(*shots: Any) -> Members:
    return Members(tuple({"approach": "few-shot", "few_shot": number} for number in shots), complete=True)


@pytest.mark.parametrize(
    ("tried", "number", "said"),
    [
        (None, 5, "5 examples in a prompt"),
        (tell_tried(), 5, "5 examples in a prompt"),
        (tell_tried(2, 8, 4), 8, "8 examples in a prompt, as tried"),
        (Members(({"approach": "rag", "few_shot": 3}, {"approach": "few-shot"}), complete=True), 5, "5 examples"),
    ],
)
def test_an_example_is_as_long_as_one_of_the_data(tried, number, said):
    done = count_example_tokens(make_inputs({"data.tokens": 50_000, "data.rows": 200, "tried": tried}))
    assert done.value == 250 * number
    assert done.assumptions[0].startswith(said)


@pytest.mark.parametrize("values", [{"data.tokens": 5}, {"data.rows": 5}, {"data.tokens": 5, "data.rows": 0}, {}])
def test_without_data_the_length_of_an_example_is_missing(values):
    done = count_example_tokens(make_inputs(values))
    assert done.value is None
    assert done.missing


def test_an_index_embeds_all_documents():
    values = {"retrieval.embedding": "OpenAI/text-embedding-3-small", "retrieval.document_tokens": 50_000_000}
    assert price_index(make_inputs(values)).value.amount == pytest.approx(50 * 0.02)
    assert price_index(make_inputs(values | {"retrieval.embedding": "acme/e"})).missing == (
        "`input_per_million_tokens` of `acme/e` in the table of prices",
    )


# A month

MONTH = CALLS | {"cost.run": usd(120), "training.interval": 60 * DAY, "cost.hosting_month": usd(40)}


@pytest.mark.parametrize(
    ("values", "trainer", "retrieves", "expected"),
    [
        (MONTH, "self-hosted", False, 100),
        (MONTH | {"hosting.kind": "self-hosted"}, "", True, 100),
        (MONTH, "provider", False, 100 + 2.2),
        (MONTH | {"retrieval.tokens": 700}, "provider", True, 100 + 5),
        (MONTH | {"retrieval.tokens": 700}, "provider", False, 100 + 2.2),
        (MONTH | {"hosting.kind": "serverless"}, "self-hosted", False, 100),
        # Nobody knows whether calls are paid for.
        (MONTH | {"usage.input_tokens": None}, "provider", False, None),
        (MONTH, "provider", True, None),
        (MONTH | {"training.interval": None}, "self-hosted", False, None),
        (MONTH | {"cost.run": None}, "self-hosted", False, None),
        (MONTH | {"cost.hosting_month": None}, "self-hosted", False, None),
        (MONTH | {"cost.run": Money(120, "EUR")}, "self-hosted", False, None),
        (MONTH | {"cost.hosting_month": Money(0, "EUR")}, "self-hosted", False, 60),
    ],
)
def test_a_month_is_runs_and_hosting_and_calls(values, trainer, retrieves, expected):
    done = work_out_month(make_inputs(values, ONE), trainer, retrieves=retrieves)
    amount = None if done.value is None else done.value.amount
    assert amount == (None if expected is None else pytest.approx(expected))
    assert (expected is None) == bool(done.missing)


COUNTS = st.integers(0, LARGEST_INTEGER)
AMOUNTS = st.floats(0, allow_infinity=False)


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(["provider", "self-hosted"]))
def test_a_month_is_never_negative_nor_beyond_numbers(calls, sent, told, found, every, run, hosting, token, trainer):
    columns = dict.fromkeys(COLUMNS, usd(token))
    values = {
        "model.provider": "acme",
        "model.base": "one",
        "usage.calls_per_month": calls,
        "usage.input_tokens": sent,
        "usage.output_tokens": told,
        "retrieval.tokens": found,
        "training.interval": every,
        "cost.run": usd(run),
        "cost.hosting_month": usd(hosting),
    }
    inputs = make_inputs(values, price(prices={"acme/ft:one": columns}))
    done = work_out_month(inputs, trainer, retrieves=True)
    assert (done.value is None) == bool(done.missing)
    assert done.value is None or (isfinite(done.value.amount) and done.value.amount >= hosting)
