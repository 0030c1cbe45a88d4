"""Erasing: what is gone, what stays, and what it takes."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from policy.records.erasure import erase
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import Erased, store_json
from policy.records.people import find_name, identify_person
from policy.records.snapshot import open_snapshot
from tests.records.drafts import check_chain, draft_decision, draft_note
from tests.records.keeping import tampering, verify

HERE = "a-name-that-must-be-forgotten"


@pytest.fixture
def admin(ledger):
    return identify_person(ledger, "Grace Hopper")


def test_an_erased_payload_keeps_its_hash_and_says_who_erased_it_and_why(ledger, admin):
    (entry,) = ledger.append([draft_note(HERE)])
    ledger.append([draft_note()])
    erasure = erase(ledger, entry.payload, by=admin, reason="asked for by the person").entry
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
    erasure = erase(ledger, first.payload, by=admin, reason="asked for").entry
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
    last = erase(ledger, first.payload, by=admin, reason="asked for again").entry
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


def find_files(folder):
    """The files that say it. Of a server without its log, which is written over in its time."""
    found = (path for path in Path(folder).rglob("*") if path.is_file() and "pg_wal" not in path.parts)
    return [path.name for path in found if HERE.encode() in path.read_bytes()]


def test_an_sqlite_file_holds_nothing_of_it_any_more(tmp_path):
    with create_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        (entry,) = ledger.append([draft_note(HERE * 500)])
        person = identify_person(ledger, HERE)
        admin = identify_person(ledger, "Grace Hopper")
        assert find_files(tmp_path)
        for target in (entry.payload, person):
            assert erase(ledger, target, by=admin, reason="asked for").left == ""
        assert find_files(tmp_path) == []


def test_while_somebody_reads_an_sqlite_file_it_is_said_that_it_is_still_there(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with create_ledger(url, timeout=0.1) as ledger:
        (entry,) = ledger.append([draft_note(HERE)])
        admin = identify_person(ledger, "Grace Hopper")
        with open_snapshot(url) as snapshot:
            assert snapshot.read_newest(1, None)
            done = erase(ledger, entry.payload, by=admin, reason="asked for")
            assert done.new
            assert done.left == "it is still in the log beside the file, `ledger.db-wal`, which somebody reads"
            assert find_files(tmp_path)
            assert erase(ledger, entry.payload, by=admin, reason="asked for") == done._replace(new=False)
        # Nothing else takes it away soon.
        ledger.append([draft_note(str(number)) for number in range(20)])
        assert find_files(tmp_path)
        assert erase(ledger, entry.payload, by=admin, reason="asked for") == done._replace(new=False, left="")
        assert find_files(tmp_path) == []


def test_who_reads_an_sqlite_file_for_a_moment_is_waited_for_and_others_write_meanwhile(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with create_ledger(url) as ledger, open_ledger(url, timeout=0) as other:
        (entry,) = ledger.append([draft_note(HERE)])
        admin = identify_person(ledger, "Grace Hopper")
        snapshot = open_snapshot(url)
        snapshot.read_newest(1, None)
        waited = []

        def pause(_):
            other.append([draft_note("written meanwhile")])
            snapshot.close()
            waited.append(1)

        with monkeypatch.context() as patched:
            patched.setattr("policy.records.sqlite.time.sleep", pause)
            assert erase(ledger, entry.payload, by=admin, reason="asked for").left == ""
        assert waited
        assert find_files(tmp_path) == []
        assert check_chain(ledger) == [1, 2, *(2 + one for one in waited)]


@pytest.fixture
def crowded(server):
    """A ledger in a database of a server, and somebody else's connection to it."""
    url = server.make_database()
    with create_ledger(url, timeout=0.1) as ledger, psycopg.connect(url, autocommit=True) as other:
        yield ledger, other
    server.give_back(url)


