"""What each approach would cost, side by side."""

from __future__ import annotations

from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.engine.costs.estimate import WORK, CostEstimate
from policy.engine.costs.estimates import estimate_costs
from policy.model.facts import Facts
from policy.model.fields import FIELDS
from policy.model.kinds import MONEY, DurationKind, EnumKind, IntegerKind
from policy.model.money import Money
from policy.model.tables import Tables
from tests.building import make_facts
from tests.model.costs.building import AT_PROVIDER, HOURLY_PRICES, SELF_HOSTED, TRAINING_PRICE, make_priced, price, usd

RETRIEVAL = """\
retrieval: {tokens: 1500, document_tokens: 5000000, embedding: openai/text-embedding-3-small, store_month: 20 USD}
"""
Key = tuple[str, str]


def estimate(text: str, tables: Tables | None = None) -> dict[Key, CostEstimate]:
    found = estimate_costs(make_priced(text, tables))
    return {(one.approach, one.variant): one for one in found}


def test_a_project_at_a_provider_sees_every_approach_priced():
    found = estimate(AT_PROVIDER + RETRIEVAL, TRAINING_PRICE)
    assert {key: (one.run, one.month, one.update, one.missing) for key, one in found.items()} == {
        ("prompt-engineering", ""): (usd(0), usd(1.95), usd(0), ()),
        # 5 examples of 2,000 tokens.
        ("few-shot", ""): (usd(0), usd(16.95), usd(0), ()),
        ("rag", ""): (usd(0.1), usd(24.2), usd(0.1), ()),
        ("fine-tuning", "provider"): (usd(9), usd(12.9), usd(9), ()),
        ("hybrid", "provider"): (usd(9.1), usd(37.4), usd(0.1), ()),
    }


def test_a_project_on_its_own_accelerators_sees_every_approach_priced():
    found = estimate(SELF_HOSTED, HOURLY_PRICES)
    assert {key: (one.run, one.month, one.update) for key, one in found.items()} == {
        ("prompt-engineering", ""): (usd(0), usd(720), usd(0)),
        ("few-shot", ""): (usd(0), usd(720), usd(0)),
        # The machine takes whatever text a call sends; what the index costs is open.
        ("rag", ""): (None, usd(720), None),
        ("fine-tuning", "self-hosted"): (usd(2.03), usd(721.01), usd(2.03)),
    }


def test_each_says_what_it_assumes_and_which_prices_it_used():
    found = estimate(AT_PROVIDER, TRAINING_PRICE)["fine-tuning", "provider"]
    assert found.assumptions == (
        "every token of the training data is billed once an epoch",
        "training runs in a month of 30 days: 1",
        "the provider bills no idle hours",
        "every token at its full price, without discounts for caching or batches",
        WORK,
    )
    assert [(used.what, used.amount, used.source, str(used.date)) for used in found.prices] == [
        ("a million trained tokens of openai/gpt-4o-mini-2024-07-18", usd(3), "our contract", "2026-11-01"),
        (
            "a million tokens to openai/ft:gpt-4o-mini-2024-07-18",
            usd(0.3),
            "model_prices_and_context_window_backup.json of litellm 1.109.1",
            "2026-11-12",
        ),
        (
            "a million tokens from openai/ft:gpt-4o-mini-2024-07-18",
            usd(1.2),
            "model_prices_and_context_window_backup.json of litellm 1.109.1",
            "2026-11-12",
        ),
    ]


def test_what_ships_prices_a_month_of_prompts_and_no_training():
    found = estimate(AT_PROVIDER)
    assert found["prompt-engineering", ""].month == usd(1.95)
    tuned = found["fine-tuning", "provider"]
    assert (tuned.run, tuned.month, tuned.update) == (None, None, None)
    assert tuned.missing == ("`training_per_million_tokens` of `openai/gpt-4o-mini-2024-07-18` in the table of prices",)


def test_a_month_of_retrieval_is_known_without_training():
    text = RETRIEVAL + "model: {base: gpt-4o-mini, provider: openai}\n"
    found = estimate(text + "usage: {calls_per_month: 1000, input_tokens: 500, output_tokens: 200}\napproach: rag\n")
    assert found["rag", ""].month == usd(20.42)
    assert "updates of the index are not counted in the month" in found["rag", ""].assumptions


def test_changes_of_the_data_are_paid_for_in_the_month():
    text = AT_PROVIDER + RETRIEVAL.replace("5000000", "5000000000")
    less = estimate(text + "data.change_interval: 60d\n")["rag", ""]
    more = estimate(text + "data.change_interval: 15d\n")["rag", ""]
    assert more.run == less.run == usd(100)
    assert (less.month, more.month) == (usd(74.2), usd(224.2))


