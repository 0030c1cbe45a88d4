"""The order of approaches: what it goes by, and that nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.advice import GRADES
from policy.model.fields import ALTERNATIVES
from policy.model.gates import EFFECTS, SEVERITIES
from policy.model.policy import GateSettings, PolicySet
from tests.building import NOW, make_policy
from tests.engine.advice.building import (
    FACTS,
    FEW_ROWS,
    TUNED,
    TUNING_TRIED,
    UPWARD,
    ask,
    climb,
    fall_short,
    find,
    make_set,
    order,
)

HOUSE = make_set(TUNING_TRIED, FEW_ROWS, FACTS, UPWARD)


def test_without_policies_that_tell_apart_nothing_is_ranked():
    everywhere = "policy: everywhere\nrequire: {stage: pilot}\neffect: block\ninstead: [rag]\n"
    for policy_set in (make_set(), make_set(everywhere)):
        advice = ask(policy_set, "stage: production\napproach: fine-tuning\n")
        assert (advice.ranked, advice.best, advice.ladder, advice.questions) == ((), None, (), ())


def test_no_policy_is_known_by_its_name():
    """What the catalogue says comes from its policies: without one, its advice is gone."""
    advice = ask(make_set(FEW_ROWS), "purpose: [knowledge]\nneeds: {citations: true}\n")
    assert find(advice, "rag").grade == "silent"
    assert advice.best is None


def test_an_own_policy_that_names_an_approach_moves_it():
    stated = "purpose: [knowledge]\ndata: {rows: 50}\n"
    assert order(ask(HOUSE, stated))[:2] == ["rag", "prompt-engineering"]
    own = (
        f"policy: own\n{TUNED}require: {{stage: production}}\nseverity: critical\neffect: block\ninstead: [few-shot]\n"
    )
    moved = ask(make_set(TUNING_TRIED, FEW_ROWS, FACTS, UPWARD, own), stated + "stage: pilot\n")
    assert moved.best == "few-shot"
    assert [voice.policy for voice in moved.ranked[0].in_favour] == ["own", "few-rows"]


def test_an_own_policy_can_stop_an_approach():
    own = "policy: own\nwhen: {approach: rag}\nrequire: {stage: production}\neffect: hold\n"
    advice = ask(make_set(FACTS, own), "purpose: [knowledge]\nstage: pilot\n")
    assert (advice.best, find(advice, "rag").grade) == (None, "stopped")


def test_among_equals_the_cheaper_comes_first():
    advice = ask(HOUSE, "data: {rows: 50}\n")
    assert order(advice)[:2] == ["prompt-engineering", "few-shot"]


def test_what_only_flags_sends_nobody_past_a_cheaper_one():
    flag = f"policy: flag\n{TUNED}require: {{stage: production}}\nseverity: critical\neffect: flag\ninstead: [rag]\n"
    advise = (
        f"policy: mild\n{TUNED}require: {{stage: production}}\nseverity: low\neffect: advise\ninstead: [few-shot]\n"
    )
    assert order(ask(make_set(flag, advise), "stage: pilot\n"))[:2] == ["few-shot", "rag"]


def test_what_suffices_is_kept_whatever_else_could_be_tried():
    tried = "tried: [{approach: fine-tuning, score: 1, sufficient: true}, {approach: prompt-engineering, score: 0}]\n"
    advice = ask(HOUSE, tried + "data: {rows: 5000}\npurpose: [style]\n")
    assert (advice.best, advice.ranked[0].grade) == ("fine-tuning", "keep")


def test_what_suffices_and_is_stopped_is_not_kept():
    advice = ask(HOUSE, "tried: [{approach: fine-tuning, score: 1, sufficient: true}]\ndata: {rows: 50}\n")
    assert find(advice, "fine-tuning").grade == "stopped"


def test_one_attempt_that_suffices_counts_for_its_approach():
    tried = "tried: [{approach: rag, score: 1, sufficient: false}, {approach: rag, score: 2, sufficient: true}]\n"
    assert find(ask(HOUSE, tried), "rag").standing == "sufficient"


def test_a_dearer_approach_waits_for_a_cheaper_one_that_a_policy_names():
    mild = f"policy: mild\n{TUNED}require: {{stage: production}}\neffect: advise\ninstead: [system-prompt]\n"
    stated = "stage: pilot\ndata: {rows: 5000}\npurpose: [style]\n" + fall_short("prompt-engineering")
    advice = ask(make_set(UPWARD, mild), stated)
    assert (advice.best, find(advice, "fine-tuning").grade) == ("system-prompt", "wait")
    assert find(advice, "fine-tuning").after == ("system-prompt",)
    assert climb(advice) == ["system-prompt", "fine-tuning"]


def test_who_is_asked_for_a_system_prompt_is_not_told_that_it_speaks_against_one():
    own = (
        "policy: own\nwhen: {approach: prompt-engineering}\nrequire: {tried: {some: {approach: system-prompt}}}\n"
        "effect: flag\ninstead: [system-prompt]\n"
    )
    advice = ask(make_set(own))
    assert find(advice, "system-prompt").against == ()
    assert [voice.policy for voice in find(advice, "system-prompt").in_favour] == ["own"]
    assert [voice.policy for voice in find(advice, "prompt-engineering").against] == ["own"]


def test_the_untouched_model_is_ranked_only_where_it_is_a_way_to_go():
    own = f"policy: own\n{TUNED}require: {{hosting.billed_idle: false}}\neffect: flag\ninstead: [base-model]\n"
    hosted = "hosting: {billed_idle: true}\n"
    assert "base-model" not in order(ask(make_set(own)))
    assert ask(make_set(own), hosted).best == "base-model"
    # Prompts are put to that model, so where they fell short it did.
    assert "base-model" not in order(ask(make_set(own), hosted + fall_short("few-shot")))


def test_modes_and_dates_take_nothing_from_what_a_policy_says():
    softened = make_set(
        FACTS,
        modes={"facts": "observe"},
        gates={"check": GateSettings(mode="observe")},
        starts={"facts": NOW.date().replace(year=2030)},
    )
    advice = ask(softened, "purpose: [knowledge]\n")
    assert advice.best == "rag"
    assert find(advice, "fine-tuning").against[0].effect == "block"


def test_the_hardest_gate_counts():
    own = FACTS.replace("effect: block", "effect: {check: advise, ci: block}")
    assert find(ask(make_set(own), "purpose: [knowledge]\n"), "fine-tuning").grade == "stopped"


def test_of_the_policies_of_releases_only_those_count_that_name_an_approach():
    package = f"policy: package\n{TUNED}require: {{present: [release.digest]}}\neffect: {{release: block}}\n"
    gain = f"policy: gain\n{TUNED}require: {{evaluation.gain: {{at_least: 0}}}}\neffect: {{release: block}}\n"
    gain += "instead: [prompt-engineering]\n"
    advice = ask(make_set(package, gain), "evaluation: {gain: -1}\n")
    assert [voice.policy for voice in find(advice, "fine-tuning").against] == ["gain"]
    # Before a release nobody can answer it.
    assert ask(make_set(gain)).questions == ()


def test_retrieval_beside_tuning_is_hybrid():
    advice = ask(HOUSE, "approach: fine-tuning\nretrieval: {planned: true}\n")
    assert advice.present == "hybrid"


@pytest.mark.parametrize("approach", ["fine-tuning", "rag", "prompt-engineering", "few-shot", "hybrid"])
def test_what_a_project_does_now_changes_nothing(approach):
    stated = "purpose: [knowledge]\ndata: {rows: 50}\n"
    assert order(ask(HOUSE, f"{stated}approach: {approach}\n")) == order(ask(HOUSE, stated))


WAYS = ["fine-tuning", "rag", "prompt-engineering", "few-shot", "hybrid"]
TESTS = [
    "stage: production",
    "data.rows: {at_least: 100}",
    "tried: {some: {approach: few-shot}}",
    "needs.knowledge: false",
]


@st.composite
def policy_texts(draw):
    """What a policy about approaches says, without its id."""
    when = draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3, unique=True))
    instead = draw(st.lists(st.sampled_from(ALTERNATIVES), max_size=2, unique=True))
    return (
        f"when: {{approach: [{', '.join(when)}]}}\nrequire: {{{draw(st.sampled_from(TESTS))}}}\n"
        f"severity: {draw(st.sampled_from(SEVERITIES))}\neffect: {draw(st.sampled_from(EFFECTS))}\n"
        + (f"instead: [{', '.join(instead)}]\n" if instead else "")
    )


PROJECTS = st.sampled_from(
    [
        "",
        "stage: pilot\n",
        "stage: production\ndata: {rows: 10}\n",
        "needs: {knowledge: true}\n" + fall_short("few-shot"),
        "stage: pilot\ndata: {rows: 5000}\ntried: [{approach: rag, score: 1, sufficient: true}]\n",
        "needs: {knowledge: false}\n" + fall_short("prompt-engineering", "rag", "fine-tuning"),
    ]
)


def number(texts, prefix="p"):
    return [make_policy(f"policy: {prefix}-{place}\n{text}") for place, text in enumerate(texts)]


@given(st.lists(policy_texts(), min_size=1, max_size=6), PROJECTS)
def test_nothing_that_is_stopped_stands_above_what_nothing_is_said_against(texts, project):
    advice = ask(PolicySet(tuple(number(texts))), project)
    grades = [GRADES.index(item.grade) for item in advice.ranked]
    assert grades == sorted(grades)
    stopped = [bool({voice.effect for voice in item.against} & {"hold", "block"}) for item in advice.ranked]
    assert stopped == sorted(stopped)
    if advice.best is not None:
        best = advice.ranked[0]
        assert best.standing == "sufficient" or best.in_favour
        assert best.standing != "insufficient"
    assert len(set(climb(advice))) == len(climb(advice))


@given(st.lists(policy_texts(), min_size=1, max_size=5), PROJECTS, st.randoms(use_true_random=False))
def test_names_and_order_of_policies_decide_nothing(texts, project, chance):
    policies = number(texts)
    advice = ask(PolicySet(tuple(policies)), project)
    shuffled = list(policies)
    chance.shuffle(shuffled)
    assert ask(PolicySet(tuple(shuffled)), project).ranked == advice.ranked
    renamed = number(texts[::-1], "q")
    other = ask(PolicySet(tuple(renamed)), project)
    assert order(other) == order(advice)
    assert [item.grade for item in other.ranked] == [item.grade for item in advice.ranked]
    assert climb(other) == climb(advice)


@given(st.lists(policy_texts(), min_size=1, max_size=5), PROJECTS)
def test_every_word_is_that_of_a_policy_in_force(texts, project):
    policies = number(texts)
    ids = {policy.id for policy in policies}
    advice = ask(PolicySet(tuple(policies)), project)
    for item in advice.ranked:
        voices = (*item.in_favour, *item.against)
        assert {voice.policy for voice in voices} | {*item.passed, *item.unsettled, *item.excused_by} <= ids
        assert all(item.approach in voice.instead for voice in item.in_favour)
        assert not {voice.policy for voice in item.in_favour} & {voice.policy for voice in item.against}
