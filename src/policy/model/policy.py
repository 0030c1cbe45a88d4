"""A policy, the cases that test it, and the policy set that puts policies in force."""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from policy.model.condition import AllOf, Condition, list_alternatives, outer_paths
from policy.model.evidence_settings import DEFAULT_EVIDENCE
from policy.model.fields import SCHEMA
from policy.model.gates import milder_effect
from policy.model.tables import NO_TABLES
from policy.structs import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from policy.errors import Location, Problem
    from policy.model.approval_settings import ApprovalSettings
    from policy.model.evidence_settings import EvidenceSettings
    from policy.model.fact import Fact
    from policy.model.kinds import Kind
    from policy.model.ledger_settings import LedgerSettings
    from policy.model.mlflow_settings import MlflowSettings
    from policy.model.schema import Schema
    from policy.model.tables import Tables
    from policy.model.waiver_entry import Waiving
    from policy.source.file import ReadFile


NONE: Final[Mapping[str, Any]] = MappingProxyType({})
NO_PLACES: Final[Mapping[tuple[str, str, str], Location]] = MappingProxyType({})


class ParameterSpec(Record):
    """A parameter of a policy; without a default the policy does not apply until a policy set gives a value."""

    name: str
    kind: Kind
    default: Any = None
    about: str = ""
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"location"})


class Case(Record):
    """One test of a policy: what is known, when, under which parameters, and the outcome it must have.

    `faults` are the expressions that broke on what is known, each with what happened.
    """

    claims: tuple[Fact, ...]
    expect: str
    at: datetime | None = None
    params: Mapping[str, Any] = NONE
    timed_out: tuple[str, ...] = ()
    location: Location | None = None
    faults: Mapping[str, str] = NONE


class EquivalentMutant(Record):
    """A mutant of a policy that no case can tell from it, by the author's word; `mutant` is its id."""

    mutant: str
    because: str
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"location"})


class Policy(Record):
    """One requirement: when this, require that. `effect` maps a gate, or `default`, to what a failure does.

    `limits` says when it may be wrong; `since` is the version that it came with.
    """

    id: str
    title: str
    severity: str
    require: Condition
    when: Condition = AllOf()
    params: tuple[ParameterSpec, ...] = ()
    effect: Mapping[str, str] = NONE
    observed: frozenset[str] = frozenset()
    on_unknown: str | None = None
    instead: tuple[str, ...] = ()
    because: str = ""
    fix: str = ""
    limits: str = ""
    since: str = ""
    references: tuple[str, ...] = ()
    controls: Mapping[str, tuple[str, ...]] = NONE
    area: str = ""
    cases: tuple[Case, ...] = ()
    equivalents: tuple[EquivalentMutant, ...] = ()
    location: Location | None = None
    require_location: Location | None = None
    _uncompared: ClassVar = frozenset({"cases", "equivalents", "location", "require_location"})

    def effect_at(self, gate: str) -> str | None:
        """What a failure does at this gate by the policy's own word; None where the gate does not judge it."""
        return self.effect.get(gate, self.effect.get("default"))

    @cached_property
    def paths(self) -> frozenset[str]:
        """The facts that the policy reads."""
        return frozenset((*outer_paths(self.when), *outer_paths(self.require)))

    @cached_property
    def alternatives(self) -> frozenset[Location]:
        """Where the tests of `require` stand of which one is enough."""
        return frozenset(list_alternatives(self.require))


class GateSettings(Record):
    """How far a gate goes, and what an outcome of `error` does there."""

    mode: str = "enforce"
    on_error: str = "block"


class PolicySet(Record):
    """The policies in force and how they are: parameters by `policy.parameter`, effects by policy and gate.

    `on_unknown` and `starts` (the day from which it acts in full) are by policy; `final` are the policies that no
    later layer may loosen. `layers` are the files that it was read from, the base first; `places` says where each
    setting stands, by section, policy or gate, and key; `loosenings` are warnings of what a layer made milder.
    `bundles` are the folders of its bundles, by what stands for them in positions; `sources` are the files that it
    was read from, where it has a ledger, and `folders` those in which any policy counts that is put there.
    """

    policies: tuple[Policy, ...]
    name: str = "catalogue"
    params: Mapping[str, Any] = NONE
    effects: Mapping[str, Mapping[str, str]] = NONE
    gates: Mapping[str, GateSettings] = NONE
    modes: Mapping[str, str] = NONE
    plugins: tuple[str, ...] = ()
    schema: Schema = SCHEMA
    has_ledger: bool = False
    tables: Tables = NO_TABLES
    waiving: Waiving | None = None
    on_unknown: Mapping[str, str] = NONE
    starts: Mapping[str, date] = NONE
    final: frozenset[str] = frozenset()
    layers: tuple[str, ...] = ()
    places: Mapping[tuple[str, str, str], Location] = NO_PLACES
    loosenings: tuple[Problem, ...] = ()
    evidence: EvidenceSettings = DEFAULT_EVIDENCE
    bundles: Mapping[str, str] = NONE
    ledger: LedgerSettings | None = None
    approvals: ApprovalSettings | None = None
    mlflow: MlflowSettings | None = None
    sources: tuple[ReadFile, ...] = ()
    folders: tuple[str, ...] = ()

    # Plans are kept per policy set: one set is one object.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def gate(self, name: str) -> GateSettings:
        return self.gates.get(name, GateSettings())

    def effect_of(self, policy: Policy, gate: str) -> str | None:
        """What a failure of the policy does at the gate; None where the gate does not judge it."""
        changed = self.effects.get(policy.id, {})
        return changed.get(gate) or changed.get("default") or policy.effect_at(gate)

    def unknown_effect_of(self, policy: Policy, gate: str) -> str | None:
        """What an unknown outcome of the policy does at the gate; None where the gate does not judge it."""
        fail = self.effect_of(policy, gate)
        said = self.on_unknown.get(policy.id, policy.on_unknown)
        if fail is None or said == "same":
            return fail
        return said or milder_effect(fail)

    def values_for(self, policy: Policy) -> dict[str, Any]:
        """The values of the policy's parameters; one without a value is left out."""
        values = {spec.name: self.params.get(f"{policy.id}.{spec.name}", spec.default) for spec in policy.params}
        return {name: value for name, value in values.items() if value is not None}