def test_a_stated_cost_counts_before_an_estimate():
    text = AT_PROVIDER.replace("approach", "cost: {run: 5 USD, hosting_month: 7 USD}\napproach")
    found = estimate(text, TRAINING_PRICE)["fine-tuning", "provider"]
    assert (found.run, found.month) == (usd(5), usd(15.9))
    assert found.assumptions[:2] == ("`cost.run` as it is stated", "`cost.hosting_month` as it is stated")


def test_a_stated_month_is_that_of_the_projects_own_approach():
    found = estimate(AT_PROVIDER + "cost.month: 99 USD\n", TRAINING_PRICE)
    assert found["fine-tuning", "provider"].month == usd(99)
    assert found["prompt-engineering", ""].month == usd(1.95)


def test_where_it_is_open_who_trains_both_are_told_and_the_projects_hosting_is_its_own():
    text = "cost: {run: 10 USD, hosting_month: 300 USD}\ntraining.interval: 30d\nhosting: {kind: self-hosted}\n"
    found = estimate(text)
    assert list(found)[-2:] == [("fine-tuning", "provider"), ("fine-tuning", "self-hosted")]
    assert found["fine-tuning", "self-hosted"].month == usd(310)
    assert found["fine-tuning", "provider"].month is None


@pytest.mark.parametrize(("text", "told"), [("approach: hybrid", 2), ("retrieval.tokens: 5", 2), ("approach: rag", 0)])
def test_hybrid_is_told_apart_where_retrieval_is_known(text, told):
    assert sum(one.approach == "hybrid" for one in estimate_costs(make_facts(text))) == told


def test_two_currencies_make_no_amount_and_say_so():
    tables = price(prices={"openai/gpt-4o-mini-2024-07-18": {"training_per_million_tokens": Money(3.0, "EUR")}})
    found = estimate(AT_PROVIDER, tables)["fine-tuning", "provider"]
    assert (found.run, found.month) == (Money(9, "EUR"), None)
    assert found.missing == ("amounts in one currency: these are in EUR and USD",)


def test_nothing_known_is_no_amount_but_that_of_a_changed_prompt():
    found = estimate_costs(make_facts(""))
    assert [(one.approach, one.variant, one.run, one.month, one.update) for one in found] == [
        ("prompt-engineering", "", usd(0), None, usd(0)),
        ("few-shot", "", usd(0), None, usd(0)),
        ("rag", "", None, None, None),
        ("fine-tuning", "provider", None, None, None),
        ("fine-tuning", "self-hosted", None, None, None),
    ]
    assert all(one.missing and not one.prices for one in found)


ASKED = [
    field
    for field in FIELDS
    if field.writable
    and field.path.startswith(("cost.", "usage.", "hosting.", "retrieval.", "training.", "model.", "data."))
    and isinstance(field.kind, EnumKind | IntegerKind | DurationKind | type(MONEY))
]


@st.composite
def manifests(draw: st.DrawFn) -> str:
    lines = ["model.base: gpt-4o-mini-2024-07-18", "training.accelerator: h100-sxm", "hosting.accelerator: l40s"]
    for field in draw(st.lists(st.sampled_from(ASKED), unique=True)):
        number = draw(st.sampled_from([0, 1, 7, 10**6, 2**53]))
        value: Any = number
        if isinstance(field.kind, EnumKind):
            value = draw(st.sampled_from(field.kind.choices))
        elif field.kind is MONEY:
            value = f"{number} {draw(st.sampled_from(['USD', 'EUR']))}"
        elif isinstance(field.kind, DurationKind):
            value = f"{min(number, 1000)}d"
        lines.append(f"{field.path}: {value}")
    return "\n".join(lines)


@given(manifests())
def test_whatever_is_known_an_amount_is_a_number_or_says_what_it_lacks(text):
    tables = Tables({**TRAINING_PRICE.by_name, "accelerators": HOURLY_PRICES.by_name["accelerators"]})
    for one in estimate_costs(make_priced(text, tables)):
        amounts = (one.run, one.month, one.update)
        assert all(amount is None or (isfinite(amount.amount) and amount.amount >= 0) for amount in amounts)
        assert (None in amounts) == bool(one.missing)
        assert len(set(one.missing)) == len(one.missing)


def test_without_tables_nothing_is_priced():
    assert all(not one.prices for one in estimate_costs(Facts(())))
