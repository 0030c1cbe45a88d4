"""Who is refused before any policy is asked is on record, once a day, and nobody fills the ledger with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policy.app.runs.attempt import REFUSED, Admission, Attempt
from policy.gates.mlflow.server import unheard
from policy.gates.mlflow.server.unheard import Unheard
from policy.model.mlflow_settings import Binding
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger
from policy.records.people import find_person

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "policy-run-refusal-1.json"
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
BINDING = Binding(("support-*",), (), ("support-*",))
DIGEST = "sha256:" + "1" * 64


def make(reason="project", project="tone", **said):
    attempt = Attempt("7", "support-one", "ada", DIGEST)._replace(**said)
    return Admission(attempt, BINDING, REFUSED, "block", "no", project, reason=reason)


@pytest.fixture
def ledger(tmp_path):
    with create_ledger(f"sqlite:///{tmp_path}/ledger.db") as made:
        yield made


def note(refused, admission, now=NOW):
    return refused.note(admission, "tracking", "sha256:" + "2" * 64, now)


def read_all(ledger):
    entries = [entry for entry in ledger.read_entries() if entry.type == "refusal"]
    return [json.loads(ledger.get_payload(entry)) for entry in entries]


def test_what_is_recorded_is_what_the_first_edition_recorded(ledger):
    refused = Unheard(ledger)
    note(refused, make())
    note(refused, make("principal", "", manifest="", run="a" * 32, activity="baseline"))
    text = json.dumps(read_all(ledger)).replace(str(find_person(ledger, "ada")), "p-1")
    assert json.loads(text) == json.loads(GOLDEN.read_bytes())


def test_the_same_is_recorded_once_a_day(ledger):
    refused = Unheard(ledger)
    assert note(refused, make()) == note(refused, make(), NOW + timedelta(hours=11)) == 1
    assert note(refused, make("principal")) == 2
    assert note(refused, make(), NOW + timedelta(hours=12)) == 3
    assert len(read_all(ledger)) == 3


def test_whoever_makes_digests_up_does_not_fill_the_ledger(ledger, monkeypatch):
    monkeypatch.setattr(unheard, "MOST", 3)
    refused = Unheard(ledger)
    found = [note(refused, make(manifest=f"sha256:{number:064}")) for number in range(6)]
    assert found == [1, 2, 3, None, None, None]
    # The next person, reason and day begin anew.
    assert note(refused, make("principal")) == 4
    assert note(refused, make(principal="bob")) == 5
    assert note(refused, make(manifest=f"sha256:{5:064}"), NOW + timedelta(days=1)) == 6


def test_only_the_last_ones_are_remembered(ledger, monkeypatch):
    monkeypatch.setattr(unheard, "REMEMBERED", 1)
    refused = Unheard(ledger)
    assert [note(refused, make(project=project)) for project in ("a", "b", "b", "a")] == [1, 2, 2, 3]


def test_what_could_not_be_recorded_does_not_count(ledger, monkeypatch):
    monkeypatch.setattr(unheard, "MOST", 2)
    refused = Unheard(ledger)
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "append", lambda _: (_ for _ in ()).throw(LedgerError("unreachable", "it is down")))
        for number in range(3):
            with pytest.raises(LedgerError):
                note(refused, make(manifest=f"sha256:{number:064}"))
    assert note(refused, make()) == 1
