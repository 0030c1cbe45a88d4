from __future__ import annotations

import os
from functools import partial

import pytest

from policy.loading.git import commands
from policy.loading.git.bounded import read_git
from policy.loading.git.commands import GitError, run_git
from tests.loading.conftest import git
from tests.loading.git.test_commands import play  # noqa: F401 - the fixture


def test_all_of_a_short_answer(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a").write_text("text\n")
    name = b"8e27be7d6154a1f68ea9160ef0e18691d20560dc\n"
    assert read_git(str(tmp_path), "hash-object", "a", most=len(name)) == (name, True)
    assert read_git(str(tmp_path), "hash-object", "a", most=len(name) - 1) == (name[:-1], False)


def test_no_more_is_read_of_an_answer_without_end(play, tmp_path):  # noqa: F811
    play("exec yes")
    assert read_git(str(tmp_path), "log", most=10) == (b"y\ny\ny\ny\ny\n", False)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("echo 'warning: noise' >&2; echo 'fatal: it is broken' >&2; exit 128", "it is broken"),
        ("exit 3", "git ended with 3"),
        # More than a pipe holds: it must not wait for somebody to read it.
        ("echo 'fatal: it is loud' >&2; yes | head -c 1000000 >&2; exit 1", "it is loud"),
    ],
)
def test_why_git_gave_up(play, tmp_path, program, reason):  # noqa: F811
    play(program)
    with pytest.raises(GitError) as refusal:
        read_git(str(tmp_path), "log", most=10)
    assert str(refusal.value) == reason


@pytest.mark.parametrize("ask", [run_git, partial(read_git, most=10)])
def test_nothing_is_fetched(repository, tmp_path, ask):
    root = repository({"a": "b"})
    git(root, "config", "protocol.file.allow", "always")
    with pytest.raises(GitError, match="transport 'file' not allowed"):
        ask(str(root), "fetch", f"file://{tmp_path}")


def test_git_is_not_waited_for_for_ever(play, tmp_path, monkeypatch):  # noqa: F811
    play("exec sleep 10000")
    monkeypatch.setattr(commands, "SECONDS", 0.2)
    with pytest.raises(GitError, match=r"git did not answer within 0\.2 s"):
        read_git(str(tmp_path), "log", most=10)


def test_a_program_that_cannot_be_started_is_said(play, tmp_path, monkeypatch):  # noqa: F811
    play("")
    (tmp_path / "bin" / "git").write_bytes(b"\x7fELF nonsense")
    with pytest.raises(GitError, match="git cannot be started: Exec format error"):
        read_git(str(tmp_path), "log", most=10)
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(GitError, match="git is not installed"):
        read_git(str(tmp_path), "log", most=10)
