"""What was too late stays too late for who counts again, whatever a clock said; and what was in time stays so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from policy.errors import PolicyError
from policy.model.approval_settings import find_terms
from policy.model.canonical import digest
from policy.records.erasure import erase
from policy.records.faults import LedgerError
from policy.records.objects import Draft
from policy.records.people import identify_person
from policy.records.requests.asking import WAIVER
from policy.records.requests.clock import write_time
from policy.records.requests.closing import withdraw
from policy.records.requests.delegating import delegate, revoke
from policy.records.requests.desk import Desk, open_desk, open_session
from policy.records.requests.overriding import break_glass
from policy.records.requests.queries import find_time, list_votes
from policy.records.requests.recalling import record_glass
from policy.records.requests.standing import list_grants
from policy.records.requests.waivers import BOUND
from policy.records.snapshot import open_snapshot
from policy.records.spool_statements import Statement
from policy.records.verification import verify_ledger
from tests.records.requests.asked import (
    DAY,
    HOUR,
    NOW,
    SETTINGS,
    SINGLE,
    STAKE,
    ask_one,
    list_types,
    list_waivers,
    say,
)

MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def believe_clocks(monkeypatch):
    """From then on somebody's own program does things, which goes by a clock of theirs alone."""

    def begin(self: Desk, transaction: Any, clock: str) -> None:
        self.transaction, self.session = transaction, transaction.session
        self.clock = self.time = transaction.clock = clock
        self._times = {"{now}": f"'{clock}'", "{time}": f"'{clock}'"}

    return lambda: monkeypatch.setattr(Desk, "__init__", begin)


def find(ledger, now, settings=SINGLE):
    terms = find_terms(settings, ["volatile-data"], "run", "support-bot")
    grants = list_grants(ledger, "support-bot", "run", STAKE, now, terms=terms, settings=settings)
    return [grant.approval.by for grant in grants]


def list_findings(url):
    with open_snapshot(url) as snapshot:
        verified = verify_ledger(snapshot)
    assert {finding.kind for finding in verified.findings} <= {"request"}
    return [finding.message for finding in verified.findings]


def find_vote_times(ledger, request):
    with open_session(ledger) as session:
        return [find_time(session, vote.seq) for vote in list_votes(session, request)]


def say_so(ledger, now):
    """The ledger goes on."""
    with open_desk(ledger, now) as desk:
        desk.transaction.append([Draft("note", {"text": "something else"})])


@pytest.mark.parametrize("after", [timedelta(), HOUR - MILLISECOND])
def test_a_vote_counts_while_its_delegation_holds(ledger, url, after):
    delegate(ledger, "alice", "zoe", NOW, NOW + HOUR, SINGLE, now=NOW)
    row = ask_one(ledger)
    assert say(ledger, row.id, "zoe", settings=SINGLE, now=NOW + after).behalf == "alice"
    assert find_vote_times(ledger, row.id) == [write_time(NOW + after)]
    assert find(ledger, NOW + after) == ["alice"]
    assert list_findings(url) == []


def test_what_ends_later_ends_no_vote(ledger, url):
    made = delegate(ledger, "alice", "zoe", NOW, NOW + DAY, SINGLE, now=NOW)
    row = ask_one(ledger)
    say(ledger, row.id, "zoe", settings=SINGLE)
    revoke(ledger, made, "alice", SINGLE, now=NOW)
    assert find(ledger, NOW + HOUR) == ["alice"]
    assert list_findings(url) == []


