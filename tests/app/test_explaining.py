from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policy.app.explaining import describe, judge_alone
from policy.app.workspace import open_workspace
from policy.errors import NothingToJudgeError
from policy.gates.cli.main import main
from tests.app.conftest import AXOLOTL

NOW = datetime(2026, 11, 20, tzinfo=UTC)
POLICY = """\
policy: enough-rows
title: Have enough rows
severity: high
when: {approach: fine-tuning}
require: {data.rows: {at_least: {param: fewest}}}
params: {fewest: {default: 100, about: the fewest rows}}
effect: {ci: block, check: flag}
because: Few rows teach little.
fix: Collect {fewest} rows.
instead: [few-shot]
"""
FILES = {"policy.yaml": "policy_set: 1\npolicies: [policies]\n", "policies/data/enough-rows.yaml": POLICY}
MANIFEST = "manifest: 1\nproject: reply-tone\napproach: fine-tuning\ndata: {rows: 7}\n"


@pytest.fixture
def stand(plant):
    """How the subjects at a path stand to the policy."""

    def look(files, gate="check", path="."):
        root = plant({**FILES, **files})
        workspace = open_workspace(str(root))
        return judge_alone(workspace, workspace.policy_set.policies[0], path, gate, NOW)

    return look


def test_a_policy_is_described_with_what_is_set_here(plant):
    root = plant({**FILES, "policy.yaml": FILES["policy.yaml"] + "params: {enough-rows.fewest: 250}\n"})
    policy_set = open_workspace(str(root)).policy_set
    text = describe(policy_set.policies[0], policy_set, "ci")
    lines = text.splitlines()
    assert lines[0] == "enough-rows (high): Have enough rows"
    assert "Because:   Few rows teach little." in lines
    assert "Fix:       Collect 250 rows." in lines
    assert "Parameter: enough-rows.fewest = 250: the fewest rows" in lines
    # The gate that was asked for comes first.
    assert any(line.startswith("Effects:   ci block, check flag, commit not judged,") for line in lines)
    assert max(map(len, lines)) <= 96


def test_every_subject_is_told_how_it_stands(stand):
    text, problems = stand({"a/ml-manifest.yaml": MANIFEST, "b/ml-manifest.yaml": MANIFEST.replace("7", "700")})
    assert problems == []
    first, second = text.split("\n\n")
    assert first.splitlines()[0] == "reply-tone: fail"
    assert "data.rows is 7 (declared at a/ml-manifest.yaml:4:14); required: at least 100" in first
    assert second.splitlines()[0] == "reply-tone: pass"


def test_training_configs_are_told_apart_and_names_are_made_fit_to_be_shown(stand):
    text, _ = stand({"ml-manifest.yaml": MANIFEST, "new\nline.yaml": AXOLOTL, "other.yaml": AXOLOTL})
    assert [line for line in text.splitlines() if line.startswith("reply-tone")] == [
        "reply-tone (new␊line.yaml): fail",
        "reply-tone (other.yaml): fail",
    ]


def test_a_gate_that_does_not_judge_the_policy_is_said(stand):
    text, _ = stand({"ml-manifest.yaml": MANIFEST}, gate="run")
    assert text.splitlines()[0] == "reply-tone: not judged at the gate run"


def test_an_error_is_explained_by_what_broke(stand, plugin):
    plugin(
        "from policy.model.schema import Field\nfrom policy.model.kinds import BOOLEAN\n"
        "def agree(values): raise ValueError\n"
        "@hookimpl\ndef predicates(): return [Predicate(Field('x.agreed', BOOLEAN, ''), agree, 120.0)]\n"
    )
    files = {
        "policy.yaml": FILES["policy.yaml"] + "plugins: [house]\n",
        "policies/data/enough-rows.yaml": POLICY.replace("when: {approach: fine-tuning}", "when: {x.agreed: true}"),
    }
    text, _ = stand({**files, "ml-manifest.yaml": MANIFEST})
    assert text == "reply-tone: error\n  predicate agree raised ValueError in house.py, line 5"


@pytest.mark.parametrize(("files", "said"), [({}, 1), ({".git/HEAD": ""}, 2)], ids=["nothing", "a warning only"])
def test_where_there_is_nothing_it_is_no_success(stand, files, said):
    with pytest.raises(NothingToJudgeError) as refusal:
        stand(files)
    assert len(refusal.value.problems) == said
    assert refusal.value.problems[-1].message == "there is no manifest and no training config at ."
    assert main(["explain", "enough-rows", "."]) == 3


def test_a_broken_manifest_is_an_error(stand):
    text, (problem,) = stand({"ml-manifest.yaml": "manifest: 1\n"})
    assert (text, problem.level) == ("", "error")
    assert main(["explain", "enough-rows", "."]) == 2
