"""What requests leave in a ledger for good: the payload of every kind of entry, held against the first edition."""

from __future__ import annotations

import json
import re
from pathlib import Path

from policy.records.requests.asking import ask
from policy.records.requests.closing import comment, withdraw
from policy.records.requests.delegating import delegate, revoke
from policy.records.requests.overriding import break_glass, review
from policy.records.requests.using import use
from tests.records.requests.asked import DAY, NOW, SETTINGS, STAKE, ask_one, list_approvals, make_question, say

# Every later version must write these, and read them as they stand.
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "policy-request-record-1.json"
TOKEN = re.compile(r"\b([rpd])-[a-z2-7]{8,26}\b")


def act_everything(ledger):
    """Every kind of entry, once at least."""
    made = delegate(ledger, "alice", "zoe", NOW, NOW + DAY, SETTINGS, now=NOW)
    row = ask_one(ledger, runs=5, contributors=("erin",))
    ask(ledger, make_question(requester="os:frank@desk", contributors=("gina",)), now=NOW)
    comment(ledger, row.id, "os:henry@desk", "is there an end?", now=NOW)
    say(ledger, row.id, "zoe", reason="")
    say(ledger, row.id, "bob", reason="for this once")
    use(ledger, row.id, "run-1", now=NOW)
    revoke(ledger, made, "alice", SETTINGS, now=NOW)
    say(ledger, ask_one(ledger, stake="b", contributors=()).id, "bob", "reject", reason="use retrieval")
    withdraw(ledger, ask_one(ledger, stake="c", contributors=()).id, "os:dave@laptop", "not now", SETTINGS, now=NOW)
    broken = ask_one(ledger, stake="d", contributors=())
    break_glass(ledger, broken.id, "olga", "customers wait", SETTINGS, now=NOW)
    review(ledger, broken.id, "bob", "it was needed", SETTINGS, now=NOW)
    for now in (NOW, NOW + 20 * DAY):
        ask_one(ledger, stake="e", contributors=(), now=now)


def name_tokens(text):
    """The text with the ids of people, requests and delegations numbered as they come."""
    known: dict[str, str] = {}
    return TOKEN.sub(lambda found: known.setdefault(found[0], f"{found[1]}-{len(known) + 1}"), text)


def test_what_is_recorded_is_what_the_first_edition_recorded(ledger):
    act_everything(ledger)
    bodies = [json.loads(ledger.get_payload(entry)) for entry in ledger.read_entries()]
    types = [entry.type for entry in ledger.read_entries()]
    recorded = [{"type": kind, "payload": body} for kind, body in zip(types, bodies, strict=True)]
    kept = json.loads(GOLDEN.read_bytes())
    assert json.loads(name_tokens(json.dumps(recorded))) == kept
    assert {entry["type"] for entry in kept} == {
        *("approval", "comment", "delegation", "expiry", "override", "rejection", "request", "review"),
        *("use", "withdrawal"),
    }
    assert list_approvals(ledger, "support-bot", "run", STAKE, NOW)
