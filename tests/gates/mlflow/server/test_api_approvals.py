"""Requests over the server's interface: what is shown, who may decide, and what comes too late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from policy.app.approvals.served import find_judge
from policy.app.runs.attempt import Attempt
from policy.gates.mlflow.server.api import serving
from policy.records.requests import desk
from policy.records.requests.clock import CLOCKS, write_time
from policy.records.requests.queries import find_row
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from policy.reports.contracts.requests import RequestsDocument
from tests.gates.mlflow.server.api import find_user, open_api
from tests.gates.mlflow.server.conftest import SET, make_sent

RULES = SET[SET.index("approvals:") : SET.index("mlflow:")]
TWO = """\
approvals:
  roles: {leads: [bob, carol, ada], on-call: [carol]}
  rules: [{roles: [leads], quorum: 2, runs: 3}]
  break_glass: {roles: [on-call], longest: 4h}
"""
TEAM = """\
policy_set: 1
name: team
extends: [../policy.yaml]
approvals:
  roles: {owners: [dan]}
  rules: [{roles: [owners]}]
"""
BIGGER = make_sent(model={"parameters": 9_000_000_000})


@pytest.fixture
def api(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "ask_basic_auth", find_user)
    with open_api(tmp_path, SET.replace(RULES, TWO)) as opened:
        yield opened


def read(api, request, user="bob"):
    document = api.ask("GET", f"/requests/{request}", user).json
    RequestsDocument.model_validate(document)
    (found,) = document["requests"]
    return found


def list_ids(api, query="", user="bob"):
    answer = api.ask("GET", f"/requests{query}", user)
    assert answer.status_code == 200, answer.json
    return [request["id"] for request in answer.json["requests"]]


def test_what_is_asked_is_shown(api):
    request = api.hold()
    found = read(api, request)
    assert (found["state"], found["gate"], found["project"]) == ("pending", "run", "support-tone")
    assert found["asked_by"] == ["ada"]
    assert found["needs"] == [
        {"who": "leads", "members": ["bob", "carol", "ada"], "quorum": 2, "lacking": 2, "anybody": False}
    ]
    (outcome,) = found["document"]["outcomes"]
    (reason,) = outcome["because"]
    assert (outcome["policy"], reason["test"], reason["expected"]) == ("large-models", "at_most", "1000000000")
    assert (reason["actual"], reason["origin"]) == ("7000000000", "declared")
    assert found["document"]["evidence"].startswith("sha256:")
    assert found["previous"] is None


def test_from_the_question_to_the_second_yes_and_what_is_otherwise_next_time(api):
    request = api.hold()
    answer = api.act(request, "approve", "bob", reason="it is fine")
    assert (answer.status_code, answer.json["requests"][0]["state"]) == (200, "pending")
    found = api.act(request, "approve", "carol").json["requests"][0]
    assert (found["state"], found["runs"], found["counts"]) == ("approved", 3, True)
    assert [(step["event"], step["by"], step["text"]) for step in found["history"]] == [
        ("asked", "ada", ""),
        ("approve", "bob", "it is fine"),
        ("approve", "carol", ""),
    ]
    second = read(api, api.hold(sent=BIGGER))
    assert second["previous"]["request"] == request
    assert {"what": "model.parameters", "then": "7000000000 (declared)", "now": "9000000000 (declared)"} in second[
        "previous"
    ]["changes"]


@pytest.mark.parametrize(
    ("user", "act", "said", "why"),
    [
        ("ada", "approve", {}, "ada asked for it"),
        ("ada", "reject", {"reason": "no"}, "ada asked for it"),
        ("dan", "approve", {}, "dan may not approve"),
        ("dan", "reject", {"reason": "no"}, "dan may not reject"),
        ("bob", "withdraw", {}, "bob did not ask for"),
        ("bob", "break-glass", {"reason": "now"}, "bob may not break the glass"),
        ("ada", "break-glass", {"reason": "now"}, "ada asked for it"),
        ("carol", "review", {"finding": "fine"}, "nobody broke the glass"),
        # Who keeps the server's users must not make one that has the role of somebody else.
        ("os:bob@desk", "approve", {}, "begins with `os:`"),
        ("os:bob@desk", "reject", {"reason": "no"}, "begins with `os:`"),
        ("os:bob@desk", "break-glass", {"reason": "now"}, "begins with `os:`"),
        ("os:bob@desk", "review", {"finding": "fine"}, "begins with `os:`"),
    ],
)
def test_who_may_not(api, user, act, said, why):
    request = api.hold()
    answer = api.act(request, act, user, **said)
    assert (answer.status_code, answer.json["error_code"]) == (403, "PERMISSION_DENIED")
    assert why in answer.json["message"]
    assert answer.json["remedy"]
    assert read(api, request)["state"] == "pending"


def test_who_contributed_does_not_decide(api):
    request = api.hold(sent=make_sent(model={"parameters": 8_000_000_000}, owner={"contact": "bob@example.com"}))
    answer = api.act(request, "approve", "bob")
    assert answer.status_code == 403
    assert "is named as an owner of the project" in answer.json["message"]


def test_somebody_else_who_runs_the_same_asks_too_and_is_barred(api):
    request = api.hold("ada")
    assert api.hold("bob") == request
    assert api.act(request, "approve", "bob").status_code == 403
    assert api.act(request, "withdraw", "bob").json["requests"][0]["asked_by"] == ["ada"]
    found = api.act(request, "withdraw", "ada", reason="not needed").json["requests"][0]
    assert (found["state"], found["asked_by"]) == ("withdrawn", [])


def test_who_asks_after_having_voted_has_voted_for_nothing(api):
    request = api.hold("ada")
    assert api.act(request, "approve", "bob").status_code == 200
    assert api.hold("bob") == request
    found = api.act(request, "approve", "carol").json["requests"][0]
    assert (found["state"], found["needs"][0]["lacking"]) == ("pending", 1)


@pytest.mark.parametrize(
    ("act", "said"), [("approve", {}), ("reject", {"reason": "no"}), ("break-glass", {"reason": "now"})]
)
def test_what_is_decided_is_decided(api, act, said):
    request = api.hold()
    assert api.act(request, "reject", "bob", reason="serve it from retrieval").status_code == 200
    answer = api.act(request, act, "carol", **said)
    assert (answer.status_code, answer.json["error_code"]) == (409, "RESOURCE_CONFLICT")
    assert "it was rejected" in answer.json["message"]
    assert api.act(request, "withdraw", "ada").status_code == 409
    assert api.act(request, "comment", "dan", comment="why?").status_code == 200


def test_nobody_decides_what_has_expired(api, monkeypatch):
    request = api.hold()
    later = datetime.now(UTC) + timedelta(days=15)
    monkeypatch.setitem(CLOCKS, "sqlite", f"'{write_time(later)}'")
    answer = api.act(request, "approve")
    assert answer.status_code == 409
    assert "it expired" in answer.json["message"]
    assert (list_ids(api), list_ids(api, "?state=expired")) == ([], [request])


@pytest.mark.parametrize("request_id", ["r-aaaaaaaa", "r-" + "a" * 32])
def test_what_is_not_there(api, request_id):
    answer = api.act(request_id, "approve")
    assert (answer.status_code, answer.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert api.ask("GET", f"/requests/{request_id}").status_code == 404
    for wrong in ("R-AAAAAAAA", "r-", "r-a' or 1=1", "r-%00", "%2e%2e", "r-" + "a" * 33):
        assert api.ask("GET", f"/requests/{wrong}").status_code == 404


def test_two_at_once_give_one_result(api):
    request = api.hold()
    with ThreadPoolExecutor(8) as pool:
        acts: list[tuple[str, str, dict[str, str]]] = [("bob", "approve", {})] * 4 + [
            ("bob", "reject", {"reason": "no"})
        ] * 4
        answers = list(pool.map(lambda one: api.act(request, one[1], one[0], **one[2]).status_code, acts))
    assert answers.count(200) == 1
    assert set(answers) <= {200, 403, 409}
    assert sum(step["event"] in ("approve", "reject") for step in read(api, request)["history"]) == 1


def test_breaking_the_glass_is_seen_until_somebody_else_has_looked(api):
    request = api.hold()
    answer = api.act(request, "break-glass", "carol", reason="customers wait", **{"for": "90min"})
    found = answer.json["requests"][0]
    assert (found["state"], found["break_glass"], found["unreviewed"]) == ("approved", True, True)
    assert list_ids(api) == [request]
    assert api.act(request, "review", "carol", finding="fine").status_code == 403
    assert api.act(request, "review", "bob", finding="it was right").status_code == 200
    assert list_ids(api) == []


@pytest.mark.parametrize("length", ["", "0h", "soon", "-1h", "1", "9" * 400 + "d"])
def test_a_length_that_is_none(api, length):
    answer = api.act(api.hold(), "break-glass", "carol", reason="now", **{"for": length})
    assert answer.status_code == 400
    assert "`for`" in answer.json["message"]


def test_an_approver_who_has_lost_the_role(api, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    request = api.hold()
    assert api.act(request, "approve", "carol").json["requests"][0]["needs"][0]["lacking"] == 1
    (tmp_path / "policy.yaml").write_text(SET.replace(RULES, TWO.replace("[bob, carol, ada]", "[bob, dan, zoe]")))
    assert read(api, request)["needs"][0]["lacking"] == 2
    assert api.act(request, "reject", "carol", reason="no").status_code == 403
    # A vote without a role does not help the next one over the line.
    assert api.act(request, "approve", "bob").json["requests"][0]["state"] == "pending"
    assert api.act(request, "approve", "dan").json["requests"][0]["state"] == "approved"


def test_filters_and_pages(api):
    sizes = [7_000_000_000 + number for number in range(5)]
    asked = [api.hold(sent=make_sent(model={"parameters": size})) for size in sizes]
    asked.append(api.hold(sent=make_sent("support-other", model={"parameters": 7_000_000_000})))
    assert list_ids(api) == asked
    api.act(asked[1], "reject", reason="no")
    assert list_ids(api) == [*asked[:1], *asked[2:]]
    assert list_ids(api, "?state=rejected") == [asked[1]]
    assert list_ids(api, "?state=all") == asked
    assert list_ids(api, "?project=support-other") == [asked[5]]
    assert list_ids(api, "?gate=release") == list_ids(api, "?kind=waiver") == list_ids(api, "?project=nothing") == []
    first = api.ask("GET", "/requests?limit=2").json
    assert ([one["id"] for one in first["requests"]], first["next"]) == ([asked[0], asked[2]], asked[2])
    # What was next is decided meanwhile: no other one is left out for that.
    api.act(asked[2], "reject", reason="no")
    second = api.ask("GET", f"/requests?limit=9&after={first['next']}").json
    assert ([one["id"] for one in second["requests"]], second["next"]) == (asked[3:], None)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?projct=x", "there is no filter `projct`"),
        ("?state=open", "`state` is not one that there is"),
        ("?state=", "`state` says nothing"),
        ("?project=a&project=b", "`project` stands there 2 times"),
        ("?limit=0", "`limit`"),
        ("?limit=501", "`limit`"),
        ("?limit=-1", "`limit`"),
        ("?limit=1e2", "`limit`"),
        ("?limit=%D9%A3", "`limit`"),
        ("?project=%00", "`project` says nothing"),
        ("?%1b=1&x=2", "there is no filter `\\x1b`; there is no filter `x`"),
    ],
)
def test_a_filter_that_is_none(api, query, said):
    answer = api.ask("GET", f"/requests{query}")
    assert answer.status_code == 400
    assert said in answer.json["message"]
    assert api.ask("GET", "/requests?after=r-aaaaaaaa").status_code == 404


def test_the_rules_are_those_of_who_judges_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "ask_basic_auth", find_user)
    (tmp_path / "team").mkdir()
    (tmp_path / "team/policy.yaml").write_text(TEAM)
    own = "- {name: team-*, project: team-*, policy_set: team/policy.yaml}"
    with open_api(tmp_path, SET.replace("  experiments:\n", f"  experiments:\n    {own}\n")) as api:
        request = api.hold(sent=make_sent("team-bot", model={"parameters": 7_000_000_000}), experiment="team-x")
        assert [need["members"] for need in read(api, request)["needs"]] == [["bob"], ["dan"]]
        (listed,) = api.ask("GET", "/requests").json["requests"]
        assert [need["who"] for need in listed["needs"]] == ["leads", "owners"]
        assert api.act(request, "approve", "bob").json["requests"][0]["state"] == "pending"
        assert api.act(request, "approve", "dan").json["requests"][0]["state"] == "approved"
        panel = api.guard.panel
        with desk.open_session(api.guard.ledger) as session:
            row = find_row(session, request)
        assert row is not None
        older = row._replace(policy_set="sha256:" + "0" * 64)
        assert find_judge(panel, older) is panel.teams["team/policy.yaml"]
        assert find_judge(panel, older._replace(project="elsewhere")) is panel.main


def test_what_was_done_is_on_record(api, tmp_path):
    request = api.hold()
    api.act(request, "comment", "dan", comment="why?")
    api.act(request, "approve", "bob")
    api.act(request, "approve", "carol")
    with open_snapshot(f"sqlite:///{tmp_path}/ledger.db") as snapshot:
        assert verify_ledger(snapshot).findings == ()


FIELDS = """\
policy_set: 1
extends: [../policy.yaml]
fields:
  x.tier: {type: enumeration, values: [gold, silver], about: what it matters}
