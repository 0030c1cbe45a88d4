"""Facts and prices for tests of costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from policy.loading.tables.files import shipped_tables
from policy.model.costs.inputs import Inputs
from policy.model.facts import Facts
from policy.model.money import Money
from policy.model.tables import Lookup, Row, Table, Tables
from tests.building import NOW, make_claims

DAY = 86_400_000
TODAY = NOW.date()
LOOKED_UP = date(2026, 11, 1)


def usd(amount: float) -> Money:
    """An amount in dollars."""
    return Money(amount, "USD")


def price(**tables: Mapping[str, Mapping[str, Any]]) -> Tables:
    """The shipped tables with an organisation's rows over them: table, key and columns."""
    changed = dict(shipped_tables().by_name)
    for name, rows in tables.items():
        own = {key: Row(key, columns, "our contract", LOOKED_UP) for key, columns in rows.items()}
        changed[name] = changed[name].overlaid(Table(name, f"sha256:{sorted(rows)}", own.get))
    return Tables(changed)


def make_priced(text: str, tables: Tables | None = None) -> Facts:
    """What a manifest of this text states, with dated tables."""
    return Facts(make_claims(text), tables=tables or shipped_tables(), today=TODAY)


def make_inputs(values: Mapping[str, Any], tables: Tables | None = None) -> Inputs:
    """Plain values to work a cost out from."""
    return Inputs(values, Lookup(tables or shipped_tables(), TODAY))


AT_PROVIDER = """\
approach: fine-tuning
model: {base: gpt-4o-mini-2024-07-18, provider: openai}
training: {tool: openai, epochs: 3, interval: 30d}
data: {tokens: 1000000, rows: 500}
usage: {calls_per_month: 10000, input_tokens: 500, output_tokens: 200}
hosting: {kind: provider, billed_idle: false}
"""
TRAINING_PRICE = price(prices={"openai/gpt-4o-mini-2024-07-18": {"training_per_million_tokens": usd(3.0)}})
SELF_HOSTED = """\
approach: fine-tuning
model: {base: acme/Four, parameters: 4000000000}
training: {tool: axolotl, adapter: full, epochs: 3, interval: 60d, accelerator: H100-SXM}
data: {tokens: 160878, rows: 500}
usage: {calls_per_month: 10000, input_tokens: 500, output_tokens: 200}
hosting: {kind: self-hosted, accelerator: l40s, accelerators: 2, billed_idle: true}
"""
HOURLY_PRICES = price(accelerators={"h100-sxm": {"price_per_hour": usd(250.0)}, "l40s": {"price_per_hour": usd(0.5)}})
