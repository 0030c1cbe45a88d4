from __future__ import annotations

import os
import subprocess
import sys

import pytest

from policy.gates.mlflow.server.metrics import FOLDER, Metrics
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD
from tests.gates.mlflow.server.test_runs import begin


def read_values(text):
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line and line[0] != "#"
    }


def test_a_server_tells_what_it_has_done(server, experiment):
    path = "/policy/api/1/metrics"
    before = read_values(server.ask("GET", path, user="ada").body)
    begin(server, experiment, GOOD)
    begin(server, experiment, BLOCKED)
    after = read_values(server.ask("GET", path, user="ada").body)
    for name in (
        'policy_attempts_total{gate="run",state="admitted"}',
        'policy_attempts_total{gate="run",state="refused"}',
        'policy_decisions_total{gate="run",verdict="block"}',
        'policy_outcomes_total{gate="run",outcome="fail",policy="volatile-data"}',
    ):
        assert after[name] == before.get(name, 0) + 1, name
    assert after['policy_hearing_seconds_count{gate="run"}'] >= 2
    assert after["policy_spool_bytes"] == 0
    assert server.ask("GET", path).status == 401


def test_several_workers_are_told_together(tmp_path):
    script = "from policy.gates.mlflow.server.metrics import Metrics; Metrics(lambda: 0).opened.inc()"
    environ = {**os.environ, FOLDER: str(tmp_path)}
    for _ in range(3):
        subprocess.run([sys.executable, "-P", "-c", script], env=environ, check=True)
    script = "from policy.gates.mlflow.server.metrics import Metrics; print(Metrics(lambda: 7).render().decode())"
    text = subprocess.run(
        [sys.executable, "-P", "-c", script], env=environ, check=True, capture_output=True, text=True
    ).stdout
    values = read_values(text)
    assert values["policy_fail_open_total"] == 3
    assert values["policy_spool_bytes"] == 7


@pytest.mark.parametrize("size", [0, 12])
def test_the_spool_is_measured_when_it_is_asked_for(monkeypatch, size):
    monkeypatch.delenv(FOLDER, raising=False)
    assert read_values(Metrics(lambda: size).render().decode())["policy_spool_bytes"] == size
