"""What the policies in force ask of a project and nobody has told yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.judge import judge
from policy.model.derived.derivations import list_open_inputs
from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.fields import COLLECTED, DISCOVERY, SCAN
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from policy.model.policy import Policy, PolicySet
    from policy.model.schema import Field

GATE = "check"
STOPPING = ("hold", "block")
# What nobody states by hand: it is observed, or (of a scan) means nothing from somebody's memory.
MEASURED = frozenset((*COLLECTED, SCAN))
# Of these a history gives an estimate at best: who knows better should say so.
ESTIMATED = frozenset({"data.change_interval", "training.interval"})
# Evidence tells these only of what somebody names, or lays into the repository.
NAMED = frozenset({"tried", "model.license"})


class Asked(NamedTuple):
    """Fields that a manifest can state, in the schema's order; `pressing` are those that a project is stopped for."""

    pressing: tuple[Field, ...]
    others: tuple[Field, ...]


def list_asked(policy_set: PolicySet, told: Iterable[Fact], now: datetime) -> Asked:
    """The fields that a policy in force may turn on, where `told` are the facts that are known already.

    Policies that do not concern such a project are left out, and so are fields that evidence tells. An
    organisation's own fields are pressing, whoever asks for them.
    """
    claims = (*told, Fact("manifest.present", True, "observed", DISCOVERY))
    facts = Facts(claims, policy_set.schema)
    decision = judge(policy_set, facts, gate=GATE, now=now)
    settled = {outcome.policy for outcome in decision.outcomes if outcome.outcome == "not-applicable"}
    concerned = [policy for policy in policy_set.policies if policy.id not in settled]
    stopping = [policy for policy in concerned if policy_set.effect_of(policy, GATE) in STOPPING]
    pressing, asked = _list_paths(stopping), _list_paths(concerned)
    # What cannot be stated follows from something that can.
    pressing |= {path for behind in pressing for path in list_open_inputs(behind, facts.judged)}
    asked |= pressing
    open_fields = [field for path, field in policy_set.schema.fields.items() if path not in facts.judged]
    own = [field for field in open_fields if _is_own(field) or (field.path in asked and _can_be_stated(field))]
    first = tuple(field for field in own if field.path in pressing or _is_own(field))
    return Asked(first, tuple(field for field in own if field not in first))


def _list_paths(policies: Iterable[Policy]) -> set[str]:
    """The facts that count for a policy also where they are only stated."""
    return {path for policy in policies for path in policy.paths - policy.observed}


def _is_own(field: Field) -> bool:
    return field.path.startswith("x.") and field.writable


def _can_be_stated(field: Field) -> bool:
    """Whether nobody but a person tells it."""
    return field.writable and (field.path in ESTIMATED | NAMED or MEASURED.isdisjoint(field.evidence))
