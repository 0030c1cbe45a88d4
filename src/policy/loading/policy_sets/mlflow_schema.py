"""The JSON Schema of the settings of an MLflow server in a policy set."""

from __future__ import annotations

from policy.language.condition_schema import build_object
from policy.loading.policy_sets.mlflow import MOST, OWN_APP
from policy.loading.policy_sets.mlflow_kinds import ID_FORM, KEY_FORM, LONGEST, WORD_FORM
from policy.loading.policy_sets.mlflow_webhook_kinds import LONGEST as LONGEST_ADDRESS
from policy.loading.policy_sets.mlflow_webhook_kinds import VARIABLE_FORM, WITHIN
from policy.loading.policy_sets.mlflow_webhooks import MOST as MOST_WEBHOOKS
from policy.loading.policy_sets.mlflow_webhooks import MOST_SECRETS
from policy.model.gates import EFFECTS, MODES
from policy.model.mlflow_settings import WEBHOOK_EVENTS
from policy.model.value_schemas import TEXT, JsonSchema, build_choice_schema, build_value_schema

ABOUT = {
    "app": "the app within, such as basic-auth; without it the server has no authentication",
    "server": "what the server is called in the ledger; mlflow without it",
    "experiments": "which experiments are governed; the first entry that covers one counts",
    "without_manifest": "what a training run without a manifest meets; block without it, and advise only records",
    "attesters": "whose recorded decisions at `ci` count as attested",
    "spool_keys": "the public keys of what the server signs while the ledger is down",
    "webhooks": "who is told of requests, signed",
}
WEBHOOK_ABOUT = {
    "url": "where notices are sent; `https`, or `http` on this machine",
    "secret_env": "the environment variable with the secret that signs them; two while one is replaced",
    "events": "what is told; all without it",
    "expiring_within": "how long before its end a request is expiring; 4h without it",
    "server_url": "where links of notices lead: this server, as people reach it",
}
BINDING_ABOUT = {
    "name": "the names of the experiments, as patterns",
    "id": "the ids of experiments",
    "project": "the projects whose manifests are taken there, as patterns",
    "principals": "who may train there, as patterns; anybody who is authenticated without it",
    "models": "the registered models whose versions must come from there, as patterns",
    "mode": "how far the gate goes there; never further than the gate's own mode",
    "policy_set": "the policy set that judges there, relative to this file; this one without it",
}


def build_mlflow_schema() -> JsonSchema:
    """What stands under `mlflow`."""
    text = {**TEXT, "maxLength": LONGEST}
    word = {"type": ["string", "integer"], "pattern": f"^{WORD_FORM.pattern}$", "minimum": 0}
    keys: dict[str, JsonSchema] = {
        "app": {**word, "not": {"const": OWN_APP}},
        "server": word,
        "experiments": {"type": "array", "minItems": 1, "maxItems": MOST, "items": _build_binding(text)},
        "without_manifest": build_choice_schema(tuple(reversed(EFFECTS))),
        "attesters": _build_several({**text, "pattern": "^[^*?]+$"}),
        "spool_keys": _build_several({**text, "pattern": f"^{KEY_FORM.pattern}$"}),
        "webhooks": {"type": "array", "minItems": 1, "maxItems": MOST_WEBHOOKS, "items": _build_webhook()},
    }
    return build_object({key: {"description": ABOUT[key], **value} for key, value in keys.items()}, "experiments")


def _build_binding(text: JsonSchema) -> JsonSchema:
    number = {"type": ["string", "integer"], "pattern": f"^({ID_FORM.pattern})$", "minimum": 0}
    keys = dict.fromkeys(BINDING_ABOUT, _build_several(text))
    keys |= {"id": _build_several(number), "mode": build_choice_schema(MODES), "policy_set": text}
    described = {key: {"description": BINDING_ABOUT[key], **value} for key, value in keys.items()}
    return {**build_object(described, "project"), "anyOf": [{"required": ["name"]}, {"required": ["id"]}]}


def _build_webhook() -> JsonSchema:
    address = {"type": "string", "pattern": "^https?://[!-~]+$", "maxLength": LONGEST_ADDRESS}
    keys: dict[str, JsonSchema] = {
        "url": address,
        "secret_env": _build_several({"type": "string", "pattern": f"^{VARIABLE_FORM.pattern}$"}, MOST_SECRETS),
        "events": _build_several(build_choice_schema(WEBHOOK_EVENTS), len(WEBHOOK_EVENTS)),
        "expiring_within": build_value_schema(WITHIN),
        "server_url": address,
    }
    described = {key: {"description": WEBHOOK_ABOUT[key], **value} for key, value in keys.items()}
    return build_object(described, "url", "secret_env")


def _build_several(item: JsonSchema, most: int = MOST) -> JsonSchema:
    """One or a list."""
    return {"anyOf": [item, {"type": "array", "minItems": 1, "maxItems": most, "items": item}]}
