from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from policy.app.ledgers.key_changes import add_key, revoke_key, rotate_key
from policy.app.ledgers.key_files import open_key_file
from policy.app.ledgers.logs import read_checkpoint_file
from policy.app.ledgers.signing import sign_ledger
from policy.errors import PolicyError
from policy.records.keys import TrustedKey
from policy.records.proofs import TamperingError
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.keeping import add_entries, draft_note, fill_ledger, rewrite_from, tampering


def sign(kept):
    return sign_ledger(kept.place, kept.key, kept.log)


def verify(kept, *keys):
    with open_snapshot(kept.url) as snapshot:
        trusted = [TrustedKey(key) for key in keys or (kept.public,)]
        return verify_ledger(snapshot, read_checkpoint_file(kept.log), trusted)


def test_a_log_grows_by_what_was_appended(kept):
    first = sign(kept)
    assert (first.checkpoint.size, first.added, first.read) == (6, 6, 6)
    add_entries(kept.url, draft_note(1), draft_note(2))
    second = sign(kept)
    # Only what is new is read: the rest is the tree that was signed.
    assert (second.checkpoint.size, second.added, second.read) == (8, 2, 2)
    assert [one.checkpoint for one in read_checkpoint_file(kept.log)] == [first.checkpoint, second.checkpoint]
    assert (verify(kept).total, verify(kept).exposed) == (0, 0)


def test_nothing_new_adds_nothing(kept):
    sign(kept)
    before = (kept.folder / "checkpoints.txt").read_bytes()
    again = sign(kept)
    assert (again.added, again.read) == (0, 0)
    assert (kept.folder / "checkpoints.txt").read_bytes() == before


def test_without_what_the_database_kept_all_is_read_again(kept):
    sign(kept)
    with tampering(kept.file) as driver:
        driver.execute("DELETE FROM checkpoints")
    add_entries(kept.url, draft_note(1))
    done = sign(kept)
    assert (done.added, done.read) == (1, 7)
    assert verify(kept).total == 0


@pytest.mark.parametrize("value", ["x'00'", "zeroblob(64)", "'text'", "x''"])
def test_a_tree_that_the_database_invented_is_not_gone_on_from(value, kept):
    sign(kept)
    with tampering(kept.file) as driver:
        driver.execute(f"UPDATE checkpoints SET frontier = {value}")
    add_entries(kept.url, draft_note(1))
    assert sign(kept).read == 7
    assert verify(kept).total == 0


def test_the_log_of_a_fresh_signer_starts_with_all(kept):
    sign(kept)
    os.unlink(kept.log)
    assert sign(kept).added == 6


# What is not signed


def test_a_cut_ledger_is_not_signed(kept):
    sign(kept)
    with tampering(kept.file) as driver:
        driver.execute("DELETE FROM decisions WHERE seq > 3")
        driver.execute("DELETE FROM entries WHERE seq > 3")
        driver.execute("DELETE FROM checkpoints")
    refuse(kept, "the ledger was cut: it has 3 entries, and 6 were signed")


def test_a_rewritten_past_is_not_signed(kept):
    sign(kept)
    with tampering(kept.file) as driver:
        driver.execute("DELETE FROM checkpoints")
        rewrite_from(driver, 2, {2: {"type": "note"}})
    refuse(kept, "one of the entries up to 6 is not what it was")


def test_what_does_not_follow_is_not_signed(kept):
    sign(kept)
    add_entries(kept.url, draft_note(1), draft_note(2))
    with tampering(kept.file) as driver:
        driver.execute("UPDATE entries SET type = 'vote' WHERE seq = 7")
    refuse(kept, "entry 7 was changed")


def test_a_ledger_whose_guards_are_gone_is_not_signed(kept):
    driver = sqlite3.connect(kept.file)
    driver.execute("DROP TRIGGER policy_entries_delete_never")
    driver.close()
    refuse(kept, "the database lacks the guard `policy_entries_delete_never`")


def test_a_ledger_that_its_own_checkpoint_does_not_fit_is_not_signed(kept):
    sign(kept)
    os.unlink(kept.log)
    with tampering(kept.file) as driver:
        rewrite_from(driver, 2, {2: {"type": "note"}})
    refuse(kept, "does not fit the checkpoint of 6 entries that its database has")


def refuse(kept, said):
    before = read_log(kept)
    with pytest.raises(TamperingError, match=said) as raised:
        sign(kept)
    assert raised.value.exit_code == 1
    assert raised.value.problems[0].remedy
    assert read_log(kept) == before


def read_log(kept):
    return (kept.folder / "checkpoints.txt").read_bytes() if os.path.exists(kept.log) else None


# Keys


