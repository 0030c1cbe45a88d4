"""A project whose training is judged, and programs that train it, on one rank or several."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

POLICY_SET = "policy_set: 1\npolicies: [rules]\ngates: {run: {mode: enforce}}\n"
RULE = """\
policy: enough-rows
title: Enough rows
severity: high
when: {run.activity: training}
require: {data.rows: {at_least: 100}}
effect: block
fix: collect more examples
"""
GOOD = "manifest: 1\nproject: support\ndata: {rows: 500}\n"
SMALL = GOOD.replace("500", "5")
# What waits for longer is stuck; far more than a machine with much to do needs.
ENDS_WITHIN = 240


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
    """Runs a program on so many ranks, which nobody ends but they themselves."""

    def run(text: str, ranks: int = 1, **environment: str) -> list[subprocess.CompletedProcess[str]]:
        (project / "train.py").write_text(text)
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = str(found.getsockname()[1])
        started = []
        for rank in range(ranks):
            places = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(ranks), "MASTER_PORT": port}
            group = {**places, "MASTER_ADDR": "127.0.0.1"} if ranks > 1 else {}
            started.append(
                subprocess.Popen(
                    [sys.executable, "-W", "ignore", "train.py"],
                    env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **group, **environment},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        try:
            done = [(process, *process.communicate(timeout=ENDS_WITHIN)) for process in started]
        finally:
            for process in started:
                process.kill()
        return [subprocess.CompletedProcess(process.args, process.returncode, *said) for process, *said in done]

    return run
