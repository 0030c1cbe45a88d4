"""Who contributed to a project: authors as git has them, co-authors, and whom the manifest names."""

from __future__ import annotations

import os
import subprocess

import pytest

from policy.app.approvals.contributors import list_authors, list_contributors
from policy.app.approvals.identity import identify_user
from tests.building import make_facts


@pytest.fixture
def commit(tmp_path, monkeypatch):
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)

    def make(file, author, message="x"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as stream:
            stream.write("x\n")
        subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
        settings = ["-c", "user.name=committer", "-c", "user.email=c@example.com"]
        subprocess.run(
            ["git", *settings, "commit", "--quiet", "--author", author, "-m", message], cwd=tmp_path, check=True
        )

    return make


def test_authors_of_what_is_below_a_path(commit, tmp_path):
    commit("a/x", "Alice <alice@example.com>")
    commit("a/x", "Bob <bob@example.com>", "x\n\nCo-authored-by: Carol <carol@example.com>")
    commit("a/x", "Alice <alice@example.com>")
    commit("b/x", "Zoe <zoe@example.com>")
    assert sorted(list_authors(str(tmp_path / "a"))) == [
        "Alice <alice@example.com>",
        "Bob <bob@example.com>",
        "Carol <carol@example.com>",
    ]
    assert list(list_authors(str(tmp_path / "b"))) == ["Zoe <zoe@example.com>"]
    assert len(list(list_authors(str(tmp_path)))) == 4


def test_a_mailmap_says_who_is_who_and_hides_nobody(commit, tmp_path):
    commit("x", "al <old@example.com>")
    (tmp_path / ".mailmap").write_text("Alice Smith <alice@example.com> <old@example.com>\n")
    assert list(list_authors(str(tmp_path))) == ["Alice Smith <alice@example.com>", "al <old@example.com>"]


def test_without_a_repository_or_a_commit_nobody(tmp_path):
    assert list(list_authors(str(tmp_path))) == []
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert list(list_authors(str(tmp_path))) == []


def test_whom_the_manifest_names(tmp_path):
    facts = make_facts("project: x\nowner: {team: support-ml, contact: erin@example.com}\n")
    assert list_contributors(str(tmp_path), facts) == ("erin@example.com", "support-ml")


def test_the_user_is_the_operating_systems_and_no_variable(monkeypatch):
    for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "mallory")
    user = identify_user()
    assert user.startswith("os:")
    assert user.endswith(f"@{os.uname().nodename}")
    assert "mallory" not in user
