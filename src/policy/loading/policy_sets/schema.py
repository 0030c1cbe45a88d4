"""The JSON Schema of a policy set, for editors: `policy.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.condition_schema import build_object
from policy.language.policies import NAME, PARAMETER_NAME
from policy.language.policy_schema import ANY_VALUE, build_effect_schema
from policy.loading.policy_sets.evidence import ADDRESS, KINDS
from policy.loading.policy_sets.ledger import URL
from policy.loading.policy_sets.mlflow_schema import build_mlflow_schema
from policy.loading.policy_sets.organisation_fields import NAME as FIELD_NAME
from policy.loading.policy_sets.organisation_fields import TYPES
from policy.loading.waivers.rules import LENGTH
from policy.model.evidence_settings import SIZE, UNITS_BYTES
from policy.model.gates import EFFECTS, GATES, MODES
from policy.model.kinds import DATE, DURATION, ListKind
from policy.model.tables import TABLE_NAMES
from policy.model.value_schemas import (
    DRAFT,
    TEXT,
    JsonSchema,
    allow_empty,
    build_choice_schema,
    build_value_schema,
)
from policy.model.waiver_entry import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.policy import ParameterSpec, Policy

ABOUT = {
    "policy_set": "the format of the policy set; this version reads format 1",
    "name": "the name of the policy set, for reports",
    "extends": "the policy sets below this one, the base first: files, folders, or pinned bundles",
    "policies": "the policies in force: `catalogue`, `catalogue:AREA`, a plugin's, folders, files, or pinned bundles",
    "without": "policies to leave out, of this file and of those that it extends",
    "params": "values for parameters, by policy and parameter: {volatile-data.shortest_interval: 60d}",
    "effects": "what a failure of a policy does, where that differs from the policy's own word",
    "on_unknown": "what an unknown outcome of a policy does: an effect, or `same` for that of a failure",
    "gates": "how far a gate goes, and what an error does there",
    "modes": "how far a policy goes: observe records, flag warns, enforce acts",
    "from": "the day from which a policy acts in full; before it a failure flags at most",
    "final": "policies that no policy set which extends this one may loosen",
    "plugins": "the plugins in use, by name",
    "evidence": "what collectors may take, and the tracking server that runs are asked of",
    "approvals": "who may approve what is held, how many have to, and for how long",
    "mlflow": "which experiments of an MLflow server are governed, and by what; in one layer only",
    "ledger": "where decisions are recorded; by default those of every gate",
    "waivers": "files of dated exceptions, relative to this one",
    "waiver_rules": "who may waive what, and for how long",
    "trusted": "the revision at which a waiver must stand as it is for its approval to count",
    "fields": "the organisation's own fields, which manifests and policies can name",
    "tables": "files whose rows take the place of those of the dated tables: {licenses: tables/licenses.yaml}",
}
EVIDENCE_ABOUT = {
    "time_limit": "how long one collector may take for one project; 10min without it, and a layer can only raise it",
    "size_limit": "the largest file that is read, expanded; 50 GB without it, and a layer can only raise it",
    "mlflow": "the address of the MLflow server, where MLFLOW_TRACKING_URI names none; it is sent no credentials",
}
LEDGER_ABOUT = {
    "url": "sqlite:///PATH, relative to this file, or postgresql://HOST/DATABASE, without a password",
    "gates": "the gates whose decisions are recorded; all of them without it, and a layer can only add to them",
    "spool": "a folder, relative to this file, for what waits to be recorded where `on_error` lets a gate go on",
}
APPROVALS_ABOUT = {
    "roles": "who has which role, by name: the user names or addresses of people",
    "people": "by which other names somebody is known: {alice@example.com: [os:alice]}",
    "rules": "which holds need the votes of which roles; all that concern a hold count",
    "request_expires": "how long a request waits; 14d without it, and a layer can only shorten it",
    "approval_expires": "how long an approval holds; 30d without it, and a layer can only shorten it",
    "break_glass": "who may let a hold pass alone, and for how long at most; 4h without it",
}
RULE_ABOUT = {
    "policies": "the policies that hold; all without it",
    "gates": "the gates; all without it",
    "projects": "the projects, as patterns; all without it",
    "roles": "whose votes count; anybody's without it",
    "quorum": "how many people have to say yes; 1 without it",
    "expires": "how long such an approval holds",
    "runs": "for how many runs such an approval holds; any number without it",
}
ANY_NAME = f"^{NAME.pattern}$"
RULES_ABOUT = {
    "longest": "how long a waiver may hold from its approval; 90d without it",
    "warn_before": "how long before its end a waiver is warned of; 14d without it",
    "approvers": "who may approve a waiver of a policy, or by `default`; a policy's own list replaces the default",
    "protected": "policies that nobody may waive",
    "revision": "the branch, tag or commit that shows what is approved, such as origin/main",
    "code_owners": "whether CODEOWNERS must give owners to the files that approve waivers",
}
FIELD_ABOUT = {
    "type": "the type of the field's values",
    "values": "the values of an enumeration",
    "list": "whether it holds several values",
    "about": "what it means",
}


def policy_set_json_schema(policies: Iterable[Policy] = ()) -> JsonSchema:
    """The JSON Schema of a policy set; of `policies` it knows the names and the parameters."""
    described = {key: {"description": ABOUT[key], **value} for key, value in _build_keys(tuple(policies)).items()}
    return {
        "$schema": DRAFT,
        "$id": "urn:tunegate:policy-set:1",
        "title": "policy.yaml",
        "description": "The policies that an organisation puts in force, and how.",
        **build_object(described, "policy_set"),
    }


def _build_keys(policies: tuple[Policy, ...]) -> dict[str, JsonSchema]:
    names = {"type": "array", "items": TEXT}
    known = {"type": "array", "items": {"type": "string", "pattern": ANY_NAME}}
    return {
        "policy_set": {"const": 1},
        "name": TEXT,
        "extends": names,
        "policies": names,
        "without": known,
        "params": _build_params(policies),
        "effects": _build_by_policy(policies, build_effect_schema(ABOUT["effects"])),
        "on_unknown": _build_by_policy(policies, build_choice_schema(("same", *EFFECTS))),
        "gates": allow_empty(build_object(dict.fromkeys(GATES, _build_gate()))),
        "modes": _build_by_policy(policies, {"description": ABOUT["modes"], **build_choice_schema(MODES)}),
        "from": _build_by_policy(policies, build_value_schema(DATE)),
        "final": known,
        "plugins": names,
        "fields": {**build_object({}), "patternProperties": {f"^{FIELD_NAME.pattern}$": _build_field()}},
        "tables": allow_empty(build_object(dict.fromkeys(TABLE_NAMES, TEXT))),
        "evidence": allow_empty(_build_evidence()),
        "ledger": _build_ledger(),
        "approvals": allow_empty(_build_approvals()),
        "mlflow": allow_empty(build_mlflow_schema()),
        **_build_waiving(policies),
    }


def _build_evidence() -> JsonSchema:
    units = "|".join(UNITS_BYTES)
    size = {
        "type": "string",
        "pattern": f"^[0-9]+(\\.[0-9]+)? ?({units})$",
        "maxLength": 40,
        "errorMessage": f"write {SIZE.describe()}; the units are {', '.join(UNITS_BYTES)}",
    }
    address = {
        "type": "string",
        "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^@?#\\s]+$",
        "errorMessage": f"write {ADDRESS.describe()}",
    }
    kinds = {"time_limit": build_value_schema(KINDS["time_limit"]), "size_limit": size, "mlflow": address}
    return build_object({key: {"description": EVIDENCE_ABOUT[key], **value} for key, value in kinds.items()})


def _build_ledger() -> JsonSchema:
    address = {
        "type": "string",
        "pattern": "^(sqlite:///[^?#]*[^?#/]|postgresql://([^:@/ ]*@)?[^@# ]+)$",
        "errorMessage": f"write {URL.describe()}; credentials stand elsewhere",
    }
    gates = {"type": "array", "minItems": 1, "items": build_choice_schema(GATES)}
    keys: dict[str, JsonSchema] = {"url": address, "gates": gates, "spool": TEXT}
    described = {key: {"description": LEDGER_ABOUT[key], **value} for key, value in keys.items()}
    return {"anyOf": [address, allow_empty(build_object(described))]}


def _build_approvals() -> JsonSchema:
    names: JsonSchema = {"type": "array", "minItems": 1, "items": TEXT}
    groups: JsonSchema = {"type": "object", "additionalProperties": names}
    length = build_value_schema(DURATION)
    count: JsonSchema = {"type": "integer", "minimum": 1}
    rule: dict[str, JsonSchema] = {
        **{key: {"type": "array", "items": TEXT} for key in ("policies", "projects", "roles")},
        "gates": {"type": "array", "items": build_choice_schema(GATES)},
        "quorum": count,
        "expires": length,
        "runs": count,
    }
    described = {key: {"description": RULE_ABOUT[key], **value} for key, value in rule.items()}
    keys: dict[str, JsonSchema] = {
        "roles": groups,
        "people": groups,
        "rules": {"type": "array", "items": build_object(described)},
        "request_expires": length,
        "approval_expires": length,
        "break_glass": build_object({"roles": names, "longest": length}, "roles"),
    }
    return build_object({key: {"description": APPROVALS_ABOUT[key], **value} for key, value in keys.items()})


def _build_waiving(policies: tuple[Policy, ...]) -> dict[str, JsonSchema]:
    names: JsonSchema = {"type": "array", "items": TEXT}
    days = build_value_schema(LENGTH)
    approvers = {DEFAULT: names, **_build_by_policy(policies, names)["properties"]}
    rules = {"longest": days, "warn_before": days, "approvers": _build_section(approvers, ANY_NAME, names)}
    described = {key: {"description": RULES_ABOUT[key], **value} for key, value in rules.items()}
    trusted = {"revision": TEXT, "code_owners": {"type": "boolean"}}
    return {
        "waivers": names,
        "waiver_rules": allow_empty(
            build_object({**described, "protected": {"description": RULES_ABOUT["protected"], **names}})
        ),
        "trusted": allow_empty(
            build_object({key: {"description": RULES_ABOUT[key], **value} for key, value in trusted.items()})
        ),
    }


def _build_section(known: dict[str, JsonSchema], pattern: str, value: JsonSchema) -> JsonSchema:
    """A mapping that knows these names; others of the pattern may belong to policies that are added later."""
    names = {"propertyNames": {"pattern": pattern}, "additionalProperties": value}
    return {**allow_empty(build_object(known)), **names}


def _build_by_policy(policies: tuple[Policy, ...], value: JsonSchema) -> JsonSchema:
    known = {policy.id: {**value, "description": policy.title} for policy in policies}
    return _build_section(known, f"^{NAME.pattern}$", value)


def _build_params(policies: tuple[Policy, ...]) -> JsonSchema:
    """Names with a dot, or the parameters of a policy below its id."""
    known: dict[str, JsonSchema] = {}
    for policy in policies:
        params = {spec.name: _build_param(spec) for spec in policy.params}
        known |= {f"{policy.id}.{name}": value for name, value in params.items()}
        if params:
            known[policy.id] = {"description": policy.title, **build_object(params)}
    unknown = {"type": [*ANY_VALUE["type"], "object"]}
    return _build_section(known, f"^{NAME.pattern}(\\.{PARAMETER_NAME.pattern})?$", unknown)


def _build_param(spec: ParameterSpec) -> JsonSchema:
    about = spec.about or spec.name
    return {"description": f"{about}; {_show_default(spec)}", **build_value_schema(spec.kind)}


def _show_default(spec: ParameterSpec) -> str:
    if spec.default is None:
        return "the policy does not apply without a value"
    if isinstance(spec.kind, ListKind):
        return f"by default [{', '.join(map(spec.kind.of.show, spec.default))}]"
    return f"by default {spec.kind.show(spec.default)}"


def _build_gate() -> JsonSchema:
    on_error = {"description": "what a policy does that cannot be judged", **build_choice_schema(EFFECTS)}
    return build_object({"mode": {"description": ABOUT["modes"], **build_choice_schema(MODES)}, "on_error": on_error})


def _build_field() -> JsonSchema:
    keys: dict[str, JsonSchema] = {
        "type": build_choice_schema((*TYPES, "enumeration")),
        "values": {"type": "array", "minItems": 1, "items": TEXT},
        "list": {"type": "boolean"},
        "about": TEXT,
    }
    described = {key: {"description": FIELD_ABOUT[key], **value} for key, value in keys.items()}
    return {
        **build_object(described, "type"),
        "if": {"properties": {"type": {"const": "enumeration"}}},
        "then": {"required": ["values"]},
        "else": {"not": {"required": ["values"]}},
    }
