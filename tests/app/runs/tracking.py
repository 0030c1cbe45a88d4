"""A stand-in for an MLflow server: answers by path, and notes what it is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

BASE = "/api/2.0/mlflow/"
MISSING = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "there is none"}


class Tracking(ThreadingHTTPServer):
    """`pages` are answers by path, by token; `runs` answer `runs/get`. What is not told is empty."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, Any] = {}
        self.models: dict[str, Any] = {}
        self.whole: dict[str, tuple[int, bytes]] = {}
        self.head: dict[str, str] = {}
        self.asked: list[tuple[str, str, dict[str, Any], dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def tell(self, path: str, key: str, *items: Any) -> None:
        """Answer a search with one page."""
        self.pages[path] = {"": {key: list(items)}}

    def answer(self, path: str, said: dict[str, Any]) -> tuple[int, bytes]:
        """The status and the body."""
        if path in self.whole:
            return self.whole[path]
        if path == "runs/get":
            run = self.runs.get(said["run_id"])
            return (404, json.dumps(MISSING).encode()) if run is None else (200, json.dumps({"run": run}).encode())
        if path.startswith("logged-models/") and path != "logged-models/search":
            model = self.models.get(path.partition("/")[2])
            return (404, json.dumps(MISSING).encode()) if model is None else (200, json.dumps(model).encode())
        return 200, json.dumps(self.pages.get(path, {}).get(said.get("page_token", ""), {})).encode()


class Handler(BaseHTTPRequestHandler):
    server: Tracking

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        where = urlsplit(self.path)
        path = where.path.partition(BASE)[2]
        said = json.loads(data) if data else {key: values[-1] for key, values in parse_qs(where.query).items()}
        self.server.asked.append((self.command, path, said, dict(self.headers)))
        status, body = self.server.answer(path, said)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **self.server.head}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def start_tracking() -> Iterator[Tracking]:
    """One that listens."""
    server = Tracking()
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def make_run(run: Any, status: Any = "FINISHED", experiment: str = "7", **tags: str) -> dict[str, Any]:
    """A run in MLflow's JSON."""
    data = {"tags": [{"key": key, "value": value} for key, value in tags.items()]} if tags else {}
    return {"info": {"run_id": run, "experiment_id": experiment, "status": status}, "data": data}


def make_version(model: str, version: Any, run: Any = "", **more: Any) -> dict[str, Any]:
    """A version of a registered model in MLflow's JSON."""
    return {"name": model, "version": version, "current_stage": "None", **({"run_id": run} if run else {}), **more}