def test_with_a_clock_that_was_set_back_it_is_too_late_all_the_same(ledger, url):
    made = delegate(ledger, "alice", "zoe", NOW, NOW + HOUR, SINGLE, now=NOW)
    other = delegate(ledger, "bob", "zoe", NOW, NOW + 30 * DAY, SINGLE, now=NOW)
    revoke(ledger, other, "bob", SINGLE, now=NOW + HOUR)
    row = ask_one(ledger, lasts=86_400_000)
    say_so(ledger, NOW + 10 * DAY)
    before = list_types(ledger)
    for act, why in (
        (lambda now: say(ledger, row.id, "alice", settings=SINGLE, now=now), "it expired at"),
        (lambda now: break_glass(ledger, row.id, "olga", "why", SETTINGS, now=now), "it expired at"),
        (lambda now: withdraw(ledger, row.id, "os:dave@laptop", "", SETTINGS, now=now), "it expired at"),
        (lambda now: delegate(ledger, "alice", "eve", now, now + HOUR, SINGLE, now=now), "would never hold"),
    ):
        with pytest.raises(PolicyError, match=why):
            act(NOW + HOUR / 2)
    assert list_types(ledger) == before
    again = ask_one(ledger, now=NOW + HOUR / 2)
    assert again.id != row.id
    with pytest.raises(PolicyError, match="zoe may not approve"):
        say(ledger, again.id, "zoe", settings=SINGLE, now=NOW + HOUR / 2)
    with pytest.raises(PolicyError, match=f"`{made}` ended"):
        revoke(ledger, made, "alice", SINGLE, now=NOW + HOUR)
    assert list_findings(url) == []


@pytest.mark.parametrize("is_revoked", [False, True])
def test_a_vote_by_a_right_that_was_over_is_not_counted_and_found(ledger, url, believe_clocks, is_revoked):
    made = delegate(ledger, "alice", "zoe", NOW, NOW + (30 * DAY if is_revoked else HOUR), SINGLE, now=NOW)
    if is_revoked:
        revoke(ledger, made, "alice", SINGLE, now=NOW + HOUR)
    row = ask_one(ledger, now=NOW + 10 * DAY)
    believe_clocks()
    assert say(ledger, row.id, "zoe", settings=SINGLE, now=NOW + HOUR / 2).state == "approved"
    (time,) = find_vote_times(ledger, row.id)
    assert time == write_time(NOW + 10 * DAY)
    assert find(ledger, NOW + HOUR / 2) == find(ledger, NOW + 10 * DAY) == []
    with open_session(ledger) as session:
        ((giver,),) = session.read("SELECT giver FROM delegations")
    said = f"the `vote` of `{row.id}` is `for {giver}`, and its entry says `no delegation at {time}`"
    assert list_findings(url) == [said]


def test_who_takes_back_what_they_gave_is_believed_when_that_is_erased(ledger, believe_clocks):
    made = delegate(ledger, "alice", "zoe", NOW, NOW + 30 * DAY, SINGLE, now=NOW)
    revoke(ledger, made, "alice", SINGLE, now=NOW + HOUR)
    row = ask_one(ledger, now=NOW + 10 * DAY)
    erase(ledger, list(ledger.read_entries())[1].payload, by=identify_person(ledger, "Ada"), reason="asked for")
    believe_clocks()
    say(ledger, row.id, "zoe", settings=SINGLE, now=NOW + HOUR / 2)
    assert find(ledger, NOW + 10 * DAY) == []


def test_a_delegation_that_is_erased_counts_for_nothing_and_is_no_finding(ledger, url):
    delegate(ledger, "alice", "zoe", NOW, NOW + HOUR, SINGLE, now=NOW)
    row = ask_one(ledger)
    say(ledger, row.id, "zoe", settings=SINGLE)
    erase(ledger, next(ledger.read_entries()).payload, by=identify_person(ledger, "Ada"), reason="asked for")
    assert find(ledger, NOW) == []
    assert list_findings(url) == []


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda ledger, row, now: say(ledger, row, "alice", settings=SINGLE, now=now), "approval"),
        (lambda ledger, row, now: say(ledger, row, "alice", "reject", settings=SINGLE, now=now), "rejection"),
        (lambda ledger, row, now: break_glass(ledger, row, "olga", "why", SETTINGS, now=now), "override"),
        (lambda ledger, row, now: withdraw(ledger, row, "os:dave@laptop", "", SETTINGS, now=now), "withdrawal"),
    ],
)
def test_what_was_decided_after_it_expired_is_not_counted_and_found(ledger, url, believe_clocks, act, kind):
    row = ask_one(ledger, lasts=3_600_000)
    say_so(ledger, NOW + HOUR)
    believe_clocks()
    act(ledger, row.id, NOW + HOUR / 2)
    assert find(ledger, NOW + HOUR / 2, SETTINGS if kind == "override" else SINGLE) == []
    said = (
        f"the `time of {kind}` of `{row.id}` is `{write_time(NOW + HOUR)}`, and its entry says `before {row.expires}`"
    )
    assert list_findings(url) == [said]


