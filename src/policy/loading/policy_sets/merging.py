"""A layer upon the layers below it: what both say together, and the policy set that this makes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from policy.loading.policy_sets.evidence import make_evidence
from policy.loading.policy_sets.settings import Setting
from policy.model.policy import GateSettings, PolicySet
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy.errors import Location
    from policy.loading.policy_sets.layers import Layer
    from policy.model.policy import Policy

    Place = tuple[str, str, str]


class Part(NamedTuple):
    """What one layer brings: policies and where it names them, settings, and the facts that its plugins can observe.

    `extended` are the files of the layers that it builds on.
    """

    layer: Layer
    policies: tuple[tuple[Policy, Location | None], ...]
    settings: tuple[Setting, ...]
    told: tuple[tuple[str, Location | None, frozenset[str]], ...] = ()
    extended: frozenset[str] = frozenset()


NO_SETTINGS: Final[Mapping[Place, Setting]] = MappingProxyType({})


class Merged(NamedTuple):
    """The policies in force after some layers, and the settings that hold, by what they set."""

    policies: tuple[Policy, ...] = ()
    settings: Mapping[Place, Setting] = NO_SETTINGS

    def add(self, part: Part) -> Merged:
        """This and what another layer brings; a policy that leaves takes its settings with it."""
        present = set(map(id, self.policies))
        added = [(policy, named) for policy, named in part.policies if id(policy) not in present]
        given = [*(name_source(policy, named, part.layer) for policy, named in added), *part.settings]
        # A default speaks for every gate, so it takes the place of whatever was said below.
        renewed = {setting.name for setting in given if setting.section == "effects" and setting.key == "default"}
        held = {
            place: setting
            for place, setting in self.settings.items()
            if setting.section != "effects" or setting.name not in renewed
        }
        held |= {setting.place: setting for setting in given}
        left_out = {setting.name for setting in given if setting.section == "without"}
        kept = tuple(
            policy for policy in (*self.policies, *(policy for policy, _ in added)) if policy.id not in left_out
        )
        return Merged(
            kept,
            {
                place: setting
                for place, setting in held.items()
                if setting.section in ("gates", "without", "evidence", "ledger") or setting.name not in left_out
            },
        )

    def make_set(self, **others: Any) -> PolicySet:
        """The policy set; `others` are the fields that no setting gives."""
        gates = {setting.name for setting in self.settings.values() if setting.section == "gates"}
        effects: dict[str, dict[str, str]] = {}
        for (section, name, key), setting in self.settings.items():
            if section == "effects":
                effects.setdefault(name, {})[key] = setting.value
        return PolicySet(
            policies=self.policies,
            params={f"{name}.{key}": value for name, key, value in self._list("params")},
            effects=effects,
            gates={gate: GateSettings(**self._of_gate(gate)) for gate in sorted(gates)},
            modes={name: value for name, _, value in self._list("modes")},
            on_unknown={name: value for name, _, value in self._list("on_unknown")},
            starts={name: value for name, _, value in self._list("from")},
            final=frozenset(name for name, _, _ in self._list("final")),
            evidence=make_evidence(self.settings.values()),
            places={place: setting.location for place, setting in self.settings.items()},
            **others,
        )

    def _list(self, section: str) -> list[tuple[str, str, Any]]:
        return [
            (setting.name, setting.key, setting.value)
            for setting in self.settings.values()
            if setting.section == section
        ]

    def _of_gate(self, gate: str) -> dict[str, str]:
        return {key: value for name, key, value in self._list("gates") if name == gate}


def pile(parts: Iterable[Part]) -> Merged:
    """What some layers make together, the base first."""
    merged = Merged()
    for part in parts:
        merged = merged.add(part)
    return merged


def name_source(policy: Policy, named: Location | None, layer: Layer) -> Setting:
    """That a layer puts a policy in force; without the key `policies` it is the whole file that does."""
    return Setting("policies", policy.id, "", layer.file, named or layer.root.location(layer.file))
