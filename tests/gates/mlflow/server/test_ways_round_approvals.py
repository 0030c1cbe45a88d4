"""Ways round the gate by requests and those who decide on them, tried on a real server."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request

import pytest

from policy.gates.mlflow.server.identity import SERVER
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, Sent, make_sent
from tests.gates.mlflow.server.serving import ADMIN, PASSWORD, Answer, Server, read_body
from tests.gates.mlflow.server.test_approving import find_request
from tests.gates.mlflow.server.ways import (
    ACTIVITY,
    WAYS,
    Way,
    assert_refused,
    begin,
    find_row,
    get_state,
    list_runs,
    make_tags,
    read_tags,
    start,
    two_ways,
)

REQUESTS = "/policy/api/1/requests"
ACTS = ("approve", "reject", "withdraw", "comment", "break-glass", "review")
DIGEST = "ml-manifest.digest"
SAID = b'{"reason": "because"}'
NOT_MEANT = ("a request with a cookie", "comes from another site", "is not said to be JSON")
JSON = {"Content-Type": "application/json"}


def ask_for(server: Server, experiment: str, project: str, way: Way = WAYS[0]) -> tuple[str, str, Sent]:
    """A request of its own, the run that waits for it, and what was sent."""
    sent = make_sent(f"support-{project}", model={"parameters": 3_000_000_000})
    answer = begin(server, experiment, sent, way)
    assert answer.status == 403, answer
    (run,) = list_runs(server, experiment)
    return find_request(answer.body["message"]), run, sent


def decide(server: Server, request: str, user: str, act: str = "approve") -> Answer:
    return server.ask("POST", f"{REQUESTS}/{request}/{act}", {"reason": "because"}, user)


def read_events(server: Server, request: str) -> list[str]:
    shown = server.ask("GET", f"{REQUESTS}/{request}", user="bob").body["requests"][0]
    return [step["event"] for step in shown["history"]]


def browse(server: Server, method: str, path: str, headers: dict[str, str], user: str = "bob") -> Answer:
    """As a browser asks that knows somebody's password."""
    word = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    head = {"Authorization": f"Basic {word}", **headers}
    request = urllib.request.Request(server.url + path, SAID if method == "POST" else None, head, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return Answer(response.status, read_body(response.read()))
    except urllib.error.HTTPError as error:
        return Answer(error.code, read_body(error.read()))


@pytest.mark.parametrize("act", ACTS)
def test_no_page_or_link_makes_a_browser_decide(server: Server, experiment: str, act: str) -> None:
    request, run, _ = ask_for(server, experiment, f"browsed-{act}")
    path = f"{REQUESTS}/{request}/{act}"
    for headers, status in (
        ({**JSON, "Cookie": "session=x"}, 403),
        ({**JSON, "Origin": "https://evil.example"}, 403),
        ({**JSON, "Origin": "null"}, 403),
        ({**JSON, "Origin": server.url + ".evil.example"}, 403),
        ({**JSON, "Origin": server.url, "Referer": "https://evil.example/"}, 403),
        ({**JSON, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ):
        for user in ("bob", ADMIN):
            answer = browse(server, "POST", path, headers, user)
            assert answer.status == status, (headers, answer)
            assert any(said in answer.body["message"] for said in NOT_MEANT), answer
    for method in ("GET", "HEAD"):
        assert browse(server, method, path, {}).status == 405
    assert read_events(server, request) == ["asked"]
    assert get_state(server, run) == "held"


def test_a_page_of_the_server_itself_may(server: Server, experiment: str) -> None:
    request, run, _ = ask_for(server, experiment, "browsed")
    headers = {**JSON, "Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    assert browse(server, "POST", f"{REQUESTS}/{request}/approve", headers).status == 200
    assert server.call("runs/update", {"run_id": run, "status": "RUNNING"}, "ada").status == 200


@two_ways
def test_nobody_begins_by_a_yes_of_their_own(server: Server, experiment: str, way: Way) -> None:
    """Nor is an administrator of MLflow somebody who approves."""
    request, run, sent = ask_for(server, experiment, f"own-{way.user}", way)
    for user in (way.user, ADMIN, "carol"):
        answer = decide(server, request, user)
        assert (answer.status, answer.body["error_code"]) == (403, "PERMISSION_DENIED"), answer
        assert decide(server, request, user, "break-glass").status == 403
        assert_refused(way.ask(server, "runs/update", {"run_id": run, "status": "RUNNING"}), "waits for an approval")
    assert "approved" not in read_events(server, request)
    assert decide(server, request, "bob").status == 200
    # Who said yes does not begin by that.
    assert begin(server, experiment, sent, Way("bob", way.prefix, camel=False)).status == 403
    assert way.ask(server, "runs/update", {"run_id": run, "status": "RUNNING"}).status == 200


@two_ways
def test_what_was_approved_stays_what_it_was_approved_as(server: Server, experiment: str, way: Way) -> None:
    """While it goes on, when it has ended, and when it is resumed."""
    request, run, sent = ask_for(server, experiment, f"kept-{way.user}", way)
    assert decide(server, request, "bob").status == 200
    for status in ("RUNNING", "FINISHED", "RUNNING"):
        assert way.ask(server, "runs/update", {"run_id": run, "status": status}).status == 200
        for key, value in ((DIGEST, BLOCKED.digest), (DIGEST, GOOD.digest), (ACTIVITY, "baseline")):
            tag = {"key": key, "value": value}
            assert_refused(way.ask(server, "runs/set-tag", {"run_id": run, **tag}), "was judged with")
            body = {"run_id": run, "tags": make_tags({key: value})}
            assert_refused(way.ask(server, "runs/log-batch", body), "was judged with")
        assert_refused(way.ask(server, "runs/delete-tag", {"run_id": run, "key": DIGEST}), "stays")
    assert read_tags(server, run)[DIGEST] == sent.digest
    row = find_row(server, run)
    assert row is not None
    assert (row.state, row.manifest) == ("admitted", sent.digest)


def test_a_user_who_is_called_like_the_server_is_not_it(server: Server) -> None:
    server.make_user(SERVER)
    experiment = server.make_experiment("support-called", SERVER)
    way = Way(SERVER, "/api", camel=False)
    assert_refused(begin(server, experiment, BLOCKED, way), "volatile-data")
    row = find_row(server, start(server, experiment, GOOD, way))
    assert row is not None
    assert row.principal == f"{SERVER} (user)"
    # What only the server itself writes they cannot.
    assert_refused(begin(server, experiment, GOOD, way, **{"policy.state": "admitted"}), "mirror the ledger")
