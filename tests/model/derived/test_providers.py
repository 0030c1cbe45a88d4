"""Who takes jobs on which day, and when a base model goes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from policy.loading.tables.files import shipped_tables
from policy.model.fact import ABSENT
from policy.model.facts import Facts
from policy.model.tables import Row, Table, Tables
from tests.building import make_claims

DAY = date(2026, 11, 20)


def values(text: str, today: date | None = DAY, tables: Tables | None = None) -> dict[str, Any]:
    return Facts(make_claims(text), tables=tables or shipped_tables(), today=today).values


def make_tables(name: str, key: str, **columns: Any) -> Tables:
    return Tables({name: Table(name, "sha256:1", {key: Row(key, columns, "a source", DAY)}.get)})


@pytest.mark.parametrize(
    ("day", "available"),
    [
        ("2026-05-06", True),
        # From here it depends on the organisation, and the table does not know that.
        ("2026-05-07", None),
        ("2026-07-02", None),
        ("2027-01-05", None),
        ("2027-01-06", False),
        ("2030-01-01", False),
    ],
)
def test_what_ships_says_of_openai(day, available):
    assert values("training.tool: openai", date.fromisoformat(day)).get("provider.available") is available


@pytest.mark.parametrize(
    ("text", "available"),
    [
        ("training.tool: openai", True),
        ("model.provider: OpenAI", True),
        ("training.tool: custom\nmodel.provider: openai", True),
        ("training.tool: azure\nmodel.provider: openai", None),
        ("training.tool: axolotl", None),
        ("model.provider: acme", None),
        ("model.base: gpt-4o", None),
    ],
)
def test_whose_jobs_they_are(text, available):
    assert values(text, date(2026, 1, 1)).get("provider.available") is available


@pytest.mark.parametrize(
    ("columns", "available"),
    [
        ({}, True),
        ({"closed": DAY}, False),
        ({"closed": date(2026, 11, 21)}, True),
        ({"closed_to_new": DAY}, None),
        ({"closed_to_inactive": DAY}, None),
        ({"closed_to_new": DAY, "closed": DAY}, False),
    ],
)
def test_a_day_counts_from_its_start(columns, available):
    tables = make_tables("providers", "acme", **columns)
    assert values("model.provider: acme", DAY, tables).get("provider.available") is available


def test_without_a_day_it_is_unknown():
    assert "provider.available" not in values("training.tool: openai", None)


@pytest.mark.parametrize(
    ("base", "retires"),
    [
        ("gpt-4o", date(2027, 1, 14)),
        ("GPT-4o-mini-2024-07-18", date(2027, 1, 14)),
        ("ft:gpt-4.1-mini-2025-04-14:acme:tone:abc", date(2027, 1, 14)),
        ("ft:gpt-4o", date(2027, 1, 14)),
        ("gpt-4o-2024-05-13", None),
        ("ft:", None),
        ("org/gpt-4o", None),
    ],
)
def test_the_day_on_which_a_base_model_goes(base, retires):
    assert values(f"training.tool: openai\nmodel.base: '{base}'").get("model.retires") == retires
    assert values(f"training.tool: openai\nmodel.base: '{base}'", None).get("model.retires") == retires


def test_another_provider_has_days_of_its_own():
    assert "model.retires" not in values("training.tool: azure\nmodel.base: gpt-4o")
    assert "model.retires" not in values("model.base: gpt-4o")


def test_a_row_without_a_day_says_that_none_was_announced():
    tables = make_tables("models", "acme/one")
    assert values("model: {provider: acme, base: one}", DAY, tables)["model.retires"] is ABSENT
    stated = values("model: {provider: acme, base: one, retires: 2027-01-01}", DAY, tables)
    assert stated["model.retires"] == date(2027, 1, 1)


def test_the_table_counts_before_the_manifest():
    claims = make_claims("training.tool: openai\nmodel: {base: gpt-4o, retires: 2030-01-01}")
    facts = Facts(claims, tables=shipped_tables(), today=DAY)
    assert facts.values["model.retires"] == date(2027, 1, 14)
    assert [found.path for found in facts.contradictions] == ["model.retires"]
    # Nothing else was observed, and it is a contradiction none the less.
    assert facts.values["evidence.contradictions"] == 1
