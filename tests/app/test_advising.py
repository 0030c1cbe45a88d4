"""Advice about what is below some paths, with expressions and faults, and from answers alone."""

from __future__ import annotations

import pytest

from policy.app.advising import Interview, advise_projects
from policy.app.workspace import open_workspace
from policy.errors import NothingToJudgeError, PolicyError
from policy.model.fact import Fact, Members
from tests.building import NOW

MANIFEST = "manifest: 1\nproject: prices\napproach: fine-tuning\npurpose: [knowledge]\ndata: {rows: 5}\n"
EXPRESSION = (
    "policy: by-expression\ntitle: Tune on many rows only\nseverity: high\nrequire:\n"
    "  any: [{approach: {none_of: [fine-tuning, hybrid]}}, {cel: 'data.rows > 100 || approach == \"rag\"'}]\n"
    "effect: block\ninstead: [few-shot]\n"
)


@pytest.fixture
def plant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return open_workspace(str(tmp_path))

    return write


def test_a_project_is_advised(plant):
    workspace = plant({"ml-manifest.yaml": MANIFEST})
    advised = advise_projects(workspace, ["."], NOW)
    assert [(advice.subject.project, advice.best) for advice in advised.advice] == [("prices", "rag")]
    assert advised.problems == []


def test_expressions_are_evaluated_under_every_approach(plant):
    pytest.importorskip("cel_expr_python", reason="the extra `cel` is not installed")
    files = {"policy.yaml": "policy_set: 1\npolicies: [house]\n", "house/a.yaml": EXPRESSION}
    workspace = plant({**files, "ml-manifest.yaml": MANIFEST})
    (advice,) = advise_projects(workspace, ["."], NOW).advice
    assert advice.best == "few-shot"
    assert [voice.under for voice in advice.ranked[0].in_favour] == [("fine-tuning", "hybrid")]


def test_where_there_is_no_project_it_says_how_to_go_on(plant):
    with pytest.raises(NothingToJudgeError) as refused:
        advise_projects(plant({"notes.md": ""}), ["."], NOW)
    assert "--ask" in refused.value.problems[0].remedy


def test_a_path_that_is_not_there_is_refused(plant):
    with pytest.raises(PolicyError, match="there is no `gone`"):
        advise_projects(plant({}), ["gone"], NOW)


def test_answers_alone_are_enough(plant):
    talk = Interview(plant({}), NOW)
    first = talk.choose(())
    assert first is not None
    assert first.path == "purpose"
    assert talk.advise().best == "prompt-engineering"
    talk.claims.append(Fact("purpose", Members(("knowledge",), complete=True)))
    advice = talk.advise()
    assert (advice.best, advice.subject.manifest) == ("rag", None)
    # That nothing is written down yet is no finding.
    assert "undeclared-fine-tuning" not in {voice.policy for item in advice.ranked for voice in item.against}
