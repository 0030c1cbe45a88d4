"""Many clients begin many runs at a guarded MLflow server, and its ledger is held against what they were told.

    python -m tests.campaigns.mlflow_runs

has sixteen clients begin ten thousand runs at four workers, with runs and ledger in PostgreSQL; `--runs`, `--clients`
and `--workers` say otherwise. A fifth of them must be refused. No run that began may be on no record, none that meets
the policies may be refused, none that does not may begin, and each subject is judged once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from policy.records.ledger import create_ledger, open_ledger
from policy.records.runs.queries import list_runs
from tests.gates.mlflow.server.conftest import VOLATILE, Sent, make_sent
from tests.gates.mlflow.server.serving import Server, serve
from tests.records.server import find_programs, running_server

REFUSED_EACH = 5
SET = """\
policy_set: 1
name: campaign
policies: [./policies]
gates: {run: {on_error: block}, release: {on_error: block}}
ledger: LEDGER
mlflow: {experiments: [{name: support-*, project: support-*}]}
"""


class Told(NamedTuple):
    """What a client was told: the id of a run, or nothing where it was refused, and whether that is right."""

    run: str
    expected: bool


class Tally(NamedTuple):
    """What came of everything."""

    began: int
    refused: int
    wrong: int
    unrecorded: int
    decisions: int
    seconds: float


def begin(server: Server, experiment: str, sent: Sent, number: int, *, allowed: bool) -> Told:
    """Begin one run."""
    body = {"experiment_id": experiment, "run_name": f"run-{number}", "tags": sent.tags}
    answer = server.call("runs/create", body)
    run = answer.body["run"]["info"]["run_id"] if answer.status == 200 else ""
    return Told(run, expected=bool(run) == allowed and answer.status in (200, 403))


def play(server: Server, ledger_url: str, runs: int, clients: int) -> Tally:
    """Begin all runs, then read the ledger."""
    experiment = server.make_experiment("support-campaign")
    good, blocked = make_sent(), make_sent(data={"change_interval": "7d"})
    for sent in (good, blocked):
        assert server.ask("PUT", f"/policy/api/1/manifests/{sent.digest}", raw=sent.body).status == 201
    start = time.perf_counter()

    def begin_one(number: int) -> Told:
        refused = number % REFUSED_EACH == 0
        return begin(server, experiment, blocked if refused else good, number, allowed=not refused)

    with ThreadPoolExecutor(clients) as pool:
        told = list(pool.map(begin_one, range(runs)))
    seconds = time.perf_counter() - start
    began = {one.run for one in told if one.run}
    with open_ledger(ledger_url) as ledger:
        recorded = {row.run for row in list_runs(ledger, "mlflow") if row.state == "admitted"}
        decisions = len(list(ledger.read_decisions(gate="run")))
    wrong = sum(not one.expected for one in told)
    return Tally(len(began), runs - len(began), wrong, len(began - recorded), decisions, seconds)


def run_campaign(runs: int, clients: int, workers: int) -> Tally:
    """The whole, on servers of its own."""
    programs = find_programs()
    if programs is None:
        sys.exit("no PostgreSQL server is installed (Debian: postgresql)")
    with tempfile.TemporaryDirectory() as place, running_server(programs) as database:
        folder, ledger_url = Path(place), database.make_database()
        create_ledger(ledger_url).close()
        (folder / "policies").mkdir()
        (folder / "policies/volatile-data.yaml").write_text(f"{VOLATILE}on_unknown: block\n")
        (folder / "policy.yaml").write_text(SET.replace("LEDGER", ledger_url))
        backend = database.make_database().replace("postgresql://", "postgresql+psycopg://")
        with serve(folder, workers=workers, backend=backend) as server:
            return play(server, ledger_url, runs, clients)


def main() -> int:
    """1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, number in (("runs", 10_000), ("clients", 16), ("workers", 4)):
        parser.add_argument(f"--{name}", type=int, default=number)
    found = run_campaign(**vars(parser.parse_args()))
    sys.stdout.write(f"{found}\n")
    return 1 if found.wrong or found.unrecorded or found.decisions != min(2, found.began + found.refused) else 0


if __name__ == "__main__":
    sys.exit(main())
