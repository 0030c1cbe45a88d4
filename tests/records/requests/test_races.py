"""Many at once: one result. `POLICY_RACES` says how many requests are raced for, where minutes do not matter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from policy.errors import PolicyError
from policy.records.ledger import open_ledger
from policy.records.requests.asking import ask
from policy.records.requests.closing import withdraw
from policy.records.requests.desk import open_session
from policy.records.requests.overriding import break_glass
from policy.records.requests.queries import find_rows, list_votes
from policy.records.requests.refusals import RefusedError
from tests.records.requests.asked import SETTINGS, SINGLE, ask_one, list_types, make_question, say

ROOT = Path(__file__).resolve().parents[3]
RACES = int(os.environ.get("POLICY_RACES", "15"))
VOTERS = ("alice", "bob", "carol", "os:alice@elsewhere")


def test_processes_that_vote_at_once_give_each_request_one_yes(ledger, url):
    requests = [ask_one(ledger, now=None, stake=f"stake-{number}").id for number in range(RACES)]
    shared = ask_one(ledger, now=None, stake="shared", runs=RACES).id
    say(ledger, shared, "carol", settings=SINGLE, now=None)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    command = [sys.executable, "-m", "tests.records.requests.racer", url]
    racers = [
        subprocess.Popen(
            [*command, name, ",".join([*requests, shared]), str(RACES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        for name in VOTERS
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    won = [json.loads(racer.communicate("go\n")[0]) for racer in racers]
    assert sorted(request for one in won for request in one["voted"]) == sorted(requests)
    used = [run for one in won for run in one["used"]]
    assert len(used) == len(set(used)) == RACES
    types = list_types(ledger)
    assert (types.count("approval"), types.count("use")) == (RACES + 1, RACES)
    with open_session(ledger) as session:
        rows = {row.id: row for row in find_rows(session)}
        assert all(rows[request].state == "approved" and rows[request].votes == 1 for request in requests)
        assert all(len(list_votes(session, request)) == 1 for request in requests)
        assert rows[shared].uses == RACES


def run_together(url, acts):
    """Each act in a thread with a connection of its own, all at the same moment; what each gave, or None if refused."""
    barrier = Barrier(len(acts))

    def run(act):
        with open_ledger(url, create=False, timeout=120) as own:
            barrier.wait()
            try:
                return act(own)
            except RefusedError:
                return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_yes_a_no_a_withdrawal_and_broken_glass_at_once_are_one_decision(ledger, url):
    for number in range(max(3, RACES // 5)):
        row = ask_one(ledger, now=None, stake=f"stake-{number}")
        size = ledger.head()[0]
        results = run_together(
            url,
            [
                lambda own, row=row: say(own, row.id, "alice", settings=SINGLE, now=None),
                lambda own, row=row: say(own, row.id, "bob", "reject", settings=SINGLE, now=None),
                lambda own, row=row: withdraw(own, row.id, "os:dave@laptop", "", SETTINGS),
                lambda own, row=row: break_glass(own, row.id, "olga", "why", SETTINGS),
            ],
        )
        assert sum(result is not None for result in results) == 1
        assert ledger.head()[0] == size + 1


def test_one_person_under_two_names_votes_once(ledger, url):
    for number in range(max(3, RACES // 5)):
        row = ask_one(ledger, now=None, stake=f"stake-{number}")
        names = ("bob", "os:bobby@desk", "robert@example.com", "BOB")
        results = run_together(url, [lambda own, n=name, r=row: say(own, r.id, n, now=None) for name in names])
        assert sum(result is not None for result in results) == 1
        with open_session(ledger) as session:
            assert [row.state for row in find_rows(session, id=row.id)] == ["pending"]


def test_those_who_ask_at_once_ask_one_thing(url):
    questions = [make_question(requester=f"os:dev{number}@desk") for number in range(6)]
    asked = run_together(url, [lambda own, q=question: ask(own, q) for question in questions])
    assert len({one.row.id for one in asked}) == 1
    assert sum(not one.joined for one in asked) == 1


def test_a_vote_whose_entry_cannot_be_written_is_no_vote(ledger, monkeypatch):
    row = ask_one(ledger)
    size = ledger.head()[0]

    def fail(*_):
        raise PolicyError

    monkeypatch.setattr("policy.records.transaction.Transaction.append", fail)
    for act in (
        lambda: say(ledger, row.id, "alice", settings=SINGLE),
        lambda: break_glass(ledger, row.id, "olga", "why", SETTINGS),
    ):
        try:
            act()
        except PolicyError:
            pass
        else:
            raise AssertionError("it was not refused")
    with open_session(ledger) as session:
        assert [(one.state, one.votes) for one in find_rows(session)] == [("pending", 0)]
        assert list_votes(session, row.id) == []
    assert ledger.head()[0] == size
