"""Ways round the gate by what takes long: what is sent while a run is released, and a run that goes on to wait."""

from __future__ import annotations

import base64
import http.client
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.gates.mlflow.server.conftest import GOOD, make_sent
from tests.gates.mlflow.server.serving import PASSWORD, Server
from tests.gates.mlflow.server.test_ways_round_artifacts import put
from tests.gates.mlflow.server.test_ways_round_changes import end
from tests.gates.mlflow.server.test_ways_round_releases import make_alias, make_name, register
from tests.gates.mlflow.server.ways import Way, assert_refused, get_state, hold, start, two_ways

SIZE = 200_000
WITHIN = 60


class Upload:
    """One that has begun, and ends when its sender likes."""

    def __init__(self, server: Server, method: str, path: str, user: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        self.connection.putrequest(method, path)
        word = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
        for name, value in (("Authorization", f"Basic {word}"), ("Content-Length", str(SIZE))):
            self.connection.putheader(name, value)
        self.connection.putheader("Content-Type", "application/octet-stream")
        self.connection.endheaders(b"e" * (SIZE // 2))

    def finish(self) -> int:
        self.connection.send(b"e" * (SIZE // 2))
        status = self.connection.getresponse().status
        self.connection.close()
        return status


def await_file(server: Server, folder: Path) -> None:
    """Until there is a second file. Raises AssertionError where none comes."""
    ends = time.monotonic() + WITHIN
    while len(list(folder.iterdir())) < 2:
        assert time.monotonic() < ends, f"nothing of the upload is kept in {folder}: {server.log[-2000:]}"
        time.sleep(0.01)


def read_file(server: Server, experiment: str, run: str, name: str) -> bytes:
    return (server.folder / "artifacts" / experiment / run / "artifacts" / name).read_bytes()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/model/model.bin"),
        ("PUT", "/ajax-api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/model/model.bin"),
        ("POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=model/model.bin"),
    ],
)
@two_ways
def test_what_began_before_the_release_and_ends_after_it_is_a_change(
    server: Server, experiment: str, way: Way, method: str, path: str
) -> None:
    name, run = make_name(server, "support", way.user), start(server, experiment, way=way)
    assert put(server, way, f"{experiment}/{run}/artifacts/model/model.bin").status == 200
    upload = Upload(server, method, path.format(experiment=experiment, run=run), way.user)
    if method == "PUT":
        # Where MLflow keeps what has come; the other way it asks only when all is there.
        await_file(server, server.folder / "artifacts" / experiment / run / "artifacts/model")
    end(server, run, way)
    assert register(server, name, f"runs:/{run}/model", run, way=way).status == 200
    assert make_alias(server, name, "1", way).status == 200
    assert get_state(server, run) == "admitted"
    assert upload.finish() == 200
    assert read_file(server, experiment, run, "model/model.bin") == b"e" * SIZE
    assert get_state(server, run) == "reopened"
    assert_refused(make_alias(server, name, "1", way), "is reopened")


@two_ways
def test_a_run_that_is_over_does_not_wait_again(server: Server, experiment: str, way: Way) -> None:
    """A status that is neither over nor running, so that files might come."""
    name, run = make_name(server, "support", way.user), start(server, experiment, GOOD, way=way)
    file = f"{experiment}/{run}/artifacts/model/model.bin"
    assert put(server, way, file).status == 200
    end(server, run, way)
    assert register(server, name, f"runs:/{run}/model", run, way=way).status == 200
    # Judged as any resume is, and released versions stay what they were.
    assert way.ask(server, "runs/update", {"run_id": run, "status": "SCHEDULED"}).status == 200
    assert put(server, way, file).status == 200
    assert get_state(server, run) == "reopened"
    assert_refused(make_alias(server, name, "1", way), "is reopened")
    # It is held by the same policy, whichever status somebody asks for.
    waits = hold(server, experiment, make_sent(model={"parameters": 6_000_000_000}), way)
    assert way.ask(server, "runs/update", {"run_id": waits, "status": "FAILED"}).status == 200
    for status in ("SCHEDULED", "RUNNING"):
        assert_refused(way.ask(server, "runs/update", {"run_id": waits, "status": status}), "waits for an approval")
