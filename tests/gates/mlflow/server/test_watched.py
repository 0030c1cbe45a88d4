"""What is released because nothing is enforced is on record, once a day, and says why it would have been refused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from policy.gates.mlflow.server import watched
from policy.gates.mlflow.server.origins import Release
from policy.gates.mlflow.server.watched import Watched
from policy.records.ledger import create_ledger
from policy.records.people import find_person

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "policy-observed-release-1.json"
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
COPY = Release("support-tone", "", "", "models:/other/3")
ALIAS = Release("support-tone", "a" * 32, f"m-{'b' * 32}", "s3://bucket/m", "", "support-tone/4")


@pytest.fixture
def ledger(tmp_path):
    with create_ledger(f"sqlite:///{tmp_path}/ledger.db") as made:
        yield made


def note(noted, release=COPY, said="its run never met the gate", principal="ada", now=NOW):
    return noted.note(release, said, principal, "tracking", "sha256:" + "2" * 64, now)


def read_all(ledger):
    return [json.loads(ledger.get_payload(one)) for one in ledger.read_entries() if one.type == "observed-release"]


def test_what_is_recorded_is_what_the_first_edition_recorded(ledger):
    noted = Watched(ledger)
    note(noted)
    note(noted, ALIAS, "its run is reopened")
    text = json.dumps(read_all(ledger)).replace(str(find_person(ledger, "ada")), "p-1")
    assert json.loads(text) == json.loads(GOLDEN.read_bytes())


def test_the_same_is_recorded_once_a_day(ledger):
    noted = Watched(ledger)
    assert note(noted) == note(noted, now=NOW + timedelta(hours=11)) == 1
    assert note(noted, ALIAS) == 2
    assert note(noted, said="its run is reopened") == 3
    assert note(noted, principal="bob") == 4
    assert note(noted, now=NOW + timedelta(hours=12)) == 5
    assert len(read_all(ledger)) == 5


def test_only_the_last_ones_are_remembered(ledger, monkeypatch):
    monkeypatch.setattr(watched, "REMEMBERED", 1)
    noted = Watched(ledger)
    assert [note(noted, said=said) for said in ("a", "b", "b", "a")] == [1, 2, 2, 3]


def test_no_secret_is_recorded(ledger):
    key = "AKIA" + "Q3EGRQ7XNWLZ5TVP"
    note(Watched(ledger), COPY._replace(name=f"m-{key}", version=f"m-{key}/1", source=f"s3://{key}@x"), f"of {key}")
    assert key not in json.dumps(read_all(ledger))


def test_of_several_at_once_one_is_recorded(ledger):
    noted, together = Watched(ledger), Barrier(8)

    def release(_):
        together.wait(60)
        return note(noted)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(release, range(8))) == {1}
    assert len(read_all(ledger)) == 1
