"""Files at a revision: from git's objects, by a name that stands for one thing only."""

from __future__ import annotations

import pytest

from policy.loading.git.commands import GitError
from policy.loading.git.revisions import find_default_branches, find_revision, read_files
from policy.loading.waivers.rules import find_revision_fault
from tests.loading.conftest import git

FILES = {"waivers.yaml": "first\n", "sub/größe.yaml": "second\n", "[a]*.yaml": "third\n"}


@pytest.fixture
def root(repository):
    folder = repository(FILES)
    git(folder, "branch", "-M", "main")
    return folder


def read(root, name, *paths):
    return read_files(find_revision(str(root), name), paths)


def test_files_are_as_they_were_and_not_as_they_are(root):
    (root / "waivers.yaml").write_text("changed\n")
    (root / "new.yaml").write_text("new\n")
    git(root, "add", "--all")
    found = read(root, "main", *FILES, "new.yaml", "sub", "none.yaml", "../waivers.yaml", "..")
    assert found == {name: text.encode() for name, text in FILES.items()}


def test_a_link_is_no_file(root):
    (root / "link.yaml").symlink_to("waivers.yaml")
    (root / "away").symlink_to("sub")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=links")
    assert read(root, "main", "link.yaml", "away/größe.yaml") == {}


@pytest.mark.parametrize("name", ["main", "refs/heads/main", "HEAD", "main~0", "v1", "@"])
def test_what_names_a_commit(root, name):
    git(root, "tag", "--annotate", "v1", "--message=one")
    head = git(root, "rev-parse", "HEAD").strip()
    assert find_revision(str(root), name).commit == head
    assert find_revision(str(root), head).commit == head


@pytest.mark.parametrize("name", ["none", "origin/main", "main^2", "0" * 40, "waivers.yaml"])
def test_what_names_none(root, name):
    with pytest.raises(GitError, match=f"there is no revision `{name.replace('^', '.')}` in this clone"):
        find_revision(str(root), name)


@pytest.mark.parametrize("other", ["refs/tags/origin/main", "refs/heads/origin/main"])
def test_a_name_that_somebody_gave_to_something_else_too_is_refused(root, other):
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert find_revision(str(root), "origin/main").name == "origin/main"
    git(root, "commit", "--quiet", "--allow-empty", "--message=theirs")
    git(root, "update-ref", other, "HEAD")
    for name in ("origin/main", "origin/main^"):
        with pytest.raises(GitError, match=r"`origin/main` is the name of refs/.* and of refs/.*") as refusal:
            find_revision(str(root), name)
        assert other in str(refusal.value)
    assert find_revision(str(root), "refs/remotes/origin/main").commit != git(root, "rev-parse", other).strip()


def test_a_tag_with_the_short_name_of_a_commit_is_refused(root):
    short = git(root, "rev-parse", "--short=12", "HEAD").strip()
    assert git(root, "rev-parse", "HEAD").strip() == find_revision(str(root), short).commit
    git(root, "commit", "--quiet", "--allow-empty", "--message=theirs")
    git(root, "tag", short)
    with pytest.raises(GitError, match=f"`{short}` is the name of refs/tags/{short} and the start of an object's name"):
        find_revision(str(root), short)
    # Many a word is made of these letters only.
    git(root, "tag", "facade")
    assert find_revision(str(root), "facade").commit == git(root, "rev-parse", "HEAD").strip()


def test_a_replacement_of_an_object_changes_nothing(root):
    old = git(root, "rev-parse", "main:waivers.yaml").strip()
    (root / "waivers.yaml").write_text("approved\n")
    new = git(root, "hash-object", "-w", "waivers.yaml").strip()
    git(root, "replace", old, new)
    assert git(root, "cat-file", "blob", old) == "approved\n"
    assert read(root, "main", "waivers.yaml") == {"waivers.yaml": b"first\n"}


def test_the_default_branches_of_remotes(root):
    assert find_default_branches(str(root)) == []
    git(root, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    git(root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    (found,) = find_default_branches(str(root))
    assert (found.name, found.commit) == ("origin/HEAD", git(root, "rev-parse", "HEAD").strip())


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("origin/main", True),
        ("refs/remotes/origin/release-1.2", True),
        ("HEAD^1", True),
        ("main~2^2", True),
        ("0123456789abcdef0123456789abcdef01234567", True),
        ("--upload-pack=x", False),
        ("main:waivers.yaml", False),
        ("main..other", False),
        ("main@{1}", False),
        (":/fix", False),
        ("main^{/fix}", False),
        ("a b", False),
        ("a\nb", False),
        ("", False),
        ("a" * 201, False),
    ],
)
def test_what_may_be_asked_of_git(name, taken):
    assert (find_revision_fault(name) == "") is taken
