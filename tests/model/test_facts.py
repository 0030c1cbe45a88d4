"""What is known of a subject: judged and proven values, derived facts, and what evidence says of declarations."""

from __future__ import annotations

import copy
import pickle

import pytest

from policy.model.fact import ABSENT, OPEN_LIST, Fact, Members
from policy.model.facts import Facts
from policy.model.fields import FIELDS, SCHEMA
from policy.model.kinds import BOOLEAN, STRING, RecordsKind
from policy.model.money import Money
from policy.model.schema import Field
from tests.building import make_facts

ALWAYS = {"run.activity": "training"}


def test_plain_values_are_without_where_they_come_from():
    facts = make_facts("stage: pilot\nbudget: {per_run: 5 USD}\npurpose: [style]\ntried: [{score: 1}, {}]")
    assert facts.values == {
        **ALWAYS,
        "stage": "pilot",
        "budget.per_run": Money(5.0, "USD"),
        "purpose": Members(("style",), complete=True),
        "tried": Members(({"score": 1.0}, {}), complete=True),
    }


def test_lists_inside_of_records_stay_lists():
    terms = Fact("license_terms", Members(("unlisted",), complete=False), "observed")
    sources = Members(({"license_terms": terms, "path": Fact("path", ABSENT, "observed")},), complete=True)
    facts = Facts([Fact("data.sources", sources, "observed")])
    (member,) = facts.values["data.sources"].items
    assert member == {"license_terms": Members(("unlisted",), complete=False), "path": ABSENT}


def test_unknown_and_absent_are_two_things():
    facts = make_facts(absent=("stage",))
    assert facts.values["stage"] is ABSENT
    assert "approach" not in facts.values


def test_only_observed_and_attested_facts_are_proven():
    claims = [
        Fact("stage", "pilot", "declared"),
        Fact("approach", "rag", "observed"),
        Fact("data.rows", 5, "attested"),
        Fact("data.tokens", 5, "estimated"),
        Fact("purpose", Members(("style",), complete=True), "declared"),
        Fact("purpose", Members(("latency",), complete=False), "observed"),
    ]
    proven = Facts(claims).proven_values
    assert proven == {
        **ALWAYS,
        "approach": "rag",
        "retrieval.planned": True,
        "data.rows": 5,
        "purpose": Members(("latency",), complete=False),
        "evidence.contradictions": 0,
    }


# Derived facts


@pytest.mark.parametrize(
    ("declared", "observed", "planned", "origin"),
    [
        ("approach: rag", "", True, "declared"),
        ("approach: hybrid", "", True, "declared"),
        ("approach: fine-tuning", "", None, None),
        ("approach: fine-tuning\nretrieval: {planned: true}", "", True, "declared"),
        ("approach: fine-tuning\nretrieval: {planned: false}", "", False, "declared"),
        ("approach: rag\nretrieval: {planned: false}", "", True, "declared"),
        ("retrieval: {planned: true}", "", True, "declared"),
        ("", "approach: rag", True, "observed"),
        ("approach: hybrid", "approach: fine-tuning", True, "declared"),
        ("", "", None, None),
    ],
)
def test_retrieval_is_planned_for_rag_and_hybrid_else_as_it_is_stated(declared, observed, planned, origin):
    fact = make_facts(declared, observed=observed).judged.get("retrieval.planned")
    assert (fact.value if fact else None, fact.origin if fact else None) == (planned, origin)


def test_a_derived_fact_stands_where_its_input_stands():
    facts = make_facts("approach: rag")
    fact = facts.judged["retrieval.planned"]
    assert (fact.location, fact.source) == (facts.judged["approach"].location, "derived from approach")


def test_nothing_follows_from_what_is_absent():
    assert "retrieval.planned" not in make_facts(absent=("approach",)).values


def test_what_a_run_is_for_is_training_unless_evidence_says_otherwise():
    assert make_facts().judged["run.activity"].value == "training"
    assert make_facts(observed="run: {activity: data}").judged["run.activity"].value == "data"


# Contradictions


