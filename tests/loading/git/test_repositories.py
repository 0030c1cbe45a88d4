from __future__ import annotations

import pytest

from policy.loading.git.commands import GitError
from policy.loading.git.repositories import (
    Change,
    find_head,
    find_object,
    list_staged,
    list_tree,
    open_repository,
    peel,
    read_objects,
)
from tests.loading.conftest import MANIFEST, git


def hash_text(folder, text):
    file = folder / "hashed"
    file.write_text(text)
    name = git(folder, "hash-object", "-w", "hashed").strip()
    file.unlink()
    return name


def test_what_is_staged_against_the_last_commit(repository):
    root = repository({"a": "old", "b": "same", "c": "gone", "d/e": "moved"})
    (root / "a").write_text("new")
    (root / "c").unlink()
    (root / "d/e").rename(root / "f")
    git(root, "add", "--all")
    (root / "a").write_text("newer")
    old, new, gone, moved = (hash_text(root, text) for text in ("old", "new", "gone", "moved"))
    assert list_staged(open_repository()) == [
        Change("a", old, new),
        Change("c", gone, ""),
        Change("d/e", moved, ""),
        Change("f", "", moved),
    ]


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_before_the_first_commit_everything_is_new(write, object_format):
    root = write({"a/ml-manifest.yaml": MANIFEST})
    git(root, "init", "--quiet", f"--object-format={object_format}")
    git(root, "add", "--all")
    repository = open_repository()
    assert repository.object_format == object_format
    assert find_head(repository) == ""
    assert [(change.path, change.old) for change in list_staged(repository)] == [("a/ml-manifest.yaml", "")]


def test_without_a_change_nothing_is_staged(repository):
    repository({"a": "same"})
    assert list_staged(open_repository()) == []


def test_what_is_only_intended_to_be_added_is_not_staged(repository):
    root = repository({"a": "same"})
    (root / "b").write_text("later")
    git(root, "add", "--intent-to-add", "b")
    assert list_staged(open_repository()) == []


def test_a_tree_with_all_that_is_in_it(repository):
    root = repository({"a/b": "text", "x\ty\nz": "odd"})
    (root / "link").symlink_to("a/b")
    git(root, "add", "--all")
    inner = git(root, "rev-parse", "HEAD").strip()
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{inner},module")
    git(root, "commit", "--quiet", "--message=second")
    entries = list_tree(open_repository(), "HEAD")
    assert [(entry.mode, entry.size, entry.path) for entry in entries] == [
        ("100644", 4, "a/b"),
        ("120000", 3, "link"),
        ("100644", 3, "x\ty\nz"),
    ]


def test_content_that_is_not_here_has_no_size(repository):
    root = repository({"a": "text"})
    name = git(root, "rev-parse", "HEAD:a").strip()
    (root / ".git/objects" / name[:2] / name[2:]).unlink()
    assert [entry.size for entry in list_tree(open_repository(), "HEAD")] == [-1]


def test_contents(repository):
    root = repository({"a": "text", "b": "", "c": "\0\n0 blob 3\n"})
    found = read_objects(open_repository(), [":a", ":b", ":nowhere", ":c", ":a", "HEAD:a"])
    assert found == {":a": b"text", ":b": b"", ":c": b"\0\n0 blob 3\n", "HEAD:a": b"text"}
    assert read_objects(open_repository(), []) == {}
    assert read_objects(open_repository(), [git(root, "rev-parse", "HEAD:a").strip()]) != {}


def test_names(repository):
    root = repository({"a": "text"})
    head = git(root, "rev-parse", "HEAD").strip()
    asked = open_repository()
    assert find_head(asked) == head
    assert find_object(asked, "refs/heads/nowhere") == ""
    assert find_object(asked, "HEAD^{tree}") == git(root, "rev-parse", "HEAD^{tree}").strip()


def test_what_tags_stand_for(repository):
    root = repository({"a": "text"})
    git(root, "tag", "--annotate", "--message=x", "one")
    git(root, "tag", "--annotate", "--message=x", "two", "one")
    git(root, "tag", "file", "HEAD:a")
    head, two, file = (git(root, "rev-parse", name).strip() for name in ("HEAD", "two", "file"))
    assert peel(open_repository(), [two, head, file]) == {
        two: ("commit", head),
        head: ("commit", head),
        file: ("blob", file),
    }
    with pytest.raises(GitError, match="there is no object 1111"):
        peel(open_repository(), ["1" * 40])


def test_no_replacement_is_read(repository):
    root = repository({"a": "true"})
    false = hash_text(root, "false")
    git(root, "replace", git(root, "rev-parse", "HEAD:a").strip(), false)
    assert git(root, "show", "HEAD:a") == "false"
    assert read_objects(open_repository(), ["HEAD:a"]) == {"HEAD:a": b"true"}


def test_a_hook_says_which_repository_and_index(repository, monkeypatch):
    root = repository({"a": "text"})
    (root / "b").write_text("new")
    git(root, "add", "b", GIT_INDEX_FILE=str(root / ".git/other-index"))
    (root / "sub").mkdir()
    monkeypatch.chdir(root / "sub")
    monkeypatch.setenv("GIT_DIR", str(root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "../.git/other-index")
    asked = open_repository()
    # Wherever the process goes from there.
    monkeypatch.chdir("/")
    assert [change.path for change in list_staged(asked)] == ["a", "b"]
    assert asked.objects == str(root / ".git/objects")


def test_outside_a_repository():
    with pytest.raises(GitError, match="not a git repository"):
        open_repository()
