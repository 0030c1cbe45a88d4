"""Ledgers with something in them, and what an insider does to them who owns the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from policy.records.checkpoints import Checkpoint, SignedCheckpoint, name_origin, read_checkpoint, sign_checkpoint
from policy.records.entry import Entry, make_entry, start_chain
from policy.records.keys import SigningKey, TrustedKey, make_key
from policy.records.ledger import Ledger, create_ledger
from policy.records.objects import DecisionRow, Draft, StoredObject, digest_bytes, store_json
from policy.records.snapshot import open_snapshot
from policy.records.verification import Verified, verify_ledger
from tests.records.trees import root_of

SET = StoredObject("policy.yaml", b"policy_set: 1\n")
START = datetime(2026, 11, 20, 10, tzinfo=UTC)


def name_decision(number: int) -> str:
    """The id of such a decision."""
    return digest_bytes(b"decision %d" % number)


def find_payload(ledger: Ledger, number: int) -> str:
    """The digest of its payload."""
    entry = ledger.find_decision(name_decision(number))
    assert entry is not None
    return entry.payload


def draft_decision(number: int) -> Draft:
    """A decision with its inputs, the policy set the same for all."""
    facts = store_json("facts", {"project": f"p{number % 3}", "rows": number})
    policies = store_json("policy-set", {"digest": digest_bytes(b"not stored"), "files": {SET.kind: SET.digest}})
    decision: dict[str, Any] = {
        "id": name_decision(number),
        "project": f"p{number % 3}",
        "gate": "ci",
        "time": "2026-11-20T10:00:00Z",
        "verdict": ("allow", "block")[number % 2],
        "policy_set": policies.digest,
        "evidence": facts.digest,
        "stake": digest_bytes(b"stake") if number % 2 else None,
    }
    index = DecisionRow(
        decision["id"],
        decision["project"],
        "ci",
        decision["verdict"],
        decision["time"],
        policies.digest,
        facts.digest,
        decision["stake"] or "",
    )
    inputs = {"facts": facts.digest, "policy_set": policies.digest}
    payload = {"format": "policy-decision-record/1", "decision": decision, "inputs": inputs}
    return Draft("decision", payload, (facts, policies, SET), index)


def draft_note(number: int) -> Draft:
    """An entry of no special type."""
    return Draft("note", {"number": number})


def fill_ledger(path: Path, size: int, first: int = 0) -> str:
    """A ledger of so many entries more, decisions and others in turn; gives its address."""
    url = f"sqlite:///{path}"
    clock = (START + timedelta(seconds=number) for number in count(first))
    with create_ledger(url, name="acme") as ledger:
        ledger.appender.now = lambda: next(clock)
        for number in range(first, first + size):
            ledger.append([draft_note(number) if number % 3 == 2 else draft_decision(number)])
    return url


def add_entries(url: str, *drafts: Draft) -> list[Entry]:
    """Append to a ledger."""
    with create_ledger(url) as ledger:
        return ledger.append(drafts)


def make_ledger_key(url: str, seed: int = 1) -> SigningKey:
    """A key of a ledger."""
    with open_snapshot(url) as snapshot:
        return make_key(name_origin(snapshot.name, snapshot.id), bytes([seed]) * 32)


def sign(url: str, key: SigningKey, size: int | None = None, source: str = "the checkpoint `c`") -> SignedCheckpoint:
    """A checkpoint of the first so many entries as they are now."""
    with open_snapshot(url) as snapshot:
        leaves = [row[4] for batch in snapshot.read_batches() for row in batch][:size]
    note = sign_checkpoint(Checkpoint(key.name, len(leaves), root_of(leaves)), key)
    return read_checkpoint(note.encode(), source)


def verify(url: str, *given: SignedCheckpoint, keys: tuple[SigningKey, ...] = ()) -> Verified:
    """Verify, trusting some keys."""
    with open_snapshot(url) as snapshot:
        return verify_ledger(snapshot, given, [TrustedKey(key.verifier) for key in keys])


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """What an insider has who owns the file: the guards are dropped and put back, as if nothing had been."""
    driver = sqlite3.connect(path, isolation_level=None)
    try:
        guards = driver.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            driver.execute(f"DROP TRIGGER {name}")
        yield driver
        for _, statement in guards:
            driver.execute(statement)
    finally:
        driver.close()


@contextmanager
def locking(path: Path | str) -> Iterator[None]:
    """Another process that does not let go of the file: it can be read, and not written."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def rewrite_from(driver: sqlite3.Connection, seq: int, changes: dict[int, dict[str, Any]]) -> None:
    """Compute all hashes from an entry on anew, so that the ledger fits itself.

    Some entries, as they are numbered now, get other values; payloads and the index of decisions are brought along.
    """
    (ledger_id,) = driver.execute("SELECT id FROM ledger").fetchone()
    before = driver.execute("SELECT chain FROM entries WHERE seq < ? ORDER BY seq DESC LIMIT 1", (seq,)).fetchone()
    chain = before[0] if before else start_chain(ledger_id)
    rows = driver.execute("SELECT * FROM entries WHERE seq >= ? ORDER BY seq", (seq,)).fetchall()
    index = driver.execute("SELECT * FROM decisions WHERE seq >= ?", (seq,)).fetchall()
    bodies = dict(driver.execute("SELECT seq, body FROM payloads WHERE seq >= ?", (seq,)).fetchall())
    driver.execute("DELETE FROM payloads WHERE seq >= ?", (seq,))
    driver.execute("DELETE FROM decisions WHERE seq >= ?", (seq,))
    driver.execute("DELETE FROM entries WHERE seq >= ?", (seq,))
    for number, row in enumerate(rows, seq):
        values = dict(zip(("time", "type", "payload"), row[1:4], strict=True)) | changes.get(row[0], {})
        entry = make_entry(ledger_id, chain, number, **values)
        chain = entry.chain
        driver.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", entry)
        driver.execute("INSERT INTO payloads VALUES (?, ?)", (number, bodies[row[0]]))
        for _, *indexed in (found for found in index if found[0] == row[0] and entry.type == "decision"):
            driver.execute(f"INSERT INTO decisions VALUES ({', '.join('?' * 9)})", (number, *indexed))


def put_payload(driver: sqlite3.Connection, seq: int, value: Any) -> str:
    """Store what an entry says behind everyone's back; gives its digest."""
    item: StoredObject = store_json("note", value)
    driver.execute("INSERT OR REPLACE INTO payloads VALUES (?, ?)", (seq, item.body))
    return item.digest
