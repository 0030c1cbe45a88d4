"""What counts for the judge: approvals, runs, waivers, broken glass; and what somebody writes past the entries."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from policy.errors import PolicyError
from policy.model.approval import Approval
from policy.model.approval_settings import ApprovalSettings, find_terms
from policy.model.canonical import digest
from policy.model.waiver import Waiver
from policy.records.requests.asking import WAIVER, ask
from policy.records.requests.clock import read_time
from policy.records.requests.overriding import break_glass, review
from policy.records.requests.refusals import RefusedError
from policy.records.requests.standing import list_grants, list_overrides
from policy.records.requests.using import use
from policy.records.requests.waivers import BOUND
from tests.records.requests.asked import (
    DAY,
    HOUR,
    NOW,
    SETTINGS,
    STAKE,
    ask_one,
    list_approvals,
    list_types,
    list_waivers,
    make_question,
    say,
)

MILLISECOND = timedelta(milliseconds=1)
HERE = ("support-bot", "run", STAKE)


def approve(ledger, **changes):
    row = ask_one(ledger, **changes)
    for name in ("alice", "os:bobby@desk"):
        say(ledger, row.id, name)
    return row


def test_nothing_counts_before_the_last_vote_that_is_needed(ledger):
    row = ask_one(ledger)
    say(ledger, row.id, "alice")
    assert list_approvals(ledger, *HERE, NOW) == ()
    say(ledger, row.id, "os:bobby@desk")
    until = NOW + 30 * DAY
    assert list_approvals(ledger, *HERE, NOW) == (
        Approval("alice", "os:dave@laptop", "run", STAKE, until),
        Approval("os:bobby@desk", "os:dave@laptop", "run", STAKE, until),
    )
    assert all(one.is_independent and one.is_current("run", STAKE, NOW) for one in list_approvals(ledger, *HERE, NOW))


def test_it_counts_for_this_project_gate_and_stake_until_its_end(ledger):
    approve(ledger)
    for other in (("support", "run", STAKE), ("support-bot", "release", STAKE), ("support-bot", "run", STAKE[:-1])):
        assert list_approvals(ledger, *other, NOW) == ()
    assert list_approvals(ledger, *HERE, NOW + 30 * DAY - MILLISECOND)
    assert list_approvals(ledger, *HERE, NOW + 30 * DAY) == ()


def test_who_judges_counts_the_votes_by_its_own_policy_set(ledger):
    approve(ledger)
    for roles, counts in (("alice", "bob"), True), (("alice",), False), (("carol", "bob"), False), ((), False):
        settings = ApprovalSettings(roles={"leads": roles}, rules=SETTINGS.rules, people=SETTINGS.people)
        terms = find_terms(settings, ["volatile-data"], "run", "support-bot")
        assert bool(list_approvals(ledger, *HERE, NOW, terms=terms, settings=settings)) == counts
    anybody = ApprovalSettings()
    terms = find_terms(anybody, ["volatile-data"], "run", "support-bot")
    assert list_approvals(ledger, *HERE, NOW, terms=terms, settings=anybody)


def write(ledger, statement):
    """As somebody with a key to the database would, guards taken away."""
    with ledger.transaction() as transaction:
        postgresql = ledger.database.dialect == "postgresql"
        if postgresql:
            transaction.connection.exec_driver_sql("ALTER TABLE requests DISABLE TRIGGER USER")
        else:
            names = transaction.session.read("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in names:
                if name.startswith("policy_requests_"):
                    transaction.connection.exec_driver_sql(f"DROP TRIGGER {name}")
        transaction.connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'approved', ends = '2027-12-31T00:00:00.000Z'",
        "state = 'approved', ends = '2027-12-31T00:00:00.000Z', decided = 2",
        "state = 'approved', ends = '2027-12-31T00:00:00.000Z', overridden = 1, decided = 1",
    ],
)
def test_what_the_table_says_and_no_entry_does_not_count(ledger, change):
    row = ask_one(ledger)
    say(ledger, row.id, "alice")
    write(ledger, f"UPDATE requests SET {change} WHERE id = '{row.id}'")
    assert list_approvals(ledger, *HERE, NOW) == ()


@pytest.mark.parametrize("change", ["ends = '2099-01-01T00:00:00.000Z'", "stake = 'x'", "project = 'x'", "gate = 'x'"])
def test_an_approval_that_was_stretched_does_not_count(ledger, change):
    row = approve(ledger)
    write(ledger, f"UPDATE requests SET {change} WHERE id = '{row.id}'")
    for stake in (STAKE, "x"):
        for project in ("support-bot", "x"):
            for gate in ("run", "x"):
                assert list_approvals(ledger, project, gate, stake, NOW) == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE requests SET state = 'approved' WHERE state = 'rejected'",
        "UPDATE requests SET ends = '2099-01-01T00:00:00.000Z'",
        "UPDATE requests SET stake = 'x'",
        "UPDATE requests SET uses = 5",
        "UPDATE requests SET runs = 5",
        "UPDATE requests SET decided = 1",
        "UPDATE request_votes SET answer = 'approve'",
        "UPDATE request_people SET part = 'withdrawn'",
        "DELETE FROM requests",
        "DELETE FROM request_votes",
        "DELETE FROM request_people",
        "DELETE FROM request_events",
        "INSERT INTO request_votes SELECT request, person, '', 'approve', 1 FROM request_people WHERE seq = 1",
    ],
)
def test_the_database_refuses_what_no_command_does(ledger, statement):
    row = ask_one(ledger)
    say(ledger, row.id, "alice", "reject")
    approve(ledger, stake="sha256:" + "8" * 64)
    with pytest.raises(PolicyError), ledger.transaction() as transaction:
        transaction.session.read(f"{statement} RETURNING 1")


# Runs


def test_an_approval_covers_so_many_runs_each_counted_once(ledger):
    row = approve(ledger, runs=3)
    assert use(ledger, row.id, "run-1", now=NOW) == (1, 3, False)
    assert use(ledger, row.id, "run-1", now=NOW) == (1, 3, True)
    assert use(ledger, row.id, "run-2", now=NOW).uses == 2
    assert list_approvals(ledger, *HERE, NOW)
    assert use(ledger, row.id, "run-3", now=NOW).uses == 3
    assert list_approvals(ledger, *HERE, NOW) == ()
    with pytest.raises(RefusedError, match="all of its 3 runs are used"):
        use(ledger, row.id, "run-4", now=NOW)
    assert use(ledger, row.id, "run-2", now=NOW).again
    assert list_types(ledger)[3:] == ["use"] * 3


def test_without_a_number_it_covers_any_until_it_ends(ledger):
    row = approve(ledger)
    for number in range(5):
        assert use(ledger, row.id, f"run-{number}", now=NOW).uses == number + 1
    with pytest.raises(RefusedError, match="that ended at"):
        use(ledger, row.id, "run-9", now=NOW + 30 * DAY)


def test_what_nobody_approved_is_not_used(ledger):
    row = ask_one(ledger)
    with pytest.raises(RefusedError, match="nobody has approved it"):
        use(ledger, row.id, "run-1", now=NOW)


# Broken glass


def test_breaking_the_glass_is_short_and_listed_until_somebody_else_reviews_it(ledger):
    row = ask_one(ledger)
    assert (
        break_glass(ledger, row.id, "os:olga@desk", "customers wait", SETTINGS, now=NOW) == "2026-11-20T14:00:00.000Z"
    )
    (grant,) = list_grants(ledger, *HERE, NOW)
    assert grant.overridden
    assert grant.approval == Approval("os:olga@desk", "os:dave@laptop", "run", STAKE, NOW + 4 * HOUR)
    assert list_approvals(ledger, *HERE, NOW + 4 * HOUR) == ()
    (found,) = list_overrides(ledger, unreviewed=True)
    assert (found.by, found.reason, found.ends) == ("os:olga@desk", "customers wait", "2026-11-20T14:00:00.000Z")
    for name, message in (
        ("olga", "broke the glass"),
        ("dave", "asked for it"),
        ("erin", "contributed"),
        ("zoe", "may not"),
    ):
        with pytest.raises(RefusedError, match=message):
            review(ledger, row.id, name, "fine", SETTINGS, now=NOW)
    assert list_overrides(ledger, unreviewed=True) == [found]
    review(ledger, row.id, "os:alice@desk", "it was needed", SETTINGS, now=NOW + DAY)
    assert list_overrides(ledger, unreviewed=True) == []
    (later,) = list_overrides(ledger)
    assert (later.reviewed, later.reviewer) == ("it was needed", "os:alice@desk")
    with pytest.raises(RefusedError, match="reviewed already"):
        review(ledger, row.id, "bob", "twice", SETTINGS, now=NOW)
    assert list_types(ledger) == ["request", "override", "review"]


def test_no_longer_than_the_policy_set_allows(ledger):
    hour = 3_600_000
    for number, (asked, given) in enumerate(((hour, HOUR), (4 * hour, 4 * HOUR), (10**17, 4 * HOUR), (None, 4 * HOUR))):
        row = ask_one(ledger, stake=f"stake-{number}")
        ends = break_glass(ledger, row.id, "olga", "why", SETTINGS, lasts=asked, now=NOW)
        assert read_time(ends) == NOW + given


def test_who_may_not_break_the_glass(ledger):
    row = ask_one(ledger)
    own = ask_one(ledger, requester="os:olga@desk", stake="s")
    for request, name, reason, settings, message in (
        (row.id, "alice", "why", SETTINGS, "may not break the glass"),
        (row.id, "olga", "why", ApprovalSettings(), "nobody may break the glass"),
        (row.id, "olga", " ", SETTINGS, "there is no reason"),
        (own.id, "olga", "why", SETTINGS, "asked for it"),
    ):
        with pytest.raises(PolicyError, match=message):
            break_glass(ledger, request, name, reason, settings, now=NOW)
    approve(ledger)
    with pytest.raises(RefusedError, match="approved already"):
        break_glass(ledger, row.id, "olga", "why", SETTINGS, now=NOW)
    with pytest.raises(RefusedError, match="nobody broke the glass"):
        review(ledger, row.id, "carol", "fine", SETTINGS, now=NOW)


def test_broken_glass_does_not_count_where_who_judges_lets_nobody_break_it(ledger):
    row = ask_one(ledger)
    break_glass(ledger, row.id, "olga", "why", SETTINGS, now=NOW)
    terms = find_terms(SETTINGS, [], "run", "support-bot")
    assert list_approvals(ledger, *HERE, NOW, terms=terms, settings=SETTINGS)
    stricter = ApprovalSettings(roles=SETTINGS.roles, rules=SETTINGS.rules)
    assert list_approvals(ledger, *HERE, NOW, terms=terms, settings=stricter) == ()


# Waivers

WAIVED = {
    "policy": "volatile-data",
    "subject": "support-*",
    "reason": "moving",
    "expires": "2026-11-30",
    "owner": "gina",
    "ticket": "ML-1",
    "compensating_control": "",
}


def ask_waiver(ledger, **changes):
    asked = {
        "kind": WAIVER,
        "project": "support-*",
        "gate": "",
        "stake": digest({key: WAIVED[key] for key in BOUND}),
        "document": {"waiver": WAIVED, "holding": ["volatile-data"]},
        "staked": None,
        "ends": "2026-12-01T00:00:00.000Z",
    }
    return ask(ledger, make_question(**{**asked, **changes}), now=NOW).row


def test_a_waiver_is_in_force_once_granted_until_its_last_day_is_over(ledger):
    row = ask_waiver(ledger)
    assert list_waivers(ledger, NOW) == []
    say(ledger, row.id, "alice")
    assert say(ledger, row.id, "bob").ends == "2026-12-01T00:00:00.000Z"
    until = date(2026, 11, 30)
    made = Waiver("volatile-data", "support-*", "moving", until, "gina", "ML-1", approved_by="alice and bob")
    assert list_waivers(ledger, NOW) == [made]
    last = NOW.replace(day=30, hour=23, minute=59)
    assert list_waivers(ledger, last) == [made]
    assert list_waivers(ledger, last + timedelta(minutes=1)) == []
    assert list_approvals(ledger, "support-*", "", row.stake, NOW) == ()


def test_who_judges_counts_who_granted_it_by_its_own_policy_set(ledger):
    row = ask_waiver(ledger)
    for name in ("alice", "bob"):
        say(ledger, row.id, name)
    strict = ApprovalSettings(roles={"leads": ("alice", "zoe")}, rules=SETTINGS.rules)
    assert list_waivers(ledger, NOW, strict) == []
    assert len(list_waivers(ledger, NOW)) == 1


def test_a_waiver_nobody_granted_in_time_expires_and_glass_is_not_broken_for_it(ledger):
    row = ask_waiver(ledger)
    assert row.expires == "2026-12-01T00:00:00.000Z"
    with pytest.raises(RefusedError, match="asks for a waiver"):
        break_glass(ledger, row.id, "olga", "why", SETTINGS, now=NOW)
    with pytest.raises(RefusedError, match="it expired"):
        say(ledger, row.id, "alice", now=NOW + 11 * DAY)


# Asking


def test_the_same_question_is_asked_once(ledger):
    first = ask(ledger, make_question(), now=NOW)
    again = ask(ledger, make_question(), now=NOW)
    other = ask(ledger, make_question(requester="os:frank@desk", contributors=("gina",)), now=NOW)
    assert (first.joined, again.joined, other.joined) == (False, True, True)
    assert {asked.row.id for asked in (first, again, other)} == {first.row.id}
    assert list_types(ledger) == ["request", "request"]
    for name in ("frank", "gina", "erin", "dave"):
        with pytest.raises(RefusedError):
            say(ledger, first.row.id, name, settings=ApprovalSettings())


@pytest.mark.parametrize(
    "change",
    [
        {"project": "x"},
        {"gate": "release"},
        {"stake": "sha256:0"},
        {"kind": WAIVER, "ends": "2027-01-01T00:00:00.000Z"},
    ],
)
def test_another_question_is_another_request(ledger, change):
    first, second = ask_one(ledger), ask_one(ledger, **change)
    assert first.id != second.id


def test_after_a_decision_it_is_asked_anew(ledger):
    row = ask_one(ledger)
    say(ledger, row.id, "alice", "reject")
    assert ask_one(ledger).id != row.id
