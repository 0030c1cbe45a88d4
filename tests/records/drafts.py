"""Drafts of entries to append, and a look at a ledger that needs nothing of what is tested."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from policy.records.ledger import Ledger
from policy.records.objects import DecisionRow, Draft, StoredObject, store_json

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FACTS = store_json("facts", [["data.rows", 1200, "observed"]])


def draft_decision(
    name: str, *, project: str = "reply-tone", objects: tuple[StoredObject, ...] = (FACTS,), **more: Any
):
    """A decision whose id comes of its name."""
    decision_id = "sha256:" + sha256(name.encode()).hexdigest()
    row = DecisionRow(decision_id, project, "check", "allow", "2026-11-20T12:00:00Z", "sha256:set", FACTS.digest, "")
    payload = {"format": "policy-decision-record/1", "decision": {"id": decision_id, "project": project}, **more}
    return Draft("decision", payload, objects, row)


def draft_note(text: str = "a note") -> Draft:
    """An entry of no special meaning."""
    return Draft("note", {"text": text})


def check_chain(ledger: Ledger) -> list[int]:
    """The numbers of all entries, whose chain is computed here once more, from the definition."""
    chain = sha256(b"policy-ledger/1\n" + bytes.fromhex(ledger.id)).digest()
    entries = list(ledger.read_entries())
    for seq, entry in enumerate(entries, 1):
        parts = {"seq": seq, "time": entry.time, "type": entry.type, "payload": entry.payload}
        parts |= {"format": "policy-entry/1", "ledger": ledger.id}
        leaf = sha256(b"\0" + json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).digest()
        chain = sha256(chain + leaf).digest()
        assert (entry.seq, entry.leaf, entry.chain) == (seq, leaf, chain)
    assert ledger.head() == (len(entries), chain)
    return [entry.seq for entry in entries]
