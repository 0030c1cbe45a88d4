"""`policy approvals … --server`: what is sent to whom, and what is made of the answers of any server."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from policy.gates.cli.main import main

REQUEST: dict[str, Any] = {
    "id": "r-abcdefgh",
    "kind": "approval",
    "project": "support-tone",
    "gate": "run",
    "stake": "sha256:" + "1" * 64,
    "subject": None,
    "state": "pending",
    "counts": False,
    "asked": "2026-11-21T10:00:00.000Z",
    "expires": "2026-12-05T10:00:00.000Z",
    "ends": None,
    "runs": 3,
    "uses": 1,
    "policy_set": "sha256:" + "2" * 64,
    "asked_by": ["ada"],
    "contributors": ["erin"],
    "needs": [{"who": "leads", "members": ["bob", "carol"], "quorum": 2, "lacking": 1, "anybody": False}],
    "break_glass": False,
    "unreviewed": False,
    "previous": {
        "request": "r-before22",
        "decided": "2026-10-01T10:00:00.000Z",
        "changes": [{"what": "model.parameters", "then": "7 (declared)", "now": "9 (declared)"}],
    },
    "history": [
        {"time": "2026-11-21T10:00:00.000Z", "event": "asked", "by": "ada", "behalf": None, "text": ""},
        {"time": "2026-11-21T11:00:00.000Z", "event": "approve", "by": "carol", "behalf": "bob", "text": "fine"},
    ],
    "document": {
        "holding": ["large-models"],
        "outcomes": [],
        "evidence": "sha256:3",
        "policy_set": "sha256:2",
        "decision": "sha256:4",
    },
    "changed": [],
}
APPROVED = {**REQUEST, "state": "approved", "counts": True, "ends": "2026-12-21T10:00:00.000Z"}
ARGUMENTS = {
    "list": ["list"],
    "show": ["show", "r-abcdefgh"],
    "approve": ["approve", "r-abcdefgh"],
    "reject": ["reject", "r-abcdefgh", "--reason", "no"],
    "withdraw": ["withdraw", "r-abcdefgh"],
    "comment": ["comment", "r-abcdefgh", "why?"],
    "break-glass": ["break-glass", "r-abcdefgh", "--reason", "now", "--for", "2h"],
    "review": ["review", "r-abcdefgh", "--finding", "fine"],
}


def make_document(*requests, **more):
    return {"format": "policy-requests/1", "requests": list(requests), "delegations": [], **more}


class Stub(ThreadingHTTPServer):
    """Answers as it is told, and notes what it is asked."""

    status, body = 200, b""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), StubHandler)
        self.head: dict[str, str] = {}
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.bodies: list[bytes] = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def tell(self, document, status=200):
        self.status, self.body = status, document if isinstance(document, bytes) else json.dumps(document).encode()


class StubHandler(BaseHTTPRequestHandler):
    server: Stub

    def answer(self):
        server = self.server
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.asked.append((self.command, self.path, dict(self.headers), data))
        body = server.bodies.pop(0) if server.bodies else server.body
        self.send_response(server.status)
        for name, value in {"Content-Length": str(len(body)), **server.head}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def log_message(self, *_):
        pass


@pytest.fixture
def stub():
    server = Stub()
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def act(tmp_path, monkeypatch, capsys):
    """The command in an empty folder, for a user of the server: exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)

    def run(*arguments, user="bob", password="s:cret"):
        if user:
            monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
        capsys.readouterr()
        return main(["approvals", *arguments]), *capsys.readouterr()

    return run


