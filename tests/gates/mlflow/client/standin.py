"""A server that speaks as much of MLflow's interface, and of the gate's, as a client needs that begins runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

API = "/policy/api/1"
REFUSAL = "Tunegate: the run in `support` is refused by 1 policy:\n- rows: too few"


EXPERIMENT = {
    "experiment_id": "7",
    "name": "support",
    "lifecycle_stage": "active",
    "artifact_location": "file:///nowhere",
}


class Request(NamedTuple):
    method: str
    path: str
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class StandIn:
    """What was asked, and what is answered: a status and a document for `METHOD /path`, with or without a query."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.answers: dict[str, tuple[int, Any]] = {
            f"GET {API}/": (200, {"server": "mlflow", "principal": "ada"}),
            f"POST {API}/preflight": (200, {"verdict": "allow", "governed": True, "state": "admitted"}),
            "GET /api/2.0/mlflow/experiments/get": (200, {"experiment": EXPERIMENT}),
        }

    def refuse_runs(self, text: str = REFUSAL) -> None:
        refused = (403, {"error_code": "PERMISSION_DENIED", "message": text})
        for path in ("POST /api/2.0/mlflow/runs/create", "POST /api/2.0/mlflow/runs/update"):
            self.answers[path] = refused
        self.answers[f"POST {API}/preflight"] = refused

    def judge_nothing(self) -> None:
        """As MLflow's own server, which knows no such page."""
        self.answers[f"GET {API}/"] = (404, "<!doctype html>")

    def answer(self, request: Request) -> tuple[int, Any]:
        self.requests.append(request)
        said = self.answers.get(f"{request.method} {request.path.partition('?')[0]}")
        if said is not None:
            return said
        if request.path.startswith(f"{API}/manifests/"):
            return 201, {}
        if request.path.endswith(("/runs/create", "/runs/get", "/runs/update")) or "/runs/get?" in request.path:
            return 200, make_run(request)
        return 200, {}

    def list_paths(self) -> list[str]:
        """What was asked of the gate, and of runs."""
        paths = [f"{request.method} {request.path.partition('?')[0]}" for request in self.requests]
        return [path for path in paths if API in path or "/runs/" in path]

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the run that was asked for last."""
        created = [request for request in self.requests if request.path.endswith("/runs/create")]
        return {tag["key"]: tag["value"] for tag in created[-1].document["tags"]}

    @property
    def sent(self) -> list[bytes]:
        """The manifests that were sent."""
        return [request.body for request in self.requests if request.path.startswith(f"{API}/manifests/")]


def make_run(request: Request) -> dict[str, Any]:
    info = {
        "run_id": "r" * 32,
        "run_uuid": "r" * 32,
        "experiment_id": "7",
        "status": "RUNNING",
        "start_time": 1,
        "lifecycle_stage": "active",
        "artifact_uri": "mlflow-artifacts:/7/r/artifacts",
    }
    tags = request.document.get("tags", []) if request.body else []
    return {"run": {"info": info, "data": {"tags": tags}}, "run_info": info}


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """A server on loopback for as long as this lasts."""
    found = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, document = found.answer(Request(self.command, self.path, body))
            data = document.encode() if isinstance(document, str) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = handle_any  # noqa: N815 - the names that the server calls

        def log_message(self, *arguments: Any) -> None:
            """Nothing: the requests are kept."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
