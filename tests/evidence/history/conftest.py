"""Repositories whose commits were made on given days, and what the collector says of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from policy.app.git_history import find_history
from policy.errors import Location
from policy.evidence.history.collector import GitHistory
from policy.loading.git.commands import OF_ONE_REPOSITORY
from policy.model.fact import Fact, Members
from policy.plugins.contracts import DatasetReference, Evidence, Project

DAY = 24 * 60 * 60
# 2026-01-01, and the day of judging.
START, NOW = 1_767_225_600, 1_767_225_600 + 1000 * DAY
INTERVAL, TRAINING, COMMIT = "data.change_interval", "training.interval", "training.commit"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository around the test, no configuration of whoever runs it, and nothing that a hook has set."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for name in OF_ONE_REPOSITORY:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


class Repository:
    """A repository in a folder; `days` count from 2026-01-01."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def init(self) -> Repository:
        self.git("init", "--quiet", "--initial-branch=main")
        return self

    def git(self, *arguments: str, **variables: str) -> str:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always")
        return subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **variables},
        ).stdout

    def write(self, files: Mapping[str, str | None]) -> None:
        for name, text in files.items():
            file = self.root / name
            if text is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def commit(self, day: float, files: Mapping[str, str | None] | None = None) -> str:
        """Commit everything, written and committed on a day; the commit's name."""
        self.write(files or {})
        self.git("add", "--all")
        when = f"@{START + round(day * DAY)} +0000"
        self.git("commit", "--quiet", "--allow-empty", "-mchange", GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)
        return self.git("rev-parse", "HEAD").strip()

    def change(self, *days: float, path: str = "train.jsonl") -> None:
        """Give a file another content on each of the days."""
        for number, day in enumerate(days):
            self.commit(day, {path: f'{{"text": "{day} {number}"}}\n'})

    def clone(self, folder: Path, *options: str) -> Repository:
        """A clone, as it is fetched from elsewhere."""
        self.git("clone", "--quiet", *options, f"file://{self.root}", str(folder))
        return Repository(folder)

    def collect(
        self,
        *paths: str,
        folder: str = "",
        datasets: tuple[DatasetReference, ...] = (),
        config: str = "",
        stated: Mapping[str, object] | None = None,
        collector: GitHistory | None = None,
    ) -> Evidence:
        """What the history tells of a manifest that trains on some files, `train.jsonl` where none are named."""
        declared = (
            declare(*(paths or ("train.jsonl",))),
            *(Fact(path, value) for path, value in (stated or {}).items()),
        )
        told = (Fact("training.config", config, "observed"),) if config else ()
        root = str(self.root)
        project = Project(root, folder, declared, datasets, told, find_history(root))
        return (collector or GitHistory(lambda: NOW)).collect(project)

    def estimate(self, *paths: str, **options: object) -> float | str:
        """The interval in days, or why it is not known."""
        return read_days(self.collect(*paths, **options), INTERVAL)  # type: ignore[arg-type]


def read_days(evidence: Evidence, path: str) -> float | str:
    fact = next((fact for fact in evidence.facts if fact.path == path), None)
    if fact is None:
        return evidence.unavailable[path]
    assert fact.origin == "estimated"
    return float(fact.value / DAY / 1000)


def read_source(evidence: Evidence, path: str) -> str:
    return next(fact.source for fact in evidence.facts if fact.path == path)


def declare(*paths: str, split: str = "train") -> Fact:
    place = Location("ml-manifest.yaml", 3)
    members = ({"path": Fact("path", path, location=place), "split": Fact("split", split)} for path in paths)
    return Fact("data.sources", Members(tuple(members), complete=True), location=place)


def refer(path: str | None, split: str = "train", **options: object) -> DatasetReference:
    return DatasetReference(path, None if path else "acme/hub", split, Location("a.yaml"), **options)  # type: ignore[arg-type]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository").init()
