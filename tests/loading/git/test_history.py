from __future__ import annotations

import os
import time

import pytest

from policy.loading.git import history
from policy.loading.git.commands import GitError
from policy.plugins.history import Checkout, FileChange
from tests.loading.conftest import git

# Whatever of it git would start leaves a mark.
EVIL = """
[filter "evil"]
    clean = touch {mark}; cat
    smudge = touch {mark}; cat
    required = true
[filter "e.v i\\"l"]
    process = touch {mark}
[diff "evil"]
    command = touch {mark}
    textconv = touch {mark}; cat
[diff]
    external = touch {mark}
    renames = copies
[core]
    fsmonitor = touch {mark}
    hooksPath = {hooks}
    pager = touch {mark}
    sshCommand = touch {mark}
    attributesFile = {attributes}
[pager]
    log = touch {mark}
    status = touch {mark}
[gpg]
    program = {program}
[log]
    showSignature = true
    showRoot = false
    follow = true
    diffMerges = first-parent
    date = relative
[format]
    pretty = nonsense
[status]
    showUntrackedFiles = no
    relativePaths = true
    branch = false
    submoduleSummary = true
[alias]
    log = !touch {mark}
[color]
    ui = always
"""


def commit(root, message="more"):
    git(root, "add", "--all")
    git(root, "commit", "--quiet", f"--message={message}")
    return git(root, "rev-parse", "HEAD").strip()


@pytest.fixture
def evil(repository, tmp_path):
    """A repository in which everything that git could start is set to leave a mark; its mark."""
    mark = tmp_path / "marks" / "mark"
    mark.parent.mkdir()
    program = mark.parent / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    hooks = mark.parent / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (hooks / name).write_text(program.read_text())
        (hooks / name).chmod(0o755)
    (mark.parent / "attributes").write_text("* filter=evil diff=evil\n")
    root = repository({"p/a.txt": "one\n", "p/b.txt": "b\n", ".gitignore": "/marks/\n"})
    (root / "p" / "a.txt").write_text("two\n")
    git(root, "add", "--all")
    tree = git(root, "write-tree").strip()
    person = "A <a@b> 1767225600 +0000"
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----"
    head = git(root, "rev-parse", "HEAD").strip()
    signed = f"tree {tree}\nparent {head}\nauthor {person}\ncommitter {person}\n{signature}\n\nx\n"
    (mark.parent / "commit").write_text(signed)
    name = git(root, "hash-object", "-t", "commit", "-w", str(mark.parent / "commit")).strip()
    git(root, "update-ref", "HEAD", name)
    attributes = mark.parent / "attributes"
    text = EVIL.format(mark=mark, hooks=hooks, program=program, attributes=attributes)
    with open(root / ".git" / "config", "a", encoding="utf-8") as config:
        config.write(text)
    (root / ".gitattributes").write_text("* filter=evil diff=evil\n")
    return mark


def touch_later(*files):
    for file in files:
        os.utime(file, (time.time() + 10, time.time() + 10))


def test_nothing_in_a_repository_runs(evil, tmp_path):
    root = str(tmp_path)
    touch_later(tmp_path / "p" / "a.txt", tmp_path / "p" / "b.txt")
    log = history.list_changes(root, None)
    assert [(change.path, bool(change.old[0])) for change in log.files] == [
        ("p/a.txt", True),
        (".gitignore", False),
        ("p/a.txt", False),
        ("p/b.txt", False),
    ]
    assert log.files[0].time == 1_767_225_600
    assert history.list_changes(root, ["p/a.txt"]).files == tuple(f for f in log.files if f.path == "p/a.txt")
    checkout = history.find_checkout(root, None)
    assert (checkout.changed, checkout.untracked) == ((), (".gitattributes",))
    (tmp_path / "p" / "b.txt").write_text("c\n")
    assert history.find_checkout(root, ["p"]).changed == ("p/b.txt",)
    assert history.list_ignored(root, ["marks/mark", "p"]) == {"marks/mark"}
    assert history.read_contents(root, [log.files[0].new], 100, 100) == {log.files[0].new: b"two\n"}
    assert not evil.exists()


def test_what_would_run_without_that_care(evil, tmp_path):
    touch_later(tmp_path / "p" / "b.txt")
    git(tmp_path, "status", "--porcelain")
    assert evil.exists()


def test_a_filter_that_cannot_be_switched_off(repository):
    root = repository({"a": "b"})
    with open(root / ".git" / "config", "a", encoding="utf-8") as config:
        config.write('[filter "a=b"]\n    clean = cat\n')
    with pytest.raises(GitError, match="a filter of the repository has a name that cannot be switched off"):
        history.find_checkout(str(root), None)


