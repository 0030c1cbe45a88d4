"""A change of the policy set is an entry of its own, before the decision that shows it; and it is true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.records.ledger import create_ledger
from policy.records.policy_sets import FORMAT, compare_sources, find_use, read_change
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.drafts import draft_note
from tests.records.uses import draft_under

ROOT = Path(__file__).resolve().parents[2]
APPEND = """
import sys
from policy.records.ledger import open_ledger
from tests.records.uses import draft_under
url, tag = sys.argv[1:]
with open_ledger(url, timeout=60) as ledger:
    for number in range(20):
        ledger.append([draft_under(f"{tag}-{number}", "ab"[number // 3 % 2])])
"""


def list_types(ledger):
    return " ".join({"policy-set": "change"}.get(entry.type, entry.type) for entry in ledger.read_entries())


def read_changes(ledger):
    payloads = [
        (entry.seq, json.loads(ledger.get_payload(entry)))
        for entry in ledger.read_entries()
        if entry.type == "policy-set"
    ]
    return [
        (seq, said["before"]["policy_set"][7], said["after"]["policy_set"][7], said["returns_to"])
        for seq, said in payloads
    ]


def verify(url):
    with open_snapshot(url) as snapshot:
        return verify_ledger(snapshot).findings


def test_the_first_set_is_no_change_and_another_one_is(ledger, url):
    ledger.append([draft_under("1", "a"), draft_under("2", "a")])
    (answer,) = ledger.append([draft_under("3", "b")])
    assert list_types(ledger) == "decision decision change decision"
    assert answer.seq == 4
    assert read_changes(ledger) == [(3, "a", "b", None)]
    assert verify(url) == ()


def test_the_entry_says_what_changed_where_and_how_it_was_seen(ledger):
    ledger.append([draft_under("1", "a")])
    (answer,) = ledger.append([draft_under("2", "z")])
    (change,) = ledger.read_entries(2, 3)
    said = json.loads(ledger.get_payload(change))
    payload = json.loads(ledger.get_payload(answer))
    assert said["format"] == FORMAT
    assert said["place"] == {"name": "acme", "config": "policy.yaml", "origin": "work tree", "gate": "check"}
    assert said["before"]["entry"] == 1
    assert said["after"]["sources"] == payload["inputs"]["policy_set"]
    assert said["after"]["mode"] == "enforce"
    assert said["files"] == {"added": ["more.yaml"], "removed": [], "changed": ["policy.yaml"]}
    assert said["decision"] == payload["decision"]["id"]


def test_two_branches_that_are_judged_in_turn_are_said_to_return(ledger, url):
    for number, policy_set in enumerate("abab"):
        ledger.append([draft_under(str(number), policy_set)])
    assert read_changes(ledger) == [(2, "a", "b", None), (4, "b", "a", 1), (6, "a", "b", 2)]
    assert verify(url) == ()


def test_within_one_batch_too_and_with_the_files(ledger, url):
    ledger.append([draft_under(str(number), policy_set) for number, policy_set in enumerate("aabba")])
    assert list_types(ledger) == "decision decision change decision decision change decision"
    bodies = [json.loads(ledger.get_payload(e)) for e in ledger.read_entries() if e.type == "policy-set"]
    assert [body["files"]["changed"] for body in bodies] == [["policy.yaml"]] * 2
    assert verify(url) == ()


@pytest.mark.parametrize(
    "other", [{"gate": "ci"}, {"name": "bdl"}, {"config": "x/policy.yaml"}, {"origin": "revision"}]
)
def test_another_place_has_another_set(ledger, url, other):
    for number in range(2):
        ledger.append([draft_under(f"one {number}", "a")])
        ledger.append([draft_under(f"two {number}", "b", **other)])
    assert list_types(ledger) == "decision decision decision decision"
    assert verify(url) == ()


def test_what_is_recorded_already_changes_nothing(ledger):
    ledger.append([draft_under("1", "a")])
    ledger.append([draft_under("2", "b")])
    ledger.append([draft_under("1", "a"), draft_under("3", "b"), draft_under("1", "a")])
    assert list_types(ledger) == "decision change decision decision"


def test_others_who_append_are_seen(ledger, open_again):
    other = open_again()
    ledger.append([draft_under("1", "a")])
    other.append([draft_under("2", "b")])
    ledger.append([draft_under("3", "b")])
    other.append([draft_note(), draft_under("4", "a")])
    ledger.append([draft_under("5", "a")])
    assert [change[:3] for change in read_changes(ledger)] == [(2, "a", "b"), (6, "b", "a")]


def append_and_fail(ledger, draft):
    with ledger.transaction() as transaction:
        transaction.append([draft])
        raise ZeroDivisionError


def test_what_was_rolled_back_was_not_in_use(ledger, url):
    ledger.append([draft_under("1", "a")])
    with pytest.raises(ZeroDivisionError):
        append_and_fail(ledger, draft_under("2", "b"))
    with ledger.transaction() as transaction:
        transaction.append([draft_under("3", "a")])
        transaction.append([draft_under("4", "b")])
        transaction.append([draft_under("5", "b")])
    assert list_types(ledger) == "decision decision change decision decision"
    assert verify(url) == ()


def test_several_processes_agree(ledger, url):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, url, f"writer-{number}"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))},
        )
        for number in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0] * 3
    in_use = None
    for entry in ledger.read_entries():
        said = json.loads(ledger.get_payload(entry))
        if entry.type == "policy-set":
            assert said["before"]["policy_set"] == in_use != said["after"]["policy_set"]
            in_use = said["after"]["policy_set"]
        else:
            in_use = in_use or said["decision"]["policy_set"]
            assert said["decision"]["policy_set"] == in_use
    assert verify(url) == ()


@settings(max_examples=30, deadline=None)
@given(
    batches=st.lists(st.lists(st.tuples(st.sampled_from("abz"), st.sampled_from("pq"), st.integers(0, 6)), max_size=5))
)
def test_however_they_come_the_entries_tell_what_was_in_use(tmp_path_factory, batches):
    url = f"sqlite:///{tmp_path_factory.mktemp('uses')}/ledger.db"
    with create_ledger(url) as ledger:
        for batch in batches:
            ledger.append([draft_under(f"{number}{kind}{gate}", kind, gate=gate) for kind, gate, number in batch])
    assert verify(url) == ()


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"place": None},
        {"place": {}, "decision": {}, "inputs": {}},
        {"place": [], "decision": 1, "inputs": None},
        {**draft_under("1", "a").payload, "inputs": {"policy_set": 7}},
        {**draft_under("1", "a").payload, "place": {"name": "acme", "config": None, "origin": "x", "gate": "check"}},
    ],
)
def test_a_payload_that_says_nothing_of_a_place_tells_nothing(payload):
    assert find_use(payload) is None
    assert read_change(payload, 1) is None


@pytest.mark.parametrize(
    "body", [None, b"", b"\xff", b"[]", b"[" * 100_000, b'{"files": {}', b'{"files": [1]}', b'{"files": 3}']
)
def test_files_of_what_cannot_be_read_are_not_compared(body):
    assert compare_sources(body, b'{"files": {"a": "1"}}') is None
    assert compare_sources(b'{"files": {"a": "1"}}', body) is None
