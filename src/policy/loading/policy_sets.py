"""The file of a policy set → the policy set in force."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.loading.catalogue import PolicyPlace, list_areas, list_policies, load_policies, refuse_duplicates
from policy.loading.organisation_fields import adopt_fields, read_fields
from policy.loading.settings import SettingsReader, refuse_name
from policy.model.fields import SCHEMA
from policy.model.kinds import STRING, list_of
from policy.model.policy import Policy, PolicySet
from policy.model.reading import NOTHING, FactReader
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from policy.loading.policy_set_files import PolicySetFile
    from policy.model.schema import Field, Schema
    from policy.plugins.contracts import PolicySource

    Name = tuple[str, Location | None]
    PluginLoader = Callable[[list[Name]], tuple[Collection[PolicySource], Collection[Field]]]

KEYS = ("policy_set", "name", "policies", "params", "effects", "gates", "modes", "plugins", "fields")
FORMAT = "1"
CATALOGUE = "catalogue"


def load_policy_set(found: PolicySetFile | None, load_plugins: PluginLoader, *, with_cases: bool = False) -> PolicySet:
    """The policy set of a file, or without one the whole catalogue with its own effects.

    `load_plugins` imports the plugins that the set names and gives their policy sources and fields.
    Raises PolicyError with every problem found.
    """
    if found is not None:
        return PolicySetReader(found, with_cases=with_cases).read(load_plugins)
    sources, fields = load_plugins([])
    schema = SCHEMA.extended(tuple(fields))
    folder = next(source.folder for source in sources if source.name == CATALOGUE)
    policies = load_policies(list_policies(folder, CATALOGUE), schema, with_cases=with_cases)
    return PolicySet(tuple(policies), schema=schema)


class PolicySetReader:
    """Reads one policy set; collects problems."""

    def __init__(self, found: PolicySetFile, *, with_cases: bool) -> None:
        self.document, self.folder = found
        self.file = self.document.file
        self.with_cases = with_cases
        self.problems: list[Problem] = []
        self.values = FactReader(SCHEMA, self.file, self.problems)

    def read(self, load_plugins: PluginLoader) -> PolicySet:
        root = self.document.root
        if not isinstance(root, Mapping):
            where = root.location(self.file)
            raise PolicyError(Problem("the policy set is not a mapping", "start with `policy_set: 1`", where))
        self._check_keys(root)
        name = self._read_name(root)
        plugins = list(self._read_names(root, "plugins"))
        fields = read_fields(root.get("fields"), self.values)
        settings = SettingsReader(root, self.values)
        gates = settings.read_gates()
        self._stop_on_problems()
        sources, contributed = load_plugins(plugins)
        schema = SCHEMA.extended((*fields, *adopt_fields(fields, contributed)))
        policies = self._load_policies(root, schema, {source.name: source.folder for source in sources})
        # Without all policies nobody can tell which names are wrong.
        self._stop_on_problems()
        policy_set = PolicySet(
            policies=tuple(policies),
            name=name,
            params=settings.read_params(policies),
            effects=settings.read_effects(policies),
            gates=gates,
            modes=settings.read_modes(policies),
            plugins=tuple(plugin for plugin, _ in plugins),
            schema=schema,
        )
        self._stop_on_problems()
        return policy_set

    def _stop_on_problems(self) -> None:
        if self.problems:
            raise PolicyError(*self.problems)

    def _check_keys(self, root: Mapping) -> None:
        for text, (key, _) in root.entries.items():
            if text not in KEYS:
                refuse_name(self.values, key, "key", text, KEYS)
        node = root.get("policy_set")
        if node is None:
            where = root.location(self.file)._replace(end_line=0)
            message = "the policy set does not say its format"
            self.problems.append(Problem(message, "add the line `policy_set: 1`", where))
        elif not (isinstance(node, Scalar) and node.text == FORMAT):
            shown = f"`{node.text}`" if isinstance(node, Scalar) else "no number"
            message = f"the policy set's format is {shown}; this version reads format 1"
            self.values.refuse(node, message, "write `policy_set: 1`")

    def _read_name(self, root: Mapping) -> str:
        node = root.get("name")
        value = NOTHING if node is None else self.values.read_value(STRING, node, "name")
        return CATALOGUE if value is NOTHING else str(value)

    def _read_names(self, root: Mapping, key: str) -> Iterator[Name]:
        node = root.get(key)
        if node is None or self.values.read_value(list_of(STRING), node, key) is NOTHING:
            return
        for item in node.items if isinstance(node, Sequence) else ():
            if isinstance(item, Scalar):
                yield item.text, item.location(self.file)

    def _load_policies(self, root: Mapping, schema: Schema, sources: dict[str, str]) -> list[Policy]:
        node = root.get("policies")
        names = [(CATALOGUE, None)] if node is None else list(self._read_names(root, "policies"))
        places: dict[str, PolicyPlace] = {}
        for name, location in names:
            try:
                # A file that two entries name, as `catalogue` and one of its areas do, is one policy.
                for place in self._list_places(name, location, sources):
                    places.setdefault(os.path.realpath(place.path), place)
            except PolicyError as error:
                self.problems.extend(error.problems)
        try:
            policies = load_policies(places.values(), schema, with_cases=self.with_cases)
            refuse_duplicates(policies)
        except PolicyError as error:
            self.problems.extend(error.problems)
            return []
        return policies

    def _list_places(self, name: str, location: Location | None, sources: dict[str, str]) -> list[PolicyPlace]:
        source, _, area = name.partition(":")
        path = os.path.join(self.folder, name)
        shown = os.path.normpath(os.path.join(os.path.dirname(self.file), name)).replace(os.sep, "/")
        if source in sources:
            path, shown = sources[source], source
            if area and area not in list_areas(path):
                raise PolicyError(_refuse_area(source, area, path, location))
        elif os.path.isfile(path):
            return [PolicyPlace(path, shown)]
        elif not os.path.isdir(path):
            remedy = f"name {', '.join(sources)}, or a folder of policies"
            raise PolicyError(Problem(f"there are no policies at `{name}`", remedy, location))
        found = list_policies(path, shown, area if source in sources else "")
        if not found:
            remedy = "add policies, `AREA/ID.yaml`, or leave it out"
            raise PolicyError(Problem(f"the folder `{name}` holds no policies", remedy, location))
        return found


def _refuse_area(source: str, area: str, folder: str, location: Location | None) -> Problem:
    from policy.source.suggestion import nearest

    areas = list_areas(folder)
    close = nearest(area, areas)
    remedy = f"write `{source}:{close}`" if close else f"its areas are {', '.join(areas)}"
    return Problem(f"`{source}` has no area `{area}`", remedy, location)
