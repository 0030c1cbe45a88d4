"""What is asked: what matters for the choice, the most telling first, and what answers would change."""

from __future__ import annotations

import pytest

from policy.engine.advice.consultation import Panel
from policy.engine.advice.interview import FIRST_ASKED, MOST_QUESTIONS, choose_question
from policy.engine.advice.samples import list_samples, say_sample
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import BOOLEAN, COUNT, DATE, DURATION, MONEY, RATE, STRING, enum, list_of
from policy.model.policy import PolicySet
from policy.model.schema import Field
from tests.building import NOW, make_policy
from tests.engine.advice.building import FACTS, FEW_ROWS, TUNED, ask, fall_short, make_set, open_catalogue

CITED = (
    f"policy: cited\n{TUNED}require: {{any: [{{needs.citations: false}}, {{retrieval.planned: true}}]}}\n"
    "severity: low\neffect: block\ninstead: [rag]\n"
)


def names(advice):
    return [question.fact for question in advice.questions]


def test_what_would_change_the_advice_comes_first():
    flag = f"policy: mild\n{TUNED}require: {{needs.varied_tasks: false}}\nseverity: critical\neffect: flag\n"
    advice = ask(make_set(CITED, flag + "instead: [prompt-engineering]\n", "policy: z\n" + FEW_ROWS.partition("\n")[2]))
    changes = {question.fact: [tuple(change) for change in question.changes] for question in advice.questions}
    assert changes == {
        "needs.citations": [("true", "rag")],
        "needs.varied_tasks": [("true", "prompt-engineering")],
        "data.rows": [("low", "few-shot")],
    }
    assert set(names(advice)[:3]) == set(changes)


def test_a_question_names_its_policies_and_how_to_settle_it():
    (question,) = ask(make_set(CITED)).questions
    assert (question.fact, question.policies) == ("needs.citations", ("cited",))
    assert question.about == SCHEMA.fields["needs.citations"].about
    assert question.settle.startswith("state needs.citations in the manifest: ")


@pytest.mark.parametrize(
    "text",
    [
        # It is the same under every approach.
        "policy: own\nrequire: {stage: pilot}\neffect: block\n",
        # It says how something is done, and stops nobody.
        f"policy: own\n{TUNED}require: {{training.seed: 1}}\neffect: flag\n",
        (
            f"policy: own\n{TUNED}require: {{data.rows: {{at_least: {{param: rows}}}}}}\n"
            "params: {rows: {about: rows}}\neffect: block\ninstead: [rag]\n"
        ),
    ],
)
def test_what_does_not_bear_on_the_choice_is_not_asked(text):
    assert names(ask(make_set(text, FACTS), "purpose: [style]\n")) == []


def test_what_was_tried_and_not_judged_is_asked_first():
    upward = "policy: up\nwhen: {approach: rag}\neffect: advise\ninstead: [fine-tuning]\n"
    upward += "require: {tried: {some: {approach: rag, sufficient: true}}}\n"
    advice = ask(make_set(upward, CITED), "tried: [{approach: rag, score: 1}]\n")
    assert names(advice) == ["tried", "needs.citations"]


def test_everything_that_is_asked_of_the_shipped_policies_can_be_settled():
    advice = ask(open_catalogue().policy_set)
    assert all(question.settle and question.policies for question in advice.questions)
    assert len(set(names(advice))) == len(names(advice)) > 20


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (BOOLEAN, ["true", "false"]),
        (enum("a", "b"), ["a", "b"]),
        (list_of(enum("a", "b")), ["a", "b"]),
        (COUNT, ["low", "high"]),
        (RATE, ["low", "high"]),
        (DURATION, ["short", "long"]),
        (STRING, []),
        (DATE, []),
        (MONEY, []),
        (list_of(STRING), []),
    ],
)
def test_answers_that_stand_for_all(kind, said):
    assert [say_sample(kind, value) for value in list_samples(kind)] == said


# The interview


def talk(policy_set, answers):
    """The facts that are asked for where each is answered as given, or not at all."""
    panel = Panel(policy_set, NOW, lambda facts: facts)
    asked: list[str] = []
    claims: list[Fact] = []
    while True:
        field = choose_question(panel, Facts(claims, policy_set.schema), asked)
        if field is None:
            return asked
        asked.append(field.path)
        if field.path in answers:
            claims.append(Fact(field.path, answers[field.path]))


def test_it_asks_what_people_know_and_no_more_than_ten_things():
    asked = talk(open_catalogue().policy_set, {})
    assert asked == [path for path in FIRST_ASKED if path in asked]
    assert 6 <= len(asked) <= MOST_QUESTIONS


def test_what_the_answers_settle_is_not_asked():
    style = talk(open_catalogue().policy_set, {"purpose": Members(("style",), complete=True)})
    assert "needs.latency_p95" not in style
    latency = talk(open_catalogue().policy_set, {"purpose": Members(("latency",), complete=True)})
    assert "needs.latency_p95" in latency


def test_what_no_policy_asks_for_is_not_asked():
    assert talk(make_set(CITED), {}) == ["needs.citations"]
    assert talk(make_set(), {}) == []


def test_an_own_field_is_asked_first():
    schema = SCHEMA.extended((Field("x.sealed", BOOLEAN, "nothing may leave"), Field("x.note", STRING, "a note")))
    own = make_policy(
        f"policy: own\n{TUNED}require: {{x.sealed: false, x.note: a}}\neffect: block\ninstead: [rag]\n", schema=schema
    )
    assert talk(PolicySet((make_policy(CITED), own), schema=schema), {}) == ["x.sealed", "needs.citations"]


def test_the_ladder_of_who_has_tried_much_is_short():
    advice = ask(open_catalogue().policy_set, fall_short("prompt-engineering", "system-prompt", "few-shot", "rag"))
    assert advice.ladder == ()
