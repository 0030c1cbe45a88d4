"""A server is asked as MLflow asks it, and whatever it answers becomes a clear word or nothing at all."""

from __future__ import annotations

import json

import pytest

from policy.app.runs.refusal import RunRefused
from policy.gates.mlflow.client import begun, judging, manifests, server
from policy.gates.mlflow.client.manifests import Outgoing
from policy.gates.mlflow.client.server import Server, say_once
from tests.gates.mlflow.client.standin import API

pytest.importorskip("mlflow", reason="the client belongs to MLflow")
OUTGOING = Outgoing("sha256:1", b"{}")
PUT = f"PUT {API}/manifests/sha256:1"


@pytest.mark.parametrize(
    ("status", "document", "judges"),
    [
        (200, {"server": "mlflow"}, True),
        (200, {}, False),
        (200, "<html>", False),
        (200, [], False),
        (404, "<html>", False),
        (404, {"error_code": "ENDPOINT_NOT_FOUND"}, False),
        (405, "", False),
        (403, "<html>", False),
    ],
)
def test_whether_a_server_judges(status, document, judges, standin):
    standin.answers[f"GET {API}/"] = (status, document)
    server = Server.find(standin.url)
    assert server.judges() is judges
    assert Server.find(standin.url).judges() is judges
    assert len(standin.requests) == 1


@pytest.mark.parametrize(
    ("status", "document", "said"),
    [
        (401, {"error_code": "UNAUTHENTICATED", "message": "log in"}, "log in"),
        (401, "", "does not say whether it judges (401)"),
        (500, "<html>", "does not say whether it judges (500)"),
    ],
)
def test_where_that_cannot_be_known_nothing_begins(status, document, said, standin):
    standin.answers[f"GET {API}/"] = (status, document)
    with pytest.raises(RunRefused) as raised:
        Server.find(standin.url).judges()
    assert said in str(raised.value)


def test_nor_where_nobody_answers():
    with pytest.raises(RunRefused, match=r"http://127\.0\.0\.1:9 cannot be asked"):
        Server.find("http://127.0.0.1:9").judges()


def test_a_server_below_a_path_with_a_slash_at_its_end(standin):
    standin.answers[f"GET /ml{API}/"] = (200, {"server": "mlflow"})
    assert Server.find(f"{standin.url}/ml/").judges()


def test_the_credentials_are_those_of_mlflows_client(standin, monkeypatch):
    heads: list[str] = []
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    import requests

    send = requests.Session.send

    def note(self, request, **options):
        heads.append(request.headers.get("Authorization", ""))
        return send(self, request, **options)

    monkeypatch.setattr(requests.Session, "send", note)
    Server.find(standin.url).judges()
    assert heads == ["Basic YWRhOnNlY3JldA=="]


def test_a_manifest_is_sent_once_and_again_before_it_is_forgotten(standin, monkeypatch):
    server = Server.find(standin.url)
    now = 10_000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    server.send(OUTGOING)
    server.send(OUTGOING)
    assert standin.sent == [b"{}"]
    now += 3601
    server.send(OUTGOING)
    assert standin.sent == [b"{}", b"{}"]


@pytest.mark.parametrize(
    ("status", "document", "said"),
    [
        (400, {"message": "it is no manifest", "remedy": "write one"}, "it is no manifest\n  help: write one"),
        (403, {"message": "Tunegate: too many"}, "too many"),
        (409, {"message": 5, "remedy": []}, "does not take the manifest (409)"),
        (413, "<html>", "does not take the manifest (413)"),
        (404, "", "does not take the manifest (404)"),
    ],
)
def test_a_manifest_that_is_not_taken_stops_and_is_sent_again(status, document, said, standin):
    standin.answers[PUT] = (status, document)
    server = Server.find(standin.url)
    for _ in range(2):
        with pytest.raises(RunRefused) as raised:
            server.send(OUTGOING)
        assert str(raised.value).endswith(said)
    assert len(standin.sent) == 2


def test_a_look_ahead_is_a_flat_object_of_texts(standin):
    answer = Server.find(standin.url).look_ahead({"experiment_name": "café", "manifest": "sha256:1"})
    assert answer["verdict"] == "allow"
    assert json.loads(standin.requests[-1].body) == {"experiment_name": "café", "manifest": "sha256:1"}


def test_a_server_that_cannot_look_ahead_is_no_leave_to_begin(standin):
    standin.answers[f"POST {API}/preflight"] = (500, "")
    with pytest.raises(RunRefused, match=r"does not admit the run \(500\)"):
        Server.find(standin.url).look_ahead({})


def test_something_is_said_once(caplog):
    for text in ("one", "two", "one"):
        say_once(text)
    assert [record.getMessage() for record in caplog.records] == ["Tunegate: one", "Tunegate: two"]


@pytest.mark.parametrize(
    ("memory", "most"),
    [
        (begun._BEGUN, 1000),
        (manifests._KNOWN, 50),
        (judging._ADMITTED, 1000),
        (server._SAID, 1000),
        (Server("http://127.0.0.1:9")._sent, 1000),
    ],
    ids=["begun", "manifests", "admitted", "said", "sent"],
)
def test_a_process_that_lives_long_does_not_remember_all_its_life(memory, most):
    for number in range(most + 200):
        memory.keep(f"{number}", 1.0)
    assert len(memory) == most


def test_what_is_sent_again_after_much_else_is_known_still(standin):
    standin.answers[f"GET {API}/"] = (200, {"server": "mlflow"})
    standin.answers[PUT] = (200, {})
    asked = Server(standin.url)
    for number in range(1, 1500):
        asked.send(OUTGOING)
        asked._sent.keep(f"sha256:of {number}", asked._sent.find(OUTGOING.digest) or 0.0)
    assert len(standin.requests) == 1
