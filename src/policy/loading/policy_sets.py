"""`policy.yaml`, or `[tool.policy]` in pyproject.toml → the policy set in force."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from policy.errors import Location, PolicyError, Problem
from policy.language.parameters import read_parameter
from policy.language.policies import read_effect
from policy.loading.catalogue import catalogue_folder, load_policies, load_policy, refuse_duplicates
from policy.loading.organisation_fields import read_fields
from policy.model.fields import SCHEMA, Schema
from policy.model.gates import EFFECTS, GATES, MODES
from policy.model.kinds import STRING, Kind, enum, list_of
from policy.model.policy import GateSettings, Policy, PolicySet
from policy.model.reading import NOTHING, FactReader
from policy.source.node import Document, Mapping, Node, Scalar
from policy.source.yaml_reader import read_yaml_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from policy.model.fields import Field
    from policy.plugins.contracts import PolicySource

SET_NAME = "policy.yaml"
KEYS = ("policy_set", "name", "policies", "params", "effects", "gates", "modes", "plugins", "fields")
CATALOGUE = "catalogue"


class PolicySetFile(NamedTuple):
    """A policy set as found: its document, the folder that its paths are relative to, and how it is shown."""

    document: Document
    folder: str


def find_policy_set(folder: str, root: str) -> PolicySetFile | None:
    """The nearest `policy.yaml`, or pyproject.toml with `[tool.policy]`, from `folder` up to `root`."""
    here = os.path.realpath(folder)
    top = os.path.realpath(root)
    while True:
        found = _policy_set_in(here, top)
        parent = os.path.dirname(here)
        if found is not None or here in (top, parent):
            return found
        here = parent


def _policy_set_in(folder: str, root: str) -> PolicySetFile | None:
    path = os.path.join(folder, SET_NAME)
    if os.path.lexists(path):
        return open_policy_set(path, root)
    project = os.path.join(folder, "pyproject.toml")
    return open_policy_set(project, root) if os.path.isfile(project) else None


def open_policy_set(path: str, root: str) -> PolicySetFile | None:
    """The policy set in a YAML or TOML file; None for a TOML file without one. Raises PolicyError."""
    shown = os.path.relpath(os.path.realpath(path), os.path.realpath(root)).replace(os.sep, "/")
    folder = os.path.dirname(os.path.realpath(path))
    if not path.endswith(".toml"):
        return PolicySetFile(read_yaml_file(path, shown), folder)
    from policy.source.file import read_bytes
    from policy.source.limits import DEFAULT_LIMITS

    data = read_bytes(path, shown, DEFAULT_LIMITS)
    if b"tool" not in data or b"policy" not in data:
        return None
    from policy.source.toml_reader import read_toml_table

    document = read_toml_table(data, shown, ("tool", "policy"))
    return None if document is None else PolicySetFile(document, folder)


def load_policy_set(
    found: PolicySetFile | None,
    load_plugins: Callable[
        [Sequence[tuple[str, Location | None]]], tuple[Sequence[PolicySource], Sequence[Field]]
    ],
    *,
    with_cases: bool = False,
) -> PolicySet:
    """The policy set of a file, or without one the whole catalogue with its own effects.

    `load_plugins` imports the plugins that the set names and gives their policy sources and fields.
    Raises PolicyError with every problem found.
    """
    if found is None:
        sources, fields = load_plugins(())
        schema = SCHEMA.extended(tuple(fields))
        return PolicySet(
            tuple(load_policies(catalogue_folder(), CATALOGUE, schema, with_cases=with_cases)), schema=schema
        )
    return PolicySetReader(found, with_cases=with_cases).read(load_plugins)


class PolicySetReader:
    """Reads one policy set; collects problems."""

    def __init__(self, found: PolicySetFile, *, with_cases: bool) -> None:
        self.document, self.folder = found
        self.file = self.document.file
        self.with_cases = with_cases
        self.problems: list[Problem] = []
        self.values = FactReader(SCHEMA, self.file, self.problems)

    def read(
        self, load_plugins: Callable[[Any], tuple[Sequence[PolicySource], Sequence[Field]]]
    ) -> PolicySet:
        root = self.document.root
        if not isinstance(root, Mapping):
            raise PolicyError(
                Problem(
                    "the policy set is not a mapping", "start with `policy_set: 1`", root.location(self.file)
                )
            )
        self._check_keys(root)
        plugins = list(self._names(root, "plugins"))
        fields = read_fields(root.get("fields"), self.values)
        self._stop_on_problems()
        sources, plugin_fields = load_plugins(plugins)
        schema = SCHEMA.extended((*fields, *plugin_fields))
        policies = self._policies(root, schema, {source.name: source.folder for source in sources})
        known = {policy.id: policy for policy in policies}
        policy_set = PolicySet(
            policies=tuple(policies),
            name=self._name(root),
            params=self._params(root, known),
            effects=self._effects(root, known),
            gates=self._gates(root),
            modes=self._modes(root, known),
            plugins=tuple(name for name, _ in plugins),
            schema=schema,
        )
        self._stop_on_problems()
        return policy_set

    def _stop_on_problems(self) -> None:
        if self.problems:
            raise PolicyError(*self.problems)

    def _refuse_name(self, node: Node, what: str, name: str, known: Iterable[str]) -> None:
        from policy.source.suggestion import nearest

        names = list(known)
        close = nearest(name, names)
        listed = (
            f"there are {', '.join(names)}"
            if names and len(names) < 12
            else "`policy list` shows what there is"
        )
        self.values.refuse(node, f"there is no {what} `{name}`", f"write `{close}`" if close else listed)

    def _check_keys(self, root: Mapping) -> None:
        for text, (key, _) in root.entries.items():
            if text not in KEYS:
                self._refuse_name(key, "key", text, KEYS)
        node = root.get("policy_set")
        if not isinstance(node, Scalar) or node.text != "1":
            where = node or root
            self.values.refuse(
                where, "the policy set does not say its format", "add the line `policy_set: 1`"
            )

    def _name(self, root: Mapping) -> str:
        node = root.get("name")
        value = NOTHING if node is None else self.values.read_value(STRING, node, "name")
        return CATALOGUE if value is NOTHING else str(value)

    def _names(self, root: Mapping, key: str) -> Iterable[tuple[str, Location | None]]:
        node = root.get(key)
        if node is None:
            return
        value = self.values.read_value(list_of(STRING), node, key)
        if value is not NOTHING:
            for item in node.items if hasattr(node, "items") else ():
                if isinstance(item, Scalar):
                    yield item.text, item.location(self.file)

    # Policies

    def _policies(self, root: Mapping, schema: Schema, sources: dict[str, str]) -> list[Policy]:
        names = (
            list(self._names(root, "policies")) if root.get("policies") is not None else [(CATALOGUE, None)]
        )
        policies: list[Policy] = []
        for name, location in names:
            try:
                policies += self._load(name, location, schema, sources)
            except PolicyError as error:
                self.problems.extend(error.problems)
        try:
            refuse_duplicates(policies)
        except PolicyError as error:
            self.problems.extend(error.problems)
        return policies

    def _load(
        self, name: str, location: Location | None, schema: Schema, sources: dict[str, str]
    ) -> list[Policy]:
        source, _, area = name.partition(":")
        if source in sources:
            if area and not os.path.isdir(os.path.join(sources[source], area)):
                raise PolicyError(
                    Problem(f"`{source}` has no area `{area}`", "`policy list` shows the areas", location)
                )
            return load_policies(sources[source], source, schema, area=area, with_cases=self.with_cases)
        path = os.path.join(self.folder, name)
        shown = os.path.normpath(os.path.join(os.path.dirname(self.file), name)).replace(os.sep, "/")
        if os.path.isdir(path):
            found = load_policies(path, shown, schema, with_cases=self.with_cases)
            if not found:
                raise PolicyError(
                    Problem(
                        f"the folder `{name}` holds no policies", "add policies, or leave it out", location
                    )
                )
            return found
        if os.path.isfile(path):
            return [load_policy(path, shown, schema, with_cases=self.with_cases)]
        raise PolicyError(
            Problem(
                f"there are no policies at `{name}`",
                f"name {', '.join(sources)}, or a folder of policies",
                location,
            )
        )

    # Settings

    def _section(self, root: Mapping, key: str, example: str) -> Iterable[tuple[str, Scalar, Node]]:
        node = root.get(key)
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return
        if not isinstance(node, Mapping):
            self.values.refuse(node, f"`{key}` needs a mapping", f"write `{key}: {example}`")
            return
        for text, (word, value) in node.entries.items():
            yield text, word, value

    def _params(self, root: Mapping, known: dict[str, Policy]) -> dict[str, Any]:
        kinds = {f"{policy.id}.{spec.name}": spec.kind for policy in known.values() for spec in policy.params}
        params = {}
        for name, key, node in self._section(root, "params", "{volatile-data.shortest_interval: 60d}"):
            if name not in kinds:
                self._refuse_name(key, "parameter", name, kinds)
                continue
            value = read_parameter(kinds[name], node, name, self.values)
            if value is not NOTHING:
                params[name] = value
        return params

    def _effects(self, root: Mapping, known: dict[str, Policy]) -> dict[str, dict[str, str]]:
        effects = {}
        for name, key, node in self._section(root, "effects", "{few-examples: {ci: block}}"):
            if name in known:
                effects[name] = read_effect(node, self.values)
            else:
                self._refuse_name(key, "policy", name, known)
        return effects

    def _gates(self, root: Mapping) -> dict[str, GateSettings]:
        gates = {}
        for name, key, node in self._section(root, "gates", "{ci: {mode: enforce}}"):
            if name not in GATES:
                self._refuse_name(key, "gate", name, GATES)
            elif not isinstance(node, Mapping):
                self.values.refuse(node, f"gate `{name}` needs settings", "write `{mode: …, on_error: …}`")
            else:
                gates[name] = self._gate(node, name)
        return gates

    def _gate(self, node: Mapping, gate: str) -> GateSettings:
        kinds: dict[str, Kind] = {"mode": enum(*MODES), "on_error": enum(*EFFECTS)}
        settings: dict[str, str] = {}
        for text, (key, inner) in node.entries.items():
            if text not in kinds:
                self._refuse_name(key, "setting of a gate", text, kinds)
                continue
            value = self.values.read_value(kinds[text], inner, f"gates.{gate}.{text}")
            if value is not NOTHING:
                settings[text] = value
        return GateSettings(**settings)

    def _modes(self, root: Mapping, known: dict[str, Policy]) -> dict[str, str]:
        modes = {}
        for name, key, node in self._section(root, "modes", "{agent-fine-tuning: observe}"):
            if name not in known:
                self._refuse_name(key, "policy", name, known)
                continue
            value = self.values.read_value(enum(*MODES), node, name)
            if value is not NOTHING:
                modes[name] = value
        return modes
