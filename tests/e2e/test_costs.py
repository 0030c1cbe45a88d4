"""Costs in the command: estimated from an organisation's prices and judged; without them, the prices are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Plant, Policy

MANIFEST = """\
manifest: 1
project: tone
approach: fine-tuning
model: {base: gpt-4o-mini-2024-07-18, provider: openai}
data: {tokens: 90000000, rows: 20000}
training: {tool: openai, epochs: 3, interval: 30d}
usage: {calls_per_month: 10000, input_tokens: 500, output_tokens: 200}
hosting: {kind: provider, billed_idle: false}
budget: {per_run: 1000 USD, per_month: 500 USD}
"""
OWN = """\
manifest: 1
project: own
approach: fine-tuning
model: {base: acme/Seven, parameters: 7000000000}
data: {tokens: 90000000, rows: 20000}
training: {tool: axolotl, epochs: 3, interval: 30d, adapter: lora, accelerator: h100-sxm}
hosting: {kind: self-hosted, accelerator: l40s}
budget: {per_run: 10 USD, per_month: 500 USD}
"""
PRICES = """\
table: 1
rows:
  openai/gpt-4o-mini-2024-07-18:
    {training_per_million_tokens: 3 USD, source: our contract of May 2026, date: 2026-11-02}
"""
ACCELERATORS = """\
table: 1
rows:
  h100-sxm: {price_per_hour: 2.50 USD, source: our cloud's price list, date: 2026-11-03}
  l40s: {price_per_hour: 0.80 USD, source: our cloud's price list, date: 2026-11-03}
"""
SET = "policy_set: 1\npolicies: [catalogue]\n"
TABLES = "tables: {prices: tables/prices.yaml, accelerators: tables/accelerators.yaml}\n"
DAY = ("--effective-time", "2026-11-20")
COSTS = ("hosting-counted", "iteration-cost", "own-budget", "pays-back", "run-cost")
Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(plant: Plant, policy: Policy) -> Check:
    """What a decision about a manifest says of each policy about costs."""

    def decide(manifest: str, tables: str = TABLES) -> dict[str, Any]:
        files = {"ml-manifest.yaml": manifest, "policy.yaml": SET + tables}
        plant(files | {"tables/prices.yaml": PRICES, "tables/accelerators.yaml": ACCELERATORS})
        result = policy("check", "--output", "json", *DAY)
        assert result.code in (0, 1, 4), result.err
        (decision,) = json.loads(result.out)["decisions"]
        found: dict[str, Any] = {"decision": decision}
        return found | {one["policy"]: one for one in decision["outcomes"] if one["policy"] in COSTS}

    return decide


def tell(found: dict[str, Any]) -> dict[str, str]:
    return {name: found[name]["outcome"] for name in COSTS}


def test_a_price_of_training_makes_the_run_too_dear(check):
    found = check(MANIFEST)
    assert tell(found) == {
        "hosting-counted": "pass",
        "iteration-cost": "fail",
        "own-budget": "pass",
        "pays-back": "unknown",
        "run-cost": "fail",
    }
    (reason,) = [reason for reason in found["run-cost"]["because"] if reason["field"] == "cost.run"]
    assert (reason["actual"], reason["expected"], reason["origin"]) == ("810 USD", "500 USD", "estimated")
    assert "at 3 USD (our contract of May 2026, 2026-11-02)" in reason["source"]


def test_the_text_says_that_it_is_an_estimate_and_whose_price_it_rests_on(plant, policy):
    plant({"ml-manifest.yaml": MANIFEST, "policy.yaml": SET + "tables: {prices: prices.yaml}\n", "prices.yaml": PRICES})
    result = policy("check", *DAY)
    assert result.code == 1
    text = " ".join(result.out.split())
    assert "block[run-cost]: cost.run is 810 USD (estimated), at most 500 USD is required" in text
    assert (
        "a million trained tokens of openai/gpt-4o-mini-2024-07-18 at 3 USD (our contract of May 2026, 2026-11-02)"
        in text
    )
    assert "assumed: every token of the training data is billed once an epoch" in text


def test_without_a_price_the_cost_is_not_known_and_the_price_is_asked_for(check):
    found = check(MANIFEST, "")
    assert (found["run-cost"]["outcome"], found["iteration-cost"]["outcome"]) == ("unknown", "unknown")
    settle = {item["policy"]: item["settle"] for item in found["decision"]["not_assessed"]}
    assert settle["run-cost"] == (
        "state cost.run in the manifest: cost of one training run, an estimate; or, to have it estimated, give "
        "`training_per_million_tokens` of `openai/gpt-4o-mini-2024-07-18` in the table of prices"
    )


def test_a_price_of_an_hour_prices_a_run_and_the_hosting(check):
    found = check(OWN)
    assert tell(found) == {
        "hosting-counted": "pass",
        "iteration-cost": "fail",
        "own-budget": "fail",
        "pays-back": "unknown",
        "run-cost": "pass",
    }
    (reason,) = [reason for reason in found["own-budget"]["because"] if reason["field"] == "cost.run"]
    # 4 x 7e9 x 90e6 x 3 operations at 40 % of 989e12 a second: 5.3 hours.
    assert (reason["actual"], reason["origin"]) == ("13.27 USD", "estimated")
    assert "an hour of h100-sxm at 2.5 USD (our cloud's price list, 2026-11-03)" in reason["source"]
    assert "40% of that is reached" in reason["source"]


def test_what_is_stated_counts_before_the_estimate(check):
    found = check(MANIFEST + "cost: {run: 400 USD, month: 450 USD}\n")
    assert (found["run-cost"]["outcome"], found["iteration-cost"]["outcome"]) == ("pass", "pass")
    assert found["decision"]["contradictions"] == []


def test_an_old_price_is_flagged(plant, policy):
    files = {"ml-manifest.yaml": MANIFEST, "policy.yaml": SET + "tables: {prices: prices.yaml}\n"}
    plant(files | {"prices.yaml": PRICES.replace("2026-11-02", "2026-08-01")})
    result = policy("check", "--output", "json", *DAY)
    (decision,) = json.loads(result.out)["decisions"]
    (fresh,) = [one for one in decision["outcomes"] if one["policy"] == "fresh-tables"]
    assert fresh["outcome"] == "fail"
