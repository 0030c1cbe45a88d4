"""Repositories as git makes them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from policy.loading.git.commands import OF_ONE_REPOSITORY

MANIFEST = "manifest: 1\nproject: reply-tone\n"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository around the test, no configuration of whoever runs it, and nothing that a hook has set."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for name in OF_ONE_REPOSITORY:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Write files, by their paths, into the test's folder."""

    def plant(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return plant


def git(folder: Path, *arguments: str, **options: str) -> str:
    """Run git with an identity; what it prints."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    command = ["git", *identity, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=os.environ | options)
    return done.stdout


@pytest.fixture
def repository(write: Callable[[Mapping[str, str | bytes]], Path]) -> Callable[[Mapping[str, str | bytes]], Path]:
    """The test's folder as a repository with these files, all of them committed."""

    def make(files: Mapping[str, str | bytes]) -> Path:
        root = write(files)
        git(root, "init", "--quiet")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--allow-empty", "--message=first")
        return root

    return make