def test_changes_have_their_contents(repository):
    root = repository({"a": "one\n", "b": "b\n"})
    (root / "a").write_text("two\n")
    (root / "b").unlink()
    commit(root)
    changed, removed, *added = history.list_changes(str(root), None).files
    one, two = (git(root, "rev-parse", f"{name}:a").strip() for name in ("HEAD~", "HEAD"))
    assert changed == FileChange("a", changed.time, (one,), two)
    assert removed[2:] == ((git(root, "rev-parse", "HEAD~:b").strip(),), "", False)
    assert {(change.path, change.old, change.begins) for change in added} == {("a", ("",), False), ("b", ("",), False)}


def test_before_the_first_commit(write):
    root = write({"a": "b"})
    git(root, "init", "--quiet")
    assert history.list_changes(str(root), None) == ((), True)
    assert history.list_changes(str(root), ["a"]) == ((), True)
    assert history.list_changes(str(root), []) == ((), True)
    assert history.find_checkout(str(root), None) == Checkout("", (), ("a",))


def test_a_merge_has_every_parent(repository):
    root = repository({"a": "one\n"})
    git(root, "checkout", "--quiet", "-b", "side")
    (root / "a").write_text("side\n")
    commit(root)
    git(root, "checkout", "--quiet", "-")
    (root / "a").write_text("main\n")
    commit(root)
    git(root, "merge", "--quiet", "--no-commit", "-Xours", "side")
    (root / "a").write_text("both\n")
    (root / "new\nline").write_text("c\n")
    commit(root, "merge")
    names = [git(root, "rev-parse", f"{name}:a").strip() for name in ("HEAD^1", "HEAD^2", "HEAD")]
    found = {change.path: (change.old, change.new) for change in reversed(history.list_changes(str(root), None).files)}
    assert found["a"] == ((names[0], names[1]), names[2])
    assert found["new\nline"][0] == ("", "")


def test_contents_are_read_up_to_a_size(repository):
    root = repository({"a": "\n\n12\n", "b": "x" * 1000, "c": "", "d": "4f\n"})
    names = {name: git(root, "rev-parse", f"HEAD:{name}").strip() for name in "abcd"}
    gone = "0" * 39 + "1"
    read = history.read_contents(str(root), [*names.values(), gone], 999, 999)
    assert read == {names["a"]: b"\n\n12\n", names["c"]: b"", names["d"]: b"4f\n"}
    assert history.read_contents(str(root), [gone], 999, 999) == {}
    assert set(history.read_contents(str(root), list(names.values()), 999, 7)) == {names["a"], names["c"]}


@pytest.mark.parametrize("name", [":(top)a", "*", "-a", "a b", "a\nb", "?"])
def test_what_is_ignored_is_told_by_its_name(repository, name):
    root = repository({".gitignore": "/[*]\n/-a\n"})
    assert history.list_ignored(str(root), [name]) == ({name} if name in ("*", "-a") else set())


def test_what_is_not_committed(repository):
    root = repository({"p/a b": "1", "p/c": "1", "p/d": "1", "q/e": "1"})
    for name, text in {"p/a b": "2", "q/e": "2", "p/new/x\ny": "1", "z": "1"}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    git(root, "mv", "p/c", "p/moved")
    git(root, "add", "q/e")
    head = git(root, "rev-parse", "HEAD").strip()
    everything = history.find_checkout(str(root), None)
    assert everything == Checkout(head, ("p/a b", "p/c", "p/moved", "q/e"), ("p/new/", "z"))
    assert history.find_checkout(str(root), ["p"]) == Checkout(head, ("p/a b", "p/c", "p/moved"), ("p/new/",))
    assert history.find_checkout(str(root), ["nowhere", "z"]) == Checkout(head, (), ("z",))


def test_too_many_changed_files_are_said(repository, monkeypatch):
    root = repository({"a": "1"})
    monkeypatch.setattr(history, "MOST_BYTES", 10)
    with pytest.raises(GitError, match="git lists more than 10 bytes of changed files"):
        history.find_checkout(str(root), None)


def test_a_link_to_another_repository_is_followed_as_git_does(repository, tmp_path):
    root = repository({"main/a": "1"})
    git(root, "worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "tree")
    (root / ".git" / "info" / "exclude").write_text("/tree/\n")
    tree = tmp_path / "tree"
    (tree / "main" / "a").write_text("2")
    name = commit(tree)
    assert len(history.list_changes(str(tree), ["main/a"]).files) == 2
    assert history.find_checkout(str(tree), None) == Checkout(name)
    (tree / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(GitError):
        history.list_changes(str(tree), None)
