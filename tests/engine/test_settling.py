"""What would settle a missing fact."""

from __future__ import annotations

import pytest

from policy.engine.settling import say_settling
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from tests.building import make_policy

POLICY = make_policy("""
policy: p
title: T
severity: low
require: {data.rows: {at_least: 5}, data.secrets: 0, owner.team: ml, manifest.present: true, tried: {some: {score: 1}}}
observed: [data.secrets]
effect: block
""")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("owner.team", "state owner.team in the manifest: the team that answers for the project"),
        (
            "data.rows",
            "state data.rows in the manifest: examples in the training split, or supply evidence from data files",
        ),
        ("data.secrets", "data.secrets counts only when it is observed: supply evidence from data scan"),
        ("manifest.present", "manifest.present cannot be stated, and follows from discovery"),
    ],
)
def test_a_fact_is_stated_or_observed(path, said):
    assert say_settling(POLICY, (path,), Facts(())) == (said,)


def test_why_evidence_could_not_be_had_is_said():
    facts = Facts((), unavailable={"data.rows": "a.jsonl does not exist"})
    assert say_settling(POLICY, ("data.rows",), facts)[0].endswith("data files (a.jsonl does not exist)")


@pytest.mark.parametrize(("complete", "said"), [(True, "say more in the manifest"), (False, "state it in full")])
def test_a_list_that_is_known_and_leaves_it_open(complete, said):
    record = {"approach": Fact("approach", "rag")}
    facts = Facts([Fact("tried", Members((record,), complete))])
    assert said in say_settling(POLICY, ("tried",), facts)[0]
