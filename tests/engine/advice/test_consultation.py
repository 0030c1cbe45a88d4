"""Asking again after one thing changed: the same as asking everybody, and less work."""

from __future__ import annotations

import pytest

from policy.engine import judge as judging
from policy.engine.advice.consultation import Panel, list_changed
from policy.engine.advice.samples import list_samples
from policy.engine.advice.supposition import replace_claims
from policy.model.fact import Fact
from tests.building import NOW, make_facts
from tests.engine.advice.building import fall_short, open_catalogue

PROJECTS = (
    "",
    "approach: fine-tuning\npurpose: [style]\ndata: {rows: 500}\n",
    "approach: fine-tuning\nsystem: {kind: agent}\nneeds: {knowledge: true}\n" + fall_short("prompt-engineering"),
    "approach: hybrid\nmodel: {parameters: 7000000000}\nbudget: {per_run: 5 USD}\ncost: {run: 9 USD}\n",
)


@pytest.fixture(scope="module")
def panel():
    return Panel(open_catalogue().policy_set, NOW, lambda facts: facts)


@pytest.mark.parametrize("text", PROJECTS)
def test_it_is_as_if_everybody_had_been_asked(panel, text):
    facts = make_facts(f"project: test\n{text}", observed="data.secrets: 0\n")
    before = panel.consult(facts)
    for path, field in facts.schema.fields.items():
        for value in list_samples(field.kind)[:2]:
            other = replace_claims(facts, (*facts.claims, Fact(path, value, "observed", "supposed")))
            again, anew = panel.reconsult(other, before), panel.consult(other)
            assert again.telling == anew.telling, path
            assert again.outcomes == anew.outcomes, path


def test_only_who_reads_what_changed_is_asked_again(panel, monkeypatch):
    asked = []
    judge_step = judging.Judgement.judge_step

    def note(self, step):
        asked.append(step.policy)
        return judge_step(self, step)

    monkeypatch.setattr(judging.Judgement, "judge_step", note)
    facts = make_facts("project: test\npurpose: [style]\n")
    before = panel.consult(facts)
    everybody = len(asked)
    asked.clear()
    panel.reconsult(replace_claims(facts, (*facts.claims, Fact("needs.citations", True))), before)
    assert {"citations-required"} <= {policy.id for policy in asked}
    assert all("needs.citations" in policy.paths for policy in asked)
    assert len(asked) < everybody / 10


def test_what_is_only_said_differs_from_what_is_proven():
    said = make_facts("project: test\ndata: {rows: 10}\n")
    seen = replace_claims(said, (*said.claims, Fact("data.rows", 10, "observed", "data files")))
    assert "data.rows" in list_changed(said, seen)
    assert "data.rows" not in list_changed(seen, replace_claims(seen, seen.claims))
