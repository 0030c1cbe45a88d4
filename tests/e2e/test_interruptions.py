"""A user who has had enough: exit code 130, no traceback, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

GOOD = "manifest: 1\nproject: good\napproach: rag\nsystem: {risk: minimal}\n"

SLOW = """
import os, time
from policy import hookimpl

class Slow:
    name = "slow"
    observes = ("data.rows",)

    def collect(self, project):
        with open(os.environ["MARK"], "a") as mark:
            mark.write(f"{os.getpid()}\\n")
        time.sleep(300)

@hookimpl
def collectors():
    return [Slow()]
"""


def wait_for(mark) -> list[int]:
    until = time.monotonic() + 60
    while not (mark.exists() and mark.read_text().endswith("\n")):
        assert time.monotonic() < until, "the collector was not called"
        time.sleep(0.01)
    return [int(line) for line in mark.read_text().split()]


def is_alive(process: int) -> bool:
    """Whether the process still does anything; one that nobody has waited for is dead all the same."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip()) and not found.stdout.startswith("Z")


def wait_for_end(processes: list[int]) -> None:
    """What a process of its own runs in a process of its own ends a moment later."""
    until = time.monotonic() + 60
    while any(map(is_alive, processes)):
        assert time.monotonic() < until, "something is still running"
        time.sleep(0.01)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_ends_with_130_and_leaves_nothing(jobs, plant, policy, tmp_path):
    plant({f"{number}/ml-manifest.yaml": GOOD for number in range(60)})
    plant({"plugins/slow.py": SLOW, "policy.yaml": "policy_set: 1\nplugins: [slow]\n"})
    mark = tmp_path / "mark"
    path = os.pathsep.join([policy.environment["PYTHONPATH"], str(tmp_path / "plugins")])
    process = policy.start(
        "check",
        f"--jobs={jobs}",
        "--output=json=x.json",
        env={"PYTHONPATH": path, "MARK": str(mark)},
        # A shell starts what runs in its background with the signal switched off.
        prepare=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    workers = wait_for(mark)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert err.strip() == b""
    assert out == b""
    assert process.returncode == 130
    wait_for_end(workers)
    assert not list(tmp_path.glob("x.json*"))


def test_an_interruption_while_it_starts_is_no_traceback(plant, policy, tmp_path):
    # A `click` that takes its time, found before the real one.
    plant({"slow/click.py": f"import time\nopen({str(tmp_path / 'mark')!r}, 'w').write('0\\n')\ntime.sleep(300)\n"})
    path = os.pathsep.join([str(tmp_path / "slow"), policy.environment["PYTHONPATH"]])
    process = policy.start(
        "check", env={"PYTHONPATH": path}, prepare=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None
    )
    wait_for(tmp_path / "mark")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert err == b""
    assert process.returncode == 130
