from __future__ import annotations

import os
import subprocess

import pytest

from policy.app.ledgers import publishing
from policy.app.ledgers.publishing import publish_log
from policy.app.ledgers.signing import Branch, sign_ledger
from policy.errors import PolicyError
from tests.records.keeping import add_entries, draft_note

ORIGIN = "tunegate/acme/00"
NOTE = "tunegate/acme/00\n{}\nroot\n\n— tunegate/acme/00 AAAA\n"


def git(repository, *arguments):
    done = subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout.rstrip("\n")


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def repository(tmp_path):
    """With a commit, something staged, something changed and something new."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "file").write_text("one")
    git(folder, "add", "file")
    git(folder, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "--message=first")
    (folder / "staged").write_text("staged")
    git(folder, "add", "staged")
    (folder / "file").write_text("two")
    (folder / "new").write_text("new")
    return folder


def show(repository, branch, path=f"{ORIGIN}/checkpoints"):
    return git(repository, "show", f"{branch}:{path}") + "\n"


def test_each_log_is_a_commit_and_the_working_tree_is_as_it_was(repository):
    state = (git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD"))
    index = (repository / ".git" / "index").read_bytes()
    first = publish_log(str(repository), "checkpoints", ORIGIN, NOTE.format(3))
    text = NOTE.format(3) + "\n" + NOTE.format(5)
    second = publish_log(str(repository), "checkpoints", ORIGIN, text)
    assert show(repository, "checkpoints") == text
    assert git(repository, "rev-list", "checkpoints").splitlines() == [second, first]
    assert git(repository, "log", "--format=%s", "checkpoints").splitlines() == [
        "Checkpoint of 5 entries",
        "Checkpoint of 3 entries",
    ]
    assert (git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD")) == state
    assert (repository / ".git" / "index").read_bytes() == index


def test_what_is_there_already_is_not_committed_again(repository):
    first = publish_log(str(repository), "checkpoints", ORIGIN, NOTE.format(3))
    assert publish_log(str(repository), "checkpoints", ORIGIN, NOTE.format(3)) == first


def test_several_ledgers_share_a_branch(repository):
    publish_log(str(repository), "checkpoints", ORIGIN, NOTE.format(3))
    publish_log(str(repository), "checkpoints", "tunegate/other/11", NOTE.format(4))
    assert show(repository, "checkpoints") == NOTE.format(3)
    assert show(repository, "checkpoints", "tunegate/other/11/checkpoints") == NOTE.format(4)


def test_a_checkpoint_is_not_taken_back(repository):
    publish_log(str(repository), "checkpoints", ORIGIN, NOTE.format(3))
    for other in (NOTE.format(2), NOTE.format(4) + "\n" + NOTE.format(5)):
        with pytest.raises(PolicyError, match="that the log has not"):
            publish_log(str(repository), "checkpoints", ORIGIN, other)
    assert show(repository, "checkpoints") == NOTE.format(3)


def test_a_commit_of_somebody_else_in_between_stays(repository, monkeypatch):
    publish_log(str(repository), "checkpoints", ORIGIN, NOTE.format(3))
    make, waiting = publishing._Branch._make_commit, ["tunegate/other/11"]

    def make_slowly(branch, parent, path, text):
        made = make(branch, parent, path, text)
        if waiting:
            publish_log(str(repository), "checkpoints", waiting.pop(), NOTE.format(9))
        return made

    monkeypatch.setattr(publishing._Branch, "_make_commit", make_slowly)
    text = NOTE.format(3) + "\n" + NOTE.format(5)
    publish_log(str(repository), "checkpoints", ORIGIN, text)
    assert show(repository, "checkpoints") == text
    assert show(repository, "checkpoints", "tunegate/other/11/checkpoints") == NOTE.format(9)


@pytest.mark.parametrize("name", ["a..b", "", "-x", "x.lock", "a b", "refs/../x", "@{0}"])
def test_a_name_that_no_branch_has_is_refused(name, repository):
    with pytest.raises(PolicyError, match="cannot be committed to the branch"):
        publish_log(str(repository), name, ORIGIN, NOTE.format(3))


def test_a_branch_that_is_checked_out_is_refused(repository):
    with pytest.raises(PolicyError, match="`main` is checked out in a working tree"):
        publish_log(str(repository), "main", ORIGIN, NOTE.format(3))


def test_outside_a_repository_it_is_said(tmp_path):
    with pytest.raises(PolicyError, match="lies in no git repository"):
        publish_log(str(tmp_path), "checkpoints", ORIGIN, NOTE.format(3))


def test_the_repositorys_settings_run_nothing(repository, tmp_path):
    ran = tmp_path / "ran"
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-commit", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    git(repository, "config", "core.fsmonitor", f"touch {ran}")
    git(repository, "config", "commit.gpgSign", "true")
    git(repository, "config", "gpg.program", f"touch {ran}")
    publish_log(str(repository), "checkpoints", ORIGIN, NOTE.format(3))
    assert show(repository, "checkpoints") == NOTE.format(3)
    assert not ran.exists()


def test_a_signed_ledger_is_published(kept, repository):
    branch = Branch(str(repository), "checkpoints")
    first = sign_ledger(kept.place, kept.key, kept.log, branch)
    add_entries(kept.url, draft_note(1))
    second = sign_ledger(kept.place, kept.key, kept.log, branch)
    origin = second.checkpoint.origin
    assert git(repository, "rev-list", "checkpoints").splitlines() == [second.commit, first.commit]
    published = show(repository, "checkpoints", f"{origin}/checkpoints")
    assert published == (kept.folder / "checkpoints.txt").read_text()
    # Nothing new, nothing committed.
    assert sign_ledger(kept.place, kept.key, kept.log, branch).commit == second.commit
