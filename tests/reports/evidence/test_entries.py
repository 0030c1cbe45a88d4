from __future__ import annotations

import pytest

from policy.model.derived.derivations import DERIVATIONS
from policy.model.fact import ABSENT, Fact, Members
from policy.model.fields import SCHEMA
from policy.reports.evidence.entries import list_behind, name_field
from tests.building import make_claims, make_facts
from tests.reports.evidence.views import combine, list_found, say


def test_declared_and_observed_stand_side_by_side_the_one_that_counts_first():
    facts = make_facts("data: {rows: 1000}", observed="data.rows: 934")
    assert say(list_found(facts, "data.")) == [
        ("data.rows", 934, "observed", True),
        ("data.rows", 1000, "declared", False),
    ]
    assert all(entry.contradicted for entry in list_found(facts, "data."))


def test_claims_that_agree_are_not_contradicted():
    facts = make_facts("data: {rows: 1000}", observed="data.rows: 1001")
    assert [entry.contradicted for entry in list_found(facts, "data.")] == [False, False]


def test_a_weaker_claim_counts_where_it_says_more():
    facts = make_facts("approach: hybrid", observed="approach: fine-tuning")
    assert say(list_found(facts, "approach")) == [
        ("approach", "fine-tuning", "observed", False),
        ("approach", "hybrid", "declared", True),
    ]


def test_of_conflicting_observations_none_counts():
    claims = make_claims("training.seed: 1", origin="observed"), make_claims("training.seed: 2", origin="observed")
    entries = list_found(combine(*claims), "training.")
    assert [(entry.judged, entry.contradicted) for entry in entries] == [(False, True), (False, True)]


def test_what_several_claims_make_together_is_an_entry_of_its_own():
    claims = make_claims("data.rows: 1", origin="observed", source="a"), make_claims("data.rows: 2", origin="observed")
    entries = list_found(combine(*claims), "data.")
    assert [(entry.fact.value, entry.judged, entry.follows_from) for entry in entries] == [
        (1, False, ()),
        (2, False, ()),
        (3, True, ("data.rows",)),
    ]


def test_an_absence_is_an_entry():
    (entry,) = list_found(make_facts(absent=("model.revision",)), "model.")
    assert (entry.fact.value, entry.judged) == (ABSENT, True)


def test_a_derived_fact_names_what_it_follows_from():
    facts = make_facts("evaluation: {tuned: 0.8, baseline: 0.5}")
    entry = list_found(facts, "evaluation.gain")[0]
    assert entry.follows_from == ("evaluation.tuned", "evaluation.baseline")
    assert entry.judged


def test_the_order_is_that_of_the_schema_and_of_strength_whatever_came_first():
    text, seen = "stage: pilot\napproach: rag\n", "approach: fine-tuning"
    forwards = combine(make_claims(text), make_claims(seen, origin="observed"))
    backwards = combine(make_claims(seen, origin="observed"), make_claims("approach: rag\nstage: pilot\n"))
    expected = [("approach", "observed"), ("approach", "declared"), ("stage", "declared")]
    for facts in (forwards, backwards):
        found = [(entry.path, entry.fact.origin) for entry in list_found(facts)]
        assert [pair for pair in found if pair in expected] == expected


def test_what_is_outside_the_schema_is_left_out():
    facts = combine((Fact("x.unknown", 1), Fact("cel:data.rows > 1", True, "observed")))
    assert {entry.path for entry in list_found(facts)}.isdisjoint({"x.unknown", "cel:data.rows > 1"})


# Lists of records


def test_a_field_of_a_record_bears_the_place_of_its_record_whoever_tells_it():
    declared = "data.sources: [{path: b.jsonl, rows: 5}, {path: a.jsonl}]"
    observed = "data.sources: [{path: a.jsonl, rows: 7}, {path: c.jsonl}]"
    facts = combine(make_claims(declared), make_claims(observed, origin="observed"))
    merged = facts.judged["data.sources"].value.items
    found = say(list_found(facts, "data.sources["))
    for index, record in enumerate(merged):
        told = {(path, origin) for path, _, origin, _ in found if str(path).startswith(f"data.sources[{index}]")}
        expected = {"a.jsonl": 3, "b.jsonl": 2, "c.jsonl": 1}[record["path"].value]
        assert len(told) == expected
    at = next(index for index, record in enumerate(merged) if record["path"].value == "a.jsonl")
    assert [row for row in found if row[0] == f"data.sources[{at}].path"] == [
        (f"data.sources[{at}].path", "a.jsonl", "observed", True),
        (f"data.sources[{at}].path", "a.jsonl", "declared", False),
    ]
    assert (f"data.sources[{at}].rows", 7, "observed", True) in found


