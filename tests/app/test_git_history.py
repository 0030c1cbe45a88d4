"""The history of a repository, from git to the decision."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from policy.app.git_history import RepositoryHistory, find_history
from policy.app.subjects import build_subjects
from policy.app.workspace import open_workspace
from policy.engine.judge import judge
from policy.loading.discovery import discover
from policy.model.approval import Approval
from policy.plugins.history import HistoryError
from tests.evidence.history.conftest import Repository
from tests.evidence.history.conftest import _alone as _alone  # noqa: PLC0414 - the fixture

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANIFEST = "manifest: 1\nproject: weekly\napproach: fine-tuning\ndata: {sources: [{path: train.jsonl}]}\n"
SEEDED = (
    "policy: seeded\nseverity: medium\ntitle: Say how it is trained\neffect: hold\n"
    "require: {present: [training.seed, training.commit]}\nbecause: So.\nfix: Do.\ncases: []\n"
)


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository").init()


def study(root):
    workspace = open_workspace(str(root))
    (found,) = discover([str(root)])
    (facts,) = (facts for item in found.items for facts in build_subjects(workspace, item).facts)
    return workspace, facts


def decide(root, *approvals):
    workspace, facts = study(root)
    return judge(workspace.policy_set, facts, gate="run", now=NOW, approvals=approvals)


def find_outcome(root, name="volatile-data"):
    return next(outcome for outcome in decide(root).outcomes if outcome.policy == name)


@pytest.mark.parametrize(("gap", "expected"), [(7, "fail"), (60, "pass")])
def test_data_is_judged_by_its_history_where_nothing_is_declared(repository, gap, expected):
    repository.commit(0, {"ml-manifest.yaml": MANIFEST})
    repository.change(*(gap * number for number in range(5)))
    outcome = find_outcome(repository.root)
    assert outcome.outcome == expected
    if expected == "fail":
        assert outcome.message == "data.change_interval is 7 days (estimated), at least 30 days is required"
        assert outcome.effect == "block"


def test_what_is_declared_counts_before_the_history(repository):
    stated = MANIFEST.replace("{sources", "{change_interval: 90d, sources")
    repository.commit(0, {"ml-manifest.yaml": stated})
    repository.change(*range(0, 70, 7))
    assert find_outcome(repository.root).outcome == "pass"


def test_why_nothing_is_known_is_said(repository):
    repository.commit(0, {"ml-manifest.yaml": MANIFEST, ".gitignore": "*.jsonl\n"})
    repository.write({"train.jsonl": '{"text": "a"}\n'})
    outcome = find_outcome(repository.root)
    reason = "git ignores `train.jsonl`, and no file of DVC tells its changes"
    assert outcome.outcome == "unknown"
    assert outcome.message == f"data.change_interval is not known ({reason}), at least 30 days is required"


def test_the_commit_is_observed(repository):
    repository.commit(0, {"ml-manifest.yaml": MANIFEST})
    commit = repository.commit(1, {"train.jsonl": "{}\n"})
    _, facts = study(repository.root)
    assert facts.judged["training.commit"][1:4] == (commit, "observed", "git history")
    repository.write({"train.jsonl": "{} \n"})
    _, facts = study(repository.root)
    assert "training.commit" not in facts.judged
    assert facts.unavailable["training.commit"] == "there are uncommitted changes in the project: `train.jsonl`"


def test_an_unrelated_commit_keeps_an_approval(repository):
    house = {"policies/house/seeded.yaml": SEEDED, "policy.yaml": "policy_set: 1\npolicies: [./policies]\n"}
    repository.commit(0, {"p/ml-manifest.yaml": MANIFEST, "p/train.jsonl": "{}\n", **house})
    held = decide(repository.root)
    approval = Approval(by="ann", requested_by="bob", gate="run", stake=held.stake)
    assert (held.verdict, decide(repository.root, approval).verdict) == ("hold", "allow")
    repository.commit(1, {"README.md": "text\n"})
    later = decide(repository.root, approval)
    assert (later.verdict, later.stake) == ("allow", held.stake)
    assert later.basis != held.basis
    # Without a commit it is another case.
    repository.write({"p/train.jsonl": "{} \n"})
    assert decide(repository.root, approval).verdict == "hold"


def test_a_history_goes_to_another_process(repository):
    repository.change(0, 1)
    history = find_history(str(repository.root))
    assert history == RepositoryHistory(str(repository.root), "")
    again = pickle.loads(pickle.dumps(history))
    assert again == history
    assert again.list_changes(["train.jsonl"]) == history.list_changes(None)


def test_a_root_inside_a_repository_sees_its_own_part(repository):
    commit = repository.commit(0, {"a/b/c": "1", "a/b/d": "1", "ab/c": "1", "c": "1", ".gitignore": "*.log\n"})
    repository.write({"a/b/c": "2", "c": "2", "a/b/new": "", "new": ""})
    history = find_history(str(repository.root / "a" / "b"))
    assert history is not None
    assert history == RepositoryHistory(str(repository.root), "a/b")
    assert sorted(change.path for change in history.list_changes(None).files) == ["c", "d"]
    assert [change.path for change in history.list_changes(["c"]).files] == ["c"]
    assert [change.path for change in history.list_changes([""]).files] == ["c", "d"]
    checkout = history.find_checkout(None)
    assert (checkout.commit, checkout.changed, checkout.untracked) == (commit, ("c",), ("new",))
    assert history.list_ignored(["x.log", "c"]) == {"x.log"}
    name = history.list_changes(["c"]).files[0].new
    assert history.read_contents([name], 10, 10) == {name: b"1"}


def test_no_repository(tmp_path):
    assert find_history(str(tmp_path)) is None


def test_what_git_refuses_is_said(repository):
    history = RepositoryHistory(str(repository.root / "nowhere"), "")
    for ask in (history.list_changes, history.find_checkout):
        with pytest.raises(HistoryError, match="git cannot be asked: "):
            ask(None)
