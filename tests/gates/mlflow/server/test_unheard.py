"""Who is refused before any policy is asked is on record, once a day, and nobody fills the ledger with it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from policy.app.runs.attempt import REFUSED, Admission, Attempt
from policy.gates.mlflow.server import unheard
from policy.gates.mlflow.server.origins import Release
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


RELEASE = Release("support-tone", "a" * 32, "", "s3://bucket/m", "", "support-tone/4")


def note_release(refused, release=RELEASE, said="its run is held", principal="ada", now=NOW):
    return refused.note_release(release, said, principal, "tracking", "sha256:" + "2" * 64, now)


def test_a_release_that_is_refused_is_recorded_as_the_first_edition_did(ledger):
    note_release(Unheard(ledger))
    text = json.dumps(read_all(ledger)).replace(str(find_person(ledger, "ada")), "p-1")
    assert json.loads(text) == json.loads(GOLDEN.with_name("policy-release-refusal-1.json").read_bytes())


def test_releases_are_recorded_once_a_day_and_count_beside_runs(ledger, monkeypatch):
    monkeypatch.setattr(unheard, "MOST", 2)
    refused = Unheard(ledger)
    assert note_release(refused) == note_release(refused, now=NOW + timedelta(hours=11)) == 1
    assert note_release(refused, said="its run is reopened") == 2
    assert note_release(refused, RELEASE._replace(name="other")) is None
    assert note_release(refused, principal="bob") == 3
    assert note(refused, make()) == 4
    assert note_release(refused, now=NOW + timedelta(days=1)) == 5


def test_no_secret_of_a_release_is_recorded(ledger):
    key = "AKIA" + "Q3EGRQ7XNWLZ5TVP"
    note_release(Unheard(ledger), RELEASE._replace(name=f"m-{key}", source=f"s3://{key}@x"), f"of {key}")
    assert key not in json.dumps(read_all(ledger))


def test_of_several_at_once_one_is_recorded(ledger):
    refused, together = Unheard(ledger), Barrier(8)

    def refuse(_):
        together.wait(60)
        return note(refused, make())

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(refuse, range(8))) == {1}
    assert len(read_all(ledger)) == 1


def test_as_many_as_may_be_are_recorded_however_many_ask_at_once(ledger, monkeypatch):
    monkeypatch.setattr(unheard, "MOST", 3)
    refused, together = Unheard(ledger), Barrier(8)

    def refuse(number):
        together.wait(60)
        return note(refused, make(manifest=f"sha256:{number:064}"))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(refuse, range(8)))
    assert sorted(filter(None, found)) == [1, 2, 3]
    assert len(read_all(ledger)) == 3
