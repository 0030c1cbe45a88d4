"""How facts follow from each other: trust, what evidence told itself, age, and what is still to be known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.loading.tables.files import shipped_tables
from policy.model.derived.cost import HOSTING_INPUTS, MONTH_INPUTS, RUN_INPUTS
from policy.model.derived.derivations import DERIVATIONS, list_open_inputs, list_tables
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.fields import TABLES as TABLES_EVIDENCE
from policy.model.tables import TABLE_NAMES, Row, Table, Tables
from tests.building import make_claims, make_facts
from tests.strategies import facts_about

DAY = date(2026, 11, 20)
TABLES = shipped_tables()


def on(facts: Facts, today: date = DAY) -> Facts:
    return facts.on(today, TABLES)


def test_every_derivation_stands_after_those_that_it_follows_from():
    seen: set[str] = set()
    paths = [derivation.path for derivation in DERIVATIONS]
    assert len(paths) == len(set(paths))
    for derivation in DERIVATIONS:
        assert not set(derivation.inputs) & (set(paths) - seen)
        assert set(derivation.optional) <= set(derivation.inputs)
        assert set(derivation.tables) <= set(TABLE_NAMES)
        seen.add(derivation.path)


def test_every_derivation_is_of_fields_of_the_schema():
    for derivation in DERIVATIONS:
        for path in (derivation.path, *derivation.inputs):
            outer, _, inner = path.partition("[].")
            field = SCHEMA.fields[outer]
            assert not inner or any(member.path == inner for member in field.kind.fields)  # type: ignore[attr-defined]
        if "[]" not in derivation.path:
            field = SCHEMA.fields[derivation.path]
            assert field.derived or TABLES_EVIDENCE in field.evidence


def test_a_derived_fact_is_trusted_as_its_weakest_input():
    facts = on(make_facts("release.license: mit\nsystem.use: research", observed="model.license: mit"))
    assert facts.judged["model.license_terms"].origin == "observed"
    assert facts.judged["release.license_terms"].origin == "declared"
    assert facts.proven["model.license_terms"].value == Members((), complete=True)
    assert "release.license_terms" not in facts.proven


def test_the_weakest_member_of_a_list_counts():
    facts = on(
        make_facts("data.sources: [{path: a, license: mit}]", observed="data.sources: [{path: b, license: mit}]")
    )
    assert facts.judged["data.sources"].origin == "observed"
    assert facts.judged["data.license_terms"].origin == "declared"
    inner = facts.proven["data.sources"].value.items
    assert [("license_terms" in item) for item in inner] == [True]


def test_a_derived_fact_says_what_it_rests_on_and_where_that_stands():
    fact = on(make_facts("stage: pilot\nmodel.license: mit")).judged["model.license_terms"]
    assert fact.source == "derived from model.license, the table of licenses"
    assert fact.location is not None
    assert (fact.location.file, fact.location.line) == ("ml-manifest.yaml", 2)
    assert on(make_facts("training.tool: openai"), date(2026, 1, 1)).judged["provider.available"].source == (
        "derived from training.tool, the table of providers"
    )


def test_what_evidence_tells_of_a_fact_that_nobody_can_state_is_kept():
    facts = on(make_facts("model.license: mit", observed="model.license_terms: [conditional]"))
    assert facts.values["model.license_terms"].items == ("conditional",)
    assert on(make_facts("model.license: mit", absent=("model.license",))).values.get("model.license_terms") is None


def test_what_evidence_does_not_look_for_follows_all_the_same():
    facts = make_facts(observed="approach: rag\nretrieval.planned: false")
    assert facts.values["retrieval.planned"] is True
    assert [found.path for found in facts.contradictions] == ["retrieval.planned"]


def test_a_list_counts_for_its_own_word_where_it_has_no_members():
    observed = "model.license: mit\nrelease.license: mit\nsystem.use: research"
    facts = on(make_facts("data.sources: []", observed=observed))
    assert (facts.values["release.license_conflicts"], facts.judged["release.license_conflicts"].origin) == (
        0,
        "declared",
    )
    assert "release.license_conflicts" not in facts.proven


# The day and the tables


def test_the_same_day_and_tables_are_the_same_facts():
    facts = make_facts("training.tool: openai")
    first = on(facts)
    assert first is not facts
    assert on(facts) is first
    assert first.on(DAY, TABLES) is first
    assert on(facts, date(2026, 1, 1)).values["provider.available"] is True
    assert "provider.available" not in facts.values


def test_everything_else_of_the_facts_is_kept():
    facts = make_facts("stage: pilot", unavailable={"data.rows": "timed out"}, faults={"x": "broken"})
    dated = on(facts)
    assert (dated.claims, dated.subject, dated.unavailable, dated.faults) == (
        facts.claims,
        facts.subject,
        facts.unavailable,
        facts.faults,
    )
    more = dated.with_claims([Fact("model.license", "mit")])
    assert (more.tables, more.today) == (TABLES, DAY)
    assert "model.license_terms" in more.values


def make_aged(**days: int) -> Tables:
    """A table of licences with a row for each name, so many days old."""
    rows = {
        name: Row(name, {"terms": Members((), complete=True)}, "a source", DAY - timedelta(days=age))
        for name, age in days.items()
    }
    return Tables({"licenses": Table("licenses", "sha256:1", rows.get)})


@pytest.mark.parametrize(
    ("text", "stale"),
    [
        ("stage: pilot", 0),
        ("model.license: young", 0),
        ("model.license: old", 1),
        ("release.license: young or old", 1),
        ("model.license: old\nrelease.license: old", 1),
        ("model.license: missing", 0),
    ],
)
def test_tables_older_than_90_days_that_were_used(text, stale):
    facts = make_facts(text).on(DAY, make_aged(young=90, old=91))
    assert facts.values["evidence.stale_tables"] == stale
    assert facts.proven_values["evidence.stale_tables"] == stale


@pytest.mark.parametrize(("text", "stale"), [("model.license: later", 0), ("model.license: typo or later", 1)])
def test_a_row_does_not_stay_fresh_for_being_dated_far_ahead(text, stale):
    facts = make_facts(text).on(DAY, make_aged(later=-365, typo=-366))
    assert facts.values["evidence.stale_tables"] == stale


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model.license: young", "dated tables: licenses"),
        ("model.license: old", f"dated tables: licenses; too old: licenses ({DAY - timedelta(days=91)})"),
        ("model.license: typo", "dated tables: licenses; too old: licenses (dated far ahead)"),
    ],
)
def test_it_says_which_table_is_too_old(text, said):
    facts = make_facts(text).on(DAY, make_aged(young=90, old=91, typo=-366))
    assert facts.judged["evidence.stale_tables"].source == said


def test_how_old_tables_are_is_unknown_without_a_day_or_a_table():
    assert "evidence.stale_tables" not in Facts(make_claims("model.license: mit"), tables=TABLES).values
    assert "evidence.stale_tables" not in Facts(make_claims("model.license: mit"), today=DAY).values


def test_evidence_can_tell_how_many_tables_are_old():
    assert on(make_facts(observed="evidence.stale_tables: 3")).values["evidence.stale_tables"] == 3


@pytest.mark.parametrize(
    ("paths", "tables"),
    [
        ([], set()),
        (["stage", "evaluation.gain"], set()),
        (["model.license_terms"], {"licenses"}),
        (["data.license_terms"], {"licenses"}),
        (["data.sources"], {"licenses"}),
        (["provider.available", "model.retires"], {"providers", "models"}),
        (["evidence.stale_tables"], set(TABLE_NAMES)),
    ],
)
def test_the_tables_behind_facts(paths, tables):
    assert list_tables(paths) == tables


@pytest.mark.parametrize(
    ("path", "known", "expected"),
    [
        ("stage", "", []),
        ("run.activity", "", []),
        ("model.license_terms", "", ["model.license"]),
        ("training.compute_share", "training.epochs: 3", ["model.parameters", "data.tokens", "training.adapter"]),
        ("cost.break_even_calls", "cost: {run: 1 USD, hosting_month: 1 USD}", ["usage.saving_per_call"]),
        (
            "cost.break_even_calls",
            "cost: {run: 1 USD, hosting_month: 1 USD}\nusage.saving_per_call: 1 USD",
            ["training.interval", "data.change_interval"],
        ),
        ("provider.available", "", ["training.tool", "model.provider"]),
        ("data.license_terms", "data.sources: [{path: a}]", ["data.sources[].license"]),
        ("release.license_conflicts", "model.license: mit", ["data.sources[].license", "release.license"]),
    ],
)
def test_what_would_have_to_be_known(path, known, expected):
    assert list_open_inputs(path, on(make_facts(known)).judged) == expected


# Laws

INPUTS = sorted({path.partition("[].")[0] for derivation in DERIVATIONS for path in derivation.inputs})
# What is assumed where nobody knows better gives way to what becomes known.
COSTS = {*RUN_INPUTS, *HOSTING_INPUTS, *MONTH_INPUTS, "model.parameters", "training.adapter"}
ASSUMED = {
    "training.flops": {"training.method"},
    "training.compute_share": {"model.training_flops", "training.method"},
    "evaluation.gain": {"evaluation.lower_is_better"},
    "cost.run": COSTS,
    "cost.hosting_month": COSTS,
    "cost.month": COSTS,
    "cost.break_even_calls": {"training.interval", *COSTS},
    "provider.available": {"training.tool"},
    "model.retires": {"training.tool"},
    "release.license_conflicts": {"data.sources"},
}


@given(facts_about(INPUTS))
def test_the_same_claims_give_the_same_facts_and_stay_as_they_are(facts):
    before = repr(facts.claims)
    once, again = on(facts).judged, on(Facts(facts.claims, unavailable=facts.unavailable)).judged
    assert repr(once) == repr(again)
    assert repr(facts.claims) == before


@given(facts_about(INPUTS), st.sampled_from(INPUTS))
def test_with_less_known_nothing_else_follows(facts, forgotten):
    more = on(facts).judged
    less = on(Facts([claim for claim in facts.claims if claim.path != forgotten])).judged
    for derivation in DERIVATIONS:
        path = derivation.path
        if path not in less or forgotten in ASSUMED.get(path, ()) or path.startswith("data."):
            continue
        if any(claim.path == path for claim in facts.claims):
            continue
        assert path in more
        assert less[path].value == more[path].value
