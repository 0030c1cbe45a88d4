"""Who has no say in a request, and that nobody bars others by naming them."""

from __future__ import annotations

import pytest

from policy.records.requests import asking
from policy.records.requests.asking import ask
from policy.records.requests.closing import withdraw
from policy.records.requests.confirming import User
from policy.records.requests.desk import open_session
from policy.records.requests.involved import list_barred
from policy.records.requests.queries import list_events, list_people
from policy.records.requests.refusals import RefusedError
from policy.records.requests.rows import Person
from policy.records.requests.standing import list_grants
from policy.records.snapshot import open_snapshot
from tests.records.requests.asked import NOW, SETTINGS, SINGLE, STAKE, make_question, say

PEOPLE = [
    Person("ada", "ada", "requester", 1),
    Person("erin", "erin", "contributor", 1),
    Person("bob", "bob", "owner", 1),
    Person("mal", "mal", "requester", 2),
    Person("bob", "bob", "owner", 2),
    Person("leo", "leo", "owner", 2),
]


@pytest.mark.parametrize(
    ("people", "barred"),
    [
        (PEOPLE, {"ada", "mal", "erin", "bob"}),
        (PEOPLE[:3], {"ada", "erin", "bob"}),
        # Each is named by one of them only.
        ([*PEOPLE[:2], *PEOPLE[3:]], {"ada", "mal", "erin"}),
        # Who withdrew names nobody any more, and still has no say.
        ([*PEOPLE[:2], *PEOPLE[3:], Person("ada", "ada", "withdrawn", 3)], {"ada", "mal", "erin", "bob", "leo"}),
        # Who asks anew names whom they name now.
        ([*PEOPLE[:3], Person("ada", "ada", "requester", 4)], {"ada", "erin"}),
        ([], set()),
        ([Person("bob", "bob", "owner", 1)], set()),
    ],
)
def test_an_owner_is_barred_where_all_who_ask_name_them(people, barred):
    assert {one.id for one in list_barred(people)} == barred


def join(ledger, who, *owners):
    return ask(ledger, make_question(requester=who, contributors=(), owners=owners), now=NOW).row


def find(ledger, user, *owners):
    grants = list_grants(ledger, "support-bot", "run", STAKE, NOW, settings=SETTINGS, user=User(user, owners))
    return [grant.approval.by for grant in grants]


def check(ledger):
    with open_snapshot(ledger.database.address.shown) as snapshot:
        assert list(snapshot.check_requests()) == []


def test_who_is_named_by_the_only_one_who_asks_does_not_vote(ledger):
    row = join(ledger, "ada", "alice")
    with pytest.raises(RefusedError, match="alice is named as an owner of the project"):
        say(ledger, row.id, "alice", settings=SINGLE)
    assert say(ledger, row.id, "bob", settings=SINGLE).state == "approved"
    check(ledger)


@pytest.mark.parametrize("first", [True, False])
def test_whoever_joins_bars_nobody_from_deciding_for_others(ledger, first):
    names = (("mal", "alice", "bob", "carol"), ("ada",))
    for who, *owners in names if first else names[::-1]:
        row = join(ledger, who, *owners)
    assert say(ledger, row.id, "alice", settings=SINGLE).state == "approved"
    assert find(ledger, "ada") == ["alice"]
    # It does not count for who named her.
    assert find(ledger, "mal", "alice", "bob", "carol") == []
    check(ledger)


def test_a_second_asker_who_names_nobody_does_not_make_an_owner_approve_for_the_first(ledger):
    row = join(ledger, "ada", "alice")
    join(ledger, "friend")
    assert say(ledger, row.id, "alice", settings=SINGLE).state == "approved"
    assert find(ledger, "ada", "alice") == []
    assert find(ledger, "friend") == ["alice"]


def test_who_withdraws_takes_back_whom_they_named(ledger):
    row = join(ledger, "mal")
    join(ledger, "ada", "alice")
    withdraw(ledger, row.id, "mal", "no", SETTINGS, now=NOW)
    with pytest.raises(RefusedError, match="named as an owner"):
        say(ledger, row.id, "alice", settings=SINGLE)
    check(ledger)


def test_the_same_again_is_no_step_and_other_owners_are(ledger):
    row = join(ledger, "ada", "alice")
    for owners in (("alice",), ("Alice",), (" alice ",)):
        join(ledger, "ada", *owners)
    join(ledger, "ada", "bob")
    join(ledger, "ada", "bob")
    with open_session(ledger) as session:
        assert [(event.payload or {}).get("event") for event in list_events(session, row.id)] == ["asked", "joined"]
        barred = {one.name for one in list_barred(list_people(session, row.id))}
    assert barred == {"ada", "bob"}
    check(ledger)


def test_owners_in_turn_do_not_fill_the_ledger(ledger, monkeypatch):
    monkeypatch.setattr(asking, "MOST_AGAIN", 3)
    row = join(ledger, "ada")
    for number in range(8):
        join(ledger, "ada", f"owner-{number % 2}")
    with open_session(ledger) as session:
        assert len(list_events(session, row.id)) == 3
    join(ledger, "mal", "bob")
    check(ledger)
