from __future__ import annotations

import os

import pytest

from policy.loading.git import commands as asking
from policy.loading.git.commands import GitError, find_git, find_repository, run_git
from tests.loading.conftest import git


def make_program(folder, text, name="git"):
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Put a program in git's place."""

    def take_over(text):
        make_program(tmp_path / "bin", text)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    return take_over


def test_the_nearest_repository_is_found(tmp_path):
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    git(tmp_path, "init", "--quiet")
    assert find_repository(str(inner)) == str(tmp_path)
    # As in a worktree or a submodule.
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere\n")
    assert find_repository(str(inner)) == str(tmp_path / "a")
    assert find_repository(os.sep) is None


def test_git_answers(tmp_path):
    git(tmp_path, "init", "--quiet")
    assert (
        run_git(str(tmp_path), "hash-object", "--stdin", data=b"text\n")
        == b"8e27be7d6154a1f68ea9160ef0e18691d20560dc\n"
    )
    assert run_git(str(tmp_path), "check-ignore", "--stdin", data=b"a", accepted=(0, 1)) == b""


def test_what_git_says_last_is_why_it_gave_up(tmp_path):
    with pytest.raises(GitError, match=r"^not a git repository"):
        run_git(str(tmp_path), "status")


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("echo 'warning: noise' >&2; echo 'fatal: it is broken' >&2; exit 128", "it is broken"),
        ("echo 'it is odd' >&2; exit 3", "it is odd"),
        ("exit 3", "git ended with 3"),
        ("printf '\\377' >&2; exit 3", "\ufffd"),
    ],
)
def test_the_reason_is_one_line(play, tmp_path, program, reason):
    play(program)
    with pytest.raises(GitError) as refusal:
        run_git(str(tmp_path), "status")
    assert str(refusal.value) == reason


def test_git_is_not_waited_for_for_ever(play, tmp_path, monkeypatch):
    play("exec sleep 10000")
    monkeypatch.setattr(asking, "SECONDS", 0.2)
    with pytest.raises(GitError, match=r"git did not answer within 0\.2 s"):
        run_git(str(tmp_path), "status")


def test_a_program_that_cannot_be_started_is_said(play, tmp_path):
    play("")
    (tmp_path / "bin" / "git").write_bytes(b"\x7fELF nonsense")
    with pytest.raises(GitError, match="git cannot be started: Exec format error"):
        run_git(str(tmp_path), "status")


def test_git_reads_nothing_of_ours_and_asks_nobody(play, tmp_path, monkeypatch):
    play('echo "$GIT_TERMINAL_PROMPT $GIT_OPTIONAL_LOCKS $LC_ALL $GIT_DIR $(cat)"')
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    assert run_git(str(tmp_path), "status") == b"0 0 C  \n"


def test_git_is_looked_up_in_absolute_folders_in_their_order(tmp_path, monkeypatch):
    for folder in ("one", "two", "here"):
        make_program(tmp_path / folder, "exit 0")
    (tmp_path / "not-runnable").mkdir()
    (tmp_path / "not-runnable" / "git").write_text("text")
    (tmp_path / "a-folder" / "git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    folders = [".", "", "../here", *(str(tmp_path / name) for name in ("not-runnable", "a-folder", "two", "one"))]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))
    assert find_git() == str(tmp_path / "two" / "git")
    monkeypatch.setenv("PATH", os.pathsep.join(folders[:-2]))
    with pytest.raises(GitError, match="git is not installed"):
        find_git()
