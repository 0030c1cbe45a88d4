from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.judge import judge
from policy.errors import Location, PolicyError
from policy.model.canonical import canonical_json
from policy.model.decision import Subject
from policy.model.fact import ABSENT, Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import BOOLEAN, DATE, DURATION, INTEGER, MONEY, NUMBER, PATH, STRING, enum, list_of
from policy.model.policy import PolicySet
from policy.model.recorded.facts import FORMAT, decode_facts, encode_facts, list_misfits
from policy.model.schema import Field
from policy.reports.json_report import decision_document
from tests.building import make_facts, make_policy
from tests.strategies import facts_about, policies, texts, values_of

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
KINDS = [BOOLEAN, INTEGER, NUMBER, STRING, PATH, DURATION, DATE, MONEY, enum("a", "b")]
OWN = SCHEMA.extended(
    tuple(Field(f"x.f{number}", kind, "a field") for number, kind in enumerate([*KINDS, *map(list_of, KINDS)]))
)
PATHS = sorted(SCHEMA.fields)
places = st.none() | st.builds(Location, texts, *[st.integers(1, 10**6)] * 4)


def write(facts, schema=SCHEMA):
    """The facts when they have been on disk."""
    return decode_facts(json.loads(canonical_json(encode_facts(facts))), schema)


def place_fact(draw, fact):
    value = fact.value
    if isinstance(value, Members) and value.items and isinstance(value.items[0], dict):
        items = tuple({name: place_fact(draw, inner) for name, inner in item.items()} for item in value.items)
        value = Members(items, value.complete)
    return fact._replace(value=value, source=draw(texts), digest=draw(texts), location=draw(places))


@st.composite
def located_facts(draw, paths):
    """Facts as evidence and manifests state them: with sources, digests and positions."""
    facts = draw(facts_about(paths))
    claims = [place_fact(draw, fact) for fact in facts.claims]
    subject = draw(st.builds(Subject, texts, st.none() | texts, st.none() | texts))
    faults = draw(st.dictionaries(st.sampled_from(PATHS), texts, max_size=2))
    return Facts(claims, SCHEMA, subject, facts.unavailable, faults)


def parts(facts):
    return facts.claims, facts.subject, facts.unavailable, facts.faults


@given(st.data())
@settings(max_examples=150)
def test_facts_come_back_as_they_were(data):
    facts = data.draw(located_facts(data.draw(st.lists(st.sampled_from(PATHS), max_size=8, unique=True))))
    assert parts(write(facts)) == parts(facts)


@given(st.data())
@settings(max_examples=150)
def test_judged_again_they_give_the_same_bytes(data):
    policy = data.draw(policies())
    facts = data.draw(located_facts(sorted(policy.paths)))
    policy_set = PolicySet((policy,))
    first, again = (judge(policy_set, known, gate="ci", now=NOW) for known in (facts, write(facts)))
    assert canonical_json(decision_document(first)) == canonical_json(decision_document(again))


@given(st.data())
def test_fields_of_the_organisation_of_every_kind_come_back(data):

    claims = []
    for field in (field for path, field in OWN.fields.items() if path.startswith("x.")):
        of = getattr(field.kind, "of", None)
        values = (
            values_of(field.kind)
            if of is None
            else st.builds(Members, st.lists(values_of(of), max_size=3).map(tuple), st.booleans())
        )
        claims.append(Fact(field.path, data.draw(values | st.just(ABSENT)), "declared"))
    facts = Facts(claims, OWN)
    assert write(facts, OWN).claims == facts.claims


def test_the_order_of_claims_records_and_their_fields_stays():
    facts = make_facts("tried: [{run: b, approach: rag}, {approach: rag, run: a}]", observed="data.rows: 3")
    again = write(facts)
    assert [list(item) for item in again.claims[0].value.items] == [["run", "approach"], ["approach", "run"]]
    assert [claim.path for claim in again.claims] == [claim.path for claim in facts.claims]


def test_an_expression_is_a_fact_too():
    facts = Facts([Fact("cel:data.rows > 3", value=True, origin="estimated")])
    assert write(facts).claims == facts.claims


def test_what_the_schema_does_not_know_is_left_out_and_named():
    document = encode_facts(Facts([Fact("x.f1", 3), Fact("approach", "rag"), Fact("x.f3", "text")], OWN))
    assert [claim.path for claim in decode_facts(document).claims] == ["approach"]
    assert list_misfits(document) == ("x.f1", "x.f3")
    # Another organisation calls a date what was a number here.
    other = SCHEMA.extended((Field("x.f1", DATE, "a day"), Field("x.f3", STRING, "a text")))
    assert [claim.path for claim in decode_facts(document, other).claims] == ["approach", "x.f3"]
    assert list_misfits(document, other) == ("x.f1",)


