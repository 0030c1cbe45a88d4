"""What is written is decided by a pure function; several processes that append at once take turns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from policy.model.canonical import canonical_json
from policy.records.append import is_done
from policy.records.database import Head
from policy.records.entry import Entry, start_chain
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import DecisionRow, Draft, StoredObject
from policy.records.planning import list_writes, plan, prepare
from tests.records.drafts import FACTS, check_chain, draft_decision, draft_note

ROOT = Path(__file__).resolve().parents[2]
ID = "0f" * 16
TIME = "2026-11-20T12:00:00.000Z"
EMPTY = Head(0, "", start_chain(ID))
APPEND = """
import sys
from policy.records.ledger import open_ledger
from tests.records.drafts import draft_decision, draft_note
url, tag, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open_ledger(url, timeout=60) as ledger:
    for number in range(count):
        entries = ledger.append([draft_decision(f"shared-{number}"), draft_note(f"{tag}-{number}")])
        print(entries[1].seq)
"""
drafts = st.lists(
    st.builds(draft_note, st.text(st.characters(codec="utf-8"), max_size=5))
    | st.builds(draft_decision, st.sampled_from("abc")),
    max_size=8,
)


@given(st.lists(drafts, max_size=5), st.lists(st.sampled_from(["2026-01-01", "2027-01-01", "2025-01-01"]), min_size=5))
def test_however_it_is_split_the_numbers_follow_and_time_does_not_go_back(batches, days):
    head, entries = EMPTY, []
    recorded: dict[str, Entry] = {}
    for batch, day in zip(batches, days, strict=False):
        prepared = [prepare(draft) for draft in batch]
        made = plan(ID, head, prepared, recorded, f"{day}T00:00:00.000Z", set())
        assert len(made.answers) == len(batch)
        for draft, answer in zip(prepared, made.answers, strict=True):
            if draft.index is not None:
                assert isinstance(draft.index, DecisionRow)
                assert recorded.setdefault(draft.index.decision_id, answer) == answer
        entries += made.entries
        head = made.head
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.time for entry in entries] == sorted(entry.time for entry in entries)
    assert head.size == len(entries)


def test_what_is_stored_is_not_sent_again():
    prepared = [prepare(draft_decision("one"))]
    assert FACTS.digest in plan(ID, EMPTY, prepared, {}, TIME, set()).objects
    assert FACTS.digest not in plan(ID, EMPTY, prepared, {}, TIME, {FACTS.digest}).objects


def test_what_is_referred_to_is_written_first():
    made = plan(ID, EMPTY, [prepare(draft_decision("one"))], {}, TIME, set())
    assert [statement.split()[2] for statement, _ in list_writes(made)] == [
        "objects",
        "payloads",
        "entries",
        "decisions",
    ]


def test_a_decision_that_is_there_writes_nothing():
    first = plan(ID, EMPTY, [prepare(draft_decision("one"))], {}, TIME, set())
    recorded = {draft_decision("one").index.decision_id: first.answers[0]}
    again = plan(ID, first.head, [prepare(draft_decision("one"))], recorded, TIME, set())
    assert again.answers == first.answers
    assert list(list_writes(again)) == []
    assert again.head == first.head


def test_a_plan_is_done_when_all_of_it_is_there(ledger):
    ledger.append([draft_note("a")])
    session = ledger.database.open_session()
    head = ledger.appender.start(session)
    made = ledger.appender.plan(session, head, [prepare(draft_note("b")), prepare(draft_note("c"))])
    session.roll_back()
    assert not is_done(session, made)
    ledger.append([draft_note("b"), draft_note("other")])
    assert not is_done(session, made)
    session.close()


def test_several_processes_append_at_once(ledger, url):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, url, f"writer-{number}", "25"],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))},
        )
        for number in range(4)
    ]
    told = [int(seq) for writer in writers for seq in writer.communicate()[0].split()]
    assert [writer.returncode for writer in writers] == [0] * 4
    # Each has its own notes; the decisions, which are the same, are there once.
    assert len(set(told)) == 100
    assert check_chain(ledger) == list(range(1, 126))
    assert len(list(ledger.read_decisions())) == 25


def test_several_processes_make_one_ledger(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    program = f"from policy.records.ledger import open_ledger\nwith open_ledger({url!r}) as one: print(one.id)"
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        for _ in range(4)
    ]
    ids = {maker.communicate()[0] for maker in makers}
    assert len(ids) == 1
    with open_ledger(url, create=False) as ledger:
        assert ids == {f"{ledger.id}\n".encode()}
    assert [entry.name for entry in tmp_path.iterdir()] == ["ledger.db"]


def test_several_processes_make_one_ledger_in_a_server(server):
    from concurrent.futures import ThreadPoolExecutor

    url = server.make_database()

    def make(_):
        with create_ledger(url) as ledger:
            return ledger.id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(make, range(4)))) == 1


def test_a_decision_whose_words_are_stored_already_is_recorded(ledger):
    draft = draft_decision("one")
    same = StoredObject("text", canonical_json(draft.payload))
    ledger.append([Draft("note", {"text": "it holds the same bytes"}, (same,))])
    (entry,) = ledger.append([draft])
    assert (entry.seq, entry.payload) == (2, same.digest)
    assert check_chain(ledger) == [1, 2]
    assert len(list(ledger.read_decisions())) == 1
