"""The way of a checkpoint, with a ledger in a real server."""

from __future__ import annotations

import psycopg
import pytest

from policy.app.ledgers.key_changes import add_key, rotate_key
from policy.app.ledgers.key_files import read_trusted
from policy.app.ledgers.locating import Place
from policy.app.ledgers.signing import sign_ledger
from policy.app.ledgers.verifying import verification_document, verify_place
from policy.app.ledgers.viewing import list_entries, prove, prove_since, show_entry
from policy.records.ledger import create_ledger
from policy.records.proofs import TamperingError
from tests.records.conftest import server  # noqa: F401 - the fixture
from tests.records.keeping import add_entries, draft_decision, draft_note, name_decision


@pytest.fixture
def place(request):
    url = str(request.getfixturevalue("server").make_database())
    create_ledger(url, name="acme").close()
    return Place(url)


def tamper(place, statement):
    with psycopg.connect(place.url, autocommit=True) as driver:
        driver.execute("SET session_replication_role = replica")
        driver.execute(statement)


def test_signed_verified_proven_and_tampered_with(place, tmp_path):
    key, log = str(tmp_path / "k"), str(tmp_path / "log")
    add_entries(place.url, draft_decision(0), draft_note(1))
    trusted = read_trusted([], [add_key(place, key).key.text])
    assert (sign_ledger(place, key, log).read, sign_ledger(place, key, log).read) == (3, 0)
    old = (tmp_path / "log").read_text()
    add_entries(place.url, draft_decision(3))
    (tmp_path / "old").write_text(old)
    done = sign_ledger(place, key, log)
    assert (done.added, done.read, done.warning) == (1, 1, None)
    document = verification_document(verify_place(place, [log], trusted))
    assert (document["verified"], document["size"], document["covered"]) == (True, 4, 4)
    assert [line.project for line in list_entries(place, 2)] == ["", "p0"]
    assert show_entry(place, name_decision(3))["payload"]["decision"]["verdict"] == "block"
    assert prove(place, name_decision(3), None)["index"] == 3
    assert len(prove_since(place, str(tmp_path / "old"), log)["path"]) == 3
    rotate_key(place, key, str(tmp_path / "n"), "")
    tamper(place, "UPDATE entries SET type = 'vote' WHERE seq = 2")
    found = verify_place(place, [log], trusted)
    assert {finding.seq for finding in found.findings if finding.kind == "leaf"} == {2}
    with pytest.raises(TamperingError):
        prove(place, "2", None)


def test_a_cut_ledger_is_not_signed(place, tmp_path):
    key, log = str(tmp_path / "k"), str(tmp_path / "log")
    add_key(place, key)
    add_entries(place.url, draft_note(1), draft_note(2))
    sign_ledger(place, key, log)
    tamper(place, "DELETE FROM entries WHERE seq = 3")
    tamper(place, "DELETE FROM checkpoints")
    with pytest.raises(TamperingError, match="the ledger was cut"):
        sign_ledger(place, key, log)
