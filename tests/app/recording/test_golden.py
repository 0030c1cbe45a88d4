"""A decision as version 1 of the record holds it, with all its inputs: later versions read it and judge it again.

The file is never written anew. Where a later version words something otherwise, its path belongs into `WORDING`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy.app.recording.rebuilding import rebuild_policy_set
from policy.app.recording.replaying import replay_named
from policy.language.identity import digest_policy_set
from policy.model.canonical import canonical_json
from policy.model.fact import ABSENT
from policy.model.money import Money
from policy.model.recorded.exceptions import decode_approvals, decode_waivers
from policy.model.recorded.facts import decode_facts, encode_facts
from policy.model.recorded.sources import decode_sources, encode_sources
from policy.records.entry import Entry
from policy.records.lookup import Named
from policy.records.objects import digest_bytes

FILE = Path(__file__).parents[2] / "golden" / "policy-decision-record-1.json"
RECORD = json.loads(FILE.read_text(encoding="utf-8"))
INPUTS = RECORD["payload"]["inputs"]
# What may be said in other words; nothing may come out otherwise.
WORDING: tuple[str, ...] = ()


class Golden:
    """The ledger that holds nothing else."""

    id = "0" * 32

    def find_named(self, name):
        entry = Entry(1, "2026-11-20T10:30:15.300Z", "decision", "payload", b"", b"")
        return Named(entry, name) if name == RECORD["id"] else None

    def get_object(self, digest):
        return RECORD["objects"][digest].encode()

    def get_payload(self, entry):
        return canonical_json(RECORD["payload"])


def read(name):
    return json.loads(RECORD["objects"][INPUTS[name]])


def rebuild():
    sources = decode_sources(read("policy_set"))
    return sources, rebuild_policy_set(sources, Golden().get_object)


def test_it_comes_out_as_it_was():
    replayed = replay_named(Golden(), RECORD["id"])
    assert replayed.misfits == ()
    assert [item.path for item in replayed.differences if not item.path.endswith(WORDING or ("\0",))] == []
    assert replayed.engine_then == "tunegate 0.1.0"
    assert replayed.redacted == {"evaluation.metrics": ["email"]}


def test_it_shows_everything_that_a_decision_can_be():
    items = RECORD["payload"]["decision"]["outcomes"]
    outcomes = {item["policy"]: (item["outcome"], item["effect"], item["would_be"]) for item in items}
    assert {item[0] for item in outcomes.values()} == {"fail", "unknown", "waived", "error"}
    assert outcomes["few-rows"] == ("fail", None, "block")
    assert outcomes["broken-fact"] == ("error", "hold", None)


@pytest.mark.parametrize("digest", RECORD["objects"])
def test_objects_are_named_by_their_digests(digest):
    assert digest_bytes(RECORD["objects"][digest].encode()) == digest


def test_facts_are_read_and_written_as_they_are():
    _, policy_set = rebuild()
    facts = decode_facts(read("facts"), policy_set.schema)
    values = facts.values
    assert values["budget.per_run"] == Money(200.0, "USD")
    assert values["needs.latency_p95"] == 800
    assert values["model.retires"].isoformat() == "2027-02-01"
    assert values["training.epochs"] == 2.5
    assert values["x.team_size"] == 3
    assert {claim.value for claim in facts.claims if claim.path == "training.tool"} == {ABSENT}
    assert {source["path"] for source in values["data.sources"].items} == {
        "data/train.jsonl",
        "data/late.jsonl",
        "data/more.jsonl",
    }
    assert facts.unavailable == {"data.secrets": "`data/late.jsonl` is not there"}
    assert facts.faults == {"data.overlap_rate": "the collector broke"}
    written = canonical_json(encode_facts(facts, read("facts")["redacted"]))
    assert written.decode() == RECORD["objects"][INPUTS["facts"]]


def test_the_policy_set_is_read_as_it_was():
    sources, policy_set = rebuild()
    assert digest_policy_set(policy_set) == sources.digest == RECORD["payload"]["decision"]["policy_set"]
    assert policy_set.layers == ("../org/policy.yaml", "policy.yaml")
    assert canonical_json(encode_sources(sources)).decode() == RECORD["objects"][INPUTS["policy_set"]]


def test_waivers_and_approvals_are_read():
    (waiver,), (approval,) = decode_waivers(read("waivers")), decode_approvals(read("approvals"))
    assert (waiver.policy, waiver.expires.isoformat(), waiver.approved_by) == ("team-size", "2026-12-31", "lee")
    assert (approval.by, approval.gate, str(approval.expires)) == ("lee", "release", "2026-12-01 00:00:00+00:00")
