"""What a layer of a policy set changes about policies and gates: parameters, effects, modes, dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.parameters import read_parameter
from policy.language.policies import read_effect
from policy.model.gates import EFFECTS, GATES, MODES
from policy.model.kinds import DATE, STRING, Kind, enum, list_of
from policy.model.reading import NOTHING, FactReader
from policy.source.node import Mapping, Scalar, Sequence
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from policy.errors import Location
    from policy.model.policy import Policy
    from policy.source.node import Node

    Entry = tuple[str, Scalar, Node]

MANY = 12


class Setting(NamedTuple):
    """One value that a layer sets, and where: `name` is a policy or a gate, `key` a gate, a parameter or nothing."""

    section: str
    name: str
    key: str
    value: Any
    location: Location

    @property
    def place(self) -> tuple[str, str, str]:
        """What it sets, whatever the value."""
        return self.section, self.name, self.key


class SettingsReader:
    """Reads the sections of a layer; what is wrong is added to the problems of `values`."""

    def __init__(self, root: Mapping, values: FactReader) -> None:
        self.root = root
        self.values = values

    def read(self, policies: Collection[Policy]) -> Iterator[Setting]:
        """Every setting but the gates', where `policies` are those that can be named."""
        yield from self.read_params(policies)
        yield from self.read_effects(policies)
        yield from self._read_by_policy("on_unknown", enum("same", *EFFECTS), "{few-examples: same}", policies)
        yield from self._read_by_policy("modes", enum(*MODES), "{agent-fine-tuning: observe}", policies)
        yield from self._read_by_policy("from", DATE, "{few-examples: 2027-01-01}", policies)
        yield from self._read_ids("final", policies)
        yield from self._read_ids("without", policies)

    def read_params(self, policies: Collection[Policy]) -> Iterator[Setting]:
        """The values of parameters; a list becomes a tuple."""
        kinds = {f"{policy.id}.{spec.name}": spec.kind for policy in policies for spec in policy.params}
        seen = set()
        for name, key, node in self._flatten(self._section("params", "{volatile-data.shortest_interval: 60d}")):
            policy, _, parameter = name.partition(".")
            if name not in kinds:
                # Another policy's parameter of a similar name would change the wrong rule.
                own = [known for known in kinds if known.partition(".")[0] == policy]
                refuse_name(self.values, key, "parameter", name, own or kinds)
                continue
            if name in seen:
                self.values.refuse(key, f"parameter `{name}` is set twice", "leave one of them out")
            seen.add(name)
            value = read_parameter(kinds[name], node, name, self.values)
            if value is not NOTHING:
                yield self._set("params", policy, parameter, value, node)

    def read_effects(self, policies: Collection[Policy]) -> Iterator[Setting]:
        """The effects of policies by gate, or `default`."""
        for name, node in self._known("effects", "{few-examples: {ci: block}}", policies):
            for gate, effect in read_effect(node, self.values).items():
                inner = node.get(gate) if isinstance(node, Mapping) else node
                yield self._set("effects", name, gate, effect, inner or node)

    def _read_by_policy(
        self, section: str, kind: Kind, example: str, policies: Collection[Policy]
    ) -> Iterator[Setting]:
        for name, node in self._known(section, example, policies):
            value = self.values.read_value(kind, node, f"{section}.{name}")
            if value is not NOTHING:
                yield self._set(section, name, "", value, node)

    def _read_ids(self, section: str, policies: Collection[Policy]) -> Iterator[Setting]:
        known = [policy.id for policy in policies]
        for name, node in read_names(self.root, section, self.values):
            if name in known:
                yield self._set(section, name, "", value=True, node=node)
            else:
                refuse_name(self.values, node, "policy", name, known)

    def read_gates(self) -> Iterator[Setting]:
        """The modes of gates, and what errors do there."""
        for name, key, node in self._section("gates", "{ci: {mode: enforce}}"):
            if name not in GATES:
                refuse_name(self.values, key, "gate", name, GATES)
            elif not isinstance(node, Mapping):
                self.values.refuse(node, f"gate `{name}` needs settings", "write `{mode: …, on_error: …}`")
            else:
                yield from self._read_gate(node, name)

    def _read_gate(self, node: Mapping, gate: str) -> Iterator[Setting]:
        kinds: dict[str, Kind] = {"mode": enum(*MODES), "on_error": enum(*EFFECTS)}
        for text, (key, inner) in node.entries.items():
            if text not in kinds:
                refuse_name(self.values, key, "setting of a gate", text, kinds)
                continue
            value = self.values.read_value(kinds[text], inner, f"gates.{gate}.{text}")
            if value is not NOTHING:
                yield self._set("gates", gate, text, value, inner)

    def _set(self, section: str, name: str, key: str, value: Any, node: Node) -> Setting:
        return Setting(section, name, key, value, node.location(self.values.file))

    def _known(self, section: str, example: str, policies: Collection[Policy]) -> Iterator[tuple[str, Node]]:
        """The policies that a section names and what is under each; names of none are refused."""
        known = [policy.id for policy in policies]
        for name, key, node in self._section(section, example):
            if name in known:
                yield name, node
            else:
                refuse_name(self.values, key, "policy", name, known)

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


def read_names(root: Mapping, key: str, values: FactReader) -> Iterator[tuple[str, Node]]:
    """The texts of a list, and where each stands."""
    node = root.get(key)
    if node is None or values.read_value(list_of(STRING), node, key) is NOTHING:
        return
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            yield item.text, item


def list_entries(
    values: FactReader, node: Node, what: str, known: Collection[str], example: str
) -> Iterator[tuple[str, Node]]:
    """The entries of a mapping by the keys that there are; `example` is how it is written."""
    if not isinstance(node, Mapping):
        values.refuse(node, f"`{what}` needs a mapping", f"write `{example}`")
        return
    for text, (key, inner) in node.entries.items():
        if text in known:
            yield text, inner
        else:
            refuse_name(values, key, f"key under `{what}`", text, known)


def refuse_name(values: FactReader, node: Node, what: str, name: str, known: Collection[str]) -> None:
    """Note that there is nothing of that name, and what there is instead."""
    from policy.source.suggestion import nearest

    close = nearest(name, known)
    listed = f"there are {', '.join(known)}" if 0 < len(known) < MANY else "`policy list` shows what there is"
    values.refuse(node, f"there is no {what} `{name}`", f"write `{close}`" if close else listed)
