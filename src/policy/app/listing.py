"""The policies in force that somebody asks for, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.engine.plan import act_on_failure
from policy.language.encoding import encode_plain
from policy.language.ground import make_ground
from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.gates import MODES, SEVERITIES
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from policy.engine.plan import Action
    from policy.model.policy import Policy, PolicySet

HIDDEN = "not looked for"


class Row(NamedTuple):
    """One policy in the list: what a failure does at the gate, and what an unknown outcome does, modes not counted."""

    area: str
    policy: str
    severity: str
    effect: str
    title: str
    would_be: str | None = None
    on_unknown: str | None = None
    mode: str = "enforce"
    params: Mapping[str, Any] = {}
    controls: Mapping[str, list[str]] = {}


class Wanted(NamedTuple):
    """Which policies to list; an empty word asks for nothing. `severity` is the mildest one."""

    area: str = ""
    severity: str = ""
    framework: str = ""
    control: str = ""
    approach: str = ""
    judged: bool = False


def list_rows(policy_set: PolicySet, gate: str, wanted: Wanted, today: date) -> list[Row]:
    """The rows of the policies that are wanted, in the order of the policy set."""
    return [
        make_row(policy_set, policy, gate)
        for policy in policy_set.policies
        if is_wanted(policy_set, policy, gate, wanted, today)
    ]


def is_wanted(policy_set: PolicySet, policy: Policy, gate: str, wanted: Wanted, today: date) -> bool:
    """Whether the policy is among those that are asked for."""
    return (
        wanted.area in ("", policy.area)
        and SEVERITIES.index(policy.severity) >= SEVERITIES.index(wanted.severity or SEVERITIES[0])
        and (not wanted.judged or policy_set.effect_of(policy, gate) is not None)
        and _serves(policy, wanted.framework, wanted.control)
        and (not wanted.approach or can_concern(policy_set, policy, wanted.approach, today))
    )


def _serves(policy: Policy, framework: str, control: str) -> bool:
    if not framework and not control:
        return True
    controls = [policy.controls.get(framework, ())] if framework else policy.controls.values()
    return any(control in named if control else named for named in controls)


def can_concern(policy_set: PolicySet, policy: Policy, approach: str, today: date) -> bool:
    """Whether the policy can apply to a project of this approach of which nothing else is known."""
    schema = policy_set.schema
    # What was not looked for may be there or not: `present` is unknown, too.
    hidden = dict.fromkeys((path for path in schema.fields if path != "approach"), HIDDEN)
    facts = Facts((Fact("approach", approach),), schema, unavailable=hidden)
    ground = make_ground(policy, policy_set.values_for(policy), facts, today)
    return ground.holds(policy.when) is not False


def make_row(policy_set: PolicySet, policy: Policy, gate: str) -> Row:
    """A policy, and what its outcomes do at the gate."""
    action = act_on_failure(policy_set, policy, gate)
    effect, would_be = _say_action(action)
    modes = (policy_set.gate(gate).mode, policy_set.modes.get(policy.id, "enforce"))
    return Row(
        policy.area,
        policy.id,
        policy.severity,
        effect,
        policy.title,
        would_be,
        policy_set.unknown_effect_of(policy, gate),
        min(modes, key=MODES.index),
        dict(_encode_params(policy_set, policy)),
        {framework: list(named) for framework, named in policy.controls.items()},
    )


def _say_action(action: Action | None) -> tuple[str, str | None]:
    return ("-", None) if action is None else (action.effect or "none", action.would_be)


def _encode_params(policy_set: PolicySet, policy: Policy) -> Iterator[tuple[str, Any]]:
    """The values in force; None where nobody gave one."""
    values = policy_set.values_for(policy)
    for spec in policy.params:
        value = values.get(spec.name)
        yield spec.name, None if value is None else encode_plain(value, spec.kind)