def test_what_was_taken_out_is_told():
    document = encode_facts(make_facts("approach: rag"), {"owner.contact": ["phone", "email"]})
    assert document["redacted"] == {"owner.contact": ["email", "phone"]}
    assert decode_facts(document).values["approach"] == "rag"


GOOD = encode_facts(make_facts("approach: rag\nbudget.per_run: 5 USD\ndata.change_interval: 3d"))


def change(**changed):
    return {**json.loads(canonical_json(GOOD)), **changed}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (None, "no format"),
        ([], "no format"),
        ({}, "no format"),
        ({"format": 1}, "no format"),
        ({"format": "policy-facts/2"}, "this version reads policy-facts/1"),
        ({"format": FORMAT}, "no subject"),
        (change(subject=[]), "no subject"),
        (change(subject={"project": 1, "manifest": None, "training_config": None}), "no subject"),
        (change(subject={"project": "a", "manifest": 1, "training_config": None}), "no subject"),
        (change(claims={}), "no list"),
        (change(claims=[1]), "a claim is none"),
        (change(claims=[["approach", "rag"]]), "a claim is none"),
        (change(claims=[[1, "rag", "declared", "", "", None]]), "a claim is none"),
        (change(claims=[["approach", "rag", "rumoured", "", "", None]]), "nobody can have told"),
        (change(claims=[["approach", "rag", ["declared"], "", "", None]]), "nobody can have told"),
        (change(claims=[["approach", "rag", "declared", None, "", None]]), "nobody can have told"),
        (change(claims=[["approach", "rag", "declared", "", "", "file:1"]]), "a position"),
        (change(claims=[["approach", "rag", "declared", "", "", []]]), "a position"),
        (change(claims=[["approach", "rag", "declared", "", "", ["f", 1, 1, 1]]]), "a position"),
        (change(claims=[["approach", "rag", "declared", "", "", ["f", 1, 1, True, 0]]]), "a position"),
        (change(claims=[["approach", "rag", "declared", "", "", ["f", -1, 1, 0, 0]]]), "a position"),
        (change(claims=[["tried", ["a"], "declared", "", "", None]]), "no list of named facts"),
        (change(claims=[["tried", [[["run"]]], "declared", "", "", None]]), "other parts"),
        (change(unavailable=["data.rows"]), "no texts"),
        (change(faults={"data.rows": 3}), "no texts"),
    ],
)
def test_a_document_that_no_version_wrote_is_refused(document, said):
    with pytest.raises(PolicyError, match=said):
        decode_facts(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("manifest.present", "true"),
        ("manifest.present", 1),
        ("data.rows", True),
        ("data.rows", 1.5),
        ("data.rows", "1"),
        ("data.change_interval", "30d"),
        ("budget.per_run", 5),
        ("budget.per_run", {"amount": "5", "currency": "USD"}),
        ("budget.per_run", {"amount": 5}),
        ("model.retires", "2026-W01-1"),
        ("model.retires", "20261120"),
        ("model.retires", "2026-13-01"),
        ("approach", ["rag"]),
        ("approach", None),
        ("purpose", "style"),
        ("purpose", {"open": "style"}),
        ("purpose", ["style", 1]),
        ("tried", "prompt"),
        ("tried", {"closed": []}),
    ],
)
def test_a_value_of_another_kind_is_no_fact(path, value):
    document = change(claims=[[path, value, "declared", "", "", None]])
    assert decode_facts(document).claims == ()
    assert list_misfits(document) == (path,)


def test_numbers_keep_what_they_are():
    claims = [Fact("data.rows", 2**53), Fact("data.duplicate_rate", 0.0), Fact("budget.per_run", make_money())]
    again = write(Facts(claims)).claims
    assert [type(fact.value) for fact in again[:2]] == [int, float]
    assert again == tuple(claims)


def make_money():
    return make_facts("budget.per_run: 0.1 USD").claims[0].value


def test_a_policy_of_the_catalogue_gives_the_same_message():
    policy = make_policy("require: {data.sources: {each: {require: {license: [mit]}}}}\neffect: block")
    facts = make_facts("data:\n  sources:\n    - {path: b, license: gpl-3.0}\n    - {path: a, license: x}")
    found = [judge(PolicySet((policy,)), known, gate="ci", now=NOW).outcomes for known in (facts, write(facts))]
    assert found[0] == found[1]
    assert found[0][0].outcome == "fail"
