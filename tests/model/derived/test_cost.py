"""The gain, and the calls that pay for a tuned model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.derived.cost import count_break_even
from policy.model.money import Money
from tests.building import make_facts

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


def test_a_gain_that_was_looked_for_and_not_found_still_follows():
    assert make_facts(RESULTS, absent=("evaluation.gain",)).values["evaluation.gain"] == 0.25


def test_a_statement_counts_before_what_follows_from_estimates():
    facts = make_facts("evaluation.gain: 0.9", estimated=RESULTS)
    assert facts.values["evaluation.gain"] == 0.9
    assert facts.contradictions == ()


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
