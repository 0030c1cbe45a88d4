"""The canonical form of policies and policy sets, from which their digests are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.encoding import encode_condition, encode_plain
from policy.model.canonical import digest
from policy.model.fields import SCHEMA

if TYPE_CHECKING:
    from policy.model.policy import Policy, PolicySet


def encode_policy(policy: Policy) -> dict[str, Any]:
    """Everything in a policy that can change a decision; not its cases, not where it stands."""
    return {
        "policy": policy.id,
        "title": policy.title,
        "severity": policy.severity,
        "when": encode_condition(policy.when),
        "require": encode_condition(policy.require),
        "params": {
            spec.name: {
                "kind": spec.kind.name,
                "default": None if spec.default is None else encode_plain(spec.default, spec.kind),
            }
            for spec in policy.params
        },
        "effect": dict(policy.effect),
        "observed": sorted(policy.observed),
        "on_unknown": policy.on_unknown,
        "instead": list(policy.instead),
        "fix": policy.fix,
    }


def encode_policy_set(policy_set: PolicySet) -> dict[str, Any]:
    """The policies in force and every setting that can change a decision; the set's name is none."""
    kinds = {f"{policy.id}.{spec.name}": spec.kind for policy in policy_set.policies for spec in policy.params}
    return {
        "policies": sorted(
            (encode_policy(policy) for policy in policy_set.policies), key=lambda item: str(item["policy"])
        ),
        "params": {name: encode_plain(value, kinds[name]) for name, value in policy_set.params.items()},
        "effects": {policy: dict(effects) for policy, effects in policy_set.effects.items()},
        "gates": {name: [gate.mode, gate.on_error] for name, gate in policy_set.gates.items()},
        "modes": dict(policy_set.modes),
        "fields": {
            path: [field.kind.describe(), field.about, list(field.evidence), field.combine, field.agree]
            for path, field in policy_set.schema.fields.items()
            if path not in SCHEMA.fields
        },
        "ledger": policy_set.has_ledger,
        # What nobody sets is left out: a policy set that does without keeps the digest that it had before.
        **({"on_unknown": dict(policy_set.on_unknown)} if policy_set.on_unknown else {}),
        **(
            {"from": {policy: day.isoformat() for policy, day in policy_set.starts.items()}}
            if policy_set.starts
            else {}
        ),
    }


def digest_policy_set(policy_set: PolicySet) -> str:
    """The digest that names a policy set in decisions."""
    return digest(encode_policy_set(policy_set))