def log_in(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("act_name", "method", "path", "said"),
    [
        ("list", "GET", "/requests", None),
        ("show", "GET", "/requests/r-abcdefgh", None),
        ("approve", "POST", "/requests/r-abcdefgh/approve", {"reason": ""}),
        ("reject", "POST", "/requests/r-abcdefgh/reject", {"reason": "no"}),
        ("withdraw", "POST", "/requests/r-abcdefgh/withdraw", {"reason": ""}),
        ("comment", "POST", "/requests/r-abcdefgh/comment", {"comment": "why?"}),
        ("break-glass", "POST", "/requests/r-abcdefgh/break-glass", {"reason": "now", "for": "2h"}),
        ("review", "POST", "/requests/r-abcdefgh/review", {"finding": "fine"}),
    ],
)
def test_what_is_sent(act, stub, act_name, method, path, said):
    stub.tell(make_document(REQUEST, next=None))
    assert act(*ARGUMENTS[act_name], "--server", f"{stub.url}/mlflow/")[0] == 0
    ((sent, where, head, data),) = stub.asked
    assert (sent, where.removesuffix("?limit=500")) == (method, f"/mlflow/policy/api/1{path}")
    assert head["Authorization"] == log_in("bob", "s:cret")
    assert (json.loads(data) if data else None) == said
    assert head.get("Content-Type") == ("application/json" if said is not None else None)


def test_what_is_said_of_it(act, stub):
    stub.tell(make_document(APPROVED))
    code, out, err = act(*ARGUMENTS["approve"], "--server", stub.url)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "approved r-abcdefgh as carol for bob: approval of support-tone at the gate run",
        "  - model.parameters: 7 (declared)",
        "  + model.parameters: 9 (declared)",
        "  it counts until 2026-12-21 10:00 UTC",
    ]
    stub.tell(make_document(REQUEST))
    assert "it still waits for 1 vote of leads" in act(*ARGUMENTS["approve"], "--server", stub.url)[1]
    assert act(*ARGUMENTS["withdraw"], "--server", stub.url)[1] == "withdrawn r-abcdefgh; ada still ask\n"
    assert act(*ARGUMENTS["comment"], "--server", stub.url)[1] == "commented on r-abcdefgh\n"
    code, out, _ = act("show", "r-abcdefgh", "--server", stub.url)
    assert code == 0
    assert "2 votes of leads: bob, carol (1 vote lacking)" in out
    assert f"policy approvals approve r-abcdefgh --server {stub.url}, or: " in out


@pytest.mark.parametrize(
    ("time", "ends", "code", "is_shorter"),
    [
        ("2026-11-21T10:00:00.010Z", "2026-11-21T12:00:00.000Z", 0, False),
        ("2026-11-21T10:00:00.010Z", "2026-11-21T11:00:00.000Z", 0, True),
        ("some day", "2026-11-21T11:00:00.000Z", 2, False),
    ],
)
def test_broken_glass_that_lasts_no_longer_is_said(act, stub, time, ends, code, is_shorter):
    broken = {"time": time, "event": "override", "by": "carol", "behalf": None, "text": "now"}
    stub.tell(make_document({**APPROVED, "ends": ends, "history": [broken]}))
    found, out, _ = act(*ARGUMENTS["break-glass"], "--server", stub.url)
    assert (found, "shorter than you asked for" in out) == (code, is_shorter)


def test_all_pages_are_listed(act, stub):
    pages = [make_document(REQUEST, next="r-abcdefgh"), make_document({**REQUEST, "id": "r-zzzzzzzz"}, next=None)]
    stub.bodies = [json.dumps(page).encode() for page in pages]
    code, out, _ = act("list", "--all", "--project", "a b", "--server", stub.url)
    assert code == 0
    assert out.endswith("2 requests: 2 pending\n")
    first, second = (where.partition("?")[2] for _, where, _, _ in stub.asked)
    assert first == "state=all&project=a+b&limit=500"
    assert second == f"{first}&after=r-abcdefgh"


def test_a_later_version_may_add_keys_and_json_is_as_here(act, stub):
    newer = {**REQUEST, "new": 1, "needs": [{**REQUEST["needs"][0], "new": {}}]}
    stub.tell(make_document(newer, next=None, other=[]))
    code, out, _ = act("list", "-o", "json", "--server", stub.url)
    assert (code, json.loads(out)) == (0, make_document(REQUEST))


