"""Erasing: what is gone, what stays, and what it takes."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from policy.records.erasure import erase
from policy.records.faults import LedgerError
from policy.records.objects import Erased, store_json
from policy.records.people import find_name, identify_person
from policy.records.snapshot import open_snapshot
from tests.records.drafts import check_chain, draft_decision, draft_note
from tests.records.keeping import verify

HERE = "a-name-that-must-be-forgotten"


@pytest.fixture
def admin(ledger):
    return identify_person(ledger, "Grace Hopper")


def test_an_erased_payload_keeps_its_hash_and_says_who_erased_it_and_why(ledger, admin):
    (entry,) = ledger.append([draft_note(HERE)])
    ledger.append([draft_note()])
    erasure = erase(ledger, entry.payload, by=admin, reason="asked for by the person")
    assert ledger.get_payload(entry) == Erased(erasure.seq, erasure.time, admin, "asked for by the person")
    assert check_chain(ledger) == [1, 2, 3]
    assert next(ledger.read_entries()) == entry
    assert erasure.type == "erasure"
    said = json.loads(ledger.get_payload(erasure))
    assert said == {
        "format": "policy-erasure/1",
        "target": entry.payload,
        "by": admin,
        "reason": "asked for by the person",
    }


def test_an_erased_input_does_not_come_back(ledger, admin):
    item = store_json("facts", [HERE])
    ledger.append([draft_decision("one", objects=(item,))])
    erase(ledger, item.digest, by=admin, reason="asked for")
    ledger.append([draft_decision("two", objects=(item,))])
    assert isinstance(ledger.get_object(item.digest), Erased)
    check_chain(ledger)


def test_what_several_entries_say_is_erased_in_all_of_them(ledger, admin):
    first, second = ledger.append([draft_note(HERE), draft_note(HERE)])
    erasure = erase(ledger, first.payload, by=admin, reason="asked for")
    assert [ledger.get_payload(entry) for entry in (first, second)] == [
        Erased(erasure.seq, erasure.time, admin, "asked for")
    ] * 2
    check_chain(ledger)


def test_what_is_said_again_after_it_was_erased_is_there_until_that_is_erased_too(ledger, url, admin):
    (first,) = ledger.append([draft_note(HERE)])
    erase(ledger, first.payload, by=admin, reason="asked for")
    (again,) = ledger.append([draft_note(HERE)])
    assert isinstance(ledger.get_payload(first), Erased)
    assert ledger.get_payload(again) == b'{"text":"%s"}' % HERE.encode()
    assert verify(url).total == 0
    last = erase(ledger, first.payload, by=admin, reason="asked for again")
    assert ledger.get_payload(again) == Erased(4, last.time, admin, "asked for again")
    assert ledger.get_payload(first).seq == 2
    assert last.seq == 4
    assert verify(url).total == 0
    with open_snapshot(url) as snapshot:
        named = [snapshot.find_erasure(entry) for entry in (first, again)]
        assert [found and found[0] for found in named] == [2, 4]


def test_an_erased_decision_is_still_found(ledger, admin):
    (entry,) = ledger.append([draft_decision("one")])
    erase(ledger, entry.payload, by=admin, reason="asked for")
    assert ledger.append([draft_decision("one")]) == [entry]
    assert [(row.seq, body) for row, body in ledger.read_payloads()] == [(1, None)]


def test_a_person_is_erased_from_the_directory(ledger, admin):
    person = identify_person(ledger, "Ada Lovelace")
    erase(ledger, person, by=admin, reason="left")
    assert find_name(ledger, person) is None
    # Whoever has the name later is somebody else.
    assert identify_person(ledger, "Ada Lovelace") != person
    check_chain(ledger)


def test_an_sqlite_file_holds_nothing_of_it_any_more(tmp_path):
    from policy.records.ledger import create_ledger

    with create_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        (entry,) = ledger.append([draft_note(HERE * 500)])
        person = identify_person(ledger, HERE)
        admin = identify_person(ledger, "Grace Hopper")
        assert any(HERE.encode() in path.read_bytes() for path in Path(tmp_path).iterdir())
        erase(ledger, entry.payload, by=admin, reason="asked for")
        erase(ledger, person, by=admin, reason="asked for")
        for path in Path(tmp_path).iterdir():
            assert HERE.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": "sha256:" + "0" * 64}, "nothing in the ledger"),
        ({"target": "p-" + "a" * 26}, "nothing in the ledger"),
        ({"target": "'; DELETE FROM objects; --"}, "nothing in the ledger"),
        ({"by": "Grace Hopper"}, "id of a person"),
        ({"by": ""}, "id of a person"),
        ({"reason": " \n"}, "has a reason"),
        ({"reason": "\u200b \u2060"}, "has a reason"),
        ({"reason": "x" * 1_000_000}, "has a reason"),
    ],
)
def test_an_erasure_of_a_wrong_form_is_refused(ledger, admin, change, said):
    (entry,) = ledger.append([draft_note()])
    asked = {"target": entry.payload, "by": admin, "reason": "asked for"} | change
    with pytest.raises(LedgerError, match=said):
        erase(ledger, asked.pop("target"), **asked)
    assert ledger.head()[0] == 1


def test_nothing_is_erased_twice_nor_is_an_erasure(ledger, admin):
    (entry,) = ledger.append([draft_note()])
    erasure = erase(ledger, entry.payload, by=admin, reason="asked for")
    for target, said in ((entry.payload, "erased already"), (erasure.payload, "of itself")):
        with pytest.raises(LedgerError, match=said):
            erase(ledger, target, by=admin, reason="again")
    assert ledger.head()[0] == 2


def test_a_reason_that_names_another_object_does_not_erase_it(ledger, admin):
    (victim, entry) = ledger.append([draft_note("kept"), draft_note("erased")])
    erase(ledger, entry.payload, by=admin, reason=f'"target":"{victim.payload}" {victim.payload}')
    with pytest.raises((LedgerError, psycopg.Error)), ledger.transaction() as transaction:
        transaction.session.write(
            [("INSERT INTO erasures (target, seq) VALUES (?, ?)", [(victim.payload, 3)])], commit=False
        )
    assert ledger.get_payload(victim) == b'{"text":"kept"}'
