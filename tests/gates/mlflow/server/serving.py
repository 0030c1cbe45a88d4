"""Real MLflow servers with the guard inside, and real clients of them."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ADMIN, PASSWORD = "admin", "a-password-of-tests"
STARTS_WITHIN = 120


class Answer(NamedTuple):
    status: int
    body: Any


class Server(NamedTuple):
    """A server that listens, and how it is asked."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        user: str = "",
        password: str = PASSWORD,
        raw: bytes | None = None,
    ) -> Answer:
        """One request as it is, without MLflow's client."""
        data = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
        headers = {"Content-Type": "application/json"}
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return Answer(response.status, read_body(response.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, read_body(error.read()))

    def call(self, name: str, body: Any, user: str = "") -> Answer:
        """A call of MLflow's REST interface."""
        return self.ask("POST", f"/api/2.0/mlflow/{name}", body, user)

    def make_experiment(self, name: str, user: str = "") -> str:
        return str(self.call("experiments/create", {"name": name}, user).body["experiment_id"])

    def make_user(self, name: str) -> None:
        answer = self.call("users/create", {"username": name, "password": PASSWORD}, ADMIN)
        assert answer.status == 200, answer

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()


def read_body(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


@contextmanager
def serve(
    folder: Path,
    *,
    auth: bool = False,
    workers: int = 1,
    gunicorn: bool = False,
    app: str = "policy",
    environment: Mapping[str, str] | None = None,
    backend: str = "",
    python: str = sys.executable,
) -> Iterator[Server]:
    """`mlflow server` over a folder that holds the policy set; it is over when this ends."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = start(
        folder,
        port,
        auth=auth,
        workers=workers,
        gunicorn=gunicorn,
        app=app,
        environment=environment,
        backend=backend,
        python=python,
    )
    try:
        server = Server(f"http://127.0.0.1:{port}", folder, process)
        await_server(server)
        yield server
    finally:
        stop(process)


def start(
    folder: Path,
    port: int,
    *,
    auth: bool,
    workers: int,
    gunicorn: bool,
    app: str,
    environment: Mapping[str, str] | None,
    backend: str,
    python: str,
) -> subprocess.Popen[bytes]:
    """The server's process, in a session of its own."""
    command = [str(Path(python).with_name("mlflow")), "server", "--port", str(port)]
    command += ["--app-name", app] if app else []
    command += ["--backend-store-uri", backend or f"sqlite:///{folder}/mlflow.db", "--workers", str(workers)]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    if gunicorn:
        command += ["--gunicorn-opts", "--log-level warning"]
    # Processes for jobs, which nobody asks for here, would cost most of a start.
    environ = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **os.environ}
    environ |= {**(environment or {}), "MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key-of-tests"}
    environ |= {"PYTHONWARNINGS": "ignore", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    if auth:
        config = folder / "auth.ini"
        config.write_text(
            # To check a password costs more than all else that a request does.
            f"[mlflow]\nauth_cache_ttl_seconds = 600\ndefault_permission = EDIT\ndatabase_uri = sqlite:///{folder}/auth.db\n"
            f"admin_username = {ADMIN}\nadmin_password = {PASSWORD}\n"
            "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        )
        environ["MLFLOW_AUTH_CONFIG_PATH"] = str(config)
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            command, cwd=folder, env=environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )


def await_server(server: Server) -> None:
    """Until it answers. Raises AssertionError with its log where it does not."""
    ends = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < ends and server.process.poll() is None:
        try:
            if server.ask("GET", "/health").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(server.log)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it and all of its workers."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
