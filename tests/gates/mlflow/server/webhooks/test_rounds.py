"""Rounds of a sender against a real receiver, over a real ledger."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from policy.errors import PolicyError
from policy.gates.mlflow.server.webhooks.rounds import Round
from policy.records.ledger import open_ledger
from policy.records.notices import sending
from tests.gates.mlflow.server.api import open_api
from tests.gates.mlflow.server.conftest import SET
from tests.gates.mlflow.server.test_metrics import read_values
from tests.gates.mlflow.server.webhooks.conftest import VARIABLE, hold, write_hooks
from tests.gates.mlflow.server.webhooks.receiver import SECRET
from tests.records.notices.made import list_states

DAY = timedelta(days=1)


@pytest.fixture
def one(api):
    """A round of a server that has begun."""
    made = Round(api.guard)
    made.begin()
    return made


def later(api, delay):
    return Round(api.guard, lambda: datetime.now(UTC) + delay)


def count(api, outcome):
    values = read_values(api.guard.keeper.metrics.render().decode())
    return values.get(f'policy_webhooks_total{{outcome="{outcome}"}}', 0)


def test_a_request_that_is_opened_and_decided_is_told_signed_and_in_order(api, one, receiver):
    request = api.hold()
    one.run()
    assert api.act(request, "approve").status_code == 200
    one.run()
    one.run()
    opened, decided = receiver.got
    assert (opened.path, opened.headers["content-type"]) == ("/hook?to=policy", "application/json")
    assert opened.is_signed()
    assert decided.is_signed()
    assert [(got.said["event"], got.said["state"]) for got in receiver.got] == [
        ("opened", "pending"),
        ("decided", "approved"),
    ]
    assert {got.said["request"] for got in receiver.got} == {request}
    assert opened.headers["webhook-id"] == opened.said["id"] != decided.said["id"]
    assert abs(int(opened.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    assert count(api, "delivered") >= 2
    assert sending.tally(api.guard.ledger).waiting == 0


def test_a_link_shows_and_never_acts(api, one, receiver):
    request = api.hold()
    one.run()
    link = receiver.got[0].said["link"]
    assert link == f"https://mlflow.example.com/policy/api/1/requests/{request}"
    path = link.partition("/policy/api/1")[2]
    for method in ("GET", "HEAD"):
        assert api.ask(method, path).status_code == 200
    assert api.ask("GET", path).json["requests"][0]["state"] == "pending"


@pytest.mark.usefixtures("one")
def test_nothing_is_lost_where_a_worker_dies_before_it_tells(api, receiver):
    # What is committed is told by whoever comes next, of what happened while nobody was there, too.
    request = api.hold()
    api.act(request, "reject", reason="no")
    Round(api.guard).run()
    assert receiver.events == ["opened", "decided"]


def test_a_try_that_was_broken_off_is_made_again_with_the_same_id(api, one, receiver, monkeypatch):
    api.hold()

    def die(*_):
        raise SystemExit

    with monkeypatch.context() as patched:
        # After it was sent, and before that was noted.
        patched.setattr(sending, "note_delivered", die)
        with pytest.raises(SystemExit):
            one.run()
    one.run()
    assert len(receiver.got) == 1
    later(api, sending.LEASE).run()
    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.is_signed()


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 403, 404, 429, 500, 503])
def test_only_a_2xx_is_taken_and_no_redirect_is_followed(api, one, receiver, status, caplog):
    receiver.answers = [status, 200]
    api.hold()
    before = count(api, "failed")
    one.run()
    assert count(api, "failed") == before + 1
    assert f"answered {status}" in caplog.text
    later(api, timedelta(hours=1)).run()
    assert [got.path for got in receiver.got] == ["/hook?to=policy"] * 2
    assert receiver.got[0].body == receiver.got[1].body
    assert list_states(api.guard.ledger) == [("opened", "delivered")]


def test_who_is_gone_is_told_once(api, one, receiver, caplog):
    receiver.answers = [410]
    api.hold()
    one.run()
    later(api, DAY).run()
    assert len(receiver.got) == 1
    assert "that is given up" in caplog.text
    assert sending.tally(api.guard.ledger).given_up == 1


def test_after_a_day_it_is_given_up_for_all_to_see(api, one, receiver, caplog):
    receiver.answers = [500]
    api.hold()
    before = count(api, "given_up")
    one.run()
    later(api, DAY).run()
    assert sending.tally(api.guard.ledger).said == "answered 500"
    assert count(api, "given_up") == before + 1
    assert [record.levelname for record in caplog.records if "given up" in record.message] == ["ERROR"]
    later(api, 2 * DAY).run()
    assert len(receiver.got) == 2


def test_two_senders_never_send_the_same_at_once(api, one, receiver):
    waits = threading.Event()

    def answer(handler):
        waits.wait(10)
        handler.send_response(200)
        handler.end_headers()

    receiver.answers = [answer]
    api.hold()
    one.run(lambda: True)
    with open_ledger(api.guard.panel.ledger.url, folder=api.guard.panel.ledger.folder) as ledger:
        other = Round(api.guard)
        other._ledger = ledger
        threads = [threading.Thread(target=made.run) for made in (one, other)]
        for thread in threads:
            thread.start()
        while not receiver.got:
            threads[0].join(0.01)
        # One of them has it; the other one finds nothing to do, and ends.
        while all(thread.is_alive() for thread in threads):
            threads[0].join(0.01)
        waits.set()
        for thread in threads:
            thread.join()
    assert (len(receiver.got), receiver.most_at_once) == (1, 1)


def test_who_does_not_answer_does_not_keep_others_from_being_told(tmp_path, receiver):
    hooks = [f"{{url: 'http://127.0.0.1:9/{number}', secret_env: {VARIABLE}}}" for number in range(2)] + [
        f"{{url: '{receiver.url}', secret_env: {VARIABLE}, events: opened}}"
    ]
    with open_api(tmp_path, write_hooks(*hooks)) as api:
        one = Round(api.guard)
        one.begin()
        hold(api)
        one.run()
        assert receiver.events == ["opened"]
        assert sending.tally(api.guard.ledger).waiting == 2
        assert "policy_webhooks_pending 2.0" in api.guard.keeper.metrics.render().decode()


def test_each_is_told_what_it_asked_for(tmp_path, receiver):
    hooks = [f"{{url: '{receiver.url}{event}', secret_env: {VARIABLE}, events: {event}}}" for event in ("a", "b")]
    hooks = [hooks[0].replace("events: a", "events: [decided]"), hooks[1].replace("events: b", "events: [opened]")]
    with open_api(tmp_path, write_hooks(*hooks)) as api:
        one = Round(api.guard)
        one.begin()
        hold(api)
        one.run()
    assert [got.path for got in receiver.got] == ["/hook?to=policyb"]
    assert receiver.events == ["opened"]


def test_a_request_that_ends_soon_is_told_once(api, one, receiver):
    api.hold()
    ends = timedelta(days=14)
    one.run()
    later(api, ends - timedelta(hours=5)).run()
    assert receiver.events == ["opened"]
    for hours in (3, 2, 1):
        later(api, ends - timedelta(hours=hours)).run()
    assert receiver.events == ["opened", "expiring"]
    assert receiver.got[1].said["state"] == "pending"


def test_that_it_ends_is_not_told_of_what_was_decided_meanwhile(api, one, receiver):
    request = api.hold()
    one.run()
    receiver.answers = [500, 200]
    late = timedelta(days=14) - timedelta(hours=3)
    later(api, late).run()
    api.act(request, "approve")
    later(api, late + timedelta(hours=1)).run()
    assert receiver.events == ["opened", "expiring", "decided"]
    assert ("expiring", "dropped") in list_states(api.guard.ledger)


def test_that_nobody_decided_in_time_is_told_once_when_it_is_over(api, one, receiver):
    request = api.hold()
    one.run()
    ends = timedelta(days=14)
    later(api, ends - timedelta(hours=3)).run()
    for worker in [later(api, ends + timedelta(seconds=5)) for _ in range(4)] + [later(api, ends + DAY)]:
        worker.run()
    assert [(got.said["event"], got.said["state"]) for got in receiver.got] == [
        ("opened", "pending"),
        ("expiring", "pending"),
        ("decided", "expired"),
    ]
    told = receiver.got[2]
    assert (told.said["request"], told.said["break_glass"], told.said["ends"]) == (request, False, None)
    assert told.is_signed()
    (shown,) = api.ask("GET", f"/requests/{request}").json["requests"]
    assert shown["state"] == "expired"


def test_what_ended_while_no_server_ran_is_told_by_the_next_one(api, one, receiver):
    api.hold()
    one.run()
    later(api, timedelta(days=17)).run()
    assert receiver.events == ["opened", "decided"]
    assert receiver.got[1].said["state"] == "expired"


def test_nobody_who_is_not_told_of_decisions_is_told_of_it(tmp_path, receiver):
    hook = f"{{url: '{receiver.url}', secret_env: {VARIABLE}, events: [opened, expiring]}}"
    with open_api(tmp_path, write_hooks(hook)) as api:
        one = Round(api.guard)
        one.begin()
        request = hold(api)
        one.run()
        later(api, timedelta(days=15)).run()
        assert receiver.events == ["opened"]
        # Nothing is recorded for nobody.
        rows = api.guard.ledger.read("SELECT state FROM requests WHERE id = ?", (request,))
    assert rows == [("pending",)]


def test_both_secrets_sign_while_one_is_replaced(tmp_path, receiver, monkeypatch):
    monkeypatch.setenv("NEW_SECRET", "whsec_" + "bmV3".ljust(40, "A"))
    hook = f"{{url: '{receiver.url}', secret_env: [NEW_SECRET, {VARIABLE}]}}"
    with open_api(tmp_path, write_hooks(hook)) as api:
        one = Round(api.guard)
        one.begin()
        hold(api)
        one.run()
    (got,) = receiver.got
    assert got.is_signed(b"new" + bytes(27))
    assert got.is_signed(SECRET.encode())
    assert not got.is_signed(b"another secret, long enough")


def test_without_webhooks_nothing_is_asked_of_the_ledger(tmp_path, monkeypatch):
    with open_api(tmp_path, SET) as api:
        one = Round(api.guard)
        one.begin()
        hold(api)
        monkeypatch.setattr(api.guard.ledger, "read", None)
        one.run()


def test_a_webhook_that_is_added_while_it_runs_is_told_from_then_on(api, one, receiver, tmp_path):
    first = api.hold()
    one.run()
    file = tmp_path / "policy.yaml"
    file.write_text(
        file.read_text().replace(
            "webhooks: [", f"webhooks: [{{url: '{receiver.url}&new', secret_env: {VARIABLE}}}, ", 1
        )
    )
    one.run()
    assert api.act(first, "reject", reason="no").status_code == 200
    one.run()
    told = [(got.path.endswith("new"), got.said["event"]) for got in receiver.got]
    assert sorted(told) == [(False, "decided"), (False, "opened"), (True, "decided")]


def test_a_ledger_that_fails_is_said(api, one, monkeypatch):
    def fail(*_):
        raise PolicyError

    monkeypatch.setattr(api.guard.ledger, "read", fail)
    with pytest.raises(PolicyError):
        one.run()
