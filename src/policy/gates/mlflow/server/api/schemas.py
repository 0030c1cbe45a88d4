"""The JSON Schemas of what the interface takes and gives."""

from __future__ import annotations

from typing import Any, Final

from policy.app.runs.sent import ACTIVITIES
from policy.language.condition_schema import build_object
from policy.records.requests.refusals import LONGEST_TEXT

# A letter or a digit somewhere, as Python's `\w` knows them, and no null character, which is not kept.
WORDS: Final = {"type": "string", "pattern": r"^[^\u0000]*[^\W_\u0000][^\u0000]*$", "maxLength": LONGEST_TEXT}
MAYBE: Final = {"type": "string", "pattern": r"^[^\u0000]*$", "maxLength": LONGEST_TEXT}
DIGEST_FORM: Final = "sha256:[0-9a-f]{64}"
DIGEST: Final = {"type": "string", "pattern": f"^{DIGEST_FORM}$"}
DURATION: Final = {"type": "string", "pattern": "^[1-9][0-9]{0,3}(min|h|d)$"}
TEXT: Final = {"type": "string"}
VERDICT: Final = {"enum": ["allow", "flag", "hold", "block"]}


def build_schemas() -> dict[str, Any]:
    """All of them by name."""
    return {**build_taken(), **build_given()}


def build_taken() -> dict[str, Any]:
    """What is sent."""
    asked: dict[str, Any] = {
        "experiment_name": {**TEXT, "pattern": r"^[^\u0000]+$"},
        "experiment_id": {**TEXT, "pattern": r"^[^\u0000]+$"},
        "manifest": {**TEXT, "pattern": f"^({DIGEST_FORM})?$"},
        "activity": {"enum": list(ACTIVITIES)},
    }
    manifest: dict[str, Any] = {
        "format": {"const": "policy-run-manifest/1"},
        "manifest": {"type": "object"},
        "facts": {"type": "object"},
    }
    named = [{"required": ["experiment_name"]}, {"required": ["experiment_id"]}]
    return {
        "Yes": build_object({"reason": MAYBE}),
        "No": build_object({"reason": WORDS}, "reason"),
        "Comment": build_object({"comment": WORDS}, "comment"),
        "Emergency": build_object({"reason": WORDS, "for": DURATION}, "reason"),
        "Outage": {
            **build_object({**asked, "manifest": DIGEST, "reason": WORDS, "for": DURATION}, "manifest", "reason"),
            "anyOf": named,
        },
        "Finding": build_object({"finding": WORDS}, "finding"),
        "Attempt": {**build_object(asked), "anyOf": named},
        "RunManifest": {
            "description": "Canonical JSON (RFC 8785), named by the SHA-256 of its bytes.",
            **build_object(manifest, "format", "manifest"),
        },
    }


def build_given() -> dict[str, Any]:
    """What is answered; a later version may add keys."""
    from policy.reports.contracts.requests import RequestsDocument

    requests = RequestsDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = requests.pop("$defs")
    for part in (requests, *parts.values()):
        part.pop("additionalProperties", None)
    listed = {**requests["properties"], "next": {"type": ["string", "null"]}}
    error = {"error_code": TEXT, "message": TEXT, "remedy": TEXT}
    glass = {"request": TEXT, "project": TEXT, "ends": TEXT, "principals": {"type": "array", "items": TEXT}}
    foreseen = {"verdict": VERDICT, "governed": {"type": "boolean"}, "state": TEXT}
    return {
        **parts,
        "Requests": requests,
        "RequestList": {**requests, "properties": listed, "required": [*requests["required"], "next"]},
        "Error": build_open(error, *error),
        "Server": build_open({"server": TEXT, "principal": TEXT}, "server", "principal"),
        "Manifest": build_open({"digest": DIGEST, "project": TEXT}, "digest", "project"),
        "Foreseen": build_open(foreseen, "verdict", "governed"),
        "Glass": build_open(glass, *glass),
        "Document": {"type": "object"},
        "Metrics": TEXT,
    }


def build_open(properties: dict[str, Any], *needed: str) -> dict[str, Any]:
    """An object to which keys may be added."""
    return {"type": "object", "properties": properties, "required": list(needed)}
