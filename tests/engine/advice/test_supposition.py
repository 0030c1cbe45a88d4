"""What is supposed of a project, and what of it stays as it is."""

from __future__ import annotations

import pytest

from policy.engine.advice.ladder import LADDER, judged_as, list_standings, suppose_short
from policy.engine.advice.supposition import name_present, replace_claims, suppose
from policy.model.fact import Fact, Members
from policy.model.fields import ALTERNATIVES, APPROACHES
from tests.building import make_facts

STATED = "approach: rag\ndata: {rows: 5}\nretrieval: {planned: true}\n"


@pytest.mark.parametrize("approach", APPROACHES)
def test_only_the_approach_and_what_follows_from_it_change(approach):
    facts = make_facts(STATED, observed="training: {tool: axolotl}\n")
    supposed = suppose(facts, approach)
    assert supposed.values["approach"] == approach
    assert supposed.values["retrieval.planned"] is (approach in ("rag", "hybrid"))
    assert (supposed.values["data.rows"], supposed.values["training.tool"]) == (5, "axolotl")
    assert supposed.contradictions == ()
    assert facts.values["approach"] == "rag"


def test_what_is_observed_of_the_approach_is_set_aside_too():
    supposed = suppose(make_facts(STATED, observed="approach: fine-tuning\n"), "few-shot")
    assert supposed.values["approach"] == supposed.proven_values["approach"] == "few-shot"


@pytest.mark.parametrize(
    ("facts", "count"),
    [
        (make_facts(), 0),
        (make_facts(absent=("tried",)), 0),
        (make_facts("tried: []\n"), 0),
        (make_facts("tried: [{approach: rag, score: 1}]\n"), 1),
        (make_facts(observed="tried: [{approach: rag, score: 1}]\n"), 1),
    ],
)
def test_what_is_not_stated_as_tried_was_not_tried(facts, count):
    tried = suppose(facts, "rag").values["tried"]
    assert (len(tried.items), tried.complete) == (count, True)


def test_answers_of_expressions_are_left_to_who_evaluates_them():
    answered = make_facts(STATED, faults={"cel:true": "ran out of time", "data.rows": "broke"})
    answered = answered.with_claims([Fact("cel:approach == 'rag'", True, "observed")])
    supposed = suppose(answered, "few-shot")
    assert "cel:approach == 'rag'" not in supposed.values
    assert supposed.faults == {"data.rows": "broke"}


@pytest.mark.parametrize(
    ("stated", "present"),
    [
        ("", None),
        ("approach: rag\n", "rag"),
        ("approach: hybrid\n", "hybrid"),
        ("approach: fine-tuning\n", "fine-tuning"),
        ("approach: fine-tuning\nretrieval: {planned: false}\n", "fine-tuning"),
        ("approach: fine-tuning\nretrieval: {planned: true}\n", "hybrid"),
        ("approach: few-shot\nretrieval: {planned: true}\n", "rag"),
    ],
)
def test_the_present_approach(stated, present):
    assert name_present(make_facts(stated)) == present


def test_every_approach_that_can_be_named_has_its_place():
    assert sorted(LADDER) == sorted(ALTERNATIVES)
    assert {judged_as(approach) for approach in LADDER} == set(APPROACHES)
    assert judged_as("system-prompt") == judged_as("base-model") == "prompt-engineering"


@pytest.mark.parametrize(
    ("tried", "standing"),
    [
        ("", "untried"),
        ("tried: []", "untried"),
        ("tried: [{approach: few-shot, sufficient: true}]", "untried"),
        ("tried: [{approach: rag}]", "measured"),
        ("tried: [{approach: rag, sufficient: false}]", "insufficient"),
        ("tried: [{approach: rag, sufficient: false}, {approach: rag, score: 1}]", "measured"),
        ("tried: [{approach: rag, sufficient: false}, {approach: rag, sufficient: true}]", "sufficient"),
    ],
)
def test_how_far_a_project_came(tried, standing):
    assert list_standings(make_facts(tried))["rag"] == standing


def test_an_absent_list_is_nothing_tried():
    assert set(list_standings(make_facts(absent=("tried",))).values()) == {"untried"}


def test_falling_short_can_be_supposed_beside_what_was_tried():
    facts = make_facts("tried: [{approach: rag, score: 1, sufficient: true}]\n")
    standings = list_standings(replace_claims(facts, (*facts.claims, suppose_short("few-shot"))))
    assert (standings["rag"], standings["few-shot"]) == ("sufficient", "insufficient")
    assert isinstance(suppose_short("rag").value, Members)
