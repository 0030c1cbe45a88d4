from __future__ import annotations

import os
import subprocess

import pytest

from policy.errors import Problem
from policy.loading.file_listing import list_files
from policy.loading.git.commands import GitError, run_git
from policy.loading.git.repositories import Entry, find_head, list_tree, open_repository
from policy.loading.git.snapshots import stage_tree, start_snapshot, write_files
from tests.loading.conftest import MANIFEST, git


@pytest.fixture
def take(tmp_path_factory):
    """A snapshot of what is staged in the repository of the working folder."""

    def snapshot():
        repository = open_repository()
        started = start_snapshot(str(tmp_path_factory.mktemp("snapshot")), repository, find_head(repository))
        write_files(started, list_tree(started, stage_tree(repository, started)))
        return started

    return snapshot


def test_a_snapshot_holds_what_is_staged(repository, take):
    root = repository({"a/ml-manifest.yaml": "old", "gone": "x"})
    (root / "a/ml-manifest.yaml").write_text(MANIFEST)
    (root / "gone").unlink()
    git(root, "add", "--all")
    (root / "a/ml-manifest.yaml").write_text("later")
    (root / "untracked.yaml").write_text("x")
    folder = take().folder
    assert sorted(os.listdir(folder)) == [".git", "a"]
    with open(os.path.join(folder, "a/ml-manifest.yaml")) as stream:
        assert stream.read() == MANIFEST
    assert git(root, "status", "--short") == "MM a/ml-manifest.yaml\nD  gone\n?? untracked.yaml\n"


def test_it_is_a_repository_with_the_names_of_the_real_one(repository, take):
    root = repository({"a": "text"})
    git(root, "tag", "--annotate", "--message=x", "noted")
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    names = "--format=%(objectname) %(refname) %(symref)"
    taken = take()
    # Also for who does not know that it is one.
    for ask in (taken.ask, lambda *arguments: run_git(taken.folder, *arguments)):
        assert ask("for-each-ref", names).decode() == git(root, "for-each-ref", names)
        assert ask("rev-parse", "HEAD").decode() == git(root, "rev-parse", "HEAD")
        assert ask("show", "HEAD:a") == b"text"
        assert ask("status", "--porcelain") == b""


def test_what_is_ignored_or_not_exported_is_listed(repository, take):
    root = repository({".gitignore": "*\n", ".gitattributes": "* export-ignore\n"})
    (root / ".hidden").mkdir()
    (root / ".hidden/x.yaml").write_text("x")
    git(root, "add", "--force", "--all")
    problems: list[Problem] = []
    assert list_files(take().folder, [""], problems) == [".hidden/x.yaml"]
    assert problems == []


@pytest.mark.parametrize(
    "attributes", ["a filter=evil", "a text eol=crlf", "a ident", "a working-tree-encoding=UTF-16"]
)
def test_bytes_are_those_of_the_objects(repository, take, attributes, tmp_path_factory, monkeypatch):
    mark = tmp_path_factory.mktemp("mark") / "run"
    root = repository({"a": "$Id$\n"})
    (root / ".gitattributes").write_text(f"{attributes}\n")
    git(root, "add", ".gitattributes")
    configuration = tmp_path_factory.mktemp("home") / "config"
    for place in (root / ".git/config", configuration):
        for name in ("smudge", "process", "clean"):
            git(root, "config", f"--file={place}", f"filter.evil.{name}", f"touch {mark}; cat")
        git(root, "config", f"--file={place}", "filter.evil.required", "true")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "filter.evil.smudge")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"touch {mark}; cat")
    folder = take().folder
    with open(os.path.join(folder, "a"), "rb") as stream:
        assert stream.read() == b"$Id$\n"
    assert not mark.exists()


def test_neither_index_nor_objects_of_the_repository_change(repository, take):
    root = repository({"a": "text"})
    (root / "a").write_text("new")
    git(root, "add", "a")
    before = {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()}
    take()
    assert {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("setting", ["core.splitIndex", "core.untrackedCache", "index.threads"])
def test_an_index_in_several_parts(repository, take, setting):
    root = repository({"a": "text"})
    git(root, "config", setting, "true")
    for number in range(3):
        (root / f"b{number}").write_text("x")
        git(root, "add", "--all")
    assert sorted(os.listdir(take().folder)) == [".git", "a", "b0", "b1", "b2"]


def test_an_index_that_is_not_there_is_an_empty_one(tmp_path, take):
    git(tmp_path, "init", "--quiet")
    assert os.listdir(take().folder) == [".git"]


def test_a_merge_that_is_not_concluded_is_no_tree(repository, take):
    root = repository({"a": "one"})
    name = git(root, "rev-parse", "HEAD:a").strip()
    entries = "".join(f"100644 {name} {stage}\ta\n" for stage in (1, 2, 3))
    listed = f"0 {'0' * 40}\ta\n{entries}"
    subprocess.run(["git", "update-index", "--index-info"], cwd=root, input=listed.encode(), check=True)
    with pytest.raises(GitError):
        take()


@pytest.mark.parametrize("path", [".git/config", ".GIT/x", "../x", "a/../../x", "/x", "a/.git/hooks/x"])
def test_names_outside_the_folder_are_not_written(repository, tmp_path_factory, path):
    root = repository({"a": "text"})
    asked = open_repository()
    started = start_snapshot(str(tmp_path_factory.mktemp("snapshot")), asked, "")
    name = git(root, "rev-parse", "HEAD:a").strip()
    with pytest.raises(GitError):
        write_files(started, [Entry("100644", name, 4, path)])


def test_nothing_is_written_through_a_link(repository, tmp_path_factory):
    root = repository({"a": "text"})
    outside = tmp_path_factory.mktemp("outside")
    (root / "link").symlink_to(outside)
    git(root, "add", "link")
    link, text = (git(root, "rev-parse", f":{name}").strip() for name in ("link", "a"))
    started = start_snapshot(str(tmp_path_factory.mktemp("snapshot")), open_repository(), "")
    with pytest.raises(GitError):
        write_files(started, [Entry("120000", link, 1, "x"), Entry("100644", text, 4, "x/evil")])
    assert list(outside.iterdir()) == []


def test_content_that_is_not_there_is_said(repository, tmp_path_factory):
    repository({"a": "text"})
    started = start_snapshot(str(tmp_path_factory.mktemp("snapshot")), open_repository(), "")
    with pytest.raises(GitError, match="x"):
        write_files(started, [Entry("100644", "1" * 40, 4, "x")])
