"""Votes: who may, how many are needed, and what is recorded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from policy.errors import PolicyError
from policy.model.approval_settings import ApprovalSettings
from policy.records.requests import closing
from policy.records.requests.asking import ask
from policy.records.requests.closing import comment, withdraw
from policy.records.requests.delegating import delegate, revoke
from policy.records.requests.desk import open_session
from policy.records.requests.queries import find_row, list_events
from policy.records.requests.refusals import LONGEST_TEXT, RefusedError
from tests.records.requests.asked import DAY, HOUR, NOW, SETTINGS, SINGLE, ask_one, list_types, make_question, say


def read(ledger, request):
    with open_session(ledger) as session:
        return find_row(session, request)


def refuse(message, act, kind=RefusedError):
    with pytest.raises(PolicyError) as refusal:
        act()
    assert (isinstance(refusal.value, kind), refusal.value.exit_code) == (True, kind.exit_code)
    assert message in refusal.value.problems[0].message
    assert refusal.value.problems[0].remedy
    assert refusal.value.exit_code == (1 if kind is RefusedError else 2)


def test_enough_votes_approve_and_each_is_an_entry(ledger):
    row = ask_one(ledger)
    first = say(ledger, row.id, "os:alice@desk")
    assert (first.state, [lacking for _, lacking in first.lacking]) == ("pending", [1])
    second = say(ledger, row.id, "os:bob@desk")
    assert (second.state, second.ends) == ("approved", "2026-12-20T10:00:00.000Z")
    assert list_types(ledger) == ["request", "approval", "approval"]
    found = read(ledger, row.id)
    assert (found.state, found.votes, found.decided, found.ends) == ("approved", 2, 3, second.ends)
    assert ledger.get_payload(list(ledger.read_entries())[2])


def test_one_no_is_enough_and_needs_a_reason(ledger):
    row = ask_one(ledger)
    refuse("there is no reason", lambda: say(ledger, row.id, "alice", "reject", reason=" "), PolicyError)
    say(ledger, row.id, "alice")
    assert say(ledger, row.id, "bob", "reject").state == "rejected"
    refuse("it was rejected", lambda: say(ledger, row.id, "carol"))
    assert list_types(ledger) == ["request", "approval", "rejection"]


DAVE_OR_ERIN = (
    "os:dave@laptop",
    "os:dave@another-host",
    "DAVE",
    "\uff24\uff41\uff56\uff45",
    "d\u0430ve",
    "dave@example.com",
    "Dave <dave@elsewhere.example>",
    "os:erin@desk",
    "Ek, Erin",
    "erin_ek",
    "1234+erin@users.noreply.github.com",
    "\u0415rin Ek",
    "Support ML",
)


def test_who_asked_or_contributed_never_votes_however_spelled(ledger):
    everybody = ApprovalSettings(roles={"leads": (*DAVE_OR_ERIN, "alice")}, rules=SINGLE.rules)
    row = ask_one(ledger, contributors=("Erin E\u200bk <erin@example.com>", "support-ml"))
    for name in DAVE_OR_ERIN:
        for answer in ("approve", "reject"):
            with pytest.raises(RefusedError, match="and so cannot"):
                say(ledger, row.id, name, answer, settings=everybody)
    assert read(ledger, row.id).votes == 0


def test_another_name_that_the_policy_set_tells_is_the_same_person(ledger):
    known = ApprovalSettings(roles=SINGLE.roles, rules=SINGLE.rules, people={"alice": ("dave",)})
    row = ask_one(ledger)
    refuse("and so cannot", lambda: say(ledger, row.id, "os:alice@desk", settings=known))
    assert say(ledger, row.id, "os:bobby@desk", settings=SETTINGS).state == "pending"
    for name in ("bob", "os:bobby@elsewhere", "robert@example.com"):
        refuse("has voted", lambda name=name: say(ledger, row.id, name))


def test_whoever_joins_never_votes_either(ledger):
    row = ask_one(ledger)
    say(ledger, row.id, "bob")
    assert ask(ledger, make_question(requester="os:alice@desk"), now=NOW).joined
    refuse("asked for it", lambda: say(ledger, row.id, "alice"))


@pytest.mark.parametrize("name", ["mallory", "alice.smith", "alice@evil.example", "\u0430lice", "os:mallory@alice"])
def test_without_a_role_nobody_votes_and_a_name_that_looks_alike_is_no_role(ledger, name):
    row = ask_one(ledger)
    refuse("may not approve", lambda: say(ledger, row.id, name))


def test_without_rules_anybody_else_may(ledger):
    row = ask_one(ledger)
    assert say(ledger, row.id, "os:mallory@desk", settings=ApprovalSettings()).state == "approved"


def test_who_lost_the_role_may_not_vote_and_the_vote_of_before_does_not_count(ledger):
    row = ask_one(ledger)
    say(ledger, row.id, "alice")
    lost = ApprovalSettings(roles={"leads": ("bob", "carol")}, rules=SETTINGS.rules)
    refuse("has voted", lambda: say(ledger, row.id, "alice", settings=lost))
    assert say(ledger, row.id, "bob", settings=lost).state == "pending"
    other = ask_one(ledger, stake="sha256:" + "3" * 64)
    refuse("may not approve", lambda: say(ledger, other.id, "alice", settings=lost))


@pytest.mark.parametrize("request_id", ["r-unknown1", "", "'; DROP TABLE requests; --", "r-\x1b[2J", "r" * 1_000_000])
def test_an_unknown_request_is_bad_input(ledger, request_id):
    ask_one(ledger)
    refuse("there is no request", lambda: say(ledger, request_id, "alice"), PolicyError)
    refuse("there is no request", lambda: comment(ledger, request_id, "alice", "x", now=NOW), PolicyError)
    refuse("there is no request", lambda: withdraw(ledger, request_id, "dave", "", SETTINGS, now=NOW), PolicyError)


def test_a_request_ends_unanswered(ledger):
    row = ask_one(ledger)
    refuse("it expired at 2026-12-04T10:00:00.000Z", lambda: say(ledger, row.id, "alice", now=NOW + 14 * DAY))
    assert say(ledger, row.id, "alice", now=NOW + 14 * DAY - timedelta(milliseconds=1)).state == "pending"
    again = ask(ledger, make_question(), now=NOW + 15 * DAY)
    assert not again.joined
    assert again.row.id != row.id
    assert read(ledger, row.id).state == "expired"
    assert list_types(ledger) == ["request", "approval", "expiry", "request"]


def test_times_of_other_zones_are_the_same_times(ledger):
    row = ask_one(ledger, now=datetime(2026, 11, 20, 22, tzinfo=timezone(timedelta(hours=12))))
    assert row.asked == "2026-11-20T10:00:00.000Z"
    zone = timezone(timedelta(hours=-9, minutes=-30))
    refuse("it expired", lambda: say(ledger, row.id, "alice", now=(NOW + 14 * DAY).astimezone(zone)))
    with pytest.raises(ValueError, match="zone"):
        ask_one(ledger, now=datetime(2026, 11, 20, 22))  # noqa: DTZ001 - that is the mistake


def test_without_a_time_the_database_tells_it(ledger):
    row = ask_one(ledger, now=None)
    said = datetime.fromisoformat(row.asked)
    assert abs(datetime.now(UTC) - said) < timedelta(minutes=10)
    assert say(ledger, row.id, "alice", now=None).state == "pending"


HOSTILE = [
    "'; DROP TABLE requests; --",
    "<script>alert(1)</script>",
    '" OR 1=1',
    "\x1b[31m\r\n::error::",
    "%s ? {now} \\",
    "\u202e",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_sql_and_markup_are_texts(ledger, text):
    name = text if text.isprintable() else f"os:{text!a}"
    row = ask_one(ledger, project=text, subject=text, contributors=(text,), requester=f"dave {name}", stake=text)
    settings = ApprovalSettings(people={text: (text,)})
    assert say(ledger, row.id, "alice", reason=f"x{text}", settings=settings).state == "approved"
    comment(ledger, row.id, "bob", f"x{text}", now=NOW)
    found = read(ledger, row.id)
    assert (found.project, found.subject, found.stake) == (text, text, text)
    with open_session(ledger) as session:
        events = list_events(session, row.id)
    assert (events[1].payload or {})["reason"] == f"x{text}".strip()
    assert (events[2].payload or {})["comment"] == f"x{text}".strip()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 1_000_000, "1,000,000 characters"),
        ("x" * (LONGEST_TEXT + 1), "4,001 characters"),
        ("", "there is no comment"),
        (" \t\n", "there is no comment"),
        ("\u200b\u2060", "there is no comment"),
        ("...", "there is no comment"),
        ("a\0b", "null character"),
        ("\ud800", "UTF-8"),
    ],
)
def test_a_comment_that_is_too_long_or_none(ledger, text, message):
    row = ask_one(ledger)
    refuse(message, lambda: comment(ledger, row.id, "bob", text, now=NOW), PolicyError)
    assert list_types(ledger) == ["request"]
    comment(ledger, row.id, "bob", "x" * LONGEST_TEXT, now=NOW)


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 201, "al\0ice", "al\nice", "\ud800"])
def test_a_name_that_is_none(ledger, name):
    row = ask_one(ledger)
    with pytest.raises(PolicyError):
        say(ledger, row.id, name, settings=ApprovalSettings())
    assert read(ledger, row.id).votes == 0


def test_names_stand_in_the_directory_and_not_in_entries(ledger):
    row = ask_one(ledger)
    say(ledger, row.id, "alice")
    withdraw(ledger, row.id, "os:dave@laptop", "not needed", SETTINGS, now=NOW)
    bodies = [ledger.get_payload(entry) for entry in ledger.read_entries()]
    assert len(bodies) == 3
    for body in bodies:
        assert not any(name in body for name in (b"dave", b"alice", b"erin", b"Erin", b"support-ml"))
    assert json.loads(bodies[1])["person"].startswith("p-")


# Withdrawing


def test_only_who_asks_withdraws_and_the_last_one_ends_it(ledger):
    row = ask_one(ledger)
    ask(ledger, make_question(requester="os:frank@desk"), now=NOW)
    refuse("did not ask", lambda: withdraw(ledger, row.id, "alice", "", SETTINGS, now=NOW))
    refuse("did not ask", lambda: withdraw(ledger, row.id, "dave", "", SETTINGS, now=NOW))
    assert withdraw(ledger, row.id, "os:dave@laptop", "", SETTINGS, now=NOW) == ("os:frank@desk",)
    refuse("did not ask", lambda: withdraw(ledger, row.id, "os:dave@laptop", "", SETTINGS, now=NOW))
    refuse("asked for it", lambda: say(ledger, row.id, "dave", settings=ApprovalSettings()))
    assert withdraw(ledger, row.id, "os:frank@desk", "", SETTINGS, now=NOW) == ()
    refuse("it was withdrawn", lambda: say(ledger, row.id, "alice"))
    refuse("it was withdrawn", lambda: withdraw(ledger, row.id, "os:frank@desk", "", SETTINGS, now=NOW))


def test_who_withdrew_may_ask_again(ledger):
    row = ask_one(ledger)
    ask(ledger, make_question(requester="os:frank@desk"), now=NOW)
    withdraw(ledger, row.id, "os:dave@laptop", "", SETTINGS, now=NOW)
    assert ask(ledger, make_question(), now=NOW).joined
    assert withdraw(ledger, row.id, "os:frank@desk", "", SETTINGS, now=NOW) == ("os:dave@laptop",)
    assert withdraw(ledger, row.id, "os:dave@laptop", "", SETTINGS, now=NOW) == ()


# Delegating


def test_somebody_votes_for_another_one_for_a_while(ledger):
    row = ask_one(ledger)
    made = delegate(ledger, "os:alice@desk", "zoe", NOW + HOUR, NOW + 2 * HOUR, SETTINGS, now=NOW)
    refuse("may not approve", lambda: say(ledger, row.id, "os:zoe@desk"))
    refuse("may not approve", lambda: say(ledger, row.id, "os:zoe@desk", now=NOW + 2 * HOUR))
    voted = say(ledger, row.id, "os:zoe@desk", now=NOW + HOUR)
    assert voted.behalf == "os:alice@desk"
    refuse("has voted", lambda: say(ledger, row.id, "alice", now=NOW + HOUR))
    refuse("has voted", lambda: say(ledger, row.id, "zoe", now=NOW + HOUR))
    assert say(ledger, row.id, "bob", now=NOW + HOUR).state == "approved"
    revoke(ledger, made, "os:alice@desk", SETTINGS, now=NOW + HOUR)
    refuse("ended at", lambda: revoke(ledger, made, "os:alice@desk", SETTINGS, now=NOW + HOUR))
    other = ask_one(ledger, stake="sha256:" + "4" * 64, now=NOW + HOUR)
    refuse("may not approve", lambda: say(ledger, other.id, "zoe", now=NOW + HOUR))


def test_a_delegation_is_not_handed_on_and_helps_nobody_who_asked(ledger):
    delegate(ledger, "alice", "zoe", NOW, NOW + DAY, SETTINGS, now=NOW)
    delegate(ledger, "bob", "os:dave@laptop", NOW, NOW + DAY, SETTINGS, now=NOW)
    refuse("no role", lambda: delegate(ledger, "zoe", "yuri", NOW, NOW + DAY, SETTINGS, now=NOW))
    row = ask_one(ledger)
    refuse("may not approve", lambda: say(ledger, row.id, "yuri"))
    refuse("asked for it", lambda: say(ledger, row.id, "os:dave@laptop"))
    own = ask_one(ledger, requester="alice", stake="sha256:" + "5" * 64)
    refuse("may not approve", lambda: say(ledger, own.id, "zoe"))


@pytest.mark.parametrize(
    ("taker", "starts", "ends", "kind", "message"),
    [
        ("zoe", NOW + DAY, NOW + DAY, PolicyError, "would never hold"),
        ("zoe", None, NOW - DAY, PolicyError, "would never hold"),
        ("zoe", NOW - 9 * DAY, NOW - DAY, PolicyError, "would never hold"),
        ("zoe", NOW, NOW + 400 * DAY, PolicyError, "may last a year"),
        ("", NOW, NOW + DAY, PolicyError, "blank"),
        ("Alice", NOW, NOW + DAY, RefusedError, "one person"),
        ("alice@example.com", NOW, NOW + DAY, RefusedError, "one person"),
    ],
)
def test_a_delegation_that_cannot_be(ledger, taker, starts, ends, kind, message):
    refuse(message, lambda: delegate(ledger, "os:alice@desk", taker, starts, ends, SETTINGS, now=NOW), kind)
    assert list_types(ledger) == []


def test_only_the_two_end_a_delegation(ledger):
    made = delegate(ledger, "alice", "zoe", NOW + DAY, NOW + 2 * DAY, SETTINGS, now=NOW)
    refuse("there is no delegation", lambda: revoke(ledger, "d-x", "alice", SETTINGS, now=NOW), PolicyError)
    refuse("not a delegation of", lambda: revoke(ledger, made, "bob", SETTINGS, now=NOW))
    revoke(ledger, made, "zoe", SETTINGS, now=NOW)


def test_comments_do_not_fill_the_ledger(ledger, monkeypatch):
    monkeypatch.setattr(closing, "MOST_COMMENTS", 3)
    row, other = ask_one(ledger), ask_one(ledger, stake="sha256:other")
    for number in range(3):
        comment(ledger, row.id, "bob", f"{number}", now=NOW)
    refuse("there are 3 comments", lambda: comment(ledger, row.id, "zoe", "more", now=NOW))
    comment(ledger, other.id, "bob", "here", now=NOW)