def test_what_was_decided_at_the_last_moment_counts(ledger, url):
    row = ask_one(ledger, lasts=3_600_000)
    say(ledger, row.id, "alice", settings=SINGLE, now=NOW + HOUR - MILLISECOND)
    assert find(ledger, NOW + HOUR) == ["alice"]
    opening = next(ledger.read_entries()).payload
    erase(ledger, opening, by=identify_person(ledger, "Ada"), reason="asked for")
    assert find(ledger, NOW + HOUR) == ["alice"]
    assert list_findings(url) == []


@pytest.mark.parametrize("ahead", [HOUR, 14 * DAY - MILLISECOND, 14 * DAY, 1000 * DAY])
def test_a_clock_that_once_ran_ahead_keeps_nobody_from_deciding(ledger, url, ahead):
    say_so(ledger, NOW + ahead)
    row = ask_one(ledger)
    say(ledger, row.id, "alice", settings=SINGLE)
    assert find(ledger, NOW) == ["alice"]
    # An approval lasts no longer than it should by that.
    assert find(ledger, NOW + 30 * DAY - MILLISECOND) == ["alice"]
    assert find(ledger, NOW + 30 * DAY) == []
    said = {"policy": "volatile-data", "subject": "support-*", "expires": "2026-12-31"}
    document = {"waiver": {**said, **dict.fromkeys(("reason", "owner", "ticket", "compensating_control"), "x")}}
    stake = digest({key: said[key] for key in BOUND})
    ends = write_time(NOW + 20 * DAY)
    waiver = ask_one(ledger, kind=WAIVER, gate="", stake=stake, document=document, ends=ends)
    say(ledger, waiver.id, "alice", settings=SINGLE)
    assert len(list_waivers(ledger, NOW, SINGLE)) == 1
    assert list_waivers(ledger, NOW + 20 * DAY, SINGLE) == []
    assert list_findings(url) == []


def test_a_step_back_of_the_clock_makes_no_vote_a_finding(ledger, url):
    delegate(ledger, "alice", "zoe", NOW, NOW + DAY, SINGLE, now=NOW)
    row = ask_one(ledger, lasts=86_400_000)
    say_so(ledger, NOW + HOUR)
    assert say(ledger, row.id, "zoe", settings=SINGLE, now=NOW + MILLISECOND).behalf == "alice"
    assert find_vote_times(ledger, row.id) == [write_time(NOW + HOUR)]
    assert find(ledger, NOW + HOUR) == ["alice"]
    assert list_findings(url) == []


def test_by_the_clock_of_the_database_entries_say_the_time_that_was_compared(ledger, url):
    with open_desk(ledger) as desk:
        seq = desk.note("note", "r-1", {})
    with open_session(ledger) as session:
        assert find_time(session, seq) == desk.clock == desk.time
    row = ask_one(ledger, now=None, lasts=60_000)
    assert row.asked <= find_vote_time_after(ledger, row) < row.expires
    assert list_findings(url) == []


def find_vote_time_after(ledger, row):
    say(ledger, row.id, "alice", settings=SINGLE, now=None)
    return find_vote_times(ledger, row.id)[0]


def test_broken_glass_that_is_recorded_when_it_is_over_is_no_finding(ledger, url):
    said = {
        "request": "r-aaaaaaaa",
        "person": "olga",
        "principals": ["ada"],
        "contributors": [],
        "project": "support-bot",
        "policy_set": "sha256:" + "2" * 64,
        "reason": "customers wait",
        "ends": write_time(NOW + HOUR),
        "document": {},
    }
    say_so(ledger, NOW + DAY)
    assert record_glass(ledger, Statement("glass", "one", write_time(NOW), said))
    assert list_findings(url) == []


@pytest.mark.parametrize("time", ["' OR '1' = '1", "tomorrow?", "%s", ""])
def test_what_is_no_time_gets_into_no_statement(ledger, time):
    row = ask_one(ledger)
    with ledger.transaction() as transaction:
        transaction.head = transaction.head._replace(time=f"9{time}")
        with pytest.raises(LedgerError, match="does not say when"):
            Desk(transaction, write_time(NOW))
    assert say(ledger, row.id, "alice", settings=SINGLE).state == "approved"
