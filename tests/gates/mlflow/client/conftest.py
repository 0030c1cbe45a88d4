"""Projects that begin runs, and servers that take them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policy.gates.mlflow.client import server as servers
from tests.gates.mlflow.client.standin import StandIn, stand_in

MANIFEST = "manifest: 1\nproject: support\ndata: {rows: 500}\n"
QUIET = {"DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a project with a manifest, and a process that has asked no server yet."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "ml-manifest.yaml").write_text(MANIFEST)
    monkeypatch.chdir(folder)
    for name in ("POLICY_MANIFEST", "POLICY_ACTIVITY", "POLICY_OFF", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(servers.Server, "_known", {})
    monkeypatch.setattr(servers, "_SAID", set())
    return folder


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with stand_in() as found:
        yield found


@pytest.fixture
def run_script(project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a program of the project against a tracking server."""

    def run(text: str, url: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (project / "train.py").write_text(text)
        return subprocess.run(
            [sys.executable, "-W", "ignore", "train.py"],
            cwd=project,
            env={**os.environ, **QUIET, "MLFLOW_TRACKING_URI": url, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