def test_only_the_record_that_is_contradicted_is_marked():
    declared = "data.sources: [{path: a.jsonl, rows: 5}, {path: b.jsonl, rows: 5}]"
    facts = make_facts(declared, observed="data.sources: [{path: a.jsonl, rows: 700}]")
    marked = [entry.path for entry in list_found(facts, "data.sources[") if entry.contradicted]
    assert len(marked) == 2
    assert len(set(marked)) == 1


def test_several_records_of_one_key_stay_apart_and_the_first_is_the_observed_one():
    declared = "tried: [{results: a.json, few_shot: 1}, {results: a.json, few_shot: 2}]"
    facts = combine(make_claims(declared), make_claims("tried: [{results: a.json, score: 0.5}]", origin="observed"))
    found = say(list_found(facts, "tried["))
    shots = {path: value for path, value, _, _ in found if str(path).endswith("few_shot")}
    scored = next(str(path) for path, _, _, _ in found if str(path).endswith("score"))
    assert set(shots.values()) == {1, 2}
    assert shots[scored.replace("score", "few_shot")] == 1


def test_records_without_a_key_are_told_apart():
    facts = make_facts("tried: [{approach: rag}, {approach: few-shot, score: 0.5}, {approach: rag}]")
    assert say(list_found(facts, "tried[")) == [
        ("tried[0].approach", "rag", "declared", True),
        ("tried[1].approach", "few-shot", "declared", True),
        ("tried[1].score", 0.5, "declared", True),
        ("tried[2].approach", "rag", "declared", True),
    ]


@pytest.mark.parametrize("value", [Members((), complete=True), Members(({},), complete=False), ABSENT])
def test_a_list_of_nothing_has_no_fields(value):
    facts = combine((Fact("tried", value, "observed", "plugin"), *make_claims("project: a")))
    assert [entry.path for entry in list_found(facts, "tried")] == ["tried"]


def test_the_list_that_counts_stands_beside_those_that_it_was_made_of():
    facts = make_facts("tried: [{results: a.json}]", observed="tried: [{results: b.json}]")
    origins = [(entry.fact.origin, entry.judged, entry.follows_from) for entry in list_found(facts, "tried")][:3]
    assert origins == [("observed", False, ()), ("declared", False, ()), ("observed", True, ("tried",))]


def test_a_derived_field_of_a_record_follows_from_the_same_record():
    assert list_behind(
        Fact("license_terms", (), source="derived from license, the table of licenses"), SCHEMA, "data.sources[2]."
    ) == ("data.sources[2].license",)


# What stands behind a derived fact is read from the words that tell it.


@pytest.mark.parametrize(
    "derivation", [item for item in DERIVATIONS if "[]" not in item.path], ids=lambda item: item.path
)
def test_every_path_that_a_derivation_can_name_is_found_again(derivation):
    behind = ", ".join((*derivation.inputs, *(f"the table of {name}" for name in derivation.tables)))
    told = Fact(derivation.path, 1, source=f"derived from {behind}; assumed: a.b, data.rows")
    assert list_behind(told, SCHEMA) == derivation.inputs


def test_what_is_not_derived_follows_from_nothing():
    assert list_behind(Fact("data.rows", 1, source="data files"), SCHEMA) == ()
    assert list_behind(Fact("run.activity", "training", source="derived"), SCHEMA) == ()


@pytest.mark.parametrize(
    ("path", "field"), [("data.rows", "data.rows"), ("tried[12].score", "tried[].score"), ("tried", "tried")]
)
def test_a_field_is_named_as_the_schema_does(path, field):
    assert name_field(path) == field
