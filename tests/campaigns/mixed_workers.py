"""An upgrade with workers of both versions at one tracking database and one ledger, and the way back.

    python -m tests.campaigns.mixed_workers --revision REVISION
    python -m tests.campaigns.mixed_workers --mlflow 3.16.1

works with a server of an earlier revision of this repository (taken from git, under the MLflow that is installed), or
of another version of MLflow (in an environment of its own), starts one of today beside it, upgrades what has to be, and
goes back. It says what each step came to; what was recorded is there at the end, and the ledger verifies.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from policy.records.layout import VERSION
from tests.campaigns.mlflow_versions import environment
from tests.gates.mlflow.server.conftest import GOOD, make_sent, write_set
from tests.gates.mlflow.server.neighbours import (
    NO_VARIABLES,
    Place,
    approve_anywhere,
    begin_anywhere,
    find_held,
    release_anywhere,
)
from tests.gates.mlflow.server.serving import Server
from tests.gates.mlflow.server.ways import assert_refused, begin, start

ROOT = Path(__file__).resolve().parents[2]


class Worker(NamedTuple):
    """What a worker runs with."""

    name: str
    python: str = sys.executable
    variables: Mapping[str, str] = NO_VARIABLES

    def run(self, folder: Path, *command: str) -> str:
        """What a program says there. Raises AssertionError where it fails."""
        environ = {**os.environ, **self.variables}
        done = subprocess.run(
            [self.python, "-W", "ignore", "-m", *command],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def work(self, place: Place) -> Iterator[Server]:
        with place.work(self.name, python=self.python, environment=self.variables) as server:
            yield server

    def try_to_work(self, place: Place, *said: str) -> bool:
        """Whether it starts; where it does not it must say why."""
        try:
            with self.work(place):
                return True
        except AssertionError as error:
            if not any(text in str(error) for text in said):
                raise
            return False


TODAY = Worker("today")


def say(text: str) -> None:
    """One step."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def earlier(revision: str) -> Iterator[Worker]:
    """A worker of an earlier revision, as git has it."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ("git", "-C", str(ROOT), "worktree")
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield Worker("earlier", variables={"PYTHONPATH": str(tree / "src")})
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


@contextmanager
def other_mlflow(version: str, kept: str) -> Iterator[Worker]:
    """A worker with another version of MLflow, and this version of Tunegate."""
    with environment(version, kept) as python:
        yield Worker("earlier", python)


def play(place: Place, old: Worker) -> None:
    """The old worker alone, both, and the old one again."""
    old.run(place.folder, "tunegate", "ledger", "init")
    with old.work(place) as first:
        experiment = first.make_experiment("support-mixed", "ada")
        run = start(first, experiment, GOOD)
        held = begin(first, experiment, make_sent(model={"parameters": 2_000_000_000}))
        known = read_entries(place)
        upgrade(place)
        with TODAY.work(place) as second:
            assert read_entries(place)[: len(known)] == known, "what was recorded is not as it was"
            go_on(second, experiment, run, *find_held(held.body["message"]))
            if takes_runs(first, experiment):
                release_anywhere(first, second, "support-both", begin_anywhere(first, second, experiment))
                approve_anywhere(first, second, experiment, 3_000_000_000)
                approve_anywhere(second, first, experiment, 4_000_000_000)
                say("both work on the same runs, and decide alike")
    go_back(place, old, experiment)


def upgrade(place: Place) -> None:
    """Bring both databases up to date while the old worker is at work; a new one refuses the ledger before that."""
    schema = read_schema(place, "ledger.db")
    if schema != VERSION:
        assert not TODAY.try_to_work(place, "was written by an older version of tunegate")
        assert read_schema(place, "ledger.db") == schema
        TODAY.run(place.folder, "tunegate", "ledger", "init")
    say(f"schema of the ledger: {schema} to {read_schema(place, 'ledger.db')}")
    schema = read_schema(place, "mlflow.db")
    TODAY.run(place.folder, "mlflow", "db", "upgrade", f"sqlite:///{place.folder}/mlflow.db")
    say(f"schema of MLflow: {schema} to {read_schema(place, 'mlflow.db')}")


def go_on(server: Server, experiment: str, run: str, request: str, waits: str) -> None:
    """What the old worker admitted and held goes on at the new one."""
    assert server.ask("POST", f"/policy/api/1/requests/{request}/approve", {}, "bob").status == 200
    for one, status in ((waits, "RUNNING"), (waits, "FINISHED"), (run, "FINISHED")):
        assert server.call("runs/update", {"run_id": one, "status": status}, "ada").status == 200
    release_anywhere(server, server, "support-old", run)
    assert start(server, experiment)
    say("the new worker goes on with what the old one admitted and held")


def takes_runs(server: Server, experiment: str) -> bool:
    """Whether the old worker, which has run all the time, admits another run; else it refuses in MLflow's form."""
    answer = begin(server, experiment, GOOD)
    if answer.status == 200:
        say("the old worker, which has run on, admits runs")
        return True
    assert_refused(answer, "nothing is admitted while the gate cannot judge or record")
    say(f"the old worker, which has run on, refuses: {answer.body['message'][:200]}")
    return False


def go_back(place: Place, old: Worker, experiment: str) -> None:
    """The old worker starts again, or says why not; nothing that was recorded is lost to the new one."""
    known = read_entries(place)
    reasons = ("was written by a newer version of tunegate", "out-of-date database schema")
    if old.try_to_work(place, *reasons):
        with old.work(place) as server:
            assert start(server, experiment)
        say("the old worker starts again, and goes on")
    else:
        assert read_entries(place) == known
        say("the old worker does not start again, says why, and writes nothing")
    with TODAY.work(place) as server:
        assert start(server, experiment)
    assert read_entries(place)[: len(known)] == known, "what was recorded is not as it was"
    TODAY.run(place.folder, "tunegate", "ledger", "verify")
    say(f"the new worker goes on; all {len(known)} entries are there, and the ledger verifies")


def read_entries(place: Place) -> list[tuple[object, ...]]:
    """Everything that is recorded, whatever version the ledger has."""
    return place.read("SELECT seq, time, type, payload, chain FROM entries ORDER BY seq")


def read_schema(place: Place, name: str) -> str:
    """The version of a database's tables."""
    with closing(sqlite3.connect(place.folder / name)) as database:
        ((version,),) = database.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(version)


def main() -> int:
    """1 where anything is lost, or done wrongly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--revision")
    chosen.add_argument("--mlflow", metavar="VERSION")
    parser.add_argument("--keep", metavar="FOLDER", default="", help="as of tests.campaigns.mlflow_versions")
    said = parser.parse_args()
    old = earlier(said.revision) if said.revision else other_mlflow(said.mlflow, said.keep)
    with tempfile.TemporaryDirectory() as folder, old as worker:
        try:
            place = Place(write_set(Path(folder)))
            # The old worker makes its own.
            (place.folder / "ledger.db").unlink()
            play(place, worker)
        except AssertionError:
            traceback.print_exc()
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
