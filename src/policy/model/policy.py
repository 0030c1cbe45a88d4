"""A policy, the cases that test it, and the policy set that puts policies in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from policy.model.condition import All, Condition, outer_paths
from policy.model.fields import SCHEMA, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from policy.errors import Location
    from policy.model.fact import Fact
    from policy.model.kinds import Kind


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A parameter of a policy; without a default the policy does not apply until a policy set gives a value."""

    name: str
    kind: Kind
    default: Any = None
    about: str = ""
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a policy: what is known, when, under which parameters, and the outcome it must have."""

    claims: tuple[Fact, ...]
    expect: str
    at: datetime | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    timed_out: tuple[str, ...] = ()
    location: Location | None = None


@dataclass(frozen=True)
class Policy:
    """One requirement: when this, require that. `effect` maps a gate, or `default`, to what a failure does."""

    id: str
    title: str
    severity: str
    require: Condition
    when: Condition = All()
    params: tuple[ParameterSpec, ...] = ()
    effect: Mapping[str, str] = field(default_factory=dict)
    observed: frozenset[str] = frozenset()
    on_unknown: str | None = None
    instead: tuple[str, ...] = ()
    because: str = ""
    fix: str = ""
    references: tuple[str, ...] = ()
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    area: str = ""
    cases: tuple[Case, ...] = field(default=(), compare=False)
    location: Location | None = field(default=None, compare=False)
    require_location: Location | None = field(default=None, compare=False)

    def effect_at(self, gate: str) -> str | None:
        """What a failure does at this gate by the policy's own word; None where the gate does not judge it."""
        return self.effect.get(gate, self.effect.get("default"))

    @cached_property
    def paths(self) -> frozenset[str]:
        """The facts that the policy reads."""
        return frozenset((*outer_paths(self.when), *outer_paths(self.require)))


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How far a gate goes, and what an outcome of `error` does there."""

    mode: str = "enforce"
    on_error: str = "block"


@dataclass(frozen=True, eq=False)
class PolicySet:
    """The policies in force and how they are: parameters by `policy.parameter`, effects by policy and gate."""

    policies: tuple[Policy, ...]
    name: str = "catalogue"
    params: Mapping[str, Any] = field(default_factory=dict)
    effects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gates: Mapping[str, GateSettings] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[str, ...] = ()
    schema: Schema = SCHEMA
    has_ledger: bool = False

    def gate(self, name: str) -> GateSettings:
        return self.gates.get(name, GateSettings())

    def effect_of(self, policy: Policy, gate: str) -> str | None:
        """What a failure of the policy does at the gate; None where the gate does not judge it."""
        changed = self.effects.get(policy.id, {})
        return changed.get(gate) or changed.get("default") or policy.effect_at(gate)

    def values_for(self, policy: Policy) -> dict[str, Any]:
        """The values of the policy's parameters; one without a value is left out."""
        values = {spec.name: self.params.get(f"{policy.id}.{spec.name}", spec.default) for spec in policy.params}
        return {name: value for name, value in values.items() if value is not None}
