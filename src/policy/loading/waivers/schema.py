"""The JSON Schema of a waiver file, for editors: `waivers.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.condition_schema import build_object
from policy.loading.waivers.files import KINDS, NEEDED
from policy.model.value_schemas import DRAFT, JsonSchema, allow_empty, build_value_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.policy import Policy

ABOUT = {
    "id": "what the waiver is called, once; optional",
    "policy": "the policy that it excepts from",
    "subject": "the project that it is for; `*` stands for any characters",
    "reason": "why the policy cannot be met now",
    "compensating_control": "what keeps the risk down meanwhile",
    "ticket": "where the work towards its end is tracked",
    "owner": "who sees to it that it can end",
    "requested_by": "who asks for it",
    "requested_on": "since when it is asked for",
    "approved_by": "who approves it: neither who asks for it nor who owns it",
    "approved_on": "the day of the approval, from which its length counts",
    "expires": "the last day on which it holds",
}


def waivers_json_schema(policies: Iterable[Policy] = ()) -> JsonSchema:
    """The JSON Schema of a waiver file; of `policies` it knows the names, where there are any."""
    titles = {policy.id: policy.title for policy in policies}
    keys = {key: {"description": ABOUT[key], **build_value_schema(kind)} for key, kind in KINDS.items()}
    if titles:
        keys["policy"] = {"description": ABOUT["policy"], "enum": sorted(titles)}
    entry = build_object(
        {key: schema if key in NEEDED else allow_empty(schema) for key, schema in keys.items()}, *NEEDED
    )
    approved = {"if": {"required": ["approved_on"]}, "then": {"required": ["approved_by"]}}
    return {
        "$schema": DRAFT,
        "$id": "urn:tunegate:waivers:1",
        "title": "waivers.yaml",
        "description": "Dated, reasoned and approved exceptions to policies.",
        **build_object(
            {
                "waivers": {"description": "the format of the file; this version reads format 1", "const": 1},
                "entries": allow_empty({"type": "array", "items": {**entry, **approved}}),
            },
            "waivers",
        ),
    }
