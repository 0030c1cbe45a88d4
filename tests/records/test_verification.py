from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from policy.records.checkpoints import read_checkpoint
from policy.records.erasure import erase
from policy.records.keys import TrustedKey, write_key_record
from policy.records.ledger import create_ledger, open_ledger
from policy.records.notes import NoteError
from policy.records.objects import Draft
from policy.records.people import identify_person
from policy.records.schema import checkpoints
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.keeping import (
    add_entries,
    draft_decision,
    draft_note,
    fill_ledger,
    find_payload,
    make_ledger_key,
    rewrite_from,
    sign,
    tampering,
    verify,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def url(path):
    """The address of a ledger of seven entries."""
    return fill_ledger(path, 7)


@pytest.fixture
def key(url):
    return make_ledger_key(url)


def keep(url, signed):
    """Put a checkpoint into the database, as the signer does."""
    with open_ledger(url) as ledger, ledger.transaction() as transaction:
        row = {"size": signed.checkpoint.size, "root": signed.checkpoint.root, "note": signed.written, "frontier": b""}
        transaction.connection.execute(checkpoints.insert(), row)


def record(action, key, replaces=""):
    return Draft("key", write_key_record(action, key.verifier, replaces, "", None))


def test_without_a_checkpoint_all_is_exposed(url):
    found = verify(url)
    assert (found.total, found.checkpoints, found.covered, found.exposed) == (0, (), 0, 7)
    assert found.exposed_since.startswith("2026-11-20T10:00:00")


def test_an_empty_ledger(path):
    url = fill_ledger(path, 0)
    key = make_ledger_key(url)
    found = verify(url, sign(url, key), keys=(key,))
    assert (found.total, found.size, found.exposed, found.exposed_since) == (0, 0, 0, "")
    assert [one.result for one in found.checkpoints] == ["agrees"]


def test_the_largest_checkpoint_that_agrees_covers(url, key):
    found = verify(url, sign(url, key, 5), sign(url, key, 3), keys=(key,))
    assert [(one.size, one.result, one.outside) for one in found.checkpoints] == [
        (3, "agrees", True),
        (5, "agrees", True),
    ]
    assert (found.covered, found.exposed) == (5, 2)
    assert found.exposed_since.startswith("2026-11-20T10:00:05")


def test_a_ledger_in_postgresql_is_verified(request):
    """With more entries than are fetched at once."""
    url = str(request.getfixturevalue("server").make_database())
    with create_ledger(url, name="acme") as ledger:
        for start in range(0, 3000, 500):
            ledger.append([draft_decision(number) for number in range(start, start + 500)])
        person = identify_person(ledger, "Ada")
        erase(ledger, find_payload(ledger, 7), by=person, reason="asked to")
    key = make_ledger_key(url)
    found = verify(url, sign(url, key, 2999), keys=(key,))
    assert (found.total, found.size, found.covered) == (0, 3001, 2999)
    assert found.contents is not None
    assert (found.contents.decisions, found.contents.erased) == (2999, 1)
    with open_snapshot(url) as snapshot:
        assert snapshot.missing_guards == []
        assert len(list(snapshot.read_leaves(2500))) == 2500


# Checkpoints that cannot be used


def test_all_that_is_wrong_with_checkpoints_is_said_at_once(url, key, tmp_path):
    other_url = fill_ledger(tmp_path / "other.db", 3)
    other = sign(other_url, make_ledger_key(other_url), source="the checkpoint `a`")
    unknown = sign(url, make_ledger_key(url, 9), source="the checkpoint `b`")
    note = sign(url, key).written
    forged = read_checkpoint(note.replace("\n7\n", "\n6\n").encode(), "the checkpoint `c`")
    with pytest.raises(NoteError) as raised:
        verify(url, other, unknown, forged, keys=(key,))
    messages = [problem.message for problem in raised.value.problems]
    assert messages[0].startswith("the checkpoint `a` is of another ledger: `tunegate/acme/")
    assert "the checkpoint `b` is signed by" in messages[1]
    assert "no key that is trusted" in messages[1]
    assert "the signature of the checkpoint `c`" in messages[2]
    assert all(problem.remedy for problem in raised.value.problems)
    assert raised.value.exit_code == 2


def test_the_ledgers_own_word_on_keys_makes_none_trusted(url):
    """An insider who records a key of his own and signs a rewritten past with it."""
    insider = make_ledger_key(url, 66)
    add_entries(url, record("new", insider))
    with pytest.raises(NoteError, match="no key that is trusted"):
        verify(url, sign(url, insider), keys=())


def test_a_key_that_is_trusted_up_to_a_size(url, key):
    with open_snapshot(url) as snapshot:
        trusted = [TrustedKey(key.verifier, 5)]
        assert verify_ledger(snapshot, [sign(url, key, 5)], trusted).covered == 5
        with pytest.raises(NoteError, match="is trusted for 5 only"):
            verify_ledger(snapshot, [sign(url, key, 6)], trusted)


# Keys that end


@pytest.mark.parametrize("action", ["rotate", "revoke"])
def test_a_key_out_of_use_counts_for_what_it_signed_before(action, url, key):
    before = sign(url, key)
    successor = make_ledger_key(url, 2)
    ends = record("revoke", key) if action == "revoke" else record("rotate", successor, key.verifier.short)
    (entry,) = add_entries(url, ends)
    add_entries(url, draft_note(20))
    late, at_end, new = sign(url, key, 9), sign(url, key, entry.seq), sign(url, successor)
    found = verify(url, before, new, keys=(key, successor))
    assert (found.refused, found.covered) == ((), 9)
    for refused in (late, at_end):
        found = verify(url, before, refused, keys=(key, successor))
        assert [one.result for one in found.checkpoints] == ["agrees", "refused"]
        assert (found.total, found.covered) == (0, 7)
        (problem,) = found.refused
        assert f"by entry {entry.seq} before it" in problem.message
        assert problem.remedy


def test_a_recorded_revocation_does_not_hide_a_rewritten_past(path, url, key):
    """Else an insider would rewrite the ledger, and have it say that the key of the checkpoint never counted."""
    outside = sign(url, key)
    with tampering(path) as driver:
        rewrite_from(driver, 4, {4: {"type": "note"}})
    add_entries(url, record("revoke", key))
    found = verify(url, outside, keys=(key,))
    assert [(finding.kind, finding.seq) for finding in found.findings] == [("rewritten", 1)]


# Checkpoints in the database itself


def test_own_checkpoints_are_no_outside_ones(url, key):
    keep(url, sign(url, key, 4))
    found = verify(url)
    assert [(one.size, one.result, one.outside) for one in found.checkpoints] == [(4, "agrees", False)]
    assert (found.total, found.covered, found.exposed) == (0, 0, 7)


def test_own_checkpoints_that_do_not_fit_are_findings(path, url, key):
    keep(url, sign(url, key, 4))
    with tampering(path) as driver:
        rewrite_from(driver, 2, {2: {"time": "2026-11-20T10:00:01.500Z"}})
    assert [finding.kind for finding in verify(url).findings] == ["rewritten"]


def test_own_checkpoints_of_more_entries_are_findings(path, url, key):
    keep(url, sign(url, key, 7))
    with tampering(path) as driver:
        for table in ("decisions", "entries", "payloads"):
            driver.execute(f"DELETE FROM {table} WHERE seq > 5")
    (finding,) = verify(url).findings
    assert (finding.kind, finding.seq) == ("truncated", 6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("note = 'x'", "is no signed note"),
        ("note = CAST(x'ff' AS TEXT)", "is no signed note"),
        ("root = zeroblob(32)", "is not what its note states"),
        ("size = 3", "is not what its note states"),
    ],
)
def test_own_checkpoints_that_were_changed(change, said, path, url, key):
    keep(url, sign(url, key, 4))
    with tampering(path) as driver:
        driver.execute(f"UPDATE checkpoints SET {change}")
    (finding,) = verify(url).findings
    assert finding.kind == "checkpoint"
    assert said in finding.message


