"""The server's interface: who is let in, what is taken, and what is answered to all else."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from policy.gates.mlflow.server.api import serving
from policy.gates.mlflow.server.api.exchange import BASE
from policy.gates.mlflow.server.api.routes import ROUTES
from policy.gates.mlflow.server.api.serving import list_methods
from policy.records.faults import LedgerError
from tests.gates.mlflow.server.api import find_user, open_api
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD, SET

ACTS = [route.path.rpartition("/")[2] for route in ROUTES if route.acts]
# Of the form of a real one, and nobody's.
SECRET = "ghp_" + "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7c"
SAID = {"approve": {}, "withdraw": {}, "comment": {"comment": "why?"}, "review": {"finding": "it was right"}}


def make_path(route):
    return route.path.format(digest=GOOD.digest, request="r-aaaaaaaa")


@pytest.fixture
def api(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "ask_basic_auth", find_user)
    with open_api(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nobody_is_answered_who_has_not_logged_in(api, route):
    for method in list_methods(route):
        for auth in (None, ("ada", "wrong"), ("nobody", "secret"), ("", "secret")):
            answer = api.app.test_client().open(BASE + make_path(route), method=method, auth=auth, json={})
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic")
            assert method == "HEAD" or answer.json["error_code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "path", ["/nothing", "/requests/r-aaaaaaaa/nothing", "/requests/", "/../1/", "/requests/r-AAA"]
)
def test_who_has_not_logged_in_is_not_told_what_there_is(api, path):
    assert api.ask("GET", path, user="").status_code == 401
    answer = api.ask("GET", path)
    assert (answer.status_code, answer.json["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_no_answer_is_kept_for_somebody_else(api):
    for answer in (api.ask("GET", "/requests"), api.ask("GET", "/nothing"), api.ask("GET", "/", user="")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_what_is_asked_in_another_way_is_named(api, route):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        if method not in list_methods(route):
            answer = api.ask(method, make_path(route))
            assert answer.status_code == 405
            assert answer.headers["Allow"] == ", ".join(list_methods(route))


def test_what_lies_elsewhere_is_left_alone(api):
    api.app.add_url_rule("/<path:path>", view_func=lambda path: path)
    client = api.app.test_client()
    for path in ("/policy/api/10", "/policy", "/artifacts/policy/api/1/requests"):
        assert client.get(path).text == path[1:]


def test_the_prefix_of_the_server_is_one_of_the_interface(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "ask_basic_auth", find_user)
    monkeypatch.setenv(serving.PREFIX, "/mlflow/")
    with open_api(tmp_path) as api:
        for path in ("/mlflow/policy/api/1", "/policy/api/1", "/policy/api/1/"):
            answer = api.app.test_client().get(path, auth=("ada", "secret"))
            assert answer.json == {"server": "mlflow", "principal": "ada"}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Cookie": "session=1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[localhost"}, 403),
        ({"Referer": "https://evil.example/localhost"}, 403),
        ({"Referer": "http://localhost.evil.example/"}, 403),
        ({"Origin": "http://localhost", "Referer": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": ""}, 415),
    ],
)
def test_no_page_of_somebody_elses_acts(api, act, headers, status):
    request = api.hold()
    head = {"Content-Type": "application/json", **headers}
    answer = api.ask("POST", f"/requests/{request}/{act}", headers=head, data='{"reason": "x"}')
    assert answer.status_code == status, answer.json
    assert [step["event"] for step in read(api, request)["history"]] == ["asked"]


@pytest.mark.parametrize("act", ACTS)
def test_a_link_never_acts(api, act):
    request = api.hold()
    for method in ("GET", "HEAD"):
        assert api.ask(method, f"/requests/{request}/{act}").status_code == 405
    assert [step["event"] for step in read(api, request)["history"]] == ["asked"]


def read(api, request, user="bob"):
    return api.ask("GET", f"/requests/{request}", user).json["requests"][0]


def test_a_page_of_the_server_itself_and_a_program_act(api):
    request = api.hold()
    for head in (
        {},
        {"Origin": "http://localhost"},
        {"Referer": "https://LOCALHOST/x", "Sec-Fetch-Site": "same-origin"},
    ):
        answer = api.ask("POST", f"/requests/{request}/comment", headers=head, json={"comment": "why?"})
        assert answer.status_code == 200, answer.json


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"reason": 3}', "not a JSON object"),
        (b'{"reason": null}', "not a JSON object"),
        (b'{"reason": "a", "reason": "b"}', "not a JSON object"),
        (b"\xff\xfe", "not a JSON object"),
        (b"[" * 60_000, "not a JSON object"),
        (b'{"principal": "bob"}', "there is no key `principal`"),
        (b'{"name": "bob", "reason": "x"}', "there is no key `name`"),
        (b'{"reason": ""}', "there is no `reason`"),
        (b'{"reason": " "}', "there is no `reason`"),
        (b'{"reason": "\\u0000"}', "`reason` is no text"),
        (b'{"reason": "\\ud800"}', "`reason` is no text"),
        (json.dumps({"reason": "x" * 4001}).encode(), "4,001 characters"),
        (json.dumps({"reason": SECRET}).encode(), "holds a secret"),
    ],
)
def test_a_body_that_is_none(api, body, said):
    request = api.hold()
    answer = api.ask("POST", f"/requests/{request}/reject", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert said in answer.json["message"]
    assert read(api, request)["state"] == "pending"


def test_too_much_is_not_read(api):
    request = api.hold()
    body = b'{"reason": "' + b"x" * 70_000 + b'"}'
    for method, path in (("POST", f"/requests/{request}/reject"), ("PUT", f"/manifests/{GOOD.digest}")):
        answer = api.ask(method, path, data=body, content_type="application/json")
        assert (answer.status_code, answer.json["error_code"]) == (413, "REQUEST_TOO_LARGE")


def test_a_manifest_is_kept_by_its_digest(api):
    answers = [api.ask("PUT", f"/manifests/{GOOD.digest}", "ada", data=GOOD.body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json == {"digest": GOOD.digest, "project": "support-tone"}
    answer = api.ask("PUT", f"/manifests/{GOOD.digest}", "ada", data=HELD.body)
    assert answer.status_code == 400
    assert "the digest of what was sent is" in answer.json["message"]
    assert api.ask("PUT", "/manifests/sha256:0", "ada", data=GOOD.body).status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"\xff", b"[" * 60_000, GOOD.body + b" ", b'{"format": "policy-run-manifest/1"}']
)
def test_a_manifest_that_is_none(api, body):
    assert api.ask("PUT", f"/manifests/{GOOD.digest}", "ada", data=body).status_code == 400


def test_a_look_ahead_is_on_no_record(api, monkeypatch):
    class Experiment:
        experiment_id, name = "1", "support-x"

    monkeypatch.setattr("policy.gates.mlflow.server.api.manifests.find_experiment", lambda _: Experiment)
    found = {}
    for sent in (GOOD, HELD, BLOCKED):
        api.ask("PUT", f"/manifests/{sent.digest}", "ada", data=sent.body)
        said = {"experiment_name": "support-x", "manifest": sent.digest}
        answer = api.ask("POST", "/preflight", "ada", json=said)
        found[answer.json["verdict"]] = answer.status_code
    assert found == {"allow": 200, "hold": 200, "block": 403}
    assert api.ask("GET", "/requests?state=all").json["requests"] == []
    for wrong in (
        {},
        {"experiment_name": "x", "activity": "play"},
        {"experiment_name": "x", "principal": "bob"},
        {"experiment_name": "\ud800"},
    ):
        assert api.ask("POST", "/preflight", "ada", json=wrong).status_code == 400


def test_a_look_ahead_at_an_experiment_that_is_still_to_be_made_goes_by_its_name(api, monkeypatch):
    monkeypatch.setattr("policy.gates.mlflow.server.api.manifests.find_experiment", lambda _: None)
    api.ask("PUT", f"/manifests/{BLOCKED.digest}", "ada", data=BLOCKED.body)
    found = {}
    for name in ("support-new", "suport-new"):
        answer = api.ask("POST", "/preflight", "ada", json={"experiment_name": name, "manifest": BLOCKED.digest})
        found[name] = (answer.status_code, answer.json["governed"])
    assert found == {"support-new": (403, True), "suport-new": (200, False)}


def test_a_look_ahead_knows_what_was_approved_and_uses_nothing_up(api, monkeypatch):
    experiment = SimpleNamespace(experiment_id="1", name="support-x")
    monkeypatch.setattr("policy.gates.mlflow.server.api.manifests.find_experiment", lambda _: experiment)
    request = api.hold()
    said = {"experiment_name": "support-x", "manifest": HELD.digest}
    assert api.ask("POST", "/preflight", "ada", json=said).json["verdict"] == "hold"
    assert api.act(request, "approve").status_code == 200
    for _ in range(3):
        assert api.ask("POST", "/preflight", "ada", json=said).json["verdict"] == "allow"
    assert api.guard.ledger.read("SELECT uses FROM requests") == [(0,)]
    # Not for who approved it.
    assert api.ask("POST", "/preflight", "bob", json=said).json["verdict"] == "hold"


def test_a_ledger_that_cannot_be_asked_is_no_fault_of_who_asks(api, monkeypatch):
    def fail(*_, **__):
        raise LedgerError("unreachable", "the ledger cannot be used")

    monkeypatch.setattr("policy.app.approvals.served.view_requests", fail)
    answer = api.ask("GET", "/requests")
    assert (answer.status_code, answer.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    # MLflow's client tries again what is answered with a 5xx.
    monkeypatch.setattr("policy.records.runs.uploads.put_upload", fail)
    assert api.ask("PUT", f"/manifests/{GOOD.digest}", "ada", data=GOOD.body).status_code == 403


def test_where_nobody_is_authenticated_nobody_acts(tmp_path):
    text = SET.replace("app: basic-auth", "app: none").replace("mode: enforce", "mode: flag")
    with open_api(tmp_path, text) as api:
        assert api.ask("GET", "/", user="").json["principal"] == "anonymous"
        for act in ACTS:
            answer = api.ask("POST", f"/requests/r-aaaaaaaa/{act}", user="", json=SAID.get(act, {"reason": "x"}))
            assert answer.status_code == 403
            assert "authenticates nobody" in answer.json["message"]
