"""What an approval binds to, and the facts that follow from approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.canonical import digest, encode_fact
from policy.model.derived.derivations import DERIVED, list_behind
from policy.model.fact import ABSENT, Fact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from policy.engine.plan import Step
    from policy.model.approval import Approval
    from policy.model.decision import Outcome
    from policy.model.facts import Facts

# Always at stake: what is trained, and on what; where no training config says it, the base model does.
CONFIG = "training.config"
BOUND = (CONFIG, "data.digest")
BASE = ("model.base", "model.revision")


def digest_stake(steps: Sequence[Step], outcomes: Mapping[str, Outcome], facts: Facts, gate: str) -> str:
    """The digest of what is at stake."""
    return digest(build_stake(steps, outcomes, facts, gate))


def build_stake(steps: Sequence[Step], outcomes: Mapping[str, Outcome], facts: Facts, gate: str) -> dict[str, Any]:
    """What is at stake: the facts behind every policy that did not pass, config, data and gate.

    Positions are left out, so that an unrelated change to the manifest keeps an approval.
    """
    open_steps = [step for step in steps if outcomes[step.policy.id].outcome in ("fail", "unknown", "error")]
    bound = BOUND if facts.judged.get(CONFIG) is not None else (*BOUND, *BASE)
    read = {path for step in open_steps for path in step.policy.paths}
    # Of what is not known, what would tell is at stake instead: otherwise all that leaves it unknown would be the same.
    behind = {one for path in read & DERIVED.keys() for one in list_behind(path, facts.judged)}
    known = {}
    for path in sorted({*bound, *read, *behind}):
        fact = facts.judged.get(path)
        if fact is not None:
            known[path] = _encode_staked(facts, fact)
    results = {step.policy.id: outcomes[step.policy.id].outcome for step in open_steps}
    configs = sorted({fact.digest for fact in facts.claims if fact.path == "training.config" and fact.digest})
    return {"facts": known, "outcomes": results, "configs": configs, "gate": gate}


def _encode_staked(facts: Facts, fact: Fact) -> Any:
    """What an approval binds to of a fact; of some only that they are observed, and not what."""
    field = facts.schema.get(fact.path)
    if field is not None and not field.staked and fact.origin == "observed" and fact.value is not ABSENT:
        return {"known": fact.origin}
    return encode_fact(facts.kind_of(fact.path), fact, bare=True)


def is_approved(approvals: Sequence[Approval], gate: str, stake: str, now: datetime) -> bool:
    """Whether a current approval by another person than the requester is there."""
    return bool(stake) and any(item.is_independent and item.is_current(gate, stake, now) for item in approvals)


def approval_facts(approvals: Sequence[Approval], gate: str, stake: str, now: datetime) -> list[Fact]:
    """`approval.by`, `approval.requested_by` and `approval.current` of the approval that counts most.

    Where nobody approved anything that is known, too: they are absent.
    """
    ranked = sorted(approvals, key=lambda item: (item.is_current(gate, stake, now), item.is_independent))
    values: tuple[Any, ...] = (ABSENT, ABSENT, ABSENT)
    if ranked:
        best = ranked[-1]
        values = (best.by, best.requested_by, best.is_current(gate, stake, now))
    paths = ("approval.by", "approval.requested_by", "approval.current")
    return [Fact(path, value, "observed", "approvals") for path, value in zip(paths, values, strict=True)]