@pytest.mark.parametrize(
    ("declared", "observed", "number"),
    [
        ("stage: pilot", "", None),
        ("stage: pilot", "manifest.present: true", None),
        ("stage: pilot", "manifest.present: true\napproach: rag", 0),
        ("stage: pilot", "stage: pilot", 0),
        ("stage: pilot", "stage: production", 1),
        ("stage: pilot\ndata.rows: 5", "stage: production\ndata.rows: 50", 2),
    ],
)
def test_contradictions_are_counted_where_something_was_observed(declared, observed, number):
    facts = make_facts(declared, observed=observed)
    assert facts.values.get("evidence.contradictions") == number
    assert len(facts.contradictions) == (number or 0)
    assert facts.proven_values.get("evidence.contradictions") == number


def test_evidence_can_tell_the_number_of_contradictions_itself():
    facts = make_facts("stage: pilot", observed="stage: production\nevidence.contradictions: 7")
    assert facts.values["evidence.contradictions"] == 7


# The rest


def test_claims_beside_others():
    facts = make_facts("stage: pilot", unavailable={"data.rows": "timed out"}, faults={"x": "broken"})
    more = facts.with_claims([Fact("approach", "rag", "observed")])
    assert (more.values["stage"], more.values["approach"]) == ("pilot", "rag")
    assert (more.subject, more.unavailable, more.faults) == (facts.subject, facts.unavailable, facts.faults)
    assert "approach" not in facts.values


@pytest.mark.parametrize(
    "claims",
    [
        [Fact("approval.by", "sam", "observed"), Fact("approval.current", True, "observed")],
        [Fact("approval.by", ABSENT, "observed")],
        [Fact("approval.by", "sam", "observed"), Fact("approval.by", "kim", "observed")],
        [Fact("approval.by", "sam", "observed"), Fact("approach", "hybrid", "observed")],
        [Fact("model.license", "mit")],
        [Fact("approval.nobody_knows", "sam", "observed")],
    ],
)
@pytest.mark.parametrize("observed", ["", "approach: fine-tuning\ndata: {rows: 9}"])
def test_what_is_taken_over_is_what_would_be_worked_out_anew(claims, observed):
    facts = make_facts("approach: rag\nstage: pilot\ndata: {rows: 40}", observed=observed)
    assert facts.proven is not None
    more, anew = facts.with_claims(claims), Facts([*facts.claims, *claims])
    assert (more.judged, more.contradictions, more.proven) == (anew.judged, anew.contradictions, anew.proven)


def test_facts_do_not_change_with_what_they_were_made_of():
    unavailable = {"stage": "timed out"}
    facts = Facts([], unavailable=unavailable)
    unavailable.clear()
    assert facts.unavailable == {"stage": "timed out"}


def test_kinds_of_paths():
    facts = make_facts()
    assert facts.kind_of("stage") == SCHEMA.fields["stage"].kind
    assert facts.kind_of("tried[].sufficient") == BOOLEAN
    assert isinstance(facts.kind_of("tried"), RecordsKind)


def test_fields_of_an_organisation():
    schema = SCHEMA.extended((Field("x.owner", STRING, "who"),))
    claims = [Fact("x.owner", "ann"), Fact("x.other", "bob")]
    assert Facts(claims, schema).values == {**ALWAYS, "x.owner": "ann"}
    assert Facts(claims).values == ALWAYS


def test_absent_is_one_object_also_after_copying():
    assert copy.deepcopy(ABSENT) is ABSENT
    assert pickle.loads(pickle.dumps({"stage": ABSENT}))["stage"] is ABSENT


def test_an_open_list_without_members():
    assert Members((), complete=False) == OPEN_LIST


def test_the_schema_names_each_field_once_and_no_field_is_a_section():
    assert len(SCHEMA.fields) == len(FIELDS)
    assert not SCHEMA.sections & SCHEMA.fields.keys()
    assert SCHEMA.sections > {"data", "model", "needs"}


def test_a_statement_against_what_follows_is_a_contradiction():
    facts = Facts([Fact("approach", "hybrid"), Fact("retrieval.planned", False), Fact("training.seed", 1, "observed")])
    (found,) = facts.contradictions
    assert (found.path, found.claim.value, found.against.value) == ("retrieval.planned", True, False)
    assert facts.values["retrieval.planned"] is True
    assert facts.values["evidence.contradictions"] == 1
