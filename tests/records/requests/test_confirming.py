"""Who judges believes neither the tables nor the policy set of who voted."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta

import pytest

from policy.model.approval_settings import ApprovalRule, ApprovalSettings, find_terms
from policy.records.faults import LedgerError
from policy.records.ledger import open_ledger
from policy.records.requests.confirming import User
from policy.records.requests.delegating import delegate
from policy.records.requests.desk import open_session
from policy.records.requests.overriding import break_glass
from policy.records.requests.queries import list_people
from policy.records.requests.standing import list_grants
from tests.records.requests.asked import DAY, HOUR, NOW, SETTINGS, STAKE, ask_one, say

HERE = ("support-bot", "run", STAKE)
LOOSE = ApprovalSettings(approval_lasts=1000 * 86_400_000)


def find(ledger, settings=SETTINGS, now=NOW):
    terms = find_terms(settings, ["volatile-data"], "run", "support-bot")
    return [grant.approval.by for grant in list_grants(ledger, *HERE, now, terms=terms, settings=settings)]


def edit(ledger, *statements):
    """What an owner of the file does, who drops every guard."""
    with sqlite3.connect(ledger.database.address.place) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(*statement)
    connection.close()


def test_a_vote_without_an_entry_counts_for_nothing(ledger):
    """Whoever appends may insert rows of votes, too."""
    row = ask_one(ledger)
    say(ledger, row.id, "mallory", settings=LOOSE)
    assert find(ledger, LOOSE) == ["mallory"]
    for name in ("alice", "carol"):
        other = ask_one(ledger, stake=f"sha256:{name}")
        say(ledger, other.id, name)
    with ledger.transaction() as transaction:
        for person, seq in transaction.session.read(
            "SELECT person, seq FROM request_votes WHERE request <> ?", (row.id,)
        ):
            values = (row.id, person, "", "approve", seq)
            transaction.session.read("INSERT INTO request_votes VALUES (?, ?, ?, ?, ?) RETURNING seq", values)
    assert find(ledger) == []


def test_a_loose_policy_set_makes_nobody_the_delegate_of_somebody(ledger):
    delegate(ledger, "alice", "zoe", NOW, NOW + DAY, SETTINGS, now=NOW)
    rules = (ApprovalRule(roles=("leads",), quorum=1),)
    one = ApprovalSettings(roles=SETTINGS.roles, rules=rules)
    own = ApprovalSettings(roles=SETTINGS.roles, rules=rules, people={"zoe": ("os:mallory",)})
    row = ask_one(ledger)
    assert say(ledger, row.id, "os:mallory@desk", settings=own).behalf == "alice"
    assert find(ledger, own) == ["alice"]
    assert find(ledger, one) == []


def test_a_delegate_who_was_named_counts(ledger):
    delegate(ledger, "alice", "zoe", NOW, NOW + DAY, SETTINGS, now=NOW)
    row = ask_one(ledger)
    for name in ("zoe", "bob"):
        say(ledger, row.id, name)
    assert find(ledger) == ["alice", "bob"]


def test_who_contributed_under_a_name_that_the_judge_knows_does_not_count(ledger):
    rules = (ApprovalRule(roles=("leads",)),)
    known = ApprovalSettings(roles={"leads": ("asmith",)}, rules=rules, people={"Alice Smith": ("asmith",)})
    row = ask_one(ledger, contributors=("Alice Smith <alice@example.com>",))
    loose = ApprovalSettings(roles=known.roles, rules=rules)
    assert say(ledger, row.id, "asmith", settings=loose).state == "approved"
    assert find(ledger, loose) == ["asmith"]
    assert find(ledger, known) == []


def test_one_person_under_two_names_is_one_vote_for_the_judge(ledger):
    rules = (ApprovalRule(roles=("leads",), quorum=2),)
    loose = ApprovalSettings(roles={"leads": ("alice", "ann")}, rules=rules)
    row = ask_one(ledger)
    for name in ("alice", "ann"):
        say(ledger, row.id, name, settings=loose)
    assert find(ledger, loose) == ["alice", "ann"]
    assert find(ledger, ApprovalSettings(roles=loose.roles, rules=rules, people={"alice": ("ann",)})) == []


def test_it_lasts_no_longer_and_for_no_more_runs_than_who_judges_allows(ledger):
    row = ask_one(ledger)
    say(ledger, row.id, "alice", settings=LOOSE)
    for lasts, runs, after, counts in (
        (DAY, None, DAY - HOUR, True),
        (DAY, None, DAY, False),
        (1000 * DAY, 0, HOUR, False),
        (1000 * DAY, 1, HOUR, True),
    ):
        rules = (ApprovalRule(lasts=lasts // timedelta(milliseconds=1), runs=runs),)
        settings = ApprovalSettings(approval_lasts=10**12, rules=rules)
        assert bool(find(ledger, settings, NOW + after)) == counts


@pytest.mark.parametrize(("after", "counts"), [(HOUR, True), (4 * HOUR, False)])
def test_broken_glass_holds_no_longer_than_who_judges_allows(ledger, after, counts):
    row = ask_one(ledger)
    loose = ApprovalSettings(roles=SETTINGS.roles, override_roles=("on-call",), override_lasts=10**10)
    break_glass(ledger, row.id, "olga", "why", loose, now=NOW)
    assert bool(find(ledger, loose, NOW + after))
    assert bool(find(ledger, SETTINGS, NOW + after)) == counts


def test_who_asked_breaks_no_glass_under_a_name_that_the_judge_knows(ledger):
    row = ask_one(ledger, requester="os:adm-olga@desk")
    break_glass(ledger, row.id, "olga", "why", SETTINGS, now=NOW)
    assert find(ledger) == ["olga"]
    people = {"olga": ("os:adm-olga",)}
    assert find(ledger, ApprovalSettings(roles=SETTINGS.roles, override_roles=("on-call",), people=people)) == []


def test_nothing_is_read_from_an_entry_that_was_changed(tmp_path, made_file):
    shutil.copy(made_file, tmp_path / "own.db")
    with open_ledger(f"sqlite:///{tmp_path}/own.db") as ledger:
        row = ask_one(ledger)
        say(ledger, row.id, "alice", "reject", settings=LOOSE)
        forged = "replace(replace(CAST(body AS TEXT), '\"reject\"', '\"approve\"'), '\"rejected\"', '\"approved\"')"
        rejected = "(SELECT seq FROM entries WHERE type = 'rejection')"
        edit(
            ledger,
            ("UPDATE requests SET state = 'approved'",),
            ("UPDATE request_votes SET answer = 'approve'",),
            (f"UPDATE payloads SET body = CAST({forged} AS BLOB) WHERE seq = {rejected}",),
        )
        with pytest.raises(LedgerError, match="is not what it was"):
            find(ledger, LOOSE)


def test_a_request_that_nobody_asked_counts_for_nothing(ledger):
    if ledger.database.dialect != "sqlite":
        pytest.skip("guards are dropped in a file")
    row = ask_one(ledger)
    say(ledger, row.id, "alice", settings=LOOSE)
    edit(ledger, ("DELETE FROM request_people",))
    assert find(ledger, LOOSE) == []


def find_for(ledger, user, settings=SETTINGS):
    terms = find_terms(settings, ["volatile-data"], "run", "support-bot")
    found = list_grants(ledger, *HERE, NOW, terms=terms, settings=settings, user=User(user))
    return [grant.approval.by for grant in found]


def test_what_who_uses_it_said_does_not_count(ledger):
    row = ask_one(ledger)
    for name in ("alice", "bob", "carol"):
        if say(ledger, row.id, name).state == "approved":
            break
    voted = find(ledger)
    assert len(voted) == 2
    assert find_for(ledger, "zoe") == voted
    for name in voted:
        for spelled in (name, name.upper(), f" {name}"):
            assert find_for(ledger, spelled) == []


def test_nor_what_somebody_said_for_them(ledger):
    delegate(ledger, "alice", "zoe", NOW, NOW + DAY, SETTINGS, now=NOW)
    row = ask_one(ledger)
    for name in ("zoe", "bob"):
        say(ledger, row.id, name)
    assert find_for(ledger, "dora") == ["alice", "bob"]
    assert find_for(ledger, "alice") == find_for(ledger, "zoe") == []


def test_who_broke_the_glass_does_not_go_through(ledger):
    row = ask_one(ledger)
    break_glass(ledger, row.id, "olga", "customers wait", SETTINGS, now=NOW)
    assert find_for(ledger, "zoe") == ["olga"]
    assert find_for(ledger, "Olga") == []


def test_what_covers_so_many_runs_is_for_those_who_asked(ledger):
    rules = (ApprovalRule(roles=("leads",), runs=2),)
    counted = ApprovalSettings(roles=SETTINGS.roles, rules=rules)
    row = ask_one(ledger, runs=2)
    say(ledger, row.id, "alice", settings=counted)
    assert find_for(ledger, "", counted) == ["alice"]
    requester = next(one.shown for one in list_asking(ledger, row.id))
    assert find_for(ledger, requester, counted) == ["alice"]
    assert find_for(ledger, "mallory", counted) == []


def list_asking(ledger, request):
    with open_session(ledger) as session:
        return [one for one in list_people(session, request) if one.part == "requester"]
