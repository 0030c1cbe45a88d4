"""The advice that the policies which ship give to projects of every sort."""

from __future__ import annotations

import pytest

from policy.app.advising import advise_one
from policy.app.subjects import build_subjects
from policy.engine.advice.advising import advise
from policy.loading.discovery import discover
from tests.building import NOW, make_facts
from tests.engine.advice.building import EXAMPLES, ask, climb, fall_short, find, open_catalogue, order

LADDER = ["prompt-engineering", "system-prompt", "few-shot", "rag"]
PROMPTS = ("prompt-engineering", "system-prompt", "few-shot")
MIXED = "purpose: [style, knowledge]\nneeds: {knowledge: true}\n"
STYLE = "purpose: [style]\nneeds: {knowledge: false}\n"
READY = "owner: {team: a, training_experience: true}\ndata: {rows: 5000, change_interval: 180d}\n"


def advise_example(name):
    workspace = open_catalogue()
    (item,) = discover([str(EXAMPLES / name)])[0].items
    (facts,) = build_subjects(workspace, item, NOW.date()).facts
    return advise_one(workspace, facts, NOW)


def ask_catalogue(declared):
    return ask(open_catalogue().policy_set, declared)


def test_prices_that_change_and_must_be_cited_are_retrieved():
    advice = advise_example("pricing-answers")
    assert (advice.present, advice.best, advice.ranked[0].grade) == ("fine-tuning", "rag", "try")
    callers = {voice.policy for voice in advice.ranked[0].in_favour}
    assert {"citations-required", "volatile-data", "knowledge-injection", "knowledge-updates"} <= callers
    assert find(advice, "fine-tuning").grade == find(advice, "hybrid").grade == "stopped"
    assert find(advice, "prompt-engineering").grade == "spent"


def test_a_style_that_prompts_did_not_reach_is_tuned():
    advice = advise_example("reply-tone")
    assert (advice.best, advice.ranked[0].grade, advice.ladder) == ("fine-tuning", "keep", ())
    assert [voice.policy for voice in advice.ranked[0].in_favour] == ["rag-could-fine-tune"]
    assert advice.ranked[0].against == ()
    assert {find(advice, name).grade for name in PROMPTS} == {"spent"}


def test_a_style_that_prompts_did_not_reach_is_tuned_before_anybody_tuned_it():
    advice = ask_catalogue(f"approach: prompt-engineering\n{STYLE}{READY}{fall_short(*PROMPTS)}")
    assert (advice.best, advice.ranked[0].grade) == ("fine-tuning", "try")
    # Without knowledge there is nothing to retrieve, though no policy stops retrieval.
    assert (find(advice, "rag").grade, find(advice, "hybrid").grade) == ("silent", "silent")
    assert find(advice, "rag").excused_by == ("rag-tried",)


def test_a_prompt_that_suffices_is_kept():
    advice = advise_example("ticket-triage")
    assert order(advice)[:2] == ["prompt-engineering", "few-shot"]
    assert (advice.ranked[0].grade, advice.ranked[1].grade) == ("keep", "keep")


def test_retrieval_that_suffices_is_kept():
    advice = advise_example("policy-faq")
    assert (advice.best, advice.ranked[0].grade) == ("rag", "keep")
    assert "citations-required" in {voice.policy for voice in advice.ranked[0].in_favour}


def test_mixed_needs_lead_to_both():
    advice = ask_catalogue(MIXED + READY + fall_short(*PROMPTS, "rag"))
    assert (advice.best, advice.ranked[0].grade) == ("hybrid", "try")
    assert "mixed-purpose" in {voice.policy for voice in advice.ranked[0].in_favour}
    assert find(advice, "fine-tuning").grade == "stopped"


def test_mixed_needs_of_which_nothing_was_tried_lead_to_both_last():
    advice = ask_catalogue(MIXED + READY)
    assert advice.best == "rag"
    assert climb(advice) == ["rag", *PROMPTS, "hybrid"]


@pytest.mark.parametrize("tried", ["", "tried: []\n"])
def test_ninety_examples_go_into_a_prompt(tried):
    advice = ask_catalogue(f"data: {{rows: 90}}\n{tried}")
    assert order(advice)[:2] == ["prompt-engineering", "few-shot"]
    assert "too-few-examples" in {voice.policy for voice in find(advice, "few-shot").in_favour}
    assert find(advice, "fine-tuning").grade == "stopped"


def test_an_agent_starts_with_prompts_and_retrieval():
    advice = ask_catalogue("approach: fine-tuning\nsystem: {kind: agent}\n")
    assert order(advice)[:2] == ["prompt-engineering", "rag"]
    assert "agent-fine-tuning" in {voice.policy for voice in find(advice, "fine-tuning").against}


def test_an_agent_that_they_did_not_serve_may_be_tuned():
    stated = "system: {kind: agent}\npurpose: [task-pattern]\n"
    needs = "needs: {prompt_resistant_pattern: true, knowledge: true, citations: false}\n"
    tried = fall_short(*PROMPTS, "rag")
    assert ask_catalogue(stated + needs + READY + tried).best == "fine-tuning"
    held = ask_catalogue(stated + "needs: {prompt_resistant_pattern: false, knowledge: true}\n" + READY + tried)
    assert (held.best, find(held, "fine-tuning").grade) == (None, "stopped")


def test_of_who_knows_nothing_the_ladder_is_climbed_from_the_bottom():
    advice = ask_catalogue("")
    assert order(advice)[:4] == climb(advice) == LADDER
    telling = [question.fact for question in advice.questions if question.changes]
    assert set(telling) == {"purpose", "data.change_interval", "needs.citations"}
    assert [question.fact for question in advice.questions[:3]] == telling


def test_a_style_project_is_not_told_to_retrieve_for_want_of_objections():
    advice = ask_catalogue(STYLE)
    assert climb(advice) == [*PROMPTS, "fine-tuning"]
    assert find(advice, "rag").grade == "silent"


def test_where_what_is_left_is_stopped_nothing_is_recommended():
    few = READY.replace("5000", "50")
    advice = ask_catalogue(STYLE + few + fall_short(*PROMPTS))
    assert (advice.best, advice.ladder) == (None, ())
    assert "too-few-examples" in {voice.policy for voice in find(advice, "fine-tuning").against}


def test_a_rung_that_fell_short_is_never_the_next():
    for count in range(1, 4):
        advice = ask_catalogue(fall_short(*PROMPTS[:count]))
        assert advice.best not in PROMPTS[:count]
        assert not set(PROMPTS[:count]) & set(climb(advice))


def test_costs_stand_side_by_side():
    costs = advise_example("reply-tone").costs
    assert {"prompt-engineering", "rag", "fine-tuning"} <= {cost.approach for cost in costs}


def test_a_policy_that_errs_is_said_and_ranks_nothing():
    facts = make_facts("project: test\npurpose: [knowledge]\n", faults={"purpose": "the plugin broke"})
    advice = advise(open_catalogue().policy_set, facts, NOW)
    broken = {fault.policy: fault.message for fault in advice.faults}
    assert broken["knowledge-injection"] == "the plugin broke"
    assert "knowledge-injection" not in {voice.policy for item in advice.ranked for voice in item.in_favour}


def test_the_same_is_advised_byte_for_byte():
    assert advise_example("pricing-answers") == advise_example("pricing-answers")
