"""What a policy set changes about its policies and gates: parameters, effects, modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.parameters import read_parameter
from policy.language.policies import read_effect
from policy.model.gates import EFFECTS, GATES, MODES
from policy.model.kinds import Kind, enum
from policy.model.policy import GateSettings
from policy.model.reading import NOTHING, FactReader
from policy.source.node import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from policy.model.policy import Policy
    from policy.source.node import Node

MANY = 12

Entry = tuple[str, Scalar, "Node"]
"""A name, where it stands, and what is under it."""


class SettingsReader:
    """Reads the sections of a policy set; what is wrong is added to the problems of `values`."""

    def __init__(self, root: Mapping, values: FactReader) -> None:
        self.root = root
        self.values = values

    def read_params(self, policies: list[Policy]) -> dict[str, Any]:
        """`policy.parameter` to value. A list becomes a tuple."""
        kinds = {f"{policy.id}.{spec.name}": spec.kind for policy in policies for spec in policy.params}
        params = {}
        for name, key, node in self._flatten(self._section("params", "{volatile-data.shortest_interval: 60d}")):
            if name not in kinds:
                # Another policy's parameter of a similar name would change the wrong rule.
                own = [known for known in kinds if known.partition(".")[0] == name.partition(".")[0]]
                refuse_name(self.values, key, "parameter", name, own or kinds)
                continue
            if name in params:
                self.values.refuse(key, f"parameter `{name}` is set twice", "leave one of them out")
            value = read_parameter(kinds[name], node, name, self.values)
            if value is not NOTHING:
                params[name] = value
        return params

    def read_effects(self, policies: list[Policy]) -> dict[str, dict[str, str]]:
        """Policy to gate to effect."""
        known = [policy.id for policy in policies]
        effects = {}
        for name, key, node in self._section("effects", "{few-examples: {ci: block}}"):
            if name in known:
                effects[name] = read_effect(node, self.values)
            else:
                refuse_name(self.values, key, "policy", name, known)
        return effects

    def read_modes(self, policies: list[Policy]) -> dict[str, str]:
        """Policy to mode."""
        known = [policy.id for policy in policies]
        modes = {}
        for name, key, node in self._section("modes", "{agent-fine-tuning: observe}"):
            if name not in known:
                refuse_name(self.values, key, "policy", name, known)
                continue
            value = self.values.read_value(enum(*MODES), node, f"modes.{name}")
            if value is not NOTHING:
                modes[name] = value
        return modes

    def read_gates(self) -> dict[str, GateSettings]:
        """Gate to its settings."""
        gates = {}
        for name, key, node in self._section("gates", "{ci: {mode: enforce}}"):
            if name not in GATES:
                refuse_name(self.values, key, "gate", name, GATES)
            elif not isinstance(node, Mapping):
                self.values.refuse(node, f"gate `{name}` needs settings", "write `{mode: …, on_error: …}`")
            else:
                gates[name] = self._read_gate(node, name)
        return gates

    def _read_gate(self, node: Mapping, gate: str) -> GateSettings:
        kinds: dict[str, Kind] = {"mode": enum(*MODES), "on_error": enum(*EFFECTS)}
        settings: dict[str, str] = {}
        for text, (key, inner) in node.entries.items():
            if text not in kinds:
                refuse_name(self.values, key, "setting of a gate", text, kinds)
                continue
            value = self.values.read_value(kinds[text], inner, f"gates.{gate}.{text}")
            if value is not NOTHING:
                settings[text] = value
        return GateSettings(**settings)

    def _section(self, key: str, example: str) -> Iterator[Entry]:
        node = self.root.get(key)
        if isinstance(node, Mapping):
            for text, (word, value) in node.entries.items():
                yield text, word, value
        elif node is not None and not (isinstance(node, Scalar) and node.is_null):
            self.values.refuse(node, f"`{key}` needs a mapping", f"write `{key}: {example}`")

    def _flatten(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """`policy: {parameter: value}` as `policy.parameter: value`, for TOML reads a dotted key that way."""
        for name, key, node in entries:
            if isinstance(node, Mapping) and "." not in name:
                for text, (word, value) in node.entries.items():
                    yield f"{name}.{text}", word, value
            else:
                yield name, key, node


def refuse_name(values: FactReader, node: Node, what: str, name: str, known: Collection[str]) -> None:
    """Note that there is nothing of that name, and what there is instead."""
    from policy.source.suggestion import nearest

    close = nearest(name, known)
    listed = f"there are {', '.join(known)}" if 0 < len(known) < MANY else "`policy list` shows what there is"
    values.refuse(node, f"there is no {what} `{name}`", f"write `{close}`" if close else listed)
