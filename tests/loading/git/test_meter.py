"""git is not waited for longer than the collector that asks it may take."""

from __future__ import annotations

import pytest

from policy.loading.git import commands
from policy.loading.git.bounded import read_git
from policy.loading.git.commands import GitError, run_git
from policy.model.evidence_settings import EvidenceSettings
from policy.plugins.metering import Meter, SpentError


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A git that does not end; this shell would not give up on it."""
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nexec sleep 10000\n")
    git.chmod(0o755)
    monkeypatch.setattr(commands, "find_git", lambda: str(git))
    monkeypatch.setattr("policy.loading.git.bounded.find_git", lambda: str(git))
    return tmp_path


ASKING = [lambda folder: run_git(str(folder), "log"), lambda folder: read_git(str(folder), "log", most=9)]


@pytest.mark.parametrize("ask", ASKING)
def test_the_collectors_time_ends_it(slow, ask):
    with Meter(EvidenceSettings(time_limit=50)), pytest.raises(SpentError):
        ask(slow)


@pytest.mark.parametrize("ask", ASKING)
def test_its_own_time_is_an_error_of_git(slow, monkeypatch, ask):
    monkeypatch.setattr(commands, "SECONDS", 0.05)
    with Meter(EvidenceSettings()), pytest.raises(GitError, match=r"git did not answer within 0\.05 s"):
        ask(slow)
