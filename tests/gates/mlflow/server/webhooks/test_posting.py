"""Sending to addresses where something is wrong: all of it ends in time, and with an answer."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from policy.gates.mlflow.server.webhooks.posting import post

SECONDS = 0.3


@contextmanager
def listening(act, wrap=None):
    """Something on this machine that acts on each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    taken, _ = server.accept()
                except OSError:
                    return
                with suppress(OSError), wrap(taken) if wrap else taken as found:
                    act(found)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http{'s' if wrap else ''}://127.0.0.1:{server.getsockname()[1]}/a"
        server.shutdown(socket.SHUT_RDWR)


def read_request(taken):
    data = b""
    while b"{}" not in data:
        data += taken.recv(65536)
    return data


def drip(text, times):
    """Sends a text again and again, each time before anybody who waits for a byte has waited too long."""

    def act(taken):
        read_request(taken)
        taken.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(times):
            taken.sendall(text)
            time.sleep(SECONDS / 10)

    return act


def say(text):
    def act(taken):
        read_request(taken)
        taken.sendall(text)

    return act


def hang(taken):
    while taken.recv(65536):
        pass


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (hang, "did not answer within 0.3 s"),
        (drip(b"x-a: b\r\n", 200), "did not answer within 0.3 s"),
        # Whoever waited for the end of this line would wait for an hour.
        (drip(b"x", 60_000), "did not answer within 0.3 s"),
        (say(b""), "broke off"),
        (say(b"hello\r\n\r\n"), "broke off: BadStatusLine"),
        (say(b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 200 + b"\r\n"), "broke off: HTTPException"),
        (say(b"HTTP/1.1 200 OK\r\nx-a: " + b"b" * 70_000 + b"\r\n\r\n"), "broke off: LineTooLong"),
        (say(b"HTTP/1.1 999999999999999 OK\r\n\r\n"), "broke off: BadStatusLine"),
        (say(b"\0" * 100_000), "broke off"),
    ],
    ids=["hangs", "drips-headers", "drips-a-line", "closes", "no-http", "headers", "long-line", "status", "zeros"],
)
def test_whatever_goes_wrong_is_not_taken_and_ends(act, said):
    with listening(act) as url:
        answer = post(url, {}, b"{}", SECONDS if "within" in said else 30)
    assert (answer.status, answer.is_taken) == (0, False)
    assert answer.said.startswith(said)


def test_a_huge_answer_is_not_read():
    sent = []

    def act(taken):
        read_request(taken)
        taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        with suppress(OSError):
            while True:
                taken.sendall(b"x" * 65536)
                sent.append(65536)

    with listening(act) as url:
        assert post(url, {}, b"{}", 30).is_taken
    assert sum(sent) < 100_000_000


@pytest.mark.parametrize(("status", "taken"), [(200, True), (204, True), (299, True), (199, False), (302, False)])
def test_what_is_taken(status, taken):
    with listening(say(f"HTTP/1.1 {status} x\r\nLocation: http://127.0.0.1:9/\r\n\r\n".encode())) as url:
        answer = post(url, {}, b"{}", 30)
    assert answer.is_taken is taken
    assert status == 199 or answer.said == f"answered {status}"


def test_what_is_sent():
    got = []

    def act(taken):
        got.append(read_request(taken).decode())
        taken.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with listening(act) as url:
        assert post(f"{url}?b=c%20d", {"webhook-id": "n-1"}, b"{}", 30).is_taken
    head, _, body = got[0].partition("\r\n\r\n")
    assert body == "{}"
    lines = head.split("\r\n")
    assert lines[0] == "POST /a?b=c%20d HTTP/1.1"
    assert {f"Host: {url.split('/')[2]}", "Content-Type: application/json", "webhook-id: n-1"} <= set(lines)
    assert sum(line.lower().startswith("host:") for line in lines) == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://nothing.invalid/", f"http://{'a' * 70}.invalid/", "http://[::1]:1/"],
)
def test_an_address_where_nobody_is_is_said(url):
    answer = post(url, {}, b"{}", SECONDS)
    assert (answer.status, answer.said.partition(":")[0]) == (0, "cannot be reached")


def test_no_proxy_of_the_environment_is_asked(monkeypatch):
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with listening(say(b"HTTP/1.1 200 OK\r\n\r\n")) as url:
        assert post(url, {}, b"{}", 30).is_taken


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of 127.0.0.1, signed by itself."""
    folder = tmp_path_factory.mktemp("certificate")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    return folder


def test_over_https_whoever_answers_is_who_it_should_be(certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    def wrap(taken):
        return context.wrap_socket(taken, server_side=True)

    with listening(say(b"HTTP/1.1 200 OK\r\n\r\n"), wrap) as url:
        unknown = post(url, {}, b"{}", 30)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
        known = post(url, {}, b"{}", 30)
        another = post(url.replace("127.0.0.1", "localhost"), {}, b"{}", 30)
    assert unknown.said.startswith("is not who it should be")
    assert known.is_taken
    assert another.said.startswith("is not who it should be")


def test_who_hangs_while_the_connection_is_encrypted_is_left_in_time():
    with listening(hang) as url:
        answer = post(url.replace("http:", "https:"), {}, b"{}", SECONDS)
    assert answer.said == "did not answer within 0.3 s"


def test_a_name_that_is_not_told_in_time_is_left(monkeypatch):
    asked = threading.Event()

    def wait(*_, **__):
        asked.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    answer = post("http://somewhere.example/", {}, b"{}", SECONDS)
    assert not asked.is_set()
    asked.set()
    assert (answer.status, answer.said) == (0, "cannot be reached: nobody told its address in time")