def test_what_the_server_says_is_changed_is_a_finding(act, stub):
    stub.tell(make_document({**REQUEST, "changed": ["its table says `x`"]}))
    for arguments in (["list"], ["show", "r-abcdefgh"], ["list", "-o", "json"]):
        code, _, err = act(*arguments, "--server", stub.url)
        assert code == 1
        assert "its table says `x`" in err


@pytest.mark.parametrize(
    ("status", "document", "code", "said"),
    [
        (403, {"error_code": "X", "message": "ada asked for it", "remedy": "let somebody else do it"}, 1, "ada asked"),
        (409, {"error_code": "X", "message": "it expired", "remedy": "ask again"}, 1, "help: ask again"),
        (404, {"error_code": "X", "message": "there is no request"}, 2, "there is no request"),
        (404, {"detail": "Not Found"}, 2, "has no approvals"),
        (404, b"<html>", 2, "has no approvals"),
        (400, {"error_code": "X", "message": ["a"]}, 2, "error: ['a']"),
        (401, {"error_code": "X"}, 2, "does not take the user and password"),
        (500, b"\xff", 2, "answers with 500"),
        (503, {"message": "the ledger is locked"}, 2, "the ledger is locked"),
        (302, b"", 2, "sends on to another address, which is not followed"),
        (403, {"message": "\x1b[31m" + "x" * 100_000}, 1, "x"),
    ],
)
@pytest.mark.parametrize("act_name", ["list", "show", "approve"])
def test_a_server_that_refuses(act, stub, act_name, status, document, code, said):
    stub.tell(document, status)
    stub.head = {"Location": "http://127.0.0.1:9/"} if status == 302 else {}
    found, out, err = act(*ARGUMENTS[act_name], "--server", stub.url)
    assert (found, out) == (code, "")
    assert said in err
    assert "\x1b" not in err
    assert len(err) < 20_000
    assert len(stub.asked) == 1


def test_whoever_sends_nobody_is_told_how_to(act, stub):
    stub.tell({}, 401)
    code, _, err = act("list", "--server", stub.url, user="")
    assert code == 2
    assert "asks who you are" in err
    assert "MLFLOW_TRACKING_USERNAME" in err
    assert "Authorization" not in stub.asked[0][2]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[]",
        b"<html>",
        b"\xff",
        b"[" * 100_000,
        b'{"requests": 3}',
        {"format": "policy-requests/2", "requests": [], "delegations": []},
        make_document({}),
        make_document("x"),
        make_document({**REQUEST, "state": "fine"}),
        make_document({**REQUEST, "uses": "3"}),
        make_document({**REQUEST, "history": None}),
    ],
)
@pytest.mark.parametrize("act_name", ["list", "show", "approve"])
def test_an_answer_that_is_none(act, stub, act_name, document):
    stub.tell(document)
    code, _, err = act(*ARGUMENTS[act_name], "--server", stub.url)
    assert code == 2
    assert "does not answer as Tunegate's server does" in err


@pytest.mark.parametrize("change", [{"outcomes": [{}], "holding": 3}, {"outcomes": "x"}, {"waiver": 3}])
def test_what_the_contract_leaves_open_is_not_believed_either(act, stub, change):
    stub.tell(make_document({**REQUEST, "document": {**REQUEST["document"], **change}}))
    code, out, err = act("show", "r-abcdefgh", "--server", stub.url)
    assert (code, out) == (2, "")
    assert "does not answer as Tunegate's server does" in err


