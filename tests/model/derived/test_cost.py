"""The gain, and the calls that pay for a tuned model."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.derived.cost import count_break_even
from policy.model.fact import ABSENT, Fact
from policy.model.facts import Facts
from policy.model.money import Money
from policy.model.tables import Tables
from tests.building import make_claims, make_facts
from tests.model.costs.building import (
    AT_PROVIDER,
    HOURLY_PRICES,
    SELF_HOSTED,
    TODAY,
    TRAINING_PRICE,
    make_priced,
    price,
    usd,
)

DAY = 86_400_000
RESULTS = "evaluation: {tuned: 0.75, baseline: 0.5}"


def test_the_gain_is_what_the_tuned_model_adds():
    assert make_facts(RESULTS).values["evaluation.gain"] == 0.25
    assert make_facts("evaluation: {tuned: 0.5, baseline: 0.75}").values["evaluation.gain"] == -0.25


@pytest.mark.parametrize("text", ["evaluation.tuned: 1", "evaluation.baseline: 1", "stage: pilot"])
def test_without_both_results_there_is_no_gain(text):
    assert "evaluation.gain" not in make_facts(text).values


def test_a_gain_beyond_all_numbers_is_none():
    assert "evaluation.gain" not in make_facts("evaluation: {tuned: 1.0e+308, baseline: -1.0e+308}").values


@pytest.mark.parametrize(
    ("declared", "observed", "value", "origin", "contradictions"),
    [
        (RESULTS, "", 0.25, "declared", 0),
        ("", RESULTS, 0.25, "observed", 0),
        ("evaluation.tuned: 0.75", "evaluation.baseline: 0.5", 0.25, "declared", 0),
        # What was observed of the gain itself stays, and what follows from statements is held to it.
        ("", f"{RESULTS}\nevaluation.gain: 0.24", 0.24, "observed", 0),
        (RESULTS, "evaluation.gain: 0.1", 0.1, "observed", 1),
        (RESULTS, "evaluation.gain: 0.251", 0.251, "observed", 0),
        # A statement does not stand against what follows from statements or from results.
        ("evaluation: {tuned: 0.75, baseline: 0.5, gain: 0.9}", "", 0.25, "declared", 1),
        ("evaluation.gain: 0.9", RESULTS, 0.25, "observed", 1),
        ("evaluation.gain: 0.25", RESULTS, 0.25, "observed", 0),
    ],
)
def test_which_gain_counts(declared, observed, value, origin, contradictions):
    facts = make_facts(declared, observed=observed)
    fact = facts.judged["evaluation.gain"]
    assert (fact.value, fact.origin, len(facts.contradictions)) == (value, origin, contradictions)


@pytest.mark.parametrize(
    ("declared", "observed", "value"),
    [
        ("evaluation: {tuned: 0.5, baseline: 0.75, lower_is_better: true}", "", 0.25),
        ("evaluation: {tuned: 0.5, baseline: 0.75, lower_is_better: false}", "", -0.25),
        ("evaluation: {tuned: 0.5, baseline: 0.75}", "evaluation: {gain: 0.25, lower_is_better: true}", 0.25),
        ("evaluation: {tuned: 0.5, baseline: 0.75, gain: 0.25, lower_is_better: true}", "", 0.25),
        ("", "evaluation: {tuned: 0.5, baseline: 0.75, gain: 0.25, lower_is_better: true}", 0.25),
    ],
)
def test_where_less_is_better_the_gain_is_the_drop_and_contradicts_nothing(declared, observed, value):
    facts = make_facts(declared, observed=observed)
    assert facts.values["evaluation.gain"] == value
    assert facts.contradictions == ()


def test_a_gain_that_was_looked_for_and_not_found_still_follows():
    assert make_facts(RESULTS, absent=("evaluation.gain",)).values["evaluation.gain"] == 0.25


def test_a_statement_counts_before_what_follows_from_estimates():
    facts = make_facts("evaluation.gain: 0.9", estimated=RESULTS)
    assert facts.values["evaluation.gain"] == 0.9
    assert facts.contradictions == ()


# Estimates


def test_a_run_at_a_provider_is_estimated_with_its_price_and_what_is_assumed():
    fact = make_priced(AT_PROVIDER, TRAINING_PRICE).judged["cost.run"]
    assert (fact.value, fact.origin) == (usd(9), "estimated")
    assert fact.source == (
        "derived from data.tokens, training.epochs, model.base, a million trained tokens of "
        "openai/gpt-4o-mini-2024-07-18 at 3 USD (our contract, 2026-11-01); assumed: every token of the training data "
        "is billed once an epoch"
    )


def test_a_run_and_its_month_on_accelerators_are_estimated():
    facts = make_priced(SELF_HOSTED, HOURLY_PRICES)
    assert {path: fact.value for path, fact in facts.judged.items() if path.startswith("cost.")} == {
        "cost.run": usd(2.03),
        "cost.hosting_month": usd(720),
        "cost.month": usd(721.01),
    }
    assert {fact.origin for path, fact in facts.judged.items() if path.startswith("cost.")} == {"estimated"}
    assert "cost.run" not in facts.proven_values


@pytest.mark.parametrize("text", [AT_PROVIDER, SELF_HOSTED, "stage: pilot", "data.tokens: 5", ""])
def test_without_prices_there_is_no_estimate(text):
    values = make_priced(text or "stage: pilot").values
    assert not {"cost.run", "cost.month"} & set(values)


def test_what_is_stated_counts_and_uses_no_table():
    text = AT_PROVIDER + "cost: {run: 4 USD, month: 5 USD, hosting_month: 0 USD}\n"
    facts = make_priced(text, TRAINING_PRICE)
    assert [facts.values[f"cost.{name}"] for name in ("run", "month", "hosting_month")] == [usd(4), usd(5), usd(0)]
    assert facts.contradictions == ()
    assert "prices" not in facts.judged["evidence.stale_tables"].source


def test_a_cost_that_was_looked_for_and_not_found_is_estimated():
    claims = (*make_claims(AT_PROVIDER), Fact("cost.run", ABSENT, "observed", "a plugin"))
    assert Facts(claims, tables=TRAINING_PRICE, today=TODAY).values["cost.run"] == usd(9)


def test_a_stated_run_makes_a_month_without_a_table():
    text = "approach: fine-tuning\ntraining: {tool: trl, interval: 15d}\ncost: {run: 90 USD, hosting_month: 10 USD}\n"
    assert make_facts(text).values["cost.month"] == usd(190)
    assert "cost.month" not in make_facts(text.replace("fine-tuning", "rag")).values
    assert "cost.month" not in make_facts(text.replace("10 USD", "10 EUR")).values


def test_retrieved_text_counts_for_hybrid_alone():
    text = AT_PROVIDER + "retrieval.tokens: 100000\n"
    alone, hybrid = (make_priced(told, TRAINING_PRICE) for told in (text, text.replace("fine-tuning", "hybrid")))
    assert alone.values["cost.month"] == usd(12.9)
    assert hybrid.values["cost.month"] == usd(312.9)


def test_a_month_of_hosting_that_is_not_billed_costs_nothing_and_says_why():
    fact = make_priced(AT_PROVIDER).judged["cost.hosting_month"]
    assert fact.value == usd(0)
    assert fact.source.endswith("hosting.billed_idle; assumed: the provider bills no idle hours")


@pytest.mark.parametrize(("day", "stale"), [(date(2027, 1, 30), 0), (date(2027, 1, 31), 1)])
def test_an_old_price_makes_the_table_stale_once_it_is_used(day, stale):
    text = "training: {tool: openai, epochs: 1}\nmodel.base: acme\ndata.tokens: 5\n"
    tables = price(prices={"openai/acme": {"training_per_million_tokens": usd(1)}})
    known = Facts(make_claims(text), tables=Tables({"prices": tables.by_name["prices"]}), today=day)
    assert known.values["evidence.stale_tables"] == stale


# Break-even

COSTS = """\
cost: {run: 120 USD, hosting_month: 60 USD}
usage.saving_per_call: 0.01 USD
training.interval: 60d
"""


def calls(text: str) -> int | None:
    value: int | None = make_facts(text).values.get("cost.break_even_calls")
    return value


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # Half a run a month for 120, and hosting for 60.
        ("", "", 12_000),
        ("60d", "30d", 18_000),
        ("training.interval: 60d", "data.change_interval: 30d", 18_000),
        ("training.interval: 60d", "training.interval: 60d\ndata.change_interval: 1d", 12_000),
        ("training.interval: 60d", "", None),
        ("hosting_month: 60 USD", "hosting_month: 0 EUR", 6_000),
        (", hosting_month: 60 USD", "", None),
        ("run: 120 USD", "run: 0 USD", 6_000),
        ("run: 120 USD, ", "", None),
        ("60 USD", "60 EUR", None),
        ("0.01 USD", "0.01 EUR", None),
        ("0.01 USD", "0.007 USD", 17_143),
        ("0.01 USD", "0 USD", None),
        ("usage.saving_per_call: 0.01 USD", "", None),
        ("60d", "0d", None),
        ("120 USD", f"1{'0' * 30} USD", None),
    ],
)
def test_calls_that_pay_back(old, new, expected):
    assert calls(COSTS.replace(old, new) if old else COSTS) == expected


def test_it_is_trusted_as_its_weakest_input():
    facts = make_facts(COSTS.replace("run: 120 USD, ", ""), estimated="cost.run: 120 USD")
    assert facts.judged["cost.break_even_calls"].origin == "estimated"
    assert make_facts(COSTS).judged["cost.break_even_calls"].origin == "declared"


AMOUNTS = st.integers(0, 10**6).map(lambda cents: Money(cents / 100, "USD"))


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.integers(1, 4000))
def test_fewer_calls_would_not_pay_back(run, hosting, saving, days):
    found = count_break_even(run, hosting, saving, days * DAY, None)
    if saving.amount == 0:
        assert found is None
        return
    assert found is not None
    spent = run.amount * 30 / days + hosting.amount
    assert found * saving.amount >= spent - 1e-6
    assert found == 0 or (found - 1) * saving.amount < spent + 1e-6
