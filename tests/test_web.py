"""What answers a request, and what no address can make of one."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler

import pytest

from policy.web import make_opener


class Sender(BaseHTTPRequestHandler):
    def do_GET(self):
        moved = self.path == "/moved"
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "/here")
        self.end_headers()
        self.wfile.write(b"" if moved else b"here")

    def log_message(self, *_):
        pass


@pytest.fixture
def address(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    server = HTTPServer(("127.0.0.1", 0), Sender)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_answers(address):
    with make_opener().open(f"{address}/here") as response:
        assert response.read() == b"here"


def test_redirects_are_followed_by_who_brings_a_handler_for_them(address):
    with pytest.raises(HTTPError) as refused:
        make_opener().open(f"{address}/moved")
    refused.value.close()
    assert refused.value.code == 302
    with make_opener(HTTPRedirectHandler()).open(f"{address}/moved") as response:
        assert response.read() == b"here"


@pytest.mark.parametrize("scheme", ["file", "ftp", "data", "local_file"])
def test_nothing_else_is_opened(scheme, tmp_path):
    (tmp_path / "secret").write_text("secret")
    assert make_opener().open(f"{scheme}://{tmp_path}/secret") is None


def test_what_is_for_the_server_itself_goes_through_no_proxy(address, monkeypatch):
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(OSError, match="refused"):
        make_opener().open(f"{address}/here")
    with make_opener(proxied=False).open(f"{address}/here") as response:
        assert response.read() == b"here"
