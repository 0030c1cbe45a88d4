"""Projects that begin runs, and servers that take them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from policy.app.runs.recent import Recent
from policy.gates.mlflow.client import server as servers
from tests.gates.mlflow.client.standin import StandIn, stand_in
from tests.gates.mlflow.memory import no_experiment  # noqa: F401 - a fixture of every test

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
    monkeypatch.setattr(servers, "_SAID", Recent(9))
    return folder


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database of MLflow's, which costs a second to make; without experiments, for those name the folder."""
    import mlflow

    file = tmp_path_factory.mktemp("store") / "runs.db"
    with warnings.catch_warnings():
        # MLflow's own, and whichever test comes first would have to expect them.
        warnings.simplefilter("ignore")
        mlflow.MlflowClient(f"sqlite:///{file}").search_experiments()
    with closing(sqlite3.connect(file)) as made:
        made.execute("DELETE FROM experiments")
        made.commit()
        return made.serialize()


@pytest.fixture
def store(empty_store: bytes, tmp_path: Path) -> str:
    """The address of a store in which nothing has been recorded."""
    (tmp_path / "runs.db").write_bytes(empty_store)
    return f"sqlite:///{tmp_path}/runs.db"


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