def test_a_replaced_key_signs_no_more_and_its_checkpoints_count(kept):
    sign(kept)
    new = str(kept.folder / "new.key")
    changed = rotate_key(kept.place, kept.key, new, "yearly")
    assert (changed.seq, changed.ended) == (7, kept.public)
    with pytest.raises(PolicyError, match="was replaced by entry 7"):
        sign(kept)
    kept.key = new
    assert sign(kept).checkpoint.size == 7
    found = verify(kept, kept.public, changed.key)
    assert (found.total, found.refused, found.covered) == (0, (), 7)


def test_a_revoked_key_signs_no_more(kept):
    changed = revoke_key(kept.place, kept.public.key_id, "stolen")
    assert (changed.seq, changed.key) == (7, kept.public)
    with pytest.raises(PolicyError, match="was revoked by entry 7"):
        sign(kept)
    with pytest.raises(PolicyError, match="is out of use already, by entry 7"):
        revoke_key(kept.place, kept.public.text, "again")
    with pytest.raises(PolicyError, match="is out of use already"):
        rotate_key(kept.place, kept.key, str(kept.folder / "new.key"), "")
    assert not (kept.folder / "new.key").exists()


def test_a_key_that_the_ledger_does_not_know_is_revoked_by_its_text(kept):
    other = kept.folder / "other.db"
    place = kept.place._replace(url=fill_ledger(other, 1))
    with pytest.raises(PolicyError, match="the ledger knows no key with the id"):
        revoke_key(kept.place, "00000000", "x")
    with pytest.raises(PolicyError, match="the key is of `tunegate/acme/"):
        revoke_key(place, kept.public.text, "x")


def test_the_private_part_of_a_key_is_in_no_database(kept):
    sign(kept)
    secret = open_key_file(kept.key).text.split("+", 4)[-1].encode()
    assert secret in (kept.folder / "ledger.key").read_bytes()
    for file in kept.folder.iterdir():
        if file.name != "ledger.key":
            assert secret not in file.read_bytes()


def test_a_key_of_another_ledger_is_refused(kept):
    other = kept.place._replace(url=fill_ledger(kept.folder / "other.db", 1))
    with pytest.raises(PolicyError, match="the key is of `tunegate/acme/"):
        sign_ledger(other, kept.key, kept.log)


def test_a_log_of_another_ledger_is_refused(kept):
    sign(kept)
    other = kept.place._replace(url=fill_ledger(kept.folder / "other.db", 1))
    add_key(other, str(kept.folder / "other.key"))
    with pytest.raises(PolicyError, match="has checkpoints of `tunegate/acme/"):
        sign_ledger(other, str(kept.folder / "other.key"), kept.log)


def test_a_key_that_cannot_be_recorded_is_not_kept(kept):
    with pytest.raises(PolicyError):
        add_key(kept.place._replace(url=f"sqlite:///{kept.folder}/gone.db"), str(kept.folder / "k"))
    driver = sqlite3.connect(kept.file)
    driver.execute("DROP TRIGGER policy_entries_delete_never")
    driver.close()
    with pytest.raises(PolicyError, match="it lacks the guard"):
        add_key(kept.place, str(kept.folder / "k"))
    assert not (kept.folder / "k").exists()


# Logs


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is no signed note"), (b"x\n", "is no signed note"), (b"\xff" * 1_000_000, "is no signed note")],
)
def test_a_log_that_is_none_is_refused_and_left(content, said, kept):
    (kept.folder / "checkpoints.txt").write_bytes(content)
    with pytest.raises(PolicyError, match=said):
        sign(kept)
    assert read_log(kept) == content


def test_a_log_that_cannot_be_written_is_said(kept):
    kept.log = str(kept.folder / "gone" / "log")
    with pytest.raises(PolicyError, match="cannot be written: No such file or directory"):
        sign(kept)


def test_a_log_behind_a_link_stays_one(kept):
    (kept.folder / "elsewhere").mkdir()
    (kept.folder / "checkpoints.txt").symlink_to(kept.folder / "elsewhere" / "log")
    sign(kept)
    assert (kept.folder / "checkpoints.txt").is_symlink()
    assert [file.name for file in (kept.folder / "elsewhere").iterdir()] == ["log"]


def test_signers_at_the_same_time_leave_one_log(kept):
    """Each adds what is new, none what does not follow."""
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(append_and_sign, kept.place, kept.key, kept.log) for _ in range(3)]:
            done.result()
    sizes = [one.checkpoint.size for one in read_checkpoint_file(kept.log)]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == 6 + 3 * 4
    assert verify(kept).total == 0


def append_and_sign(place, key, log):
    for number in range(4):
        add_entries(place.url, draft_note(number))
        sign_ledger(place, key, log)
