"""Runs and decisions on them, for tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from policy.records.ledger import Ledger
from policy.records.objects import DecisionRow, Draft, digest_bytes, store_json
from policy.records.runs.rows import RunRow

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
MANIFEST = digest_bytes(b"a manifest")
POLICY_SET = "sha256:" + "2" * 64
SAID: dict[str, Any] = {"policy_set": POLICY_SET, "binding": "support-*", "reason": "", "changed": []}


def make_row(**changes: Any) -> RunRow:
    """A training run that was admitted."""
    row = RunRow(
        server="tracking",
        run="0" * 32,
        experiment="7",
        project="support-bot",
        principal="ada",
        activity="training",
        manifest=MANIFEST,
        decision="",
        state="admitted",
        verdict="allow",
    )
    return row._replace(**changes)


def name_run(number: int) -> str:
    """A run's id."""
    return f"{number:032x}"


def draft_decision(
    subject: str = "one",
    *,
    time: str = "2026-11-20T10:00:00Z",
    gate: str = "run",
    verdict: str = "allow",
    approvals: str = "none",
    basis: str = "",
    rows: int = 0,
) -> Draft:
    """A decision on a subject; which one it is, is told by the basis, approvals, gate and time, as in the real ones."""
    grounds = {
        "basis": digest_bytes(f"basis {basis or subject}".encode()),
        "approvals": digest_bytes(approvals.encode()),
    }
    decision_id = digest_bytes(repr((grounds, gate, time)).encode())
    facts = store_json("facts", {"subject": subject, "rows": rows})
    stated = {"id": decision_id, "project": "support-bot", "gate": gate, "verdict": verdict, "time": time}
    index = DecisionRow(decision_id, "support-bot", gate, verdict, time, POLICY_SET, facts.digest, "")
    payload = {
        "format": "policy-decision-record/1",
        "decision": {**stated, **grounds, "policy_set": POLICY_SET, "stake": None},
        "inputs": {"facts": facts.digest},
    }
    return Draft("decision", payload, (facts,), index)


def list_entries(ledger: Ledger, kind: str = "") -> list[dict[str, Any]]:
    """What was recorded, in order, of one type or of all."""
    entries = [entry for entry in ledger.read_entries() if kind in ("", entry.type)]
    return [json.loads(bytes(ledger.get_payload(entry))) for entry in entries]  # type: ignore[arg-type]


def make_body(text: str = "one", size: int = 0) -> tuple[str, bytes]:
    """Something that a client sends, with its digest."""
    body = json.dumps({"manifest": text}).encode().ljust(size)
    return "sha256:" + sha256(body).hexdigest(), body
