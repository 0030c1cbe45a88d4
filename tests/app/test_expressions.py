from __future__ import annotations

import pytest

from policy.app.expressions import answer_cases, evaluate_expressions, open_evaluator
from policy.model.fields import SCHEMA
from policy.model.policy import PolicySet
from tests.building import make_facts, make_policy

needs_cel = pytest.mark.usefixtures("library")


@pytest.fixture
def library():
    pytest.importorskip("cel_expr_python", reason="the extra `cel` is not installed")


def make(name, expression, more=""):
    return make_policy(f"policy: {name}\nrequire: {{cel: {expression}}}\n{more}")


@needs_cel
def test_every_expression_of_a_policy_set_is_answered_once():
    policies = make("one", "data.rows > 1"), make("two", "data.rows > 1"), make("three", "data.rows > 9")
    policy_set = PolicySet(policies)
    facts = evaluate_expressions(policy_set, make_facts("data: {rows: 5}"))
    answers = [claim for claim in facts.claims if claim.path.startswith("cel:")]
    assert [(claim.path, claim.value) for claim in answers] == [
        ("cel:data.rows > 1", True),
        ("cel:data.rows > 9", False),
    ]
    evaluator = open_evaluator(policy_set)
    assert evaluator is open_evaluator(policy_set)
    assert evaluator is not None
    evaluator.close()


def test_without_expressions_the_facts_stay_as_they_are(monkeypatch):
    monkeypatch.setattr("policy.plugins.interpreter.start_interpreter", None)
    facts = make_facts("data: {rows: 5}")
    assert evaluate_expressions(PolicySet((make_policy("require: {data.rows: 5}\n"),)), facts) is facts


@needs_cel
def test_a_case_gets_the_answers_of_its_own_policy():
    cases = "cases: [{given: {data.rows: 5}, expect: pass, timed_out: data.tokens, at: 2026-02-01}]\n"
    policies = [
        make("one", "data.rows > 1", cases),
        make("two", "data.rows > 2"),
        make_policy("require: {data.rows: 1}"),
    ]
    answered = answer_cases(policies, SCHEMA)
    assert answered == policies
    (case,), (old,) = answered[0].cases, policies[0].cases
    assert [claim.path for claim in case.claims] == ["data.rows", "cel:data.rows > 1"]
    assert case.faults == {}
    assert (case.expect, case.at, case.timed_out, case.location) == (old.expect, old.at, old.timed_out, old.location)
    assert answered[2] is policies[2]
