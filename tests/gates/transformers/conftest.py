"""A project whose training is judged, and programs that train it, on one rank or several."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.enough_rows import GOOD, RULE
from tests.gates.transformers.starting import run_ranks

POLICY_SET = "policy_set: 1\npolicies: [rules]\ngates: {run: {mode: enforce}}\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a project that may be trained."""
    folder = tmp_path / "project"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "rows.yaml").write_text(RULE)
    (folder / "policy.yaml").write_text(POLICY_SET)
    (folder / "ml-manifest.yaml").write_text(GOOD)
    monkeypatch.chdir(folder)
    for name in ("POLICY_MANIFEST", "POLICY_ACTIVITY", "POLICY_OFF"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def train(project: Path) -> Callable[..., list[subprocess.CompletedProcess[str]]]:
    """Runs a program on so many ranks."""
    return lambda text, ranks=1, **environment: run_ranks(text, project, ranks, environment)
