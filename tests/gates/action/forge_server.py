"""A server that keeps the comments of one pull request as GitHub's API does, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"
TOKEN = "t0ken"


class ForgeServer(ThreadingHTTPServer):
    """Answers with `status` and `answer` where these are set, else like GitHub."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.status = 0
        self.answer = b"{}"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, body: str, login: str = BOT) -> dict[str, Any]:
        comment = {"id": 100 + len(self.comments), "body": body, "user": {"login": login}}
        self.comments.append(comment)
        return comment


class Handler(BaseHTTPRequestHandler):
    """The three requests that a comment takes."""

    server: ForgeServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that it has there
        """Tests have no log."""

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        size, page = int(query["per_page"][0]), int(query["page"][0])
        self._answer(200, self.server.comments[size * (page - 1) : size * page])

    def do_POST(self) -> None:
        self._answer(201, self.server.add(self._read()["body"]))

    def do_PATCH(self) -> None:
        (comment,) = (found for found in self.server.comments if found["id"] == int(self.path.rpartition("/")[2]))
        comment.update(self._read())
        self._answer(200, comment)

    def parse_request(self) -> bool:
        """Every request passes here, before it is answered."""
        if not super().parse_request():
            return False
        self.server.asked.append(f"{self.command} {urlsplit(self.path).path}")
        if self.server.status or self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._read()
            self._send(self.server.status or 401, self.server.answer)
            return False
        return True

    def _read(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")

    def _answer(self, status: int, document: Any) -> None:
        self._send(status, json.dumps(document).encode())

    def _send(self, status: int, data: bytes) -> None:
        self.send_response(status)
        if status in (301, 302, 307):
            self.send_header("Location", f"{self.server.address}/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serve() -> Iterator[ForgeServer]:
    """The server, as long as this lasts."""
    server = ForgeServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
