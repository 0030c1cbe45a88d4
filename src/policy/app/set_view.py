"""The policy set in force at a gate, each value with the place that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.exceptions_view import list_approval_values, list_waiver_values
from policy.engine.plan import act_on_failure
from policy.language.parameters import show_parameter
from policy.model.evidence_settings import SIZE
from policy.model.kinds import DURATION
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from policy.engine.plan import Action
    from policy.errors import Location
    from policy.model.mlflow_settings import Binding
    from policy.model.policy import Policy, PolicySet


class Value(NamedTuple):
    """A setting and where a layer sets it; without a place it is the policy's own word, or what holds by default."""

    value: str | None
    place: Location | None = None


class PolicyView(NamedTuple):
    """One policy at a gate that judges it; `effect` and `on_unknown` are before dates and modes, `action` after."""

    policy: Policy
    source: Location | None
    effect: Value
    on_unknown: Value
    mode: Value
    starts: Value
    params: Mapping[str, Value]
    final: Location | None
    action: Action


class SetView(NamedTuple):
    """A policy set at a gate; `idle` are the policies that it does not judge.

    What stands behind those holds at every gate, and is empty where nothing is said.
    """

    mode: Value
    on_error: Value
    policies: tuple[PolicyView, ...]
    idle: tuple[str, ...]
    evidence: Mapping[str, Value]
    ledger: Mapping[str, Value]
    approvals: Mapping[str, Value]
    waivers: Mapping[str, Value]
    mlflow: Mapping[str, Value]


def view_policy_set(policy_set: PolicySet, gate: str, today: date) -> SetView:
    """What is in force at a gate on a day, by id."""
    judged = []
    for policy in sorted(policy_set.policies, key=lambda policy: policy.id):
        action = act_on_failure(policy_set, policy, gate, today)
        if action is not None:
            judged.append(view_policy(policy_set, policy, gate, action))
    shown = {view.policy.id for view in judged}
    places, settings = policy_set.places, policy_set.gate(gate)
    return SetView(
        Value(settings.mode, places.get(("gates", gate, "mode"))),
        Value(settings.on_error, places.get(("gates", gate, "on_error"))),
        tuple(judged),
        tuple(sorted(policy.id for policy in policy_set.policies if policy.id not in shown)),
        view_evidence(policy_set),
        view_ledger(policy_set),
        {name: Value(value, place) for name, value, place in list_approval_values(policy_set)},
        {name: Value(value, place) for name, value, place in list_waiver_values(policy_set)},
        view_mlflow(policy_set),
    )


def view_evidence(policy_set: PolicySet) -> dict[str, Value]:
    """What collectors may take, and whom they may ask."""
    said = policy_set.evidence
    shown = {
        "time_limit": DURATION.show(said.time_limit),
        "size_limit": SIZE.show(said.size_limit),
        "mlflow": said.mlflow or None,
    }
    return {name: Value(value, policy_set.places.get(("evidence", name, ""))) for name, value in shown.items()}


def view_ledger(policy_set: PolicySet) -> dict[str, Value]:
    """Where decisions are recorded and of which gates; empty where nothing is."""
    said = policy_set.ledger
    if said is None:
        return {}
    shown = {"url": said.url, "gates": ", ".join(said.gates), "spool": said.spool or None}
    return {name: Value(value, policy_set.places.get(("ledger", name, ""))) for name, value in shown.items()}


def view_mlflow(policy_set: PolicySet) -> dict[str, Value]:
    """Which experiments of an MLflow server are governed, in the order in which they count, and how."""
    said = policy_set.mlflow
    if said is None:
        return {}
    shown = {
        "app": said.app,
        "server": said.server,
        "without_manifest": said.without_manifest,
        "attesters": ", ".join(said.attesters) or None,
        **({"spool_keys": ", ".join(said.spool_keys)} if said.spool_keys else {}),
    }
    keys = {name: Value(value, said.places.get(name)) for name, value in shown.items()}
    bindings = {
        f"experiments[{number}]": Value(_describe_binding(binding), binding.location)
        for number, binding in enumerate(said.bindings)
    }
    webhooks = {
        # An address may be known to few.
        f"webhooks[{number}]": Value(f"{webhook.host}; {', '.join(webhook.events)}", webhook.location)
        for number, webhook in enumerate(said.webhooks)
    }
    return {**keys, **bindings, **webhooks}


def _describe_binding(binding: Binding) -> str:
    words = {
        "name": binding.names,
        "id": binding.ids,
        "project": binding.projects,
        "principals": binding.principals,
        "models": binding.models,
        "mode": (binding.mode,) if binding.mode else (),
        "policy_set": (binding.policy_set,) if binding.policy_set else (),
    }
    return "; ".join(f"{key} {', '.join(values)}" for key, values in words.items() if values)


def view_policy(policy_set: PolicySet, policy: Policy, gate: str, action: Action) -> PolicyView:
    """One policy that the gate judges."""
    places, name = policy_set.places, policy.id
    key = gate if gate in policy_set.effects.get(name, {}) else "default"
    starts = policy_set.starts.get(name)
    values = policy_set.values_for(policy)
    return PolicyView(
        policy,
        places.get(("policies", name, "")),
        Value(policy_set.effect_of(policy, gate), places.get(("effects", name, key))),
        Value(policy_set.unknown_effect_of(policy, gate), places.get(("on_unknown", name, ""))),
        Value(policy_set.modes.get(name, "enforce"), places.get(("modes", name, ""))),
        Value(starts.isoformat() if starts else None, places.get(("from", name, ""))),
        {
            spec.name: Value(
                show_parameter(spec.kind, values[spec.name]) if spec.name in values else None,
                places.get(("params", name, spec.name)),
            )
            for spec in policy.params
        },
        places.get(("final", name, "")),
        action,
    )
