"""What was at stake in a decision: its document, of which the decision has the digest, and how two of them differ."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from policy.engine.approving import build_stake
from policy.engine.plan import make_plan
from policy.language.explanation import show_value
from policy.model.canonical import digest
from policy.model.kinds import RecordsKind
from policy.model.recorded.values import MISFIT, decode_value
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.model.decision import Decision
    from policy.model.facts import Facts
    from policy.model.policy import PolicySet
    from policy.model.schema import Field, Schema


class Change(NamedTuple):
    """One thing that is at stake: what it was and what it is, as texts; None where it was not, or is not."""

    what: str
    then: str | None
    now: str | None


def rebuild_stake(policy_set: PolicySet, facts: Facts, decision: Decision) -> dict[str, Any] | None:
    """The document of a decision's stake, from the facts as they may be recorded.

    None where they are not those of the digest, as where an outcome rests on what must not be recorded.
    """
    plan = make_plan(policy_set, decision.gate)
    facts = facts.on(datetime.fromisoformat(decision.time).date(), policy_set.tables)
    outcomes = {outcome.policy: outcome for outcome in decision.outcomes}
    document = build_stake(plan.steps, outcomes, facts, decision.gate)
    return document if digest(document) == decision.stake else None


def compare_stakes(then: Mapping[str, Any], now: Mapping[str, Any], schema: Schema) -> Iterator[Change]:
    """What is at stake now and was not, or was otherwise: outcomes first, then facts, then training configs."""
    for key in ("outcomes", "facts"):
        was, became = then.get(key, {}), now.get(key, {})
        for name in sorted({*was, *became}):
            if was.get(name) != became.get(name):
                yield Change(name, *(_write(known.get(name), schema.get(name)) for known in (was, became)))
    if then.get("configs") != now.get("configs"):
        yield Change("training config", *(", ".join(one.get("configs", ())) or None for one in (then, now)))


def _write(said: Any, field: Field | None) -> str | None:
    return said if said is None or isinstance(said, str) else write_fact(said, field)


def write_fact(fact: Any, field: Field | None) -> str:
    """A fact of a stake, `[value, origin]` or that it is known, as a manifest would write it."""
    if isinstance(fact, dict):
        return f"known ({fact.get('known', 'observed')})"
    value, origin = fact
    decoded = MISFIT if field is None or isinstance(field.kind, RecordsKind) else decode_value(field.kind, value)
    if field is None or decoded is MISFIT:
        return f"{json.dumps(value, ensure_ascii=False)} ({origin})"
    return f"{show_value(field.kind, decoded)} ({origin})"
