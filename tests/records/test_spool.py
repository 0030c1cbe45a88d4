"""The file where decisions wait: nothing acknowledged is lost, nothing is recorded twice."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.records import spool_files
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger
from policy.records.spool import Replay, read_line, read_spool, replay_spool, spool_decision, write_line
from policy.records.spool_files import Damage
from tests.records.drafts import FACTS, check_chain, draft_decision, draft_note


@pytest.fixture
def spool(tmp_path):
    return str(tmp_path / "spool.jsonl")


def fill(spool, count=3):
    for number in range(count):
        spool_decision(spool, draft_decision(f"{number}", note="ü\n\u2028"))


def list_files(spool):
    folder, name = os.path.split(spool)
    return sorted(entry for entry in os.listdir(folder) if entry.startswith(name))


def test_what_waits_is_recorded_with_its_inputs(ledger, spool):
    fill(spool)
    assert replay_spool(ledger, spool) == Replay(3, 0, ())
    assert check_chain(ledger) == [1, 2, 3]
    entry = ledger.find_decision(draft_decision("1").index.decision_id)
    assert json.loads(ledger.get_payload(entry))["note"] == "ü\n\u2028"
    assert ledger.get_object(FACTS.digest) == FACTS.body
    assert [row[:-1] for row in ledger.read_decisions()] == [draft_decision(f"{n}").index[:-1] for n in range(3)]
    assert list_files(spool) == []


def test_a_replay_records_once_however_often(ledger, spool):
    fill(spool, 2)
    content = Path(spool).read_bytes()
    replay_spool(ledger, spool)
    Path(spool).write_bytes(content * 2)
    assert replay_spool(ledger, spool) == Replay(0, 4, ())
    assert replay_spool(ledger, spool) == Replay(0, 0, ())
    assert check_chain(ledger) == [1, 2]


def test_a_torn_last_line_is_set_aside_and_reported(ledger, spool):
    fill(spool, 2)
    os.truncate(spool, os.path.getsize(spool) - 20)
    recorded, known, (problem,) = replay_spool(ledger, spool)[:3]
    assert (recorded, known) == (1, 0)
    assert "line 2 of the spool" in problem.message
    assert problem.level == "warning"
    (kept,) = list_files(spool)
    assert kept.endswith(".damaged")
    assert kept in problem.remedy


def test_after_a_torn_line_a_new_one_begins(ledger, spool):
    Path(spool).write_bytes(write_line(draft_decision("torn"))[:-40])
    fill(spool, 2)
    recorded, _, problems = replay_spool(ledger, spool)[:3]
    assert (recorded, len(problems)) == (2, 1)


def test_a_line_that_was_changed_is_not_recorded(ledger, spool):
    fill(spool, 3)
    content = Path(spool).read_bytes().replace(b'"reply-tone"', b'"other-name"', 1)
    Path(spool).write_bytes(content + b"garbage\n" + b"\xff\xfe\n\n")
    recorded, _, problems = replay_spool(ledger, spool)[:3]
    assert recorded == 2
    assert ["line 1 " in problems[0].message, "line 4 " in problems[1].message, len(problems)] == [True, True, 3]


@given(st.binary(max_size=200))
def test_no_bytes_are_taken_for_a_decision(line):
    with pytest.raises(ValueError, match="torn or changed"):
        read_line(line)


@given(st.integers(0, 600))
def test_no_part_of_a_line_is_taken_for_all_of_it(length):
    line = write_line(draft_decision("one")).rstrip(b"\n")
    if length < len(line):
        with pytest.raises(ValueError, match="torn or changed"):
            read_line(line[:length])
    else:
        assert read_line(line) == draft_decision("one")


def test_a_ledger_that_fails_leaves_everything_where_it_is(tmp_path, spool):
    fill(spool)
    with create_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        ledger._writer = ledger.database.open_session()
        ledger._writer.driver.execute("PRAGMA query_only = ON")
        with pytest.raises(LedgerError):
            replay_spool(ledger, spool)
        (left,) = list_files(spool)
        assert left.endswith(".taken")
        # What comes meanwhile waits in a file of its own.
        spool_decision(spool, draft_decision("later"))
        ledger._writer.driver.execute("PRAGMA query_only = OFF")
        assert replay_spool(ledger, spool) == Replay(4, 0, ())
        assert [row.decision_id for row in ledger.read_decisions()][-1] == draft_decision("later").index.decision_id
        assert list_files(spool) == []


def test_an_empty_spool_and_none_are_nothing(ledger, spool):
    assert replay_spool(ledger, spool) == Replay(0, 0, ())
    Path(spool).touch()
    assert replay_spool(ledger, spool) == Replay(0, 0, ())
    assert list_files(spool) == []


def test_many_writers_and_a_replay_at_the_same_time(ledger, spool):
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(spool_decision, spool, draft_decision(f"{number}")) for number in range(100)]
        replays = []
        while not all(future.done() for future in waiting):
            replays.append(replay_spool(ledger, spool))
        for future in waiting:
            future.result()
    replays.append(replay_spool(ledger, spool))
    assert sum(replay.recorded for replay in replays) == 100
    assert [replay.problems for replay in replays if replay.problems] == []
    assert check_chain(ledger) == list(range(1, 101))


def test_only_decisions_wait(spool):
    with pytest.raises(LedgerError, match="only decisions"):
        spool_decision(spool, draft_note())
    assert list_files(spool) == []


def test_a_spool_that_cannot_be_written_is_a_defined_error(tmp_path):
    with pytest.raises(LedgerError, match="cannot be written") as caught:
        spool_decision(str(tmp_path / "not" / "there"), draft_decision("one"))
    assert caught.value.kind == "unreachable"
    assert caught.value.problems[0].remedy.startswith("make its folder")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits here")
def test_a_full_disk_leaves_no_half_line(spool):
    import resource
    import signal

    fill(spool, 1)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(spool) + 50, limits[1]))
        with pytest.raises(LedgerError):
            spool_decision(spool, draft_decision("two"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    damaged: list[Damage] = []
    assert len([*read_spool(spool, damaged)]) == 1
    assert damaged == []


def test_no_more_waits_than_there_is_room_for(spool, ledger, monkeypatch):
    fill(spool, 1)
    monkeypatch.setattr(spool_files, "LARGEST", os.path.getsize(spool) + 50)
    with pytest.raises(LedgerError, match=r"is full: .* bytes wait in it") as raised:
        spool_decision(spool, draft_decision("two"))
    assert raised.value.kind == "full"
    assert replay_spool(ledger, spool).recorded == 1
    spool_decision(spool, draft_decision("two"))


def test_nobody_else_reads_it(spool):
    fill(spool, 1)
    assert os.stat(spool).st_mode & 0o077 == 0


def test_what_the_ledger_does_not_take_keeps_no_others_from_it(ledger, spool):
    """A text with U+0000, which only PostgreSQL refuses, and an id that a guard does."""
    fill(spool, 2)
    spool_decision(spool, draft_decision("three", project="support-\0x"))
    spool_decision(spool, draft_decision("four"))
    recorded, known, problems, _ = replay_spool(ledger, spool)
    takes = ledger.database.dialect == "sqlite"
    assert (recorded, known, len(problems)) == ((4, 0, 0) if takes else (3, 0, 1))
    if not takes:
        assert "line 3 of the spool" in problems[0].message
        assert "it cannot hold what is to be recorded" in problems[0].message
    assert not os.path.exists(spool)
    assert replay_spool(ledger, spool) == Replay(0, 0, ())
