"""Which policy set was in use where is held against the decisions, whatever somebody who owns the file does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy.records.ledger import create_ledger
from policy.records.objects import Draft
from policy.records.policy_sets import CHANGE, read_change
from policy.records.scanning import Findings
from policy.records.use_check import UseCheck
from tests.records.drafts import draft_note
from tests.records.keeping import tampering, verify
from tests.records.uses import draft_under

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "policy-set-change-1.json"
OTHER = "sha256:" + "c" * 64


@pytest.fixture
def file(tmp_path):
    """A ledger whose policy set changes at entry 3 and returns at entry 6; another gate has one from entry 5 on."""
    path = tmp_path / "ledger.db"
    with create_ledger(f"sqlite:///{path}") as ledger:
        ledger.append([draft_under("1", "a"), draft_note()])
        ledger.append([draft_under("2", "b"), draft_under("3", "b", gate="ci"), draft_under("4", "a")])
    return path


def look(file):
    return [(finding.kind, finding.seq) for finding in verify(f"sqlite:///{file}").findings]


def test_what_nobody_touched_is_verified(file):
    assert look(file) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM policy_sets WHERE seq = 1", [("index", 1)]),
        ("DELETE FROM policy_sets WHERE seq = 3", [("index", 3)]),
        ("DELETE FROM policy_sets", [("index", 1), ("index", 3), ("index", 5), ("index", 6)]),
        (f"UPDATE policy_sets SET policy_set = '{OTHER}' WHERE seq = 3", [("index", 3)]),
        ("UPDATE policy_sets SET mode = 'observe' WHERE seq = 1", [("index", 1)]),
        ("UPDATE policy_sets SET gate = 'other' WHERE seq = 5", [("index", 5)]),
        ("UPDATE policy_sets SET name = x'ff' WHERE seq = 6", [("index", 6)]),
        ("UPDATE policy_sets SET seq = 7 WHERE seq = 6", [("index", 6), ("index", 7)]),
        ("UPDATE policy_sets SET seq = 99 WHERE seq = 6", [("index", 6), ("index", 99)]),
        (
            f"INSERT INTO policy_sets VALUES (2, 'acme', 'policy.yaml', 'work tree', 'ci', '{OTHER}', '{OTHER}', 'x')",
            [("index", 2)],
        ),
    ],
)
def test_a_changed_index_is_found(file, statement, found):
    with tampering(file) as driver:
        driver.execute(statement)
    assert sorted(look(file)) == found


def check(*payloads):
    """The findings in entries of these types and payloads, without an index."""
    findings = Findings()
    checker = UseCheck((), findings)
    for seq, (kind, payload) in enumerate(payloads, 1):
        checker.check(seq, kind, payload)
    checker.finish()
    return [(finding.kind, finding.seq) for finding in findings.kept if finding.kind != "index"]


def decide(name, policy_set):
    return "decision", draft_under(name, policy_set).payload


def read_golden():
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_a_change_that_no_entry_states_is_found():
    assert check(decide("1", "a"), decide("2", "b"), decide("3", "b")) == [("policy-set", 2)]


def test_a_change_from_what_was_not_in_use_is_found():
    change = read_golden()
    assert check((CHANGE, change)) == [("policy-set", 1)]
    assert check(decide("1", "a"), (CHANGE, change)) == [("policy-set", 2)]


@pytest.mark.parametrize(
    "change", [{}, {"format": "policy-set-change/2"}, {"place": 1}, {"before": {"entry": "1"}}, {"after": None}]
)
def test_an_entry_of_no_known_form_is_found(change):
    payload = {**read_golden(), **change} if change else {}
    assert check((CHANGE, payload)) == [("form", 1)]


def test_an_entry_that_somebody_appends_himself_is_found(file):
    with create_ledger(f"sqlite:///{file}") as ledger:
        ledger.append([Draft(CHANGE, read_golden())])
    assert look(file) == [("index", 8), ("policy-set", 8)][::-1]


def test_early_decisions_that_name_no_place_are_no_finding():
    payload = {**draft_under("1", "a").payload, "place": None}
    early = {name: value for name, value in payload.items() if name != "place"}
    assert check(("decision", payload), ("decision", early), decide("2", "b")) == []


def test_an_erased_change_is_believed_to_its_row(file):
    with create_ledger(f"sqlite:///{file}") as ledger:
        (row,) = ledger.read("SELECT payload FROM entries WHERE seq = 3")
        from policy.records.erasure import erase
        from policy.records.people import identify_person

        erase(ledger, row[0], by=identify_person(ledger, "ada"), reason="asked for")
    assert look(file) == []


def test_changes_of_version_1_are_read_for_ever():
    change = read_change(read_golden(), 7)
    assert change is not None
    before, after = change
    assert before == (
        ("acme", "policy.yaml", "revision", "ci"),
        "sha256:" + "a" * 64,
        "sha256:" + "1" * 64,
        "observe",
        2,
    )
    assert after == (
        ("acme", "policy.yaml", "revision", "ci"),
        "sha256:" + "b" * 64,
        "sha256:" + "2" * 64,
        "enforce",
        7,
    )
