from __future__ import annotations

import os

import pytest

from policy.app.hooks import pushes, snapshots
from policy.app.hooks.pushes import Push, Tip, list_tips, read_outgoing, read_received
from policy.app.hooks.snapshots import open_snapshot, working_in, write_commit
from policy.errors import PolicyError
from policy.loading.git.repositories import find_head, open_repository
from tests.loading.conftest import _alone, git, repository, write  # noqa: F401 - fixtures

ONE, TWO, NONE = "1" * 40, "2" * 40, "0" * 40


def test_what_git_tells_a_server():
    lines = [f"{NONE} {ONE} refs/heads/new\n", f"{ONE} {TWO} refs/heads/main\n", f"{ONE} {NONE} refs/tags/gone\n"]
    assert read_received(lines) == [
        Push("refs/heads/new", "", ONE),
        Push("refs/heads/main", ONE, TWO),
        Push("refs/tags/gone", ONE, ""),
    ]


def test_what_git_tells_before_a_push():
    lines = [f"refs/heads/a {ONE} refs/heads/b {TWO}\n", f"(delete) {NONE} refs/heads/c {TWO}\n"]
    assert read_outgoing(lines) == [Push("refs/heads/b", TWO, ONE), Push("refs/heads/c", TWO, "")]


@pytest.mark.parametrize(
    "line", ["", "x", f"{ONE} {TWO}", f"{ONE} {TWO} refs/heads/x y", f"--help {TWO} refs/x", "a b c"]
)
@pytest.mark.parametrize("read", [read_received, read_outgoing])
def test_anything_else_is_refused(read, line):
    with pytest.raises(PolicyError):
        read([f"{line}\n"])


@pytest.fixture
def history(repository):  # noqa: F811 - the fixture that is imported
    """A repository with two commits, and their names."""
    root = repository({"a": "1"})
    git(root, "branch", "--move", "main")
    first = git(root, "rev-parse", "HEAD").strip()
    git(root, "commit", "--quiet", "--allow-empty", "--message=second")
    return open_repository(), first, git(root, "rev-parse", "HEAD").strip()


def test_by_whose_policies_a_reference_is_judged(history):
    asked, first, second = history
    received = [
        Push("refs/heads/main", first, second),
        Push("refs/heads/new", "", second),
        Push("refs/tags/moved", first, second),
        Push("refs/heads/side", first, first),
        Push("refs/heads/gone", first, ""),
    ]
    assert list_tips(asked, received, by_base=True) == (
        [
            Tip(("refs/heads/main",), second, first, "main"),
            Tip(("refs/heads/new", "refs/tags/moved"), second, second, "main"),
            Tip(("refs/heads/side",), first, first, "side"),
        ],
        [],
    )
    assert list_tips(asked, received[:2], by_base=False) == ([Tip(("refs/heads/main", "refs/heads/new"), second)], [])
    assert list_tips(asked, [], by_base=True) == ([], [])


def test_without_a_default_branch_there_is_no_base(history):
    asked, first, _ = history
    git(asked.folder, "symbolic-ref", "HEAD", "refs/heads/unborn")
    assert list_tips(asked, [Push("refs/heads/x", "", first)], by_base=True)[0] == [
        Tip(("refs/heads/x",), first, "", "unborn")
    ]


def test_a_file_is_no_commit(history):
    asked, *_ = history
    name = git(asked.folder, "rev-parse", "HEAD:a").strip()
    tips, problems = list_tips(asked, [Push("refs/tags/x", "", name)], by_base=True)
    assert tips == []
    assert [problem.level for problem in problems] == ["warning"]


def test_too_many_tips(history, monkeypatch):
    asked, first, second = history
    monkeypatch.setattr(pushes, "MOST_TIPS", 1)
    with pytest.raises(PolicyError, match="2 commits are the tips"):
        list_tips(asked, [Push("refs/x", "", first), Push("refs/y", "", second)], by_base=False)


def test_a_tree_without_yaml_is_not_written(repository):  # noqa: F811
    repository({"a": "x"})
    asked = open_repository()
    with open_snapshot(asked, find_head(asked)) as snapshot:
        assert write_commit(snapshot, "HEAD") == []


def test_limits_of_a_tree(repository, monkeypatch):  # noqa: F811
    root = repository({"a.yaml": "x: 1\n", "b": "x"})
    asked = open_repository()
    with open_snapshot(asked, find_head(asked)) as snapshot:
        monkeypatch.setattr(snapshots, "MOST_BYTES", 2 * snapshots.BLOCK)
        assert len(write_commit(snapshot, "HEAD")) == 2
        monkeypatch.setattr(snapshots, "MOST_BYTES", 2 * snapshots.BLOCK - 1)
        with pytest.raises(PolicyError, match=r"take 8,192 bytes, and no more than 8,191"):
            write_commit(snapshot, "HEAD")
        name = git(root, "rev-parse", "HEAD:b").strip()
        (root / ".git/objects" / name[:2] / name[2:]).unlink()
        with pytest.raises(PolicyError, match="not in this clone"):
            write_commit(snapshot, "HEAD")


def test_work_in_a_folder_forgets_the_hook_for_a_while(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_INDEX_FILE", "x")
    (tmp_path / "inner").mkdir()
    with working_in(str(tmp_path / "inner")):
        assert os.path.realpath(".") == str(tmp_path / "inner")
        assert "GIT_INDEX_FILE" not in os.environ
    assert os.environ["GIT_INDEX_FILE"] == "x"
    assert os.path.realpath(".") == str(tmp_path)
