from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from policy.app.servers import service
from policy.app.servers.service import LONGEST, Answer, open_service
from policy.errors import PolicyError


@contextmanager
def answering(status=200, body=b"{}", **head):
    """A server that answers so to everything; what it was asked is in `asked`."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **head}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - as the library names them

        def log_message(self, *_):
            pass

    asked: list[tuple[str, str, dict[str, str], bytes]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield open_service(f"http://127.0.0.1:{server.server_port}", ENVIRONMENT, "the right server", "URL"), asked
    finally:
        server.shutdown()
        server.server_close()


ENVIRONMENT = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "s3cret", "HOME": "/none"}


def fail(asks):
    with pytest.raises(PolicyError) as raised:
        asks()
    (problem,) = raised.value.problems
    assert problem.remedy
    return problem.message


def test_what_is_asked_and_answered():
    with answering(201, b'{"a": 1}') as (server, asked):
        assert server.ask("/x/y?secret=1", {"b": "é"}, method="PUT") == Answer("/x/y", 201, {"a": 1})
        assert server.ask("/x").document == {"a": 1}
    (method, path, head, body), (second, *_) = asked
    assert (method, path, json.loads(body), second) == ("PUT", "/x/y?secret=1", {"b": "é"}, "GET")
    assert (head["Content-Type"], head["Accept"]) == ("application/json", "application/json")
    assert head["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("body", "said"), [(b"<html>", "no JSON"), (b"[" * 100_000, "no JSON"), (b"[]", "no object"), (b"\xff", "no JSON")]
)
def test_an_answer_that_is_none(body, said):
    with answering(200, body) as (server, _):
        message = fail(lambda: server.ask("/x?secret=1"))
    assert message == f"{server.address} does not answer as the right server does: /x gives {said}"


def test_a_body_is_neither_endless_nor_endlessly_slow(monkeypatch):
    with answering(200, b" " * 5000) as (server, _):
        monkeypatch.setattr(service, "LARGEST", 1000)
        assert "more than 1,000 bytes" in fail(lambda: server.ask("/x"))
        monkeypatch.setattr(service, "SECONDS_AN_ANSWER", -1.0)
        monkeypatch.setattr(service, "LARGEST", 10_000)
        assert "not answered to the end" in fail(lambda: server.ask("/x"))


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"[" * 100_000, b'"text"'])
def test_a_fault_without_a_document(body):
    with answering(503, body) as (server, _):
        assert server.ask("/x") == Answer("/x", 503, {})


def test_nothing_is_sent_on_elsewhere():
    with answering() as (other, elsewhere), answering(302, b"", Location=f"{other.address}/x") as (server, _):
        answer = server.ask("/x")
        assert elsewhere == []
    assert "sends on to another address" in server.explain(answer).problems[0].message


@pytest.mark.parametrize(
    ("headers", "status", "document", "said"),
    [
        ({}, 401, {}, "asks who you are"),
        ({"Authorization": "x"}, 401, {}, "does not take the user and password"),
        ({}, 500, {}, "answers with 500 to /x"),
        ({}, 500, {"message": "no room"}, "answers with 500 to /x: no room"),
        ({}, 500, {"message": "x" * 9000}, "answers with 500 to /x: " + "x" * LONGEST),
        ({}, 500, {"message": None}, "answers with 500 to /x"),
    ],
)
def test_why_it_does_not_do_what_is_asked(headers, status, document, said):
    server = open_service("http://127.0.0.1:1", {"HOME": "/none"}, "the right server", "URL")._replace(headers=headers)
    (problem,) = server.explain(Answer("/x", status, document)).problems
    assert problem.message == (f"{server.address} {said}")
    assert problem.remedy


def test_a_server_that_is_not_there():
    with answering() as (server, _):
        pass
    assert fail(lambda: server.ask("/x")) == f"{server.address} cannot be reached: Connection refused"
