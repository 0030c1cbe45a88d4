"""The day of judging and the policy set's tables are inputs of a judgement, whatever the facts were made with."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from policy.engine.judge import judge
from policy.engine.recording import NOTHING_DIGEST
from policy.loading.tables.files import shipped_tables
from policy.model.decision import Decision
from policy.model.facts import Facts
from policy.model.policy import PolicySet
from policy.model.tables import NO_TABLES, Tables
from tests.building import NOW, make_claims, make_facts, make_policy

OPEN = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
CLOSED = datetime.fromisoformat("2027-01-06T00:00:00+00:00")
POLICY = make_policy("require: {provider.available: true}\neffect: block")
FACTS = make_facts("training.tool: openai")
PROVIDER_UNKNOWN = (
    "provider.available cannot be stated, and follows from dated tables; "
    "of what it follows from, training.tool is not known"
)


def decide(facts: Facts, now: datetime, tables: Tables | None = None) -> Decision:
    policy_set = PolicySet((POLICY,), tables=shipped_tables() if tables is None else tables)
    return judge(policy_set, facts, gate="check", now=now)


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        (OPEN, "pass"),
        (NOW, "unknown"),
        (CLOSED, "fail"),
        # Days are days in UTC.
        (CLOSED - timedelta(seconds=1), "unknown"),
        (datetime.fromisoformat("2027-01-06T05:00:00+09:00"), "unknown"),
        (datetime.fromisoformat("2027-01-05T20:00:00-05:00"), "fail"),
    ],
)
def test_the_day_of_judging_decides(now, outcome):
    assert decide(FACTS, now).outcomes[0].outcome == outcome


@pytest.mark.parametrize("today", [None, date(2026, 1, 1), date(2030, 1, 1)])
@pytest.mark.parametrize("tables", [NO_TABLES, shipped_tables()])
def test_what_the_facts_were_made_with_decides_nothing(today, tables):
    facts = Facts(FACTS.claims, subject=FACTS.subject, tables=tables, today=today)
    assert decide(facts, NOW) == decide(FACTS, NOW)
    assert decide(facts, CLOSED) == decide(FACTS, CLOSED)


def test_judging_in_any_order_gives_the_same():
    facts = make_facts("training.tool: openai")
    once = [decide(facts, now) for now in (OPEN, CLOSED, OPEN)]
    assert once[0] == once[2] == decide(make_facts("training.tool: openai"), OPEN)
    assert [decision.outcomes[0].outcome for decision in once] == ["pass", "fail", "pass"]
    assert "provider.available" not in facts.values


def test_the_decision_names_the_tables():
    without, with_ = decide(FACTS, NOW, NO_TABLES), decide(FACTS, NOW)
    assert without.tables == NOTHING_DIGEST
    assert with_.tables == shipped_tables().digest
    assert {without.basis, without.id}.isdisjoint({with_.basis, with_.id})
    assert (without.policy_set, without.subject_digest, without.evidence) == (
        with_.policy_set,
        with_.subject_digest,
        with_.evidence,
    )
    # The day is no part of the basis, the tables are none of the day.
    assert decide(FACTS, CLOSED).basis == with_.basis


@pytest.mark.parametrize(
    ("require", "declared", "settle"),
    [
        (
            "model.license_terms: {contains_none: [non-commercial]}",
            "stage: pilot",
            "model.license_terms cannot be stated; of what it follows from, model.license is not known",
        ),
        (
            "training.compute_share: {at_most: 0.3}",
            "training: {epochs: 1, adapter: lora}\nmodel.parameters: 5",
            "training.compute_share cannot be stated; of what it follows from, data.tokens is not known",
        ),
        (
            "provider.available: true",
            "model.provider: acme",
            PROVIDER_UNKNOWN,
        ),
    ],
)
def test_what_a_derived_fact_lacks_is_named(require, declared, settle):
    policy_set = PolicySet((make_policy(f"require: {{{require}}}"),), tables=shipped_tables())
    decision = judge(policy_set, Facts(make_claims(declared)), gate="check", now=NOW)
    assert decision.not_assessed[0].settle == settle


def test_what_can_be_stated_is_asked_for_itself():
    policy_set = PolicySet((make_policy("require: {evaluation.gain: {more_than: 0}}"),))
    decision = judge(policy_set, make_facts("stage: pilot"), gate="check", now=NOW)
    assert decision.not_assessed[0].settle.startswith("state evaluation.gain in the manifest")
    assert "follows from" not in decision.not_assessed[0].settle
