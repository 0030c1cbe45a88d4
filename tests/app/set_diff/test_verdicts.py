"""Two judgings of one project: the same facts, the settings of the old set, and who is responsible."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from policy.app.set_diff import verdicts
from policy.app.set_diff.verdicts import DoubleBench, Judged
from policy.app.subjects import Subjects, build_subjects
from policy.app.workspace import Workspace
from policy.engine.judge import judge as engine_judge
from policy.loading.discovery import Item
from policy.model.decision import Decision
from policy.model.facts import Facts
from policy.model.policy import PolicySet
from tests.app.set_diff.conftest import RULE, SET

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BLOCK = f"{SET}effects: {{own: block}}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with too few rows."""
    folder = tmp_path / "projects"
    folder.mkdir()
    (folder / "ml-manifest.yaml").write_text("manifest: 1\nproject: a\ndata: {rows: 2}\n")
    return folder


@pytest.fixture
def judge(load, root):
    """Judge the project by two policy sets, which are given as files."""

    def run(old: dict[str, str], new: dict[str, str]) -> Judged:
        bench = DoubleBench(load("old", old), load("new", new), str(root), gate="check", now=NOW)
        return bench.judge_item(Item("ml-manifest.yaml", ()))

    return run


def test_who_is_responsible(judge):
    (change,) = judge({}, {"policy.yaml": BLOCK}).changes
    assert (change.old, change.new) == ("flag", "block")
    assert change.policies == (("own", "fail", "fail", "flag", "block"),)


def test_a_policy_that_only_one_judges(judge):
    (change,) = judge({"policy.yaml": f"{SET}without: [own]\n"}, {}).changes
    assert (change.old, change.new) == ("allow", "flag")
    assert change.policies == (("own", None, "fail", None, "flag"),)


def test_what_a_mode_keeps_back(judge):
    (change,) = judge({"policy.yaml": f"{SET}modes: {{own: observe}}\n"}, {}).changes
    assert change.policies == (("own", "fail", "fail", "would flag", "flag"),)


@pytest.mark.parametrize("text", [BLOCK, f"{SET}evidence: {{time_limit: 1h}}\n"])
def test_evidence_is_collected_once_with_the_settings_of_the_old_set(text, judge, monkeypatch):
    seen = []

    def build(workspace: Workspace, item: Item, today: date) -> Subjects:
        seen.append(workspace.policy_set.evidence.time_limit)
        return build_subjects(workspace, item, today)

    monkeypatch.setattr(verdicts, "build_subjects", build)
    judge({}, {"policy.yaml": text})
    assert seen == [600_000]


@pytest.mark.parametrize(("text", "times"), [(f"# a remark\n{SET}", 1), (BLOCK, 2)])
def test_sets_that_judge_alike_judge_once(text, times, judge, monkeypatch):
    asked = []

    def decide(policy_set: PolicySet, facts: Facts, **settings: Any) -> Decision:
        asked.append(policy_set)
        return engine_judge(policy_set, facts, **settings)

    monkeypatch.setattr(verdicts, "judge", decide)
    assert len(judge({}, {"policy.yaml": text}).changes) == 1
    assert len(asked) == times


def test_a_field_that_only_one_declares_is_read_by_that_one(judge, root):
    (root / "ml-manifest.yaml").write_text("manifest: 1\nproject: a\ndata: {rows: 2}\nx: {tier: gold}\n")
    fields = {"policy.yaml": f"{SET}fields: {{x.tier: {{type: string, about: Tier}}}}\n"}
    judged = judge({}, fields)
    (unjudged,) = judged.unjudged
    assert (unjudged.file, unjudged.by, judged.changes) == ("ml-manifest.yaml", "OLD", [])
    assert [problem.level for problem in judged.problems] == ["warning"]
    (turned,) = judge(fields, {}).unjudged
    assert turned.by == "NEW"


def test_of_two_with_other_fields_what_both_read_is_judged(judge, root):
    fields = "fields: {x.tier: {type: string, about: Tier}}\n"
    judged = judge({}, {"policy.yaml": BLOCK + fields})
    assert [(change.old, change.new) for change in judged.changes] == [("flag", "block")]
    (root / "ml-manifest.yaml").write_text("manifest: [1\n")
    broken = judge({}, {"policy.yaml": BLOCK + fields})
    assert [(found.by, found.file) for found in broken.unjudged] == [("both", "ml-manifest.yaml")]
    assert [problem.level for problem in broken.problems] == ["error"]


def test_a_rule_that_changes_is_told_by_its_outcome(judge):
    changed = {"rules/own/own.yaml": RULE.replace("default: 3", "default: 2")}
    (change,) = judge({}, changed).changes
    assert change.policies == (("own", "fail", "pass", "flag", None),)
