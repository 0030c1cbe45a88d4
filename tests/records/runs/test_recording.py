"""A step of a run is recorded once, with the decision on it, however many ask and whatever they repeat."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.records.erasure import erase
from policy.records.faults import LedgerError
from policy.records.ledger import open_ledger
from policy.records.people import find_person, identify_person
from policy.records.runs.alike import find_index
from policy.records.runs.queries import find_run, list_runs
from policy.records.runs.recording import LARGEST, draft_run, record_run
from policy.records.runs.rows import STATES, RunRow
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.drafts import check_chain, draft_note
from tests.records.runs.made import MANIFEST, SAID, draft_decision, list_entries, make_row, name_run

ROOT = Path(__file__).resolve().parents[3]
PROCESSES, THREADS, RUNS = 3, 16, 3


def list_types(ledger):
    return [entry.type for entry in ledger.read_entries()]


def find_principal(ledger):
    row = find_run(ledger, "tracking", "0" * 32)
    return row.principal if row is not None else None


def test_a_run_is_recorded_with_its_decision(ledger, url):
    draft = draft_decision()
    row = record_run(ledger, make_row(), SAID, draft)
    assert row == make_row(decision=find_index(draft).decision_id, seq=2)
    assert find_run(ledger, "tracking", row.run) == row
    assert list_types(ledger) == ["decision", "run"]
    assert check_chain(ledger) == [1, 2]
    with open_snapshot(url) as snapshot:
        assert verify_ledger(snapshot).findings == ()


def test_what_the_entry_says_is_what_the_row_says(ledger):
    row = record_run(ledger, make_row(parent="p" * 32), SAID, draft_decision())
    (said,) = list_entries(ledger, "run")
    person = str(find_person(ledger, "ada"))
    assert said == {"format": "policy-run-record/1", **row._replace(principal=person).describe(), **SAID}


def test_no_name_is_in_an_entry_and_an_erased_one_is_gone(ledger):
    record_run(ledger, make_row(principal="ada.lovelace@example.com"), SAID)
    stored = [ledger.get_payload(entry) for entry in ledger.read_entries()]
    rows = ledger.read("SELECT * FROM runs")
    assert b"lovelace" not in b"".join(stored)
    assert "lovelace" not in repr(rows)
    assert find_principal(ledger) == "ada.lovelace@example.com"
    person = str(find_person(ledger, "ada.lovelace@example.com"))
    erase(ledger, person, by=identify_person(ledger, "privacy"), reason="left the company")
    assert find_principal(ledger) == f"{person} (erased)"


def test_an_unauthenticated_principal_is_nobody(ledger):
    assert record_run(ledger, make_row(principal=""), SAID).principal == ""
    assert find_principal(ledger) == ""
    assert ledger.read("SELECT * FROM people") == []


def test_a_later_decision_of_the_day_is_the_first_one(ledger):
    first = record_run(ledger, make_row(), SAID, draft_decision())
    second = record_run(ledger, make_row(run=name_run(1)), SAID, draft_decision(time="2026-11-20T23:59:59Z"))
    assert second.decision == first.decision
    assert list_types(ledger) == ["decision", "run", "run"]


@pytest.mark.parametrize(
    "changes",
    [
        {"time": "2026-11-21T00:00:00Z"},
        {"approvals": "one more"},
        {"basis": "another"},
        {"gate": "release"},
        {"verdict": "block", "time": "2026-11-20T10:00:01Z"},
        {"subject": "another"},
    ],
)
def test_another_decision_is_another(ledger, changes):
    first = record_run(ledger, make_row(), SAID, draft_decision())
    second = record_run(ledger, make_row(run=name_run(1)), SAID, draft_decision(**changes))
    assert second.decision != first.decision
    assert list_types(ledger) == ["decision", "run", "decision", "run"]


def test_a_decision_that_a_check_recorded_is_used(ledger):
    draft = draft_decision()
    ledger.append([draft_decision(gate="ci"), draft])
    row = record_run(ledger, make_row(), SAID, draft_decision(time="2026-11-20T11:00:00Z"))
    assert row.decision == find_index(draft).decision_id
    assert list_types(ledger) == ["decision", "decision", "run"]


def test_a_decision_whose_record_was_erased_is_recorded_anew(ledger):
    first = record_run(ledger, make_row(), SAID, draft_decision())
    erase(ledger, ledger.find_decision(first.decision).payload, by=identify_person(ledger, "privacy"), reason="asked")
    second = record_run(ledger, make_row(run=name_run(1)), SAID, draft_decision(time="2026-11-20T11:00:00Z"))
    assert second.decision != first.decision


def test_the_same_step_again_appends_nothing(ledger):
    first = record_run(ledger, make_row(), SAID, draft_decision())
    size = ledger.head()
    for time in ("2026-11-20T10:00:00Z", "2026-11-20T12:00:00Z"):
        again = record_run(ledger, make_row(verdict="flag"), {"reason": "resumed"}, draft_decision(time=time))
        assert again == first
    assert record_run(ledger, make_row(decision=first.decision), SAID) == first
    assert ledger.head() == size


def test_steps_follow_each_other_and_may_come_back(ledger):
    states = ["held", "admitted", "reopened", "admitted", "admitted", "held"]
    rows = [record_run(ledger, make_row(state=state), SAID) for state in states]
    assert [row.seq for row in rows] == [1, 2, 3, 4, 4, 5]
    assert find_run(ledger, "tracking", "0" * 32) == rows[-1]
    assert check_chain(ledger) == [1, 2, 3, 4, 5]


def test_a_run_is_one_of_its_server(ledger):
    one = record_run(ledger, make_row(server="one"), SAID)
    two = record_run(ledger, make_row(server="two", state="refused"), SAID)
    assert [find_run(ledger, name, "0" * 32) for name in ("one", "two", "three")] == [one, two, None]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run": "a\nb"}, {}),
        ({"principal": "x" * 201}, {}),
        ({"principal": "a\x1b[2Jb"}, {}),
        ({}, {"state": "admitted"}),
        ({}, {"format": "other"}),
        ({}, {"seq": 1}),
        ({}, {"reason": "x" * LARGEST}),
        ({}, {"clock_read": ""}),
    ],
)
def test_what_cannot_be_recorded_leaves_nothing(ledger, changes, said):
    with pytest.raises(PolicyError) as caught:
        record_run(ledger, make_row(**changes), said, draft_decision())
    # What a client made up is no fault of the ledger, on which a server may be told to go on.
    assert isinstance(caught.value, LedgerError) == ("clock_read" in said)
    assert caught.value.problems[0].message.isprintable()
    assert list_types(ledger) == []
    assert list(list_runs(ledger)) == []


def test_a_decision_that_is_not_recorded_is_refused_by_the_database(ledger):
    with pytest.raises(LedgerError) as caught:
        record_run(ledger, make_row(decision=MANIFEST), SAID)
    assert caught.value.kind == "refused"
    assert list_types(ledger) == []
    with pytest.raises(LedgerError, match="draft of a decision"):
        record_run(ledger, make_row(), SAID, draft_note())


def test_a_failure_between_the_two_leaves_neither(ledger, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("policy.records.planning._INSERT_RUN", f"INSERT INTO nowhere VALUES ({', '.join('?' * 12)})")
        with pytest.raises(LedgerError) as caught:
            record_run(ledger, make_row(), SAID, draft_decision())
    assert caught.value.kind == "schema"
    assert list_types(ledger) == []
    assert record_run(ledger, make_row(), SAID, draft_decision()).seq == 2


def test_decisions_that_are_appended_together_are_one(ledger):
    drafts = [draft_decision(time=f"2026-11-20T10:00:0{number}Z")._replace(joins=True) for number in range(3)]
    rows = [make_row(run=name_run(one), decision=find_index(draft).decision_id) for one, draft in enumerate(drafts)]
    both = [one for draft, row in zip(drafts, rows, strict=True) for one in (draft, draft_run(row, SAID))]
    answers = ledger.append([draft_note(), *both, draft_note("more")])
    assert [entry.seq for entry in answers] == [1, 2, 3, 2, 4, 2, 5, 6]
    assert {row.decision for row in list_runs(ledger)} == {find_index(drafts[0]).decision_id}
    # Those who do not ask for another's have their own.
    plain = draft_decision(time="2026-11-20T10:00:09Z")
    assert ledger.append([plain])[0].seq == 7


steps = st.tuples(
    st.integers(0, 2), st.sampled_from(STATES), st.sampled_from(["", "a", "b"]), st.sampled_from(["10", "23"])
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(steps, max_size=12), st.data())
def test_whatever_comes_the_last_step_is_what_was_said_last(ledger, data_steps, data):
    server = f"server-{ledger.head()[0]}-{data.draw(st.integers(0, 10**9))}"
    model: dict[int, RunRow] = {}
    for number, state, subject, hour in data_steps:
        before = ledger.head()[0]
        draft = draft_decision(server + subject, time=f"2026-11-20T{hour}:00:00Z") if subject else None
        row = record_run(ledger, make_row(server=server, run=name_run(number), state=state), SAID, draft)
        last = model.get(number)
        if last is not None and (last.state, last.decision) == (state, row.decision):
            assert row == last
            assert ledger.head()[0] == before
        else:
            assert row.seq == ledger.head()[0]
        model[number] = row
    found = list(list_runs(ledger, server))
    assert found == sorted(model.values(), key=lambda row: row.seq)
    decisions = {row.decision for row in model.values()} - {""}
    assert len(decisions) <= 2
    held = [row for row in found if row.state == "held"]
    assert list(list_runs(ledger, server, state="held")) == held


def test_processes_and_threads_that_judge_the_same_at_once_record_one_decision(ledger, url):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.records.runs.racer", url, str(number), str(THREADS), str(RUNS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        for number in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    told = [racer.communicate()[0].split() for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * PROCESSES
    types = list_types(ledger)
    assert types.count("decision") == RUNS
    assert types.count("run") == PROCESSES * THREADS * RUNS + 1
    recorded = {row.decision_id for row in ledger.read_decisions()}
    assert {decision for ids in told for decision in ids} == recorded
    assert len(list(list_runs(ledger))) == PROCESSES * THREADS * RUNS + 1
    check_chain(ledger)
    with open_snapshot(url) as snapshot:
        assert verify_ledger(snapshot).findings == ()


def test_one_step_that_many_record_at_once_is_one_entry(ledger, url):
    barrier = Barrier(8)

    def act(_):
        with open_ledger(url, create=False, timeout=120) as own:
            barrier.wait()
            return record_run(own, make_row(), SAID, draft_decision()).seq

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(act, range(8))) == {2}
    assert list_types(ledger) == ["decision", "run"]


def test_what_was_said_of_a_run_is_read_as_it_was_written(ledger):
    said = {"reason": "ü \U0001f600 </script> ' OR 1=1", "changed": [{"path": "training.method", "now": 0.1}]}
    record_run(ledger, make_row(), said)
    (entry,) = ledger.read_entries()
    assert json.loads(ledger.get_payload(entry)).items() >= said.items()
