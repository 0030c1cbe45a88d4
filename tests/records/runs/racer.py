"""One of several processes whose threads record runs under the same decisions; prints the decisions it was told."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from policy.records.ledger import Ledger, open_ledger
from policy.records.runs.recording import record_run
from tests.records.runs.made import SAID, draft_decision, make_row, name_run


def race(url: str, number: int, threads: int, runs: int) -> None:
    """Each thread records runs of its own, one under each decision, and a step of a run that all have."""
    with open_ledger(url, create=False, timeout=120) as ledger, ThreadPoolExecutor(threads) as pool:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        list(pool.map(lambda thread: record_some(ledger, number * threads + thread, runs), range(threads)))


def record_some(ledger: Ledger, place: int, runs: int) -> None:
    """What one thread records; the moment at which it judges is its own."""
    for run in range(runs):
        draft = draft_decision(f"subject {run}", time=f"2026-11-20T10:{place // 60:02}:{place % 60:02}Z")
        row = make_row(run=name_run(place * runs + run), principal=f"user-{place}")
        sys.stdout.write(f"{record_run(ledger, row, SAID, draft).decision}\n")
        record_run(ledger, make_row(run="shared", manifest="", state="unjudged"), SAID)


if __name__ == "__main__":
    race(sys.argv[1], *map(int, sys.argv[2:]))
