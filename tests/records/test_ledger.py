"""Appending and reading, in both databases."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone

import pytest

from policy.records.entry import start_chain
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import Draft, store_json
from tests.records.drafts import FACTS, NOON, check_chain, draft_decision, draft_note


def test_a_new_ledger_has_an_id_and_no_entries(ledger):
    assert len(bytes.fromhex(ledger.id)) == 16
    assert ledger.head() == (0, start_chain(ledger.id))
    assert list(ledger.read_entries()) == []


def test_entries_follow_each_other_without_gaps(ledger, open_again):
    first = ledger.append([draft_note("a"), draft_note("b")])
    second = open_again().append([draft_decision("one")])
    assert [entry.seq for entry in first + second] == [1, 2, 3]
    assert check_chain(ledger) == [1, 2, 3]
    assert open_again().id == ledger.id


def test_what_is_appended_is_read_back(ledger, open_again):
    (entry,) = ledger.append([draft_decision("one", note="ümlaut")])
    other = open_again()
    assert list(other.read_entries()) == [entry]
    assert json.loads(other.get_payload(entry))["note"] == "ümlaut"
    assert other.get_object(FACTS.digest) == FACTS.body
    assert other.get_object("sha256:" + "0" * 64) is None


def test_an_object_is_stored_once(ledger):
    ledger.append([draft_decision("one"), draft_decision("two")])
    ledger.append([draft_decision("three"), Draft("note", {}, (FACTS,))])
    assert ledger.read("SELECT count(*) FROM objects WHERE kind = 'facts'") == [(1,)]


def test_a_decision_is_recorded_once(ledger, open_again):
    (first,) = ledger.append([draft_decision("one")])
    assert ledger.append([draft_decision("one", note="another payload")]) == [first]
    assert open_again().append([draft_decision("two"), draft_decision("one"), draft_decision("two")])[1] == first
    assert check_chain(ledger) == [1, 2]
    assert ledger.find_decision(draft_decision("one").index.decision_id) == first
    assert ledger.find_decision("sha256:" + "0" * 64) is None


def test_nothing_to_append_is_nothing(ledger):
    assert ledger.append([]) == []
    assert ledger.head()[0] == 0


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (Draft("Note", {}), "no type"),
        (Draft('no"te', {}), "no type"),
        (Draft("note\n", {}), "no type"),
        (Draft("note", {"clock_read": "x"}), "not for whoever appends"),
        (Draft("decision", {}), "found by its id"),
        (Draft("note", {}, (), draft_decision("one").index), "found by its id"),
        (Draft("note", {"x": float("nan")}), "JSON"),
        (Draft("note", {"x": b"bytes"}), "JSON"),
        (Draft("note", {"x": "\ud800"}), "JSON"),
        (Draft("note", {"x": 2**70}), "JSON"),
    ],
)
def test_a_draft_of_a_wrong_form_is_refused(ledger, draft, said):
    with pytest.raises(LedgerError, match=said) as caught:
        ledger.append([draft_note(), draft])
    assert caught.value.kind == "draft"
    assert ledger.head()[0] == 0


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE entries; --", "<script>alert(1)</script>", "%s ? $1 :x", "\0", "x" * 10**6]
)
def test_texts_are_kept_as_they_are(ledger, text):
    (entry,) = ledger.append([draft_decision(text, project=text.replace("\0", "0"), note=text)])
    assert json.loads(ledger.get_payload(entry))["note"] == text
    assert [row.project for row in ledger.read_decisions()] == [text.replace("\0", "0")]
    assert check_chain(ledger) == [1]


@pytest.mark.usefixtures("ledger")
def test_the_time_is_in_utc_with_milliseconds(open_again):
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-7)))
    assert open_again(now=lambda: elsewhere).append([draft_note()])[0].time == "2026-11-20T12:00:00.000Z"


def test_a_clock_that_goes_backwards_repeats_the_last_time_and_the_entry_says_so(ledger, open_again):
    open_again(now=lambda: NOON).append([draft_note()])
    behind = open_again(now=lambda: NOON - timedelta(hours=1))
    one, two = behind.append([draft_note(), draft_decision("late")])
    ahead = open_again(now=lambda: NOON + timedelta(seconds=1)).append([draft_note("later")])[0]
    assert (one.time, two.time, ahead.time) == (
        "2026-11-20T12:00:00.000Z",
        "2026-11-20T12:00:00.000Z",
        "2026-11-20T12:00:01.000Z",
    )
    assert json.loads(ledger.get_payload(two))["clock_read"] == "2026-11-20T11:00:00.000Z"
    assert "clock_read" not in json.loads(ledger.get_payload(ahead))
    check_chain(ledger)


def test_entries_are_read_from_and_to(ledger, monkeypatch):
    monkeypatch.setattr("policy.records.ledger.CHUNK", 3)
    ledger.append([draft_note(str(number)) for number in range(10)])

    def read(*bounds):
        return [entry.seq for entry in ledger.read_entries(*bounds)]

    assert read() == list(range(1, 11))
    assert read(4) == list(range(4, 11))
    assert read(2, 9) == list(range(2, 9))
    assert read(5, 5) == read(11) == read(6, 3) == []


def test_decisions_are_found_by_what_they_are_about(ledger, monkeypatch):
    monkeypatch.setattr("policy.records.queries.CHUNK", 2)
    ledger.append([draft_decision(str(number), project="odd" if number % 2 else "even") for number in range(7)])
    assert [row.seq for row in ledger.read_decisions()] == [1, 2, 3, 4, 5, 6, 7]
    assert [row.seq for row in ledger.read_decisions(project="odd", gate="check")] == [2, 4, 6]
    assert list(ledger.read_decisions(verdict="block")) == []
    assert len(list(ledger.read_decisions(since="2026-11-20", until="2026-11-21"))) == 7
    assert list(ledger.read_decisions(until="2026-11-20T12:00:00Z")) == []
    for row, body in ledger.read_payloads(project="odd"):
        assert json.loads(body)["decision"]["id"] == row.decision_id
    with pytest.raises(TypeError, match="`colour`"):
        list(ledger.read_decisions(colour="red"))


def append_and_fail(ledger):
    with ledger.transaction() as transaction:
        transaction.append([draft_note("c")])
        raise ZeroDivisionError


def test_a_transaction_is_all_or_nothing(ledger):
    with ledger.transaction() as transaction:
        transaction.append([draft_note("a")])
        ledger.append([draft_note("b")], within=transaction)
        transaction.connection.exec_driver_sql("SELECT 1")
    assert check_chain(ledger) == [1, 2]
    with pytest.raises(ZeroDivisionError):
        append_and_fail(ledger)
    assert ledger.append([draft_note("d")])[0].seq == 3
    assert check_chain(ledger) == [1, 2, 3]


def test_threads_append_together(ledger):
    def append(number):
        return ledger.append([draft_decision(f"{number}"), draft_note(f"{number}")])

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(append, range(200)))
    assert sorted(entry.seq for pair in answers for entry in pair) == list(range(1, 401))
    for number, (decision, note) in enumerate(answers):
        assert ledger.find_decision(draft_decision(f"{number}").index.decision_id) == decision
        assert json.loads(ledger.get_payload(note)) == {"text": f"{number}"}
    check_chain(ledger)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_a_session_of_its_own(ledger):
    ledger.append([draft_note("parent")])
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if ledger.append([draft_note("child")])[0].seq == 2 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ledger.append([draft_note("parent again")])[0].seq == 3
    assert check_chain(ledger) == [1, 2, 3]


def test_a_ledger_that_is_meant_is_known_by_its_id(ledger, url):
    open_ledger(url, expect=ledger.id).close()
    with pytest.raises(LedgerError, match=f"another ledger of the name .*`{ledger.id}`, and `ab` is meant") as caught:
        open_ledger(url, expect="ab")
    assert caught.value.kind == "another"


def test_two_ledgers_of_one_name_are_told_apart(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with (
        create_ledger(f"sqlite:///{tmp_path}/a/ledger.db") as one,
        create_ledger(f"sqlite:///{tmp_path}/b/ledger.db") as two,
    ):
        assert one.name == two.name == "ledger"
        assert one.id != two.id
        mine, theirs = (each.append([draft_note()])[0] for each in (one, two))
        # Not even an entry that says the same can stand in the other.
        assert mine.payload == theirs.payload
        assert mine.leaf != theirs.leaf


def test_making_it_again_changes_nothing(ledger, url):
    ledger.append([draft_note()])
    with create_ledger(url) as again:
        assert again.id == ledger.id
        assert again.head() == ledger.head()


def test_an_object_that_is_not_what_it_was_is_not_handed_out(ledger, url):
    item = store_json("facts", ["true"])
    ledger.append([draft_decision("one", objects=(item,))])
    if ledger.database.dialect == "postgresql":
        ledger._reader.driver.execute("ALTER TABLE objects DISABLE TRIGGER USER")
    else:
        ledger._reader.driver.execute("DROP TRIGGER policy_objects_update_erasure")
    ledger._reader.driver.execute(
        f"UPDATE objects SET body = kind{'::bytea' if 'post' in url else ''} WHERE kind = 'facts'"
    )
    with pytest.raises(LedgerError, match="not what it was") as caught:
        ledger.get_object(item.digest)
    assert caught.value.kind == "corrupt"
