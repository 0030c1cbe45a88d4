"""Workers beside each other, each a server of its own, at one tracking database and one ledger."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, make_sent
from tests.gates.mlflow.server.serving import ADMIN, PASSWORD, Server, serve
from tests.gates.mlflow.server.ways import assert_refused, begin, get_run, read_tags, start

NO_VARIABLES: Mapping[str, str] = {}


class Place(NamedTuple):
    """The folder of the policy set, where the database and the ledger are, too."""

    folder: Path

    @contextmanager
    def work(
        self, name: str, *, python: str = sys.executable, environment: Mapping[str, str] = NO_VARIABLES
    ) -> Iterator[Server]:
        """A worker; its users are called as those of the others."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        if not (folder / "artifacts").exists():
            (self.folder / "artifacts").mkdir(exist_ok=True)
            (folder / "artifacts").symlink_to(self.folder / "artifacts")
        variables = {"POLICY_CONFIG": str(self.folder / "policy.yaml"), **environment}
        backend = f"sqlite:///{self.folder}/mlflow.db"
        with serve(folder, auth=True, backend=backend, python=python, environment=variables) as server:
            for user in ("ada", "bob"):
                server.call("users/create", {"username": user, "password": PASSWORD}, ADMIN)
            yield server

    def read(self, statement: str) -> list[tuple[object, ...]]:
        """What the ledger holds, whatever version it has."""
        with closing(sqlite3.connect(self.folder / "ledger.db")) as ledger:
            return ledger.execute(statement).fetchall()

    def mark(self, schema: str) -> str:
        """Say that the ledger has another schema, as a migration does; which one it had."""
        with closing(sqlite3.connect(self.folder / "ledger.db", isolation_level=None)) as ledger:
            ((before,),) = ledger.execute("SELECT version_num FROM alembic_version").fetchall()
            ledger.execute("UPDATE alembic_version SET version_num = ?", (schema,))
        return str(before)


def begin_anywhere(first: Server, second: Server, experiment: str) -> str:
    """A run that one admits goes on and ends at the other, and both decide alike; the run."""
    run = start(first, experiment, GOOD)
    assert (
        second.call("runs/log-metric", {"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1}, "ada").status
        == 200
    )
    assert second.call("runs/update", {"run_id": run, "status": "FINISHED"}, "ada").status == 200
    assert get_run(first, run)["info"]["status"] == "FINISHED"
    decisions = {read_tags(first, one)["policy.decision"] for one in (run, start(second, experiment, GOOD))}
    assert len(decisions) == 1, decisions
    for server in (first, second):
        assert_refused(begin(server, experiment, BLOCKED), "volatile-data")
    return run


def approve_anywhere(first: Server, second: Server, experiment: str, parameters: int) -> str:
    """What one holds is asked for once at both, decided at the other, and begins where it waited; the run."""
    sent = make_sent(model={"parameters": parameters})
    (request, run), again = (find_held(begin(server, experiment, sent).body["message"]) for server in (first, second))
    assert again == (request, run)
    for server in (first, second):
        assert_refused(server.call("runs/update", {"run_id": run, "status": "RUNNING"}, "ada"))
    path = f"/policy/api/1/requests/{request}/approve"
    assert second.ask("POST", path, {"reason": "it is needed"}, "bob").status == 200
    assert first.call("runs/update", {"run_id": run, "status": "RUNNING"}, "ada").status == 200
    assert second.call("runs/update", {"run_id": run, "status": "FINISHED"}, "ada").status == 200
    assert read_tags(second, run)["policy.state"] == "admitted"
    return run


def release_anywhere(first: Server, second: Server, name: str, run: str) -> None:
    """A version comes from a run of the other, and gets its alias there."""
    assert first.call("registered-models/create", {"name": name}, "ada").status == 200
    body = {"name": name, "source": f"runs:/{run}/model", "run_id": run}
    assert second.call("model-versions/create", body, "ada").status == 200
    alias = {"name": name, "alias": "champion", "version": "1"}
    assert first.call("registered-models/alias", alias, "ada").status == 200


def find_held(message: str) -> tuple[str, str]:
    """The request and the run that wait."""
    request, run = (re.search(text, message) for text in (r"request (r-[a-z2-7]+)", r"The run ([0-9a-f]{32}) waits"))
    assert request, message
    assert run, message
    return request[1], run[1]
