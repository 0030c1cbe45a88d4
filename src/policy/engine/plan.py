"""What a gate will judge and what each outcome will do there; made once for a policy set and a gate."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from policy.engine.judges import Judges
from policy.language.explanation import Explainer
from policy.language.identity import digest_policy_set
from policy.language.phrases import fill_parameters
from policy.model.decision import Outcome
from policy.model.gates import FLAGGING_GATES, MODES, cap_effect
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from policy.model.policy import GateSettings, Policy, PolicySet

NO_APPROVERS = "nobody can approve here without a ledger, so the hold acts as a flag"
NO_WAY_ON = "nobody can approve it: approvals need a ledger, which the policy set does not have"


class Action(NamedTuple):
    """What an outcome does: its effect, the one that was kept back, and why."""

    effect: str | None
    would_be: str | None = None
    note: str = ""


class Step(NamedTuple):
    """One policy as a gate judges it; `reads_approval` when it can be met by an approval of what is at stake.

    Before the day `starts` it does what `early_fail` and `early_unknown` say. It is `waiting` for a value of the
    parameters in `unset` where it is meant for the subject, or may be.
    """

    position: int
    policy: Policy
    explainer: Explainer
    fix: str
    reads_approval: bool
    on_fail: Action
    on_unknown: Action
    on_error: Action
    starts: date | None
    early_fail: Action
    early_unknown: Action
    base_effects: dict[str, str]
    passed: Outcome
    not_applicable: Outcome
    waiting: Outcome
    unset: tuple[str, ...]

    def act(self, outcome: str, today: date) -> Action:
        """What a failure or an unknown outcome does on a day."""
        if self.starts is not None and today < self.starts:
            return self.early_fail if outcome == "fail" else self.early_unknown
        return self.on_fail if outcome == "fail" else self.on_unknown


class Plan(NamedTuple):
    """All steps of a gate, what judges their policies, and the digest of the policy set behind them."""

    steps: tuple[Step, ...]
    judges: Judges
    settings: GateSettings
    digest: str


@lru_cache(maxsize=64)
def make_plan(policy_set: PolicySet, gate: str) -> Plan:
    """The plan of a gate. A policy whose effect names neither the gate nor a default is not in it."""
    settings = policy_set.gate(gate)
    # By id, so that the order in which files were found changes nothing.
    policies = sorted(
        (policy for policy in policy_set.policies if policy_set.effect_of(policy, gate)), key=lambda policy: policy.id
    )
    params = [policy_set.values_for(policy) for policy in policies]
    pairs = list(zip(policies, params, strict=True))
    steps = tuple(
        _make_step(policy_set, position, policy, values, gate) for position, (policy, values) in enumerate(pairs)
    )
    return Plan(steps, Judges(pairs), settings, digest_policy_set(policy_set))


def _make_step(policy_set: PolicySet, position: int, policy: Policy, params: dict[str, Any], gate: str) -> Step:
    fail = policy_set.effect_of(policy, gate) or "advise"
    unknown = policy_set.unknown_effect_of(policy, gate) or fail
    error = policy_set.gate(gate).on_error
    unset = tuple(spec.name for spec in policy.params if spec.name not in params)
    not_applicable = Outcome(policy.id, "not-applicable", policy.severity)
    starts = policy_set.starts.get(policy.id)
    return Step(
        position=position,
        policy=policy,
        explainer=Explainer(policy, params),
        fix=fill_parameters(policy.fix, policy, params),
        reads_approval=any(path.startswith("approval.") for path in policy.paths),
        on_fail=_act(policy_set, policy, gate, fail),
        on_unknown=_act(policy_set, policy, gate, unknown),
        on_error=_act(policy_set, policy, gate, error),
        starts=starts,
        early_fail=_act(policy_set, policy, gate, fail, starts),
        early_unknown=_act(policy_set, policy, gate, unknown, starts),
        base_effects={"fail": fail, "unknown": unknown, "error": error},
        passed=Outcome(policy.id, "pass", policy.severity),
        not_applicable=not_applicable,
        waiting=not_applicable._replace(note=f"parameter not set: {', '.join(unset)}"),
        unset=unset,
    )


def act_on_failure(policy_set: PolicySet, policy: Policy, gate: str, today: date | None = None) -> Action | None:
    """What a failure of the policy does at the gate, modes counted; None where the gate does not judge it.

    Without a day it is what it does once the policy acts in full.
    """
    effect = policy_set.effect_of(policy, gate)
    if effect is None:
        return None
    starts = policy_set.starts.get(policy.id)
    return _act(policy_set, policy, gate, effect, starts if today and starts and today < starts else None)


def _act(policy_set: PolicySet, policy: Policy, gate: str, base: str, starts: date | None = None) -> Action:
    """What is left of an effect: before the day `starts` nothing harder than flag, and then what the modes leave."""
    dated = base if starts is None else cap_effect(base, "flag")
    modes = (policy_set.gate(gate).mode, policy_set.modes.get(policy.id, "enforce"))
    mode = min(modes, key=MODES.index)
    effect = dated and cap_effect(dated, mode)
    if effect == "hold" and gate in FLAGGING_GATES and not policy_set.has_ledger:
        return Action("flag", base, NO_APPROVERS)
    if effect == "hold" and not policy_set.has_ledger:
        return Action(effect, None, NO_WAY_ON)
    notes = [f"in force from {starts}"] if dated != base else []
    if cap_effect(base, mode) != base:
        notes.append(f"the mode is {mode}")
    return Action(effect, base, "; ".join(notes)) if notes else Action(effect)
