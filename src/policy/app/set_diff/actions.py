"""What differs in what a policy does: its effects by gate, its mode, and the day from which it acts in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.loading.policy_sets.tightening import rank_effect
from policy.model.gates import GATES, MODES
from policy.model.set_changes import NEITHER, both, make_change, point

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.set_diff.halves import Half
    from policy.errors import Location
    from policy.model.set_changes import Change, Pair

ONE_STEP = "one step milder"


def compare_actions(pair: Pair[Half]) -> Iterator[Change]:
    """Every difference, the weightiest first."""
    yield from _compare_modes(pair)
    yield from _compare_effects(pair)
    yield from _compare_unknown(pair)
    yield from _compare_starts(pair)
    severities = both(lambda half: half.policy.severity, pair)
    if severities[0] != severities[1]:
        yield make_change("severity", severities)
    final = both(lambda half: "yes" if half.policy.id in half.policy_set.final else "no", pair)
    if final[0] != final[1]:
        yield make_change("final", final, NEITHER, places=both(lambda half: half.locate("final"), pair))


def compare_ranks(old: int, new: int) -> int:
    """1 where the new rank is the higher one, -1 where it is the lower one."""
    return (new > old) - (new < old)


def find_mode(half: Half) -> str:
    """How far the policy goes by the policy set's word."""
    return half.policy_set.modes.get(half.policy.id, "enforce")


def find_effect(half: Half, gate: str) -> str | None:
    """What a failure does at a gate."""
    return half.policy_set.effect_of(half.policy, gate)


def find_unknown_effect(half: Half, gate: str) -> str | None:
    """What an unknown outcome does at a gate."""
    return half.policy_set.unknown_effect_of(half.policy, gate)


def say_unknown(half: Half) -> str:
    """What the policy set, or the policy, says of unknown outcomes."""
    said = half.policy_set.on_unknown.get(half.policy.id, half.policy.on_unknown)
    return said or ONE_STEP


def _compare_modes(pair: Pair[Half]) -> Iterator[Change]:
    modes = both(find_mode, pair)
    if modes[0] != modes[1]:
        direction = point(compare_ranks(*both(MODES.index, modes)))
        yield make_change("mode", modes, direction, places=both(lambda half: half.locate("modes"), pair))


def _compare_effects(pair: Pair[Half]) -> Iterator[Change]:
    for effects, gates in _group(pair, find_effect):
        direction = point(compare_ranks(*both(rank_effect, effects)))
        yield make_change("effect", effects, direction, gates=gates, places=_place_effects(pair, gates))


def _place_effects(pair: Pair[Half], gates: tuple[str, ...]) -> Pair[Location | None]:
    return both(lambda half: half.locate("effects", *gates, "default"), pair)


def _compare_unknown(pair: Pair[Half]) -> Iterator[Change]:
    """What is unknown, as far as it does not follow from the effect."""
    said = both(say_unknown, pair)
    places = both(lambda half: half.locate("on_unknown"), pair)
    for effects, gates in _group(pair, find_unknown_effect):
        own = tuple(gate for gate in gates if said[0] != said[1] or _has_one_effect(pair, gate))
        if own:
            direction = point(compare_ranks(*both(rank_effect, effects)))
            yield make_change("on_unknown", effects, direction, gates=own, places=places)


def _has_one_effect(pair: Pair[Half], gate: str) -> bool:
    return find_effect(pair[0], gate) == find_effect(pair[1], gate)


def _group(
    pair: Pair[Half], find: Callable[[Half, str], str | None]
) -> Iterator[tuple[Pair[str | None], tuple[str, ...]]]:
    """What an effect was and what it is, with the gates at which it differs so."""
    grouped: dict[Pair[str | None], list[str]] = {}
    for gate in GATES:
        effects = find(pair[0], gate), find(pair[1], gate)
        if effects[0] != effects[1]:
            grouped.setdefault(effects, []).append(gate)
    return ((effects, tuple(gates)) for effects, gates in grouped.items())


def _compare_starts(pair: Pair[Half]) -> Iterator[Change]:
    days = both(lambda half: half.policy_set.starts.get(half.policy.id), pair)
    if days[0] != days[1]:
        # A later day leaves more time in which nothing harder than a flag is done.
        later = compare_ranks(*both(lambda day: 0 if day is None else day.toordinal(), days))
        shown = both(lambda day: None if day is None else day.isoformat(), days)
        yield make_change("from", shown, point(-later), places=both(lambda half: half.locate("from"), pair))
