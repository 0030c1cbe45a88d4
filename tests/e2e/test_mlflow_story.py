"""The whole way: refused, changed, held, approved by somebody else, run, released, reported and verified."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from policy.records.ledger import create_ledger
from tests.gates.mlflow.server.conftest import SET, write_set
from tests.gates.mlflow.server.serving import PASSWORD, Server, serve
from tests.records.server import find_programs, running_server

# What somebody types into a notebook: the manifest lies beside it, and nothing in it speaks of policies.
NOTEBOOK = """\
import sys
import mlflow
import mlflow.sklearn
from sklearn.linear_model import LogisticRegression

mlflow.set_experiment("support-tone")
with mlflow.start_run(run_id=sys.argv[1] if len(sys.argv) > 1 else None) as run:
    mlflow.log_param("C", 1.0)
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    mlflow.sklearn.log_model(model, name="model", skops_trusted_types=None)
    print("run", run.info.run_id)
"""
RELEASE = """\
import sys
import mlflow

client = mlflow.MlflowClient()
version = mlflow.register_model(f"runs:/{sys.argv[1]}/model", "support-model")
client.set_registered_model_alias("support-model", "champion", version.version)
print("version", version.version)
"""
MANIFEST = """\
manifest: 1
project: support-tone
approach: fine-tuning
data: {{change_interval: {interval}}}
model: {{parameters: {parameters}}}
"""


class Story(NamedTuple):
    server: Server
    folder: Path

    def declare(self, interval: str, parameters: int) -> None:
        """What the project's manifest says from now on."""
        (self.folder / "ml-manifest.yaml").write_text(MANIFEST.format(interval=interval, parameters=parameters))

    def play(self, script: str, *arguments: str, user: str = "ada") -> subprocess.CompletedProcess[str]:
        """What a script says to somebody who runs it beside the manifest."""
        environ = {**os.environ, "MLFLOW_TRACKING_URI": self.server.url, "PYTHONWARNINGS": "ignore"}
        environ |= {"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
        environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "HOME": str(self.folder)}
        command = [sys.executable, "-P", "-c", script, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=300, check=False
        )

    def policy(self, *arguments: str, user: str = "bob") -> subprocess.CompletedProcess[str]:
        """What the command says, where the policy set of the server is, with somebody's credentials."""
        environ = {**os.environ, "MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
        command = [sys.executable, "-m", "tunegate", *arguments]
        return subprocess.run(
            command, cwd=self.server.folder, env=environ, capture_output=True, text=True, timeout=300, check=False
        )


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """A server with two workers; its runs and the ledger are in PostgreSQL."""
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    with running_server(programs, durable=False) as database:
        runs, ledger = database.make_database(), database.make_database()
        folder = write_set(tmp_path / "server", SET.replace("sqlite:///ledger.db", ledger))
        backend = runs.replace("postgresql://", "postgresql+psycopg://")
        create_ledger(ledger).close()
        (tmp_path / "project").mkdir()
        with serve(folder, auth=True, workers=2, backend=backend) as server:
            for name in ("ada", "bob"):
                server.make_user(name)
            yield Story(server, tmp_path / "project")


def test_the_whole_way(story):
    story.declare("7d", 1000)
    refused = story.play(NOTEBOOK)
    assert refused.returncode == 1
    assert "volatile-data" in refused.stderr
    assert "instead: rag" in refused.stderr

    story.declare("90d", 7_000_000_000)
    held = story.play(NOTEBOOK)
    assert held.returncode == 1
    request = held.stderr.partition("request ")[2].split()[0]
    run = held.stderr.partition("run_id='")[2].partition("'")[0]
    assert story.policy("approvals", "approve", request, "--server", story.server.url, user="ada").returncode != 0
    early = story.play(NOTEBOOK, run)
    assert early.returncode == 1

    approved = story.policy("approvals", "approve", request, "--server", story.server.url, "--reason", "seen")
    assert approved.returncode == 0, approved.stderr
    finished = story.play(NOTEBOOK, run)
    assert finished.returncode == 0, finished.stderr
    assert f"run {run}" in finished.stdout
    released = story.play(RELEASE, run)
    assert released.returncode == 0, released.stderr
    assert "version 1" in released.stdout

    # A run that never met the gate releases nothing: here one that waits.
    story.declare("90d", 8_000_000_000)
    other = story.play(NOTEBOOK)
    waiting = other.stderr.partition("run_id='")[2].partition("'")[0]
    assert waiting
    denied = story.play(RELEASE, waiting)
    assert denied.returncode != 0

    report = story.policy("report", "--output", "csv:chain")
    assert report.returncode == 0, report.stderr
    rows = list(csv.DictReader(io.StringIO(report.stdout)))
    assert {"volatile-data", "large-models"} <= {value for row in rows for value in row.values()}
    runs = list(csv.DictReader(io.StringIO(story.policy("report", "--output", "csv:runs").stdout)))
    assert [(row["admitted"], row["held"], row["runs"]) for row in runs] == [("1", "1", "2")]
    waits = list(csv.DictReader(io.StringIO(story.policy("report", "--output", "csv:unadmitted_runs").stdout)))
    assert [(row["run"], row["state"]) for row in waits] == [(waiting, "held")]
    listed = story.policy("ledger", "list", "--output", "json").stdout
    assert run in listed
    verified = story.policy("ledger", "verify")
    assert verified.returncode == 0, verified.stdout
