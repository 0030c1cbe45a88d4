"""What goes past the guard, straight into MLflow's database, and what `policy runs compare` says of it."""

from __future__ import annotations

import json
import sqlite3
import uuid
from contextlib import closing
from typing import Any

import pytest

from policy.gates.cli.main import main
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD, Sent
from tests.gates.mlflow.server.serving import ADMIN, PASSWORD, Server

RUN = """\
INSERT INTO runs (run_uuid, name, experiment_id, status, lifecycle_stage, user_id, start_time)
VALUES (?, 'forged', ?, 'FINISHED', 'active', 'ada', 1)
"""
VERSION = """\
INSERT INTO model_versions (name, version, run_id, source, current_stage, creation_time)
VALUES (?, 1, ?, 's3://elsewhere', 'Production', 1)
"""


@pytest.fixture
def compare(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The command as a user of the server: exit code, the document, and standard error."""
    monkeypatch.chdir(server.folder)

    def run(user: str = ADMIN, password: str = PASSWORD) -> tuple[int, Any, str]:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
        capsys.readouterr()
        code = main(["runs", "compare", server.url, "--output", "json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return run


def write(server: Server, *statements: tuple[str, tuple[Any, ...]]) -> None:
    """Change MLflow's database, as whoever has its password can."""
    with closing(sqlite3.connect(server.folder / "mlflow.db", timeout=30)) as database, database:
        for statement in statements:
            database.execute(*statement)


def begin(server: Server, experiment: str, sent: Sent = GOOD) -> str:
    server.ask("PUT", f"/policy/api/1/manifests/{sent.digest}", user="ada", raw=sent.body)
    answer = server.call("runs/create", {"experiment_id": experiment, "tags": sent.tags}, "ada")
    assert answer.status == 200, answer
    return str(answer.body["run"]["info"]["run_id"])


def forge(server: Server, experiment: str) -> str:
    """A run that no server was asked for."""
    run = uuid.uuid4().hex
    write(
        server,
        (
            RUN,
            (run, int(experiment)),
        ),
        ("INSERT INTO tags (key, value, run_uuid) VALUES ('policy.state', 'admitted', ?)", (run,)),
    )
    return run


def list_kinds(document: Any, *about: str) -> list[str]:
    return [one["kind"] for one in document["findings"] if one["run"] in about]


def test_what_is_written_past_the_guard_is_found(server: Server, experiment: str, compare: Any) -> None:
    good, changed, lost = (begin(server, experiment) for _ in range(3))
    forged = forge(server, experiment)
    write(
        server,
        ("UPDATE tags SET value = 'sha256:0' WHERE key = 'ml-manifest.digest' AND run_uuid = ?", (changed,)),
        ("DELETE FROM tags WHERE run_uuid = ?", (lost,)),
        ("DELETE FROM runs WHERE run_uuid = ?", (lost,)),
    )
    code, document, err = compare()
    assert (code, err) == (1, "")
    assert list_kinds(document, good) == []
    assert list_kinds(document, forged) == ["unrecorded-run"]
    assert list_kinds(document, changed) == ["differing-run"]
    assert list_kinds(document, lost) == ["lost-run"]
    assert document["compared"]["runs"] >= 3
    assert server.call("runs/delete", {"run_id": forged}, "ada").status == 200
    assert list_kinds(compare()[1], forged) == ["unrecorded-run"]


def test_a_run_that_waits_is_begun_in_the_database(server: Server, experiment: str, compare: Any) -> None:
    server.ask("PUT", f"/policy/api/1/manifests/{HELD.digest}", user="ada", raw=HELD.body)
    assert server.call("runs/create", {"experiment_id": experiment, "tags": HELD.tags}, "ada").status == 403
    found = server.call("runs/search", {"experiment_ids": [experiment]}, "ada").body["runs"]
    (run,) = (one["info"]["run_id"] for one in found)
    assert list_kinds(compare()[1], run) == []
    write(server, ("UPDATE runs SET status = 'FINISHED' WHERE run_uuid = ?", (run,)))
    assert list_kinds(compare()[1], run) == ["unadmitted-run"]


def test_a_version_is_written_into_the_registry(server: Server, experiment: str, compare: Any) -> None:
    forged, name = forge(server, experiment), f"support-{uuid.uuid4().hex}"
    assert server.call("registered-models/create", {"name": name}, "ada").status == 200
    write(
        server,
        (
            VERSION,
            (name, forged),
        ),
        ("INSERT INTO registered_model_aliases (name, alias, version) VALUES (?, 'champion', 1)", (name,)),
    )
    code, document, _ = compare()
    found = [one for one in document["findings"] if one["model"] == name]
    assert code == 1
    assert [(one["kind"], one["version"], one["run"]) for one in found] == [
        ("unadmitted-version", "1", forged),
        ("unadmitted-alias", "1", forged),
        ("unadmitted-alias", "1", forged),
    ]
    assert "`champion`" in found[1]["message"]
    assert "`Production`" in found[2]["message"]


def test_who_asks_is_said_by_the_credentials(compare: Any) -> None:
    code, document, err = compare(password="another")
    assert (code, document) == (2, None)
    assert "does not take the user and password" in err


def test_a_refused_attempt_is_no_run(server: Server, experiment: str, compare: Any) -> None:
    server.ask("PUT", f"/policy/api/1/manifests/{BLOCKED.digest}", user="ada", raw=BLOCKED.body)
    assert server.call("runs/create", {"experiment_id": experiment, "tags": BLOCKED.tags}, "ada").status == 403
    assert experiment not in {one["experiment"] for one in compare()[1]["findings"]}
