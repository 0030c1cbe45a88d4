from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from policy.errors import PolicyError
from policy.loading.bundles.download import download
from policy.loading.bundles.fetching import fetch_files
from policy.loading.bundles.reference import read_unpinned
from tests.loading.bundles.conftest import FILES, pack_files

SENT: list[dict[str, str]] = []
OVER = Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        SENT.append(dict(self.headers))
        kind = self.path.strip("/").partition("/")[0]
        getattr(self, f"send_{kind}")()

    def send_good(self):
        self.answer(200, pack_files(FILES))

    def send_large(self):
        self.answer(200, b"x" * 3000)

    def send_missing(self):
        self.answer(404, b"none")

    def send_short(self):
        self.answer(200, b"x" * 10, length=20)

    def send_around(self):
        self.answer(302, b"", Location="/around")

    def send_moved(self):
        self.answer(302, b"", Location="/good/org.tar.gz")

    def send_downgrade(self):
        self.answer(302, b"", Location="http://example.com/x")

    def send_file(self):
        self.answer(302, b"", Location="file:///etc/passwd")

    def send_nonsense(self):
        self.wfile.write(b"nonsense\r\n\r\n")

    def send_slow(self):
        OVER.wait(20)

    def answer(self, status, data, length=None, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(length or len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        OVER.set()
        running.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize("kind", ["good", "moved"])
def test_a_bundle_over_http(server, kind):
    SENT.clear()
    assert fetch_files(read_unpinned(f"{server}/{kind}/org.tar.gz")) == FILES
    assert all("Authorization" not in headers and "Cookie" not in headers for headers in SENT)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("large", "it is larger than 0 MiB"),
        ("missing", "the server answers with 404"),
        ("short", "it ends too early"),
        ("around", "the server answers with 302"),
        ("downgrade", "it sends on to an address without https, which is not followed"),
        ("file", "the server answers with 302"),
        ("nonsense", "what answers there is not HTTP"),
    ],
)
def test_what_does_not_come(server, kind, message):
    with pytest.raises(PolicyError) as refusal:
        download(f"{server}/{kind}/x", 2000)
    (problem,) = refusal.value.problems
    assert problem.message.endswith(f"was not fetched: {message}")
    assert problem.remedy


def test_a_server_that_does_not_answer(server):
    with pytest.raises(PolicyError, match=r"it did not come within 0\.2 seconds"):
        download(f"{server}/slow/x", 2000, seconds=0.2)


def test_where_no_server_is():
    with pytest.raises(PolicyError, match="it cannot be reached: Connection refused"):
        download("http://127.0.0.1:1/x", 2000)
