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


WORK = """
import multiprocessing, sys
multiprocessing.parent_process = lambda: "uvicorn"
from policy.gates.mlflow.server import workers
from policy.gates.mlflow.server.metrics import Metrics
made = Metrics(lambda: 0)
for line in sys.stdin:
    exec(line)
    print(made.render().decode().replace("\\n", ";"), flush=True)
"""


class Worker:
    """A process of its own, which does what it is told and says then what all of them tell."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", WORK],
            env={name: value for name, value in os.environ.items() if name != FOLDER} | {"TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, line="pass"):
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        found = read_values(self.process.stdout.readline().replace(";", "\n"))
        return [
            found.get(name) for name in ("policy_fail_open_total", "policy_webhooks_pending", "policy_ledger_awaited")
        ]

    def end(self):
        self.process.kill()
        self.process.communicate()


def test_how_things_stand_is_told_of_all_workers_that_live(tmp_path):
    first, second = Worker(tmp_path), Worker(tmp_path)
    try:
        assert (first.do(), second.do()) == ([0, None, 0], [0, None, 0])
        assert first.do("workers.note_awaiting(); made.opened.inc(); made.waiting.set(5)") == [1, 5, 1]
        assert second.do() == [1, 5, 1]
        first.do("workers.note_reached()")
        assert second.do() == [1, 5, 0]
        first.do("workers.note_awaiting()")
        (folder,) = tmp_path.iterdir()
        assert [*folder.glob(f"gauge_live*_{first.process.pid}.db")] != []
        first.end()
        # What it has counted stays.
        assert second.do() == [1, None, 0]
        assert [*folder.glob(f"gauge_live*_{first.process.pid}.db")] == []
    finally:
        first.end()
        second.end()


@pytest.mark.parametrize("size", [0, 12])
def test_the_spool_is_measured_when_it_is_asked_for(monkeypatch, size):
    monkeypatch.delenv(FOLDER, raising=False)
    assert read_values(Metrics(lambda: size).render().decode())["policy_spool_bytes"] == size
