"""Which policies two policy sets do not share, and what differs in those that they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.set_diff.actions import compare_actions, find_effect, find_mode, find_unknown_effect
from policy.app.set_diff.lines import write_condition
from policy.app.set_diff.requirements import compare_requirements
from policy.app.set_diff.wording import compare_wording
from policy.language.parameters import show_parameter
from policy.loading.policy_sets.tightening import rank_effect
from policy.model.gates import GATES
from policy.model.set_changes import (
    ADDED,
    CHANGED,
    GONE,
    MILDER,
    NEITHER,
    NEW,
    REMOVED,
    STRICTER,
    UNCLEAR,
    Change,
    Line,
    PolicyChange,
    both,
    combine_directions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.app.set_diff.halves import Half
    from policy.model.set_changes import Pair


def compare_policies(old: Mapping[str, Half], new: Mapping[str, Half]) -> Iterator[PolicyChange]:
    """Every policy that differs, by id."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before is not None and after is not None:
            found = compare_policy((before, after))
            if found.changes or found.wording:
                yield found
        elif after is not None:
            yield _show_whole(after, ADDED)
        elif before is not None:
            yield _show_whole(before, REMOVED)


def compare_policy(pair: Pair[Half]) -> PolicyChange:
    """What differs in one policy."""
    policy = pair[1].policy
    changes = (*compare_actions(pair), *_compare_requirements(pair))
    return PolicyChange(policy.id, policy.title, CHANGED, _judge(pair, changes), changes, tuple(compare_wording(pair)))


def _compare_requirements(pair: Pair[Half]) -> Iterator[Change]:
    """What is asked for; whether that is more, nobody can tell where an unknown outcome does more than a failure.

    For who is asked for less may go from a failure to an unknown outcome.
    """
    can_tell = not any(map(_fears_unknown, pair))
    for change in compare_requirements(pair):
        yield change if can_tell or change.direction == NEITHER else change._replace(direction=UNCLEAR)


def _fears_unknown(half: Half) -> bool:
    return any(rank_effect(find_unknown_effect(half, gate)) > rank_effect(find_effect(half, gate)) for gate in GATES)


def _judge(pair: Pair[Half], changes: tuple[Change, ...]) -> str:
    """What all changes do together; where only one of the two acts at all, the others do not matter."""
    acts = both(_acts, pair)
    if acts[0] != acts[1]:
        return STRICTER if acts[1] else MILDER
    return combine_directions(change.direction for change in changes)


def _acts(half: Half) -> bool:
    return find_mode(half) != "observe" and any(find_effect(half, gate) for gate in GATES)


def _show_whole(half: Half, change: str) -> PolicyChange:
    """A policy that only one of the sets has: what it asks for, and what it does."""
    direction = STRICTER if change == ADDED else MILDER
    if not _acts(half):
        direction = NEITHER
    changes = tuple(_turn(found, change) for found in _list_parts(half, change))
    return PolicyChange(half.policy.id, half.policy.title, change, direction, changes)


def _list_parts(half: Half, change: str) -> Iterator[Change]:
    """Its settings as the new values of changes, whichever set has it."""
    policy, values = half.policy, half.values
    yield Change("severity", None, policy.severity)
    yield from _list_effects(half)
    if find_mode(half) != "enforce":
        yield Change("mode", None, find_mode(half), new_at=half.locate("modes"))
    start = half.policy_set.starts.get(policy.id)
    if start is not None:
        yield Change("from", None, start.isoformat(), new_at=half.locate("from"))
    for spec in policy.params:
        shown = show_parameter(spec.kind, values[spec.name]) if spec.name in values else "not set"
        yield Change(f"params.{spec.name}", None, shown, new_at=half.locate("params", spec.name))
    sign = NEW if change == ADDED else GONE
    for key, condition in (("when", policy.when), ("require", policy.require)):
        lines = write_condition(condition, values, must=key == "require")
        yield Change(key, None, "\n".join(lines), lines=tuple(Line(sign, line) for line in lines))
    if policy.observed:
        yield Change("observed", None, ", ".join(sorted(policy.observed)))


def _list_effects(half: Half) -> Iterator[Change]:
    by_effect: dict[str, list[str]] = {}
    for gate in GATES:
        effect = find_effect(half, gate)
        if effect is not None:
            by_effect.setdefault(effect, []).append(gate)
    for effect, gates in by_effect.items():
        yield Change("effect", None, effect, gates=tuple(gates), new_at=half.locate("effects", *gates, "default"))


def _turn(change: Change, kind: str) -> Change:
    """The change the other way round where the policy is the old set's."""
    if kind == ADDED:
        return change
    return change._replace(old=change.new, new=None, old_at=change.new_at, new_at=None)