@pytest.mark.parametrize(
    "begin",
    ["BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", "BEGIN; SELECT pg_current_xact_id()"],
)
def test_while_an_older_transaction_may_read_it_it_is_said_who_that_is(server, crowded, begin):
    ledger, other = crowded
    (entry,) = ledger.append([draft_note(HERE)])
    admin = identify_person(ledger, "Grace Hopper")
    other.execute(begin)
    done = erase(ledger, entry.payload, by=admin, reason="asked for")
    process = f"process {other.info.backend_pid} of owner"
    assert (done.new, done.left) == (True, f"it is kept for a transaction that began earlier ({process})")
    server.run_sql("CHECKPOINT")
    assert find_files(f"{server.folder}/data/base")
    other.execute("ROLLBACK")
    # Who begins to read now does not see it.
    other.execute(begin)
    assert erase(ledger, entry.payload, by=admin, reason="asked for") == done._replace(new=False, left="")
    server.run_sql("CHECKPOINT")
    assert find_files(f"{server.folder}/data/base") == []
    other.execute("ROLLBACK")


def test_who_may_not_let_go_of_it_is_told(server, crowded):
    ledger, other = crowded
    (entry,) = ledger.append([draft_note(HERE)])
    admin = identify_person(ledger, "Grace Hopper")
    done = erase(ledger, entry.payload, by=admin, reason="asked for")
    role, url = f"appends_{uuid4().hex[:8]}", ledger.database.address.place
    server.run_sql(f"CREATE ROLE {role} LOGIN")
    other.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    create_ledger(url, role=role).close()
    with open_ledger(url.replace("owner@", f"{role}@")) as restricted:
        again = erase(restricted, entry.payload, by=admin, reason="asked for")
    assert again.entry == done.entry
    assert again.left.startswith("the database let go of nothing (")


def test_an_erasure_is_on_record_whatever_fails_then(ledger, admin, monkeypatch):
    (entry,) = ledger.append([draft_note(HERE)])

    def fail():
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(ledger.database, "forget", fail)
        done = erase(ledger, entry.payload, by=admin, reason="asked for")
    assert done.new
    assert "disk I/O error" in done.left
    assert erase(ledger, entry.payload, by=admin, reason="asked for") == done._replace(new=False, left="")


def test_what_is_gone_without_an_entry_is_no_erasure(tmp_path):
    with create_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        (entry,) = ledger.append([draft_note(HERE)])
        admin = identify_person(ledger, "Grace Hopper")
        with tampering(tmp_path / "ledger.db") as driver:
            driver.execute("UPDATE payloads SET body = NULL")
        with pytest.raises(LedgerError, match="no entry says that it was erased"):
            erase(ledger, entry.payload, by=admin, reason="asked for")


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


def test_what_is_erased_already_stays_so_and_an_erasure_is_not_erased(ledger, admin):
    (entry,) = ledger.append([draft_note()])
    person = identify_person(ledger, "Ada Lovelace")
    for target in (entry.payload, person):
        first = erase(ledger, target, by=admin, reason="asked for")
        assert (first.new, first.left) == (True, "")
        assert erase(ledger, target, by=admin, reason="again") == first._replace(new=False)
    with pytest.raises(LedgerError, match="of itself"):
        erase(ledger, first.entry.payload, by=admin, reason="again")
    assert ledger.head()[0] == 3


def test_a_reason_that_names_another_object_does_not_erase_it(ledger, admin):
    (victim, entry) = ledger.append([draft_note("kept"), draft_note("erased")])
    erase(ledger, entry.payload, by=admin, reason=f'"target":"{victim.payload}" {victim.payload}')
    with pytest.raises((LedgerError, psycopg.Error)), ledger.transaction() as transaction:
        transaction.session.write(
            [("INSERT INTO erasures (target, seq) VALUES (?, ?)", [(victim.payload, 3)])], commit=False
        )
    assert ledger.get_payload(victim) == b'{"text":"kept"}'
