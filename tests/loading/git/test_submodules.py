"""Repositories inside a repository: read at the commit that the outer one pins, or by their own names."""

from __future__ import annotations

import pytest

from policy.loading.git.commands import GitError
from policy.loading.git.submodules import list_default_branches, open_revision
from tests.loading.conftest import git


@pytest.fixture
def root(repository):
    """A repository with another one in `gov`, whose commit it pins on its branch main."""
    folder = repository({"ml-manifest.yaml": "manifest: 1\n"})
    git(folder, "branch", "-M", "main")
    inner = folder / "gov"
    inner.mkdir()
    git(inner, "init", "--quiet", "--initial-branch=main")
    git(inner, "commit", "--quiet", "--allow-empty", "--message=first")
    return folder


def pin(root):
    """Let main pin what the inner repository is at; gives that commit."""
    git(root, "add", "gov")
    git(root, "commit", "--quiet", "--message=pin")
    return git(root / "gov", "rev-parse", "HEAD").strip()


def find(root, name="main"):
    return open_revision(str(root), str(root / "gov"), name)


def test_a_clone_that_the_outer_repository_does_not_know_has_its_own_names(root):
    assert find(root).commit == git(root / "gov", "rev-parse", "main").strip()
    assert open_revision(str(root), str(root), "main").commit == git(root, "rev-parse", "main").strip()


def test_a_submodule_stands_where_the_outer_revision_pins_it(root):
    pinned = pin(root)
    git(root / "gov", "commit", "--quiet", "--allow-empty", "--message=theirs")
    assert find(root) == (str(root / "gov"), "main", pinned)
    git(root, "switch", "--quiet", "--create", "proposal")
    theirs = pin(root)
    assert (find(root).commit, find(root, "proposal").commit) == (pinned, theirs)


def test_a_submodule_that_only_a_proposal_has_is_no_revision(root):
    git(root, "switch", "--quiet", "--create", "proposal")
    pin(root)
    with pytest.raises(GitError, match="gov is no submodule at main"):
        find(root)


def test_a_submodule_without_the_pinned_commit_shows_nothing(root):
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},gov")
    git(root, "commit", "--quiet", "--message=pin")
    with pytest.raises(GitError, match="gov is not cloned with the commit 111111111111 that main pins"):
        find(root)


def test_the_default_branch_of_a_submodule_is_that_of_the_outer_repository(root):
    pinned = pin(root)
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    git(root / "gov", "commit", "--quiet", "--allow-empty", "--message=theirs")
    git(root / "gov", "update-ref", "refs/remotes/evil/HEAD", "HEAD")
    (found,) = list_default_branches(str(root), str(root / "gov"))
    assert (found.repository, found.name, found.commit) == (str(root / "gov"), "origin/HEAD", pinned)


def test_outside_of_any_repository(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("bare"))
    with pytest.raises(GitError, match="lies in no git repository"):
        open_revision(folder, folder, "main")
