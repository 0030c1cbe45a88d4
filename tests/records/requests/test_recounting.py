"""Requests counted again from their entries, whatever tables say."""

from __future__ import annotations

import pytest

from policy.model.approval_settings import ApprovalSettings, find_terms
from policy.records.erasure import erase
from policy.records.requests.checking import check_requests
from policy.records.requests.clock import write_time
from policy.records.requests.desk import open_session
from policy.records.requests.recounting import find_lapse, find_lost, is_in_force, list_recounts, list_voters
from policy.records.requests.using import use
from tests.records.requests.asked import HOUR, NOW, SETTINGS, ask_one, say

TERMS = find_terms(SETTINGS, ["volatile-data"], "run", "support-bot")


def count(ledger):
    """Requests as they are told, whether they are in force, who voted, and what differs."""
    with open_session(ledger) as session:
        clock = write_time(NOW)
        return [
            (
                one.row.state,
                is_in_force(session, one, TERMS, SETTINGS, clock),
                list_voters(session, one, SETTINGS),
                sorted({found.what for found in one.mismatches}),
            )
            for one in list_recounts(session)
        ]


def change(ledger, statement):
    with ledger.transaction() as transaction:
        transaction.session.write([(statement, [()])], commit=False)


def approve(ledger):
    row = ask_one(ledger)
    for name in ("alice", "bob"):
        say(ledger, row.id, name)
    return row


def test_what_was_done_is_what_is_told(ledger):
    ask_one(ledger, stake="other")
    approve(ledger)
    assert count(ledger) == [("pending", False, [], []), ("approved", True, ["alice", "bob"], [])]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE requests SET state = 'approved', decided = 1, ends = '2099-01-01T00:00:00.000Z'", "state"),
        ("UPDATE requests SET state = 'rejected'", "state"),
        ("UPDATE requests SET votes = 7", "votes"),
    ],
)
def test_a_state_that_no_entry_has_is_none(ledger, statement, what):
    say(ledger, ask_one(ledger).id, "alice")
    change(ledger, statement)
    ((state, counts, voters, found),) = count(ledger)
    assert (state, counts, voters) == ("pending", False, ["alice"])
    assert what in found


def test_rules_that_became_stricter_count_anew(ledger):
    approve(ledger)
    strict = TERMS._replace(needs=(TERMS.needs[0]._replace(quorum=3),))
    with open_session(ledger) as session:
        (one,) = list_recounts(session)
        clock = write_time(NOW)
        assert not is_in_force(session, one, strict, SETTINGS, clock)
        assert not is_in_force(session, one, TERMS._replace(runs=0), SETTINGS, clock)
        assert not is_in_force(session, one, TERMS, SETTINGS, "2099-01-01T00:00:00.000Z")
        assert find_lost(session) == []


def test_why_what_is_approved_lets_nothing_pass_is_said(ledger):
    row = approve(ledger)
    use(ledger, row.id, "a" * 32, now=NOW)
    others = ApprovalSettings(roles={"leads": ("zoe",)}, rules=SETTINGS.rules)
    with open_session(ledger) as session:
        (one,) = list_recounts(session)
        for terms, settings, clock, said in (
            (TERMS, SETTINGS, write_time(NOW), ""),
            (TERMS._replace(runs=2), SETTINGS, write_time(NOW), ""),
            (TERMS._replace(runs=1), SETTINGS, write_time(NOW), "runs that it let begin: 1, and the rules allow 1"),
            (find_terms(others, [], "run", "support-bot"), others, write_time(NOW), "who let it pass may not, or"),
            (TERMS._replace(lasts=1000), SETTINGS, write_time(NOW + HOUR), "by the rules it ended at 2026-11-20T10:00"),
        ):
            found = find_lapse(session, one, terms, settings, clock)
            assert found.startswith(said)
            assert bool(found) == bool(said) != is_in_force(session, one, terms, settings, clock)


def test_what_is_erased_is_no_tampering_and_counts_for_nothing(ledger):
    approve(ledger)
    last = list(ledger.read_entries())[-1]
    with open_session(ledger) as session:
        ((by,), *_) = session.read("SELECT id FROM people ORDER BY id")
    erase(ledger, last.payload, by=by, reason="asked to")
    ((state, counts, voters, found),) = count(ledger)
    assert (state, counts, found) == ("approved", False, [])
    assert "bob" not in voters
    with open_session(ledger) as session:
        assert list(check_requests(session)) == []
