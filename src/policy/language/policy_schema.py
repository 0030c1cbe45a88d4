"""The JSON Schema of a policy file, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.cases import JUDGED, ORIGINS
from policy.language.condition_schema import (
    NOT_EMPTY,
    OUTSIDE,
    ConditionSchema,
    build_object,
    one_or_more,
    refer,
    say,
)
from policy.language.policies import NAME, NEEDED, PARAMETER_NAME
from policy.model.fields import ALTERNATIVES, SCHEMA
from policy.model.gates import EFFECTS, GATES, SEVERITIES
from policy.model.value_schemas import DRAFT, TEXT, JsonSchema, build_choice_schema, build_field_schema

if TYPE_CHECKING:
    from policy.model.schema import Schema

ABOUT = {
    "policy": "the policy's id: lower-case words joined by hyphens; it never changes",
    "title": "the requirement in one line",
    "severity": "how bad a failure is",
    "when": "which projects the policy is for; without it, all",
    "require": "what these projects must meet",
    "params": "the policy's parameters; a policy set can give them other values",
    "observed": "fields that count only when evidence tells them, not when a manifest does",
    "on_unknown": "what an unknown outcome does: an effect, or `same` as a failure; without it, one step milder",
    "effect": "what a failure does: one effect, or one for each gate and a default",
    "instead": "approaches that would meet the requirement",
    "because": "why this is required",
    "fix": "what to do about a failure; {parameter} stands for the parameter's value",
    "limits": "when it is known to be wrong, and when not to use it",
    "since": "the version of the catalogue or of the set that it came with",
    "references": "where the requirement comes from",
    "controls": "the controls of a framework that the policy serves: {nist-ai-rmf: [MANAGE 2.2]}",
    "cases": "examples that test the policy: what is known, and the outcome it must have",
    "equivalent": "mutants that `policy test --mutate` cannot kill because no case can tell them from the policy",
}
CASE_ABOUT = {
    "name": "what the case shows",
    "given": "what the manifest states",
    "observed": "what evidence tells",
    "attested": "what a trusted signer states",
    "estimated": "what evidence estimates",
    "absent": "fields that were looked for and are not there",
    "complete": "lists that are known to be complete, though only observed",
    "timed_out": "fields that a collector ran out of time for",
    "at": "the time to judge at; 2026-01-01 without it",
    "params": "values for the policy's parameters",
    "expect": "the outcome that the policy must have",
}
# A value whose kind only the policy's tests can tell.
ANY_VALUE: JsonSchema = {"type": ["string", "number", "boolean", "array"], "items": TEXT}
NAMED: JsonSchema = {"type": "string", "pattern": f"^{NAME.pattern}$", "errorMessage": "write lower-case-words"}


def policy_json_schema(schema: Schema = SCHEMA) -> JsonSchema:
    """The JSON Schema of a policy file over these fields."""
    conditions = ConditionSchema(schema.fields)
    definitions = {
        **conditions.definitions,
        "claims": build_facts_schema(schema, writable=True),
        "facts": build_facts_schema(schema, writable=False),
        "case": _build_case(),
    }
    return {
        "$schema": DRAFT,
        "$id": "urn:tunegate:policy",
        "title": "tunegate policy",
        "description": "One requirement: when this, require that.",
        **build_object(_build_keys(), *NEEDED),
        "definitions": definitions,
    }


def build_effect_schema(about: str) -> JsonSchema:
    """One effect for every gate, or a mapping of gate to effect."""
    effect = build_choice_schema(EFFECTS)
    gates: dict[str, Any] = {gate: {"description": f"at the gate {gate}", **effect} for gate in GATES}
    gates["default"] = {"description": "at every gate that is not named", **effect}
    # The names beside the alternatives, so that editors name the wrong key instead of the wrong alternative.
    names = {**NOT_EMPTY, "propertyNames": {"enum": list(gates)}}
    return {**say(about, effect, {"type": "object", "properties": gates}), **names}


def build_facts_schema(schema: Schema, *, writable: bool, prefix: str = "") -> JsonSchema:
    """A mapping of facts, by dotted paths or in sections; `writable` leaves out what a manifest cannot state."""
    properties: dict[str, Any] = {}
    for path, field in schema.fields.items():
        if path.startswith(prefix) and (field.writable or not writable):
            properties[path.removeprefix(prefix)] = build_field_schema(field, writable=writable)
    for section in sorted(schema.sections):
        if section.startswith(prefix):
            inner = build_facts_schema(schema, writable=writable, prefix=f"{section}.")
            properties[section.removeprefix(prefix)] = inner
    kind = ["object", "null"] if prefix else "object"
    return {"type": kind, "additionalProperties": False, "properties": properties}


def _build_keys() -> dict[str, JsonSchema]:
    texts = {"type": "array", "items": TEXT}
    keys: dict[str, JsonSchema] = {
        "policy": NAMED,
        "severity": build_choice_schema(SEVERITIES),
        "when": {"anyOf": [refer(OUTSIDE)]},
        "require": {"anyOf": [refer(OUTSIDE)]},
        "params": _build_params(),
        "observed": {"anyOf": list(one_or_more(refer(f"{OUTSIDE}-fields")))},
        "on_unknown": build_choice_schema(("same", *EFFECTS)),
        "effect": build_effect_schema(ABOUT["effect"]),
        "instead": {"type": "array", "items": build_choice_schema(ALTERNATIVES)},
        "references": texts,
        "controls": {"type": "object", "additionalProperties": texts},
        "cases": {"type": "array", "items": refer("case")},
        "equivalent": {"type": "array", "items": _build_explanation()},
    }
    return {key: {"description": about, **keys.get(key, TEXT)} for key, about in ABOUT.items()}


def _build_params() -> JsonSchema:
    default = {"description": "its value where a policy set gives none; without it the policy waits for one"}
    parameter = build_object({"default": {**default, **ANY_VALUE}, "about": {"description": "what it is", **TEXT}})
    return {**build_object({}), "patternProperties": {f"^{PARAMETER_NAME.pattern}$": parameter}}


def _build_explanation() -> JsonSchema:
    mutant = {"description": "the mutant, as `policy test --mutate` names it", **TEXT}
    because = {"description": "why no facts can tell it from the policy", **TEXT}
    return build_object({"mutant": mutant, "because": because}, "mutant", "because")


def _build_case() -> JsonSchema:
    paths = {"anyOf": list(one_or_more(refer(f"{OUTSIDE}-fields")))}
    keys: dict[str, JsonSchema] = {
        **{key: {"anyOf": [refer("claims" if key == "given" else "facts")]} for key in ORIGINS},
        **dict.fromkeys(("absent", "complete", "timed_out"), paths),
        "params": {"type": "object", "additionalProperties": ANY_VALUE},
        "expect": build_choice_schema(JUDGED),
    }
    described = {key: {"description": about, **keys.get(key, TEXT)} for key, about in CASE_ABOUT.items()}
    return build_object(described, "expect")
