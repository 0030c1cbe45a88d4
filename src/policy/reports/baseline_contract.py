"""The file `policy-baseline/1` as models, for its schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from policy.reports.contract import DAY, FINGERPRINT, Digest, Document, Effect, json_schema

Gate = Literal["check", "commit", "ci"]
Pair = Annotated[tuple[str, str], Field(strict=False)]


class BaselineFinding(Document):
    """One finding that is known."""

    policy: str = Field(min_length=1, description="Id of the policy, or `tunegate/contradiction`.")
    project: str | None = Field(description="Null for what no manifest names.")
    subject: str | None = Field(description="Path of the file that it was found in; it may have been moved since.")
    gate: Gate = Field(description="The only gate at which it is known.")
    outcome: Literal["fail", "unknown", "error", "contradiction"]
    effect: Effect | None = Field(description="What it did; it covers nothing harder. Null where nothing.")
    severity: Literal["low", "medium", "high", "critical"] | None = Field(description="Null for a contradiction.")
    traits: tuple[Pair, ...] = Field(strict=False, description="What tells the training config from others.")
    values: tuple[Pair, ...] = Field(strict=False, description="Fields and the values that decided.")
    fingerprint: str = Field(pattern=FINGERPRINT, description="SHA-256 over policy, project, traits, outcome, values.")
    since: str = Field(pattern=DAY, description="The day on which it was first recorded, UTC.")


class BaselineDocument(Document):
    """What `policy baseline` writes and `policy check --baseline` reads."""

    format: Literal["policy-baseline/1"]
    policy_sets: dict[Gate, Digest] = Field(description="Digest of the policy set behind the findings of each gate.")
    findings: tuple[BaselineFinding, ...] = Field(strict=False)


def baseline_json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the file; unlike a report's it allows no other keys, for its reader does not."""
    schema = json_schema(BaselineDocument)
    for part in (schema, *schema["$defs"].values()):
        part["additionalProperties"] = False
    return schema