"""


def test_a_field_that_only_a_team_has_is_taken_and_read_by_who_has_it(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "ask_basic_auth", find_user)
    (tmp_path / "team").mkdir()
    (tmp_path / "team/policy.yaml").write_text(FIELDS)
    own = "- {name: team-*, project: support-*, policy_set: team/policy.yaml}"
    with open_api(tmp_path, SET.replace("  experiments:\n", f"  experiments:\n    {own}\n")) as api:
        sent = make_sent(x={"tier": "gold"})
        assert api.ask("PUT", f"/manifests/{sent.digest}", "ada", data=sent.body).status_code == 201
        states = {}
        for name in ("team-x", "support-x"):
            binding = api.guard.panel.settings.find_binding(name, "1")
            states[name] = api.guard.hear(binding, Attempt("1", name, "ada", sent.digest))
        assert (states["team-x"].state, states["support-x"].state) == ("admitted", "refused")
        assert "the policy set that judges the experiment `support-x` cannot read" in states["support-x"].text
        assert "unknown field `x`" in states["support-x"].text
        for wrong in (make_sent(x={"tier": "gold", "teir": 1}), make_sent(y={"tier": "gold"})):
            answer = api.ask("PUT", f"/manifests/{wrong.digest}", "ada", data=wrong.body)
            assert answer.status_code == 400
            assert "x.tier" not in answer.json["message"]