def test_another_request_than_the_one_that_was_meant(act, stub):
    stub.tell(make_document({**REQUEST, "id": "r-zzzzzzzz"}))
    assert act(*ARGUMENTS["approve"], "--server", stub.url)[0] == 2


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "no http or https address"),
        ("mlflow.example.com", "no http or https address"),
        ("file:///etc/passwd", "no http or https address"),
        ("sqlite:///mlflow.db", "no http or https address"),
        ("http://", "no http or https address"),
        ("http://host:port", "no http or https address"),
        ("http://host/?q=1", "no http or https address"),
        ("http://example.com#@127.0.0.1", "no http or https address"),
        ("http://127.0.0.1\\@example.com", "no http or https address"),
        ("http://127.0.0.1 .example.com", "no http or https address"),
        ("http://127.0.0.1\n.example.com", "no http or https address"),
        ("http://\u24d4xample.com", "no http or https address"),
        ("https://bob:s%3Acret@127.0.0.1", "holds credentials"),
        ("http://mlflow.example.com", "everybody on the way could read the password"),
        ("http://127.0.0.1.example.com", "everybody on the way could read the password"),
        ("http://localhost.example.com:5000", "everybody on the way could read the password"),
        ("http://127.1", "everybody on the way could read the password"),
        ("http://0.0.0.0", "everybody on the way could read the password"),
        ("http://[::ffff:10.0.0.1]", "everybody on the way could read the password"),
        ("http://10.0.0.1", "everybody on the way could read the password"),
    ],
)
def test_no_password_is_sent_where_others_read_it(act, monkeypatch, address, said):
    monkeypatch.setattr("policy.app.servers.service.make_opener", lambda **_: pytest.fail("something was asked"))
    for password in ("s:cret", ""):
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken" if not password else "")
        code, out, err = act("list", "--server", address, password=password)
        assert (code, out) == (2, "")
        assert said in err
        assert "s%3Acret" not in err
        assert "t0ken" not in err


def test_a_proxy_does_not_see_what_is_for_this_machine(act, stub, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    stub.tell(make_document())
    assert act("list", "--server", stub.url) == (0, "nothing waits for anybody\n", "")


def test_a_server_that_is_not_there(act, stub):
    stub.shutdown()
    stub.server_close()
    code, _, err = act("list", "--server", stub.url)
    assert code == 2
    assert "cannot be reached: Connection refused" in err


def test_credentials_are_those_of_mlflows_client(act, stub, tmp_path, monkeypatch):
    stub.tell(make_document())
    file = tmp_path / ".mlflow/credentials"
    file.parent.mkdir()
    file.write_text("[mlflow]\nmlflow_tracking_username = carol\nmlflow_tracking_password = 50%%\n")
    act("list", "--server", stub.url, user="")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "other")
    act("list", "--server", stub.url, user="")
    act("list", "--server", stub.url)
    file.write_text("[other]\n")
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
    act("list", "--server", stub.url, user="")
    assert [head["Authorization"] for _, _, head, _ in stub.asked] == [
        log_in("carol", "50%"),
        log_in("carol", "other"),
        log_in("bob", "s:cret"),
        "Bearer t0ken",
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"mlflow_tracking_password = s3cret",
        b"[mlflow\ns3cret",
        b"[mlflow]\n\xffs3cret",
        b"[mlflow]\nmlflow_tracking_password = %s3cret",
    ],
)
def test_credentials_that_cannot_be_read(act, stub, tmp_path, text):
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow/credentials").write_bytes(text)
    code, _, err = act("list", "--server", stub.url, user="")
    assert code == 2
    assert "cannot be read" in err
    assert "s3cret" not in err
    assert stub.asked == []


def test_the_servers_policy_set_is_its_own(act, stub):
    code, _, err = act("list", "--server", stub.url, "--config", "policy.yaml")
    assert code == 2
    assert "exclude each other" in err


def test_a_request_is_no_path(act, stub):
    stub.tell({"error_code": "X", "message": "nothing there"}, 404)
    act("approve", "../../api/2.0/mlflow/users/delete?x=", "--server", stub.url)
    assert stub.asked[0][1] == "/policy/api/1/requests/..%2F..%2Fapi%2F2.0%2Fmlflow%2Fusers%2Fdelete%3Fx%3D/approve"
