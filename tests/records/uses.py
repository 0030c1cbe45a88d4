"""Decisions that say under which policy set they were made, and where that is in use."""

from __future__ import annotations

from typing import Any

from policy.records.objects import Draft, store_json
from tests.records.drafts import draft_decision


def draft_under(name: str, policy_set: str, /, **place: str) -> Draft:
    """A decision whose id comes of its name, under a policy set that one letter stands for."""
    draft = draft_decision(name)
    assert draft.index is not None
    digest = "sha256:" + policy_set * 64
    files = {"policy.yaml": policy_set, **({"more.yaml": policy_set} if policy_set > "m" else {})}
    sources = store_json("policy-set", {"format": "policy-sources/1", "files": files, "sources": {"org": {"a": "1"}}})
    where = {"name": "acme", "config": "policy.yaml", "origin": "work tree", "gate": "check", **place}
    payload: dict[str, Any] = {
        **draft.payload,
        "decision": {**draft.payload["decision"], "policy_set": digest, "mode": "enforce", "gate": where["gate"]},
        "inputs": {"policy_set": sources.digest},
        "judged_at": "2026-11-20T12:00:00+00:00",
        "policies_from": None,
        "place": where,
    }
    index = draft.index._replace(policy_set=digest, gate=where["gate"])
    return Draft("decision", payload, (*draft.objects, sources), index)
