"""What `policy ledger list` tells of the steps of requests: project and id, of each step."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policy.app.ledgers.locating import Place
from policy.app.ledgers.viewing import list_entries
from policy.records.erasure import erase
from policy.records.ledger import open_ledger
from policy.records.people import identify_person
from policy.records.requests.closing import comment, withdraw
from policy.records.requests.delegating import delegate
from tests.records.keeping import draft_note, tampering
from tests.records.requests.asked import DAY, NOW, SETTINGS, STAKE, ask_one, say


@pytest.fixture
def place(tmp_path):
    return Place(f"sqlite:///{tmp_path}/ledger.db", ".")


def tell(place, last=20, kind=None):
    return [(line.type, line.project, line.gate, line.request) for line in list_entries(place, last, kind)]


def test_each_step_names_its_request(place):
    with open_ledger(place.url) as ledger:
        one, other = ask_one(ledger), ask_one(ledger, stake=f"sha256:{'3' * 64}", project="billing")
        comment(ledger, one.id, "erin", "why", now=NOW)
        say(ledger, one.id, "alice")
        say(ledger, other.id, "bob", "reject")
        made = delegate(ledger, "alice", "zoe", None, NOW + DAY, SETTINGS, now=NOW)
        ledger.append([draft_note(1)])
    about = ("support-bot", "run", one.id)
    assert tell(place) == [
        ("request", *about),
        ("request", "billing", "run", other.id),
        ("comment", *about),
        ("approval", *about),
        ("rejection", "billing", "run", other.id),
        ("delegation", "", "", made),
        ("note", "", "", ""),
    ]
    # What it is about was said before all that is listed.
    assert tell(place, 1, "comment") == [("comment", *about)]
    assert tell(place, 4)[0] == ("approval", *about)


def test_an_expired_request_and_a_withdrawn_one(place):
    with open_ledger(place.url) as ledger:
        row = ask_one(ledger)
        other = ask_one(ledger, now=NOW + timedelta(days=30))
        withdraw(ledger, other.id, "os:dave@laptop", "", SETTINGS, now=NOW + timedelta(days=30))
    found = [(kind, request) for kind, _, _, request in tell(place)]
    assert found == [("request", row.id), ("expiry", row.id), ("request", other.id), ("withdrawal", other.id)]
    assert {project for _, project, _, _ in tell(place)} == {"support-bot"}


def test_what_is_erased_says_nothing(place):
    with open_ledger(place.url) as ledger:
        row = ask_one(ledger, stake=STAKE)
        comment(ledger, row.id, "erin", "why", now=NOW)
        opening = ledger.read("SELECT payload FROM entries WHERE type = 'request'")[0][0]
        erase(ledger, opening, by=identify_person(ledger, "Ada"), reason="asked to")
    assert tell(place)[:2] == [("request", "", "", ""), ("comment", "", "", row.id)]


@pytest.mark.parametrize("payload", [b"[]", b"{", b'{"request": 5, "project": ["a"]}', b"\xff", b""])
def test_what_somebody_changed_is_no_reason_to_stop(place, tmp_path, payload):
    with open_ledger(place.url) as ledger:
        ask_one(ledger)
    with tampering(tmp_path / "ledger.db") as driver:
        driver.execute("UPDATE payloads SET body = ?", (payload,))
    assert tell(place) == [("request", "", "", "")]
