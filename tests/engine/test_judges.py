from __future__ import annotations

from datetime import date

import pytest

from policy.engine.judges import WALKS, Judges
from policy.language.interpreter import judge_policy
from policy.loading.catalogue import catalogue_folder, list_policies, load_policies
from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.fields import SCHEMA

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def pairs():
    policies = load_policies(list_policies(catalogue_folder(), "catalogue"), SCHEMA)
    return [
        (policy, {spec.name: spec.default for spec in policy.params if spec.default is not None}) for policy in policies
    ]


@pytest.mark.parametrize("approach", ["fine-tuning", "rag", "hybrid"])
def test_what_is_judged_often_gives_the_same_outcomes(pairs, approach):
    facts = Facts([Fact("approach", approach), Fact("data.rows", 90), Fact("data.secrets", 2)])
    expected = [judge_policy(policy, params, facts, TODAY) for policy, params in pairs]
    judges = Judges(pairs)
    for _ in range(WALKS + 2):
        assert [judges.judge(position, facts, TODAY) for position in range(len(pairs))] == expected


def test_a_single_subject_compiles_nothing(pairs, monkeypatch):
    monkeypatch.setattr("policy.language.compiler.compile_policies", lambda _: pytest.fail("compiled"))
    judges = Judges(pairs)
    facts = Facts([Fact("approach", "rag")])
    assert {judges.judge(position, facts, TODAY) for position in range(len(pairs))} <= {
        "pass",
        "not-applicable",
        "unknown",
    }


def test_many_subjects_are_judged_by_compiled_functions(pairs, monkeypatch):
    judges = Judges(pairs[:1])
    facts = Facts([Fact("approach", "rag")])
    for _ in range(WALKS):
        judges.judge(0, facts, TODAY)
    monkeypatch.setattr("policy.language.compiler.compile_policies", lambda _: [lambda *_: "compiled"])
    assert judges.judge(0, facts, TODAY) == "compiled"
