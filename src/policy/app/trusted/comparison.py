"""What differs between two policy sets: which policies, and which other parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.encoding import encode_plain
from policy.language.identity import encode_policy
from policy.model.fields import SCHEMA
from policy.model.gates import GATES
from policy.model.proposal import ProposedChanges

if TYPE_CHECKING:
    from policy.model.policy import Policy, PolicySet


def compare_policy_sets(before: PolicySet, after: PolicySet) -> ProposedChanges | None:
    """What the second policy set changes; None where they would always judge alike."""
    policies = {policy.id: policy for policy in before.policies}, {policy.id: policy for policy in after.policies}
    first, second = (
        {name: _encode(policy, policy_set) for name, policy in own.items()}
        for own, policy_set in zip(policies, (before, after), strict=True)
    )
    changed = sorted(name for name in {**first, **second} if first.get(name) != second.get(name))
    ours, theirs = _list_settings(before), _list_settings(after)
    settings = tuple(name for name in ours if ours[name] != theirs[name])
    return ProposedChanges(tuple(changed), settings) if changed or settings else None


def _encode(policy: Policy, policy_set: PolicySet) -> tuple[Any, ...]:
    """Everything about one policy that can change what comes of it."""
    kinds = {spec.name: spec.kind for spec in policy.params}
    name = policy.id
    return (
        encode_policy(policy),
        {key: encode_plain(value, kinds[key]) for key, value in policy_set.values_for(policy).items()},
        [(policy_set.effect_of(policy, gate), policy_set.unknown_effect_of(policy, gate)) for gate in GATES],
        policy_set.modes.get(name),
        policy_set.starts.get(name),
        name in policy_set.final,
    )


def _list_settings(policy_set: PolicySet) -> dict[str, Any]:
    """The other parts, by the key that they have in a policy set."""
    waiving = policy_set.waiving
    return {
        "gates": {gate: policy_set.gate(gate) for gate in GATES},
        "fields": describe_fields(policy_set),
        "tables": policy_set.tables.digest,
        "plugins": policy_set.plugins,
        "evidence": policy_set.evidence,
        "ledger": policy_set.ledger,
        "approvals": policy_set.approvals,
        "waivers": frozenset(waiving.entries) if waiving else frozenset(),
        "waiver_rules": waiving.rules if waiving else (),
        "trusted": waiving.trusted and waiving.trusted[:2] if waiving else None,
    }


def describe_fields(policy_set: PolicySet) -> dict[str, tuple[object, ...]]:
    """The organisation's own fields, as texts."""
    return {
        path: (field.kind.describe(), field.about, field.writable, field.derived)
        for path, field in policy_set.schema.fields.items()
        if path not in SCHEMA.fields
    }
