from __future__ import annotations

import socket
from threading import Thread

import pytest

from policy.evidence.results import tracking_server
from policy.evidence.results.tracking_server import NoAnswerError, fetch_json
from tests.evidence.results.building import Answer

MEBIBYTE = b"x" * 1024 * 1024


def refuse(address, seconds=10.0, **headers):
    with pytest.raises(NoAnswerError) as caught:
        fetch_json(address, headers, seconds)
    return caught.value.reason


def test_json_is_fetched_with_the_headers(server):
    server.answers["/run"] = Answer({"a": [1]})
    assert fetch_json(f"{server.address}/run", {"Authorization": "Bearer t"}) == {"a": [1]}
    assert server.asked[0][1]["Authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer({}, 500), "it answers with the error 500"),
        (Answer(MEBIBYTE, 502, copies=1024), "it answers with the error 502"),
        (Answer({}, 401), "it refuses access (401)"),
        (Answer({}, 403), "it refuses access (403)"),
        (Answer(b"<html></html>"), "its answer is not JSON"),
        (Answer(b""), "its answer is not JSON"),
        (Answer(b'{"a": NaN}'), "its answer is not JSON"),
        (Answer(b"\xff\xfe"), "its answer is not JSON"),
        (Answer(b"[" * 100_000), "its answer is not JSON"),
        (Answer(MEBIBYTE, copies=1024), "its answer is larger than 4 MiB"),
        (None, "it did not answer within 0.2 seconds"),
    ],
)
def test_what_is_no_answer_is_said(server, answer, reason):
    server.answers["/run"] = answer
    assert refuse(f"{server.address}/run", 0.2 if answer is None else 60.0) == reason


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(server, status):
    server.answers["/run"] = Answer({}, status, Location=f"{server.address}/other")
    server.answers["/other"] = Answer({"a": 1})
    assert refuse(f"{server.address}/run", Authorization="Bearer t") == (
        "it sends on to another address, which is not followed"
    )
    assert [path for path, _ in server.asked] == ["/run"]


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:application/json,{}", "x", ""])
def test_nothing_else_is_opened(address):
    assert refuse(address) == "its address is no http or https address"


@pytest.mark.parametrize("address", ["http://[", "http://", "http://h h/", "http://h:port/", "http://h\n/"])
def test_what_is_no_address_is_said(address):
    assert refuse(address) in (
        "what it answers is not HTTP, or its address is none",
        "it cannot be reached: URLError",
    )


@pytest.mark.usefixtures("server")
def test_a_server_that_is_not_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/run"
    assert refuse(address) == "it cannot be reached: Connection refused"


def speak(text):
    """A server that says something which is not HTTP, once."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer():
        with listening, listening.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(text)

    Thread(target=answer, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}/run"


@pytest.mark.parametrize(
    "text", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
@pytest.mark.usefixtures("server")
def test_what_is_not_http_is_no_answer(text):
    assert refuse(speak(text)) in (
        "what it answers is not HTTP, or its address is none",
        "it cannot be reached: RemoteDisconnected",
        "its answer is not JSON",
    )


@pytest.mark.parametrize("value", ["a\r\nX: 1", "\ud800"])
def test_a_reason_names_neither_address_nor_credentials(server, value):
    reason = refuse(f"{server.address}/secret", Authorization=value)
    assert reason == "what it answers is not HTTP, or its address is none"


def test_a_trickle_ends_at_the_time_limit(server, monkeypatch):
    # Each piece comes in time, and all together they do not.
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr(tracking_server, "monotonic", lambda: next(clock))
    server.answers["/run"] = Answer(b" " * 65536, copies=32)
    assert refuse(f"{server.address}/run", 60.0) == "it did not answer within 60 seconds"


def test_a_bug_is_no_answer_of_the_server(monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(tracking_server, "_fetch", fail)
    with pytest.raises(ZeroDivisionError):
        fetch_json("http://h", {})