def test_own_checkpoints_with_a_wrong_signature(path, url, key):
    """It is seen by who has the key, and the root is compared by everyone."""
    keep(url, sign(url, key, 4))
    with tampering(path) as driver:
        (note,) = driver.execute("SELECT note FROM checkpoints").fetchone()
        head, _, line = note.rpartition(" ")
        forged = bytearray(b64decode(line))
        forged[-1] ^= 1
        driver.execute("UPDATE checkpoints SET note = ?", (f"{head} {b64encode(forged).decode()}\n",))
    assert verify(url).total == 0
    (finding,) = verify(url, keys=(key,)).findings
    assert finding.kind == "checkpoint"
    assert finding.message.startswith("the signature of the database's own checkpoint at 4 by ")


# Erasures


def test_what_was_erased_is_said_and_no_finding(url):
    with open_ledger(url) as ledger:
        person = identify_person(ledger, "Ada Lovelace")
        facts, payload = (
            draft_decision(0).objects[0].digest,
            find_payload(ledger, 1),
        )
        for target in (facts, payload, person):
            erase(ledger, target, by=person, reason="a request\x1b[31m")
    found = verify(url)
    assert found.total == 0
    assert [(erasure.seq, erasure.target, erasure.by) for erasure in found.erasures] == [
        (8, facts, person),
        (9, payload, person),
        (10, person, person),
    ]
    assert found.contents is not None
    assert found.contents.erased == 2


def test_what_was_erased_does_not_come_back(path, url):
    facts = draft_decision(0).objects[0]
    with open_ledger(url) as ledger:
        erase(ledger, facts.digest, by=identify_person(ledger, "Ada"), reason="a request")
    with tampering(path) as driver:
        driver.execute("UPDATE objects SET body = ? WHERE digest = ?", (facts.body, facts.digest))
    (finding,) = verify(url).findings
    assert (finding.kind, finding.seq) == ("input", 1)
    assert "was erased by entry 8, and is there again" in finding.message


def test_an_erasure_whose_record_is_another_entrys(path, url):
    facts = draft_decision(0).objects[0]
    with open_ledger(url) as ledger:
        erase(ledger, facts.digest, by=identify_person(ledger, "Ada"), reason="a request")
    with tampering(path) as driver:
        driver.execute("UPDATE erasures SET seq = 2")
    assert [(finding.kind, finding.seq) for finding in verify(url).findings] == [("erasure", 2)]


@pytest.mark.parametrize("change", ["body = NULL", "body = x'7b7d'", "body = 7"])
def test_a_revocation_is_not_silenced(change, path, url, key):
    """Nor by who looks at entries alone."""
    add_entries(url, record("revoke", key))
    late = sign(url, key)
    with tampering(path) as driver:
        driver.execute(f"UPDATE payloads SET {change} WHERE seq = 8")
    for with_contents in (True, False):
        with open_snapshot(url) as snapshot:
            found = verify_ledger(snapshot, [late], [TrustedKey(key.verifier)], with_contents=with_contents)
        assert [(finding.kind, finding.seq) for finding in found.findings] == [("payload", 8)]


def test_entries_only_leaves_the_rest_unread(path, url):
    with tampering(path) as driver:
        driver.execute("UPDATE objects SET body = x'00'")
        driver.execute("UPDATE payloads SET body = x'00'")
    with open_snapshot(url) as snapshot:
        found = verify_ledger(snapshot, with_contents=False)
    assert (found.total, found.contents) == (0, None)
    assert verify(url).total > 7
