"""Whatever an insider does to a ledger who owns its file is found: by itself, or beside a checkpoint kept elsewhere."""

from __future__ import annotations

import re
import shutil
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.records.faults import LedgerError
from policy.records.layout import COLUMNS
from tests.records.keeping import (
    add_entries,
    draft_decision,
    draft_note,
    fill_ledger,
    make_ledger_key,
    put_payload,
    rewrite_from,
    sign,
    tampering,
    verify,
)

SIZE = 24
# `copied` gives a new copy whenever it is called.
ANY = [HealthCheck.function_scoped_fixture]
TRIES = settings(max_examples=40, suppress_health_check=ANY)
# What no hash is over: whose names people have, when the ledger was made, and what kind of input an object is called.
UNBOUND = {("people", column) for column in COLUMNS["people"]} | {("ledger", "created"), ("objects", "kind")}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A ledger with a checkpoint of all that is in it, one of the first half, and the key of both."""
    file = tmp_path_factory.mktemp("ledger") / "ledger.db"
    url = fill_ledger(file, SIZE)
    key = make_ledger_key(url)
    with sqlite3.connect(file) as driver:
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    driver.close()
    return file, sign(url, key, SIZE // 2, "the checkpoint `half`"), sign(url, key, SIZE, "the checkpoint `whole`"), key


@pytest.fixture
def copied(original, tmp_path):
    """Gives a new copy of it each time."""

    def copy():
        for left in tmp_path.glob("copy.db*"):
            left.unlink()
        return shutil.copy(original[0], tmp_path / "copy.db")

    return copy


def look(file, original, *, outside=True):
    given = original[1:3] if outside else ()
    return verify(f"sqlite:///{file}", *given, keys=(original[3],))


def find_first(found):
    return min((finding.seq for finding in found.findings if finding.seq is not None), default=None)


def test_what_nobody_touched_is_verified(original):
    found = look(original[0], original)
    assert (found.total, found.refused, found.size, found.exposed) == (0, (), SIZE, 0)
    assert [one.result for one in found.checkpoints] == ["agrees", "agrees"]
    assert found.contents is not None
    assert found.contents.decisions == 16


# By itself


@TRIES
@given(st.data())
def test_every_changed_value_of_an_entry_is_named(original, copied, data):
    file = copied()
    seq = data.draw(st.integers(1, SIZE))
    column = data.draw(st.sampled_from(COLUMNS["entries"][1:]))
    with tampering(file) as driver:
        (value,) = driver.execute(f"SELECT CAST({column} AS BLOB) FROM entries WHERE seq = ?", (seq,)).fetchone()
        changed = bytearray(value)
        changed[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
        as_text = "TEXT" if column in ("time", "type", "payload") else "BLOB"
        driver.execute(f"UPDATE entries SET {column} = CAST(? AS {as_text}) WHERE seq = ?", (bytes(changed), seq))
    found = look(file, original, outside=False)
    assert found.total
    assert find_first(found) == seq


@TRIES
@given(st.data())
def test_every_changed_byte_of_what_is_stored_is_found(original, copied, data):
    file = copied()
    table = data.draw(st.sampled_from(["ledger", "objects", "payloads", "decisions"]))
    column = data.draw(st.sampled_from([name for name in COLUMNS[table] if (table, name) not in UNBOUND]))
    with tampering(file) as driver:
        rows = driver.execute(f"SELECT rowid, CAST({column} AS BLOB), typeof({column}) FROM {table}").fetchall()
        number, value, kind = data.draw(st.sampled_from([row for row in rows if row[1]]))
        changed = bytearray(value)
        changed[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
        new = f"CAST(? AS {'BLOB' if kind == 'blob' else 'TEXT'})"
        try:
            driver.execute(f"UPDATE {table} SET {column} = {new} WHERE rowid = ?", (bytes(changed), number))
        except sqlite3.IntegrityError:
            return
    if (table, column) == ("ledger", "id"):
        # Which ledger it is was changed: nothing fits, its checkpoints least of all.
        with pytest.raises(PolicyError):
            look(file, original)
    else:
        assert look(file, original).total


@TRIES
@given(st.data())
def test_every_dropped_row_is_named(original, copied, data):
    file = copied()
    gone = data.draw(st.sets(st.integers(1, SIZE - 1), min_size=1, max_size=4))
    with tampering(file) as driver:
        for seq in gone:
            driver.execute("DELETE FROM entries WHERE seq = ?", (seq,))
    found = look(file, original, outside=False)
    assert found.findings[0].kind == "gap"
    assert find_first(found) == min(gone)


@TRIES
@given(st.data())
def test_rows_that_changed_places_are_named(original, copied, data):
    file = copied()
    one, two = sorted(data.draw(st.lists(st.integers(1, SIZE), min_size=2, max_size=2, unique=True)))
    with tampering(file) as driver:
        for old, new in ((one, -1), (two, one), (-1, two)):
            driver.execute("UPDATE entries SET seq = ? WHERE seq = ?", (new, old))
    found = look(file, original, outside=False)
    assert {finding.seq for finding in found.findings if finding.kind == "moved"} == {one, two}
    assert find_first(found) == one


@TRIES
@given(st.integers(1, SIZE), st.booleans())
def test_an_inserted_row_is_named(original, copied, seq, honest_hash):
    """Put between others, which are numbered anew; or, with a wrong hash, at the end."""
    file = copied()
    with tampering(file) as driver:
        for table in ("entries", "payloads"):
            make_room(driver, table, seq)
        payload = put_payload(driver, seq, {"forged": True})
        before = driver.execute("SELECT * FROM entries WHERE seq = ?", (seq + 1,)).fetchone()
        leaf = before[4] if honest_hash else bytes(32)
        driver.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", (seq, before[1], "note", payload, leaf, before[5])
        )
    assert find_first(look(file, original, outside=False)) == seq


def make_room(driver, table, seq):
    """Number the rows from one on anew."""
    driver.execute(f"UPDATE {table} SET seq = -seq - 1 WHERE seq >= ?", (seq,))
    driver.execute(f"UPDATE {table} SET seq = -seq WHERE seq < 0")


def test_a_row_before_the_first_is_found(original, copied):
    file = copied()
    with tampering(file) as driver:
        driver.execute("INSERT INTO entries SELECT 0, time, type, payload, leaf, chain FROM entries WHERE seq = 1")
    assert find_first(look(file, original, outside=False)) == 0


def test_a_dropped_guard_is_found(original, copied):
    file = copied()
    driver = sqlite3.connect(file)
    driver.execute("DROP TRIGGER policy_entries_update_never")
    driver.close()
    found = look(file, original)
    assert [(finding.kind, finding.seq) for finding in found.findings] == [("guard", None)]
    assert "policy_entries_update_never" in found.findings[0].message


def test_guards_that_lack_are_one_finding_behind_what_they_guarded(original, copied):
    file = copied()
    driver = sqlite3.connect(file)
    for (name,) in driver.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        driver.execute(f"DROP TRIGGER {name}")
    driver.execute("UPDATE entries SET time = '2020-01-01T00:00:00.000Z' WHERE seq = 3")
    driver.commit()
    driver.close()
    found = look(file, original, outside=False)
    kinds = [finding.kind for finding in found.findings]
    assert (kinds.count("guard"), kinds[-1], found.total) == (1, "guard", len(kinds))
    assert found.findings[0].seq == 3
    message = found.findings[-1].message
    assert re.search(r"^\d\d guards of the database are missing or changed: `\w+`, .* and \d\d more$", message)


def test_a_weakened_guard_is_found(original, copied):
    file = copied()
    driver = sqlite3.connect(file)
    driver.execute("DROP TRIGGER policy_objects_delete_never")
    driver.execute("CREATE TRIGGER policy_objects_delete_never BEFORE DELETE ON objects BEGIN SELECT 1; END")
    driver.close()
    assert [finding.kind for finding in look(file, original).findings] == ["guard"]


OBJECTS = {
    "a payload that is gone": (
        "DELETE FROM payloads WHERE seq = 5",
        "payload",
        5,
    ),
    "a payload that was changed": (
        "UPDATE payloads SET body = CAST('{}' AS BLOB) WHERE seq = 5",
        "payload",
        5,
    ),
    "a payload of no entry": ("INSERT INTO payloads VALUES (1000, x'7b7d')", "payload", 1000),
    "payloads that changed places": (
        "UPDATE payloads SET body = (SELECT body FROM payloads p WHERE p.seq = 13 - payloads.seq) WHERE seq IN (6, 7)",
        "payload",
        6,
    ),
    "a payload that was erased": (
        "UPDATE payloads SET body = NULL WHERE seq = 5",
        "payload",
        5,
    ),
    "an input that is gone": (
        "DELETE FROM objects WHERE digest = (SELECT facts FROM decisions WHERE seq = 5)",
        "input",
        5,
    ),
    "an input that was changed": (
        "UPDATE objects SET body = CAST('{}' AS BLOB) WHERE digest = (SELECT facts FROM decisions WHERE seq = 5)",
        "input",
        5,
    ),
    "an input of all": (
        "UPDATE objects SET body = NULL WHERE digest = (SELECT policy_set FROM decisions WHERE seq = 5)",
        "input",
        1,
    ),
    "a file of the policy set that is gone": ("DELETE FROM objects WHERE kind = 'policy.yaml'", "input", 1),
    "a file of the policy set that was changed": (
        "UPDATE objects SET body = x'00' WHERE kind = 'policy.yaml'",
        "input",
        1,
    ),
    "a payload that is a number": (
        "UPDATE payloads SET body = 7 WHERE seq = 5",
        "payload",
        5,
    ),
    "an object that is a text": (
        "UPDATE objects SET body = CAST(body AS TEXT) WHERE digest = (SELECT facts FROM decisions WHERE seq = 5)",
        "input",
        5,
    ),
    "a decision that is not in the index": ("DELETE FROM decisions WHERE seq = 5", "index", 5),
    "another verdict in the index": ("UPDATE decisions SET verdict = 'allow' WHERE seq = 4", "index", 4),
    "another project in the index": ("UPDATE decisions SET project = '' WHERE seq = 4", "index", 4),
    "other facts in the index": ("UPDATE decisions SET facts = '' WHERE seq = 4", "index", 4),
    "a stake in the index": ("UPDATE decisions SET stake = 'x' WHERE seq = 4", "index", 4),
    "an index of what is no decision": ("UPDATE decisions SET seq = 3 WHERE seq = 4", "index", 3),
    "an index of what is not there": ("UPDATE decisions SET seq = 99 WHERE seq = 4", "index", 4),
    "a policy set that is a number": (
        "UPDATE objects SET body = 7 WHERE digest = (SELECT policy_set FROM decisions WHERE seq = 5)",
        "input",
        1,
    ),
    "an erasure of no entry": ("INSERT INTO erasures VALUES (x'ff', 'three')", "erasure", None),
    "an erasure that nobody recorded": ("INSERT INTO erasures VALUES ('sha256:x', 3)", "erasure", 3),
}


@pytest.mark.parametrize("case", OBJECTS)
def test_what_does_not_fit_the_entries_is_named(case, original, copied):
    statement, kind, seq = OBJECTS[case]
    file = copied()
    with tampering(file) as driver:
        driver.execute(statement)
    found = look(file, original)
    assert (kind, seq) in {(finding.kind, finding.seq) for finding in found.findings}
    assert {finding.kind for finding in found.findings} == {kind}


def test_an_object_that_nothing_names_is_held_against_its_digest_too(original, copied):
    file = copied()
    with tampering(file) as driver:
        driver.execute("INSERT INTO objects VALUES ('sha256:0', 'note', x'00')")
    (finding,) = look(file, original).findings
    assert (finding.kind, finding.message) == ("object", "the object `sha256:0` was changed")


# Beside a checkpoint


@TRIES
@given(st.integers(0, SIZE - 1))
def test_a_cut_ledger_is_found_by_a_checkpoint_alone(original, copied, size):
    file = copied()
    with tampering(file) as driver:
        for table in ("decisions", "entries", "payloads"):
            driver.execute(f"DELETE FROM {table} WHERE seq > ?", (size,))
    found = look(file, original)
    assert ("truncated", size + 1) in {(finding.kind, finding.seq) for finding in found.findings}
    # That is what it is for: nothing in the database tells.
    assert look(file, original, outside=False).total == 0


@TRIES
@given(st.data())
def test_a_past_that_was_rewritten_so_that_it_fits_is_found_by_a_checkpoint_alone(original, copied, data):
    file = copied()
    seq = data.draw(st.integers(1, SIZE))
    what = data.draw(st.sampled_from(["time", "payload", "drop", "insert"]))
    with tampering(file) as driver:
        changes = {}
        if what == "time":
            (before,) = driver.execute("SELECT time FROM entries WHERE seq = ?", (seq,)).fetchone()
            changes = {seq: {"time": before.replace(".000Z", ".500Z")}}
        elif what == "payload":
            changes = {seq: {"type": "note", "payload": put_payload(driver, seq, {"forged": seq})}}
        elif what == "drop":
            for table in ("decisions", "entries", "payloads"):
                driver.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))
        else:
            for table in ("decisions", "entries", "payloads"):
                make_room(driver, table, seq)
            payload = put_payload(driver, seq, {"forged": seq})
            driver.execute(
                "INSERT INTO entries SELECT ?, time, 'note', ?, leaf, chain FROM entries WHERE seq = ?",
                (seq, payload, seq + 1),
            )
        rewrite_from(driver, seq, changes)
    assert look(file, original, outside=False).total == 0
    found = look(file, original)
    first = find_first(found)
    if what == "drop" and seq > SIZE // 2:
        assert first == SIZE
        assert found.findings[0].message == "the ledger was cut: it has 23 entries, and the checkpoint `whole` has 24"
    else:
        # Exact up to the checkpoint before: half of the entries, or none.
        assert first == (SIZE // 2 + 1 if seq > SIZE // 2 else 1)
    assert found.covered == (SIZE // 2 if seq > SIZE // 2 else 0)


def test_a_checkpoint_for_each_entry_names_the_entry(original, copied):
    file, key = copied(), original[3]
    given_ = [sign(f"sqlite:///{file}", key, size, f"checkpoint {size} of `log`") for size in range(1, SIZE + 1)]
    with tampering(file) as driver:
        rewrite_from(driver, 11, {11: {"type": "note"}})
    found = verify(f"sqlite:///{file}", *given_, keys=(key,))
    assert found.findings[0].message == "entry 11 is not what it was: the ledger does not fit checkpoint 11 of `log`"
    assert (found.covered, found.exposed) == (10, SIZE - 10)


def test_another_ledger_in_its_place_is_refused(original, tmp_path):
    url = fill_ledger(tmp_path / "other.db", SIZE)
    with pytest.raises(PolicyError, match="is of another ledger"):
        verify(url, original[1], keys=(original[3],))


def test_another_name_is_found(original, copied):
    file = copied()
    with tampering(file) as driver:
        driver.execute("UPDATE ledger SET name = 'other'")
    assert {finding.kind for finding in look(file, original).findings} == {"name"}


def test_what_is_appended_later_is_no_tampering_but_exposed(original, copied):
    file = copied()
    add_entries(f"sqlite:///{file}", draft_note(900), draft_decision(901))
    found = look(file, original)
    assert (found.total, found.covered, found.exposed) == (0, SIZE, 2)
    assert found.exposed_since > "2026-11-20T10:00:23"


# The file itself


@settings(max_examples=80, suppress_health_check=ANY)
@given(st.data())
def test_a_flipped_byte_of_the_file_is_found_or_changes_nothing(original, copied, data):
    file = copied()
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    try:
        found = look(file, original)
    except PolicyError:
        return
    if not found.total:
        assert read_bound(file) == read_bound(original[0])


def test_a_damaged_schema_is_said(original, copied):
    """Each tenth byte of the names and statements that SQLite keeps of its tables; its own messages quote them."""
    content = original[0].read_bytes()
    start = content.index(b"CREATE TRIGGER")
    said = set()
    for at in range(start - 60, start + 3000, 10):
        file = copied()
        file.write_bytes(content[:at] + bytes([content[at] ^ 128]) + content[at + 1 :])
        try:
            said.add("found" if look(file, original).total else "unchanged")
        except LedgerError as error:
            said.add(error.kind)
    assert {"found", "corrupt"} <= said
    assert said <= {"found", "corrupt", "schema", "unchanged"}


def read_bound(file):
    """All values that verifying vouches for."""
    driver = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return [
            sorted(map(repr, driver.execute(f"SELECT {', '.join(bound)} FROM {table} NOT INDEXED")))
            for table, columns in COLUMNS.items()
            if (bound := [name for name in columns if (table, name) not in UNBOUND])
        ]
    finally:
        driver.close()
