from __future__ import annotations

import pytest

from policy.app.runs import remote_server
from policy.app.runs.remote_server import MissingError, open_tracking
from policy.app.servers import service
from policy.errors import PolicyError
from tests.app.runs.tracking import start_tracking

PATH = "runs/search"


@pytest.fixture
def stub():
    with start_tracking() as server:
        yield server


@pytest.fixture
def server(stub, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    return open_tracking(stub.url, {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "s"})


def iterate(server, *, posts=True):
    return [*server.iterate(PATH, "runs", {"max_results": 2}, posts=posts)]


def refuse(act, said):
    with pytest.raises(PolicyError) as caught:
        act()
    (problem,) = caught.value.problems
    assert said in problem.message
    assert problem.remedy
    assert len(problem.message) < 1000
    return caught.value


@pytest.mark.parametrize("posts", [True, False])
def test_pages_are_followed(stub, server, posts):
    stub.pages[PATH] = {
        "": {"runs": [{"n": 1}, {"n": 2}], "next_page_token": "t/1"},
        "t/1": {"next_page_token": "t2"},
        "t2": {"runs": [{"n": 3}], "next_page_token": ""},
    }
    assert [item["n"] for item in iterate(server, posts=posts)] == [1, 2, 3]
    assert [said.get("page_token") for _, _, said, _ in stub.asked] == [None, "t/1", "t2"]
    assert {method for method, *_ in stub.asked} == {"POST" if posts else "GET"}
    assert all(str(said["max_results"]) == "2" for _, _, said, _ in stub.asked)
    assert stub.asked[0][3]["Authorization"].startswith("Basic ")


def test_a_page_is_read_when_it_is_needed(stub, server):
    stub.pages[PATH] = {"": {"runs": [{}, {}], "next_page_token": "t"}, "t": {"runs": [{}]}}
    found = server.iterate(PATH, "runs", {}, posts=True)
    assert (next(found), next(found), len(stub.asked)) == ({}, {}, 1)


@pytest.mark.parametrize("items", [[], [{}]])
def test_a_token_that_comes_again(stub, server, items):
    page = {"runs": items, "next_page_token": "t"}
    stub.pages[PATH] = {"": page, "t": page}
    refuse(lambda: iterate(server), "do not end")
    assert len(stub.asked) == 2


@pytest.mark.parametrize(("items", "most"), [([], remote_server.EMPTY_PAGES + 2), ([{}], 150)])
def test_tokens_without_an_end(stub, server, monkeypatch, items, most):
    monkeypatch.setattr(remote_server, "PAGES", 150)

    class Endless(dict[str, object]):
        def get(self, token, _=None):
            return {"runs": items, "next_page_token": f"{token}x"}

    stub.pages[PATH] = Endless()
    refuse(lambda: iterate(server), "do not end")
    assert len(stub.asked) <= most


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "gives no JSON"),
        (b"<html>", "gives no JSON"),
        (b"\xff\xfe\x00", "gives no JSON"),
        (b"[" * 100_000, "gives no JSON"),
        (b'{"runs": ' + b"9" * 5000 + b"}", "gives no JSON"),
        (b"null", "gives no object"),
        (b"[]", "gives no object"),
        (b'"runs"', "gives no object"),
        (b'{"runs": null}', "no list of `runs`"),
        (b'{"runs": {}}', "no list of `runs`"),
        (b'{"runs": "x"}', "no list of `runs`"),
        (b'{"runs": [1]}', "no object"),
        (b'{"runs": [null]}', "no object"),
        (b'{"runs": [], "next_page_token": 7}', "no list of `runs`"),
        (b'{"runs": [], "next_page_token": ["t"]}', "no list of `runs`"),
    ],
)
def test_an_answer_that_is_none(stub, server, body, said):
    stub.whole[PATH] = (200, body)
    refuse(lambda: iterate(server), said)


def test_a_body_without_an_end(stub, server, monkeypatch):
    monkeypatch.setattr(service, "LARGEST", 1000)
    monkeypatch.setattr(service, "CHUNK", 400)
    stub.whole[PATH] = (200, b'{"runs": [' + b" " * 100_000 + b"]}")
    refuse(lambda: iterate(server), "gives more than 1,000 bytes")


@pytest.mark.usefixtures("stub")
def test_a_body_that_does_not_come_to_its_end(server, monkeypatch):
    monkeypatch.setattr(service, "SECONDS_AN_ANSWER", -1.0)
    refuse(lambda: iterate(server), "not answered to the end")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (302, b"", "sends on to another address"),
        (401, b"", "does not take the user and password"),
        (403, b"{}", "does not let you read all: /api/2.0/mlflow/runs/search"),
        (404, b"<html>", "answers with 404 to /api/2.0/mlflow/runs/search"),
        (400, b'{"message": "no such \\u001b order"}', "no such \x1b order"),
        (400, b'{"message": ["a"]}', "['a']"),
        (429, b"", "answers with 429"),
        (500, b"\xff", "answers with 500"),
        (503, b'{"message": "' + b"x" * 100_000 + b'"}', "answers with 503"),
    ],
)
def test_a_server_that_refuses(stub, server, status, body, said):
    stub.whole[PATH] = (status, body)
    stub.head = {"Location": "http://127.0.0.1:9/"} if status == 302 else {}
    error = refuse(lambda: iterate(server), said)
    assert not isinstance(error, MissingError)
    assert error.exit_code == 2
    assert len(stub.asked) == 1


def test_only_mlflow_itself_says_that_something_is_not_there(stub, server):
    with pytest.raises(MissingError):
        server.get("runs/get", {"run_id": "a"})
    stub.whole["runs/get"] = (404, b'{"error_code": "ENDPOINT_NOT_FOUND"}')
    error = refuse(lambda: server.get("runs/get", {"run_id": "a"}), "answers with 404")
    assert not isinstance(error, MissingError)


def test_a_server_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with start_tracking() as stub:
        server = open_tracking(f"{stub.url}/below/", {})
        assert iterate(server) == []
    refuse(lambda: iterate(server), "cannot be reached: Connection refused")


@pytest.mark.parametrize("address", ["", "mlflow.example.com", "sqlite:///mlflow.db", "postgresql://a@b/c", "http://"])
def test_an_address_that_is_none(address):
    refuse(lambda: open_tracking(address, {}), "URL is no http or https address")


def test_no_password_is_sent_where_others_read_it():
    environment = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "s3cret"}
    refuse(lambda: open_tracking("http://mlflow.example.com", environment), "everybody on the way")
