"""What a layer makes milder than the layers below it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from policy.language.parameters import show_parameter
from policy.language.strictness import compare_strictness, find_strict_directions
from policy.model.gates import EFFECTS, GATES, MODES
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from policy.errors import Location
    from policy.loading.policy_sets.settings import Setting
    from policy.model.policy import Policy, PolicySet


class Loosening(NamedTuple):
    """One setting that makes some policies milder: what it does, where it stands, and what it takes the place of."""

    message: str
    location: Location
    policies: tuple[str, ...]
    replaced: Location | None = None


def find_loosenings(below: PolicySet, above: PolicySet, settings: Iterable[Setting]) -> Iterator[Loosening]:
    """What the settings of a layer make milder; `above` is the policy set with them, `below` without.

    Only policies that are in force below are compared: what a layer says of its own is its own matter.
    """
    comparison = Comparison(below, above)
    left = {policy.id for policy in above.policies}
    for setting in settings:
        compare = comparison.sections.get(setting.section)
        compared = setting.name in comparison.policies and (setting.name in left) != (setting.section == "without")
        if compare is not None and (setting.section == "gates" or compared):
            yield from compare(setting)


class Comparison:
    """Compares two policy sets setting by setting."""

    def __init__(self, below: PolicySet, above: PolicySet) -> None:
        self.below = below
        self.above = above
        self.policies = {policy.id: policy for policy in below.policies}
        self.sections: dict[str, Callable[[Setting], Iterator[Loosening]]] = {
            "params": self._compare_parameter,
            "effects": self._compare_effect,
            "on_unknown": self._compare_unknown,
            "modes": self._compare_mode,
            "gates": self._compare_gate,
            "from": self._compare_start,
            "without": self._compare_presence,
        }

    def _say(self, setting: Setting, message: str) -> Loosening:
        return Loosening(message, setting.location, (setting.name,), self.below.places.get(setting.place))

    def _compare_parameter(self, setting: Setting) -> Iterator[Loosening]:
        policy = self.policies[setting.name]
        spec = next(spec for spec in policy.params if spec.name == setting.key)
        old, new = (known.values_for(policy).get(setting.key) for known in (self.below, self.above))
        change = compare_strictness(spec.kind, find_strict_directions(policy).get(setting.key, 0), old, new)
        if change in (0, 1):
            return
        values = f"from {show_parameter(spec.kind, old)} to {show_parameter(spec.kind, new)}"
        consequence = "which loosens the policy" if change else "which may loosen the policy"
        yield self._say(setting, f"`{setting.name}.{setting.key}` goes {values}, {consequence}")

    def _compare_effect(self, setting: Setting) -> Iterator[Loosening]:
        fallen = self._list_fallen(setting, "effect_of")
        if fallen:
            keys = (setting.key, *GATES, "default")
            replaced = (self.below.places.get(("effects", setting.name, key)) for key in keys)
            found = self._say(setting, f"the effect of `{setting.name}` falls {fallen}")
            yield found._replace(replaced=next(filter(None, replaced), None))

    def _compare_unknown(self, setting: Setting) -> Iterator[Loosening]:
        fallen = self._list_fallen(setting, "unknown_effect_of")
        if fallen:
            yield self._say(setting, f"what `{setting.name}` does while it is unknown falls {fallen}")

    def _list_fallen(self, setting: Setting, question: str) -> str:
        """At which gates an effect is milder, in words; empty where it is at none."""
        policy, gates = self.policies[setting.name], dict[tuple[str, str], list[str]]()
        for gate in GATES:
            if setting.section == "effects" and setting.key != self._find_key(policy, gate):
                continue
            old, new = getattr(self.below, question)(policy, gate), getattr(self.above, question)(policy, gate)
            if rank_effect(new) < rank_effect(old):
                gates.setdefault((old, new), []).append(gate)
        return ", ".join(f"from {old} to {new} at {' and '.join(names)}" for (old, new), names in gates.items())

    def _find_key(self, policy: Policy, gate: str) -> str:
        """Under which key it stands what a failure of the policy does at the gate."""
        return gate if gate in self.above.effects.get(policy.id, {}) else "default"

    def _compare_mode(self, setting: Setting) -> Iterator[Loosening]:
        old, new = (known.modes.get(setting.name, "enforce") for known in (self.below, self.above))
        if MODES.index(new) < MODES.index(old):
            yield self._say(setting, f"the mode of `{setting.name}` falls from {old} to {new}")

    def _compare_gate(self, setting: Setting) -> Iterator[Loosening]:
        """Of a whole gate: it concerns every policy that is judged there."""
        gate = setting.name
        words, what = (
            (EFFECTS, f"what errors do at {gate}") if setting.key == "on_error" else (MODES, f"the mode of {gate}")
        )
        old, new = (getattr(known.gate(gate), setting.key) for known in (self.below, self.above))
        judged = tuple(policy.id for policy in self.below.policies if self.below.effect_of(policy, gate))
        if words.index(new) < words.index(old) and judged:
            yield self._say(setting, f"{what} falls from {old} to {new}")._replace(policies=judged)

    def _compare_start(self, setting: Setting) -> Iterator[Loosening]:
        old, new = (known.starts.get(setting.name, date.min) for known in (self.below, self.above))
        if new > old:
            before = "at once" if old == date.min else f"from {old}"
            yield self._say(setting, f"`{setting.name}` acts in full from {new} instead of {before}")

    def _compare_presence(self, setting: Setting) -> Iterator[Loosening]:
        yield Loosening(
            f"`{setting.name}` is left out",
            setting.location,
            (setting.name,),
            self.below.places.get(("policies", setting.name, "")),
        )


def rank_effect(effect: str | None) -> int:
    """How hard an effect is; a policy that is not judged has none."""
    return -1 if effect is None else EFFECTS.index(effect)
