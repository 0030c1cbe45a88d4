"""The last no to something is found by whoever asks for the same again, as long as no yes came after it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policy.model.approval_settings import ApprovalSettings, find_terms
from policy.records.erasure import erase
from policy.records.faults import LedgerError
from policy.records.people import find_person
from policy.records.requests import rejections
from policy.records.requests.delegating import delegate
from policy.records.requests.rejections import find_rejection
from tests.records.requests.asked import DAY, HOUR, NOW, SETTINGS, SINGLE, STAKE, ask_one, say
from tests.records.requests.test_standing import write

HERE = ("support-bot", "run", STAKE)


def find(ledger, project="support-bot", gate="run", stake=STAKE, settings=SINGLE):
    terms = find_terms(settings, ["volatile-data"], "run", "support-bot")
    return find_rejection(ledger, project, gate, stake, terms, settings)


def reject(ledger, reason="not yet", name="alice", now=NOW):
    row = ask_one(ledger, now=now)
    say(ledger, row.id, name, "reject", reason=reason, settings=SINGLE, now=now)
    return row.id


def test_there_is_none_before_somebody_said_no(ledger):
    ask_one(ledger)
    assert find(ledger) is None


def test_the_last_one_counts_for_this_project_gate_and_stake(ledger):
    reject(ledger, now=NOW)
    last = reject(ledger, "still not", "bob", NOW + HOUR)
    ask_one(ledger, now=NOW + 2 * HOUR)
    found = find(ledger)
    assert (found.request, found.by, found.behalf, found.reason) == (last, "bob", "", "still not")
    for other in (("support", "run", STAKE), ("support-bot", "release", STAKE), ("support-bot", "run", STAKE[:-1])):
        assert find(ledger, *other) is None


def test_a_yes_that_came_later_ends_it_and_what_nobody_decided_does_not(ledger):
    rejected = reject(ledger)
    ask_one(ledger, now=NOW, lasts=1000)
    row = ask_one(ledger, now=NOW + HOUR)
    assert find(ledger).request == rejected
    say(ledger, row.id, "alice", settings=SINGLE, now=NOW + HOUR)
    assert find(ledger) is None
    again = reject(ledger, "not any more", now=NOW + 2 * HOUR)
    assert find(ledger).request == again


@pytest.mark.parametrize(("members", "counts"), [(("alice", "bob"), True), (("bob",), False), ((), False)])
def test_whoever_may_not_decide_by_the_policy_set_here_has_rejected_nothing(ledger, members, counts):
    reject(ledger)
    settings = ApprovalSettings(roles={"leads": members}, rules=SINGLE.rules)
    assert (find(ledger, settings=settings) is not None) == counts


def test_a_no_for_somebody_else_names_both(ledger):
    delegate(ledger, "alice", "zoe", None, NOW + 30 * DAY, SINGLE, now=NOW - timedelta(minutes=1))
    reject(ledger, name="zoe")
    found = find(ledger)
    assert (found.by, found.behalf) == ("zoe", "alice")


def test_who_is_erased_is_not_named(ledger):
    older = reject(ledger, "older", "bob")
    reject(ledger, name="alice", now=NOW + HOUR)
    alice, bob = (find_person(ledger, name) for name in ("alice", "bob"))
    assert alice is not None
    assert bob is not None
    erase(ledger, alice, by=bob, reason="left")
    found = find(ledger)
    assert (found.request, found.by) == (older, "bob")


@pytest.mark.parametrize("change", ["gate = 'run', state = 'rejected', decided = 1", "state = 'rejected', decided = 2"])
def test_what_the_table_says_and_no_entry_is_no_rejection(ledger, change):
    row = ask_one(ledger)
    say(ledger, row.id, "alice")
    write(ledger, f"UPDATE requests SET {change} WHERE id = '{row.id}'")
    assert find(ledger) is None


def test_an_entry_that_cannot_be_read_stops_nobody(ledger, monkeypatch):
    reject(ledger)

    def fail(*_):
        raise LedgerError("corrupt", "it is not what it was")

    monkeypatch.setattr(rejections, "read_payload", fail)
    assert find(ledger) is None


def test_a_quorum_is_no_matter_for_a_no(ledger):
    row = ask_one(ledger)
    say(ledger, row.id, "alice")
    say(ledger, row.id, "carol", "reject", reason="no")
    assert find(ledger, settings=SETTINGS).by == "carol"
