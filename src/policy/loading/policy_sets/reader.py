"""The files of a policy set → the policy set in force."""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.bundles.late import LOCK_NAME, LateOpener
from policy.loading.catalogue import list_policies, load_policies, refuse_duplicates
from policy.loading.policy_sets.evidence import read_evidence
from policy.loading.policy_sets.extending import open_layers
from policy.loading.policy_sets.layers import CATALOGUE, WAIVING, read_layer
from policy.loading.policy_sets.merging import Merged, Part, pile
from policy.loading.policy_sets.organisation_fields import adopt_fields, refuse_clashes
from policy.loading.policy_sets.places import find_places
from policy.loading.policy_sets.settings import SettingsReader
from policy.loading.tables.files import read_tables, shipped_tables
from policy.model.fields import SCHEMA
from policy.model.policy import PolicySet
from policy.source.file import ReadFile, watch_reads
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from policy.errors import Location
    from policy.loading.policy_sets.files import PolicySetFile
    from policy.loading.policy_sets.layers import Layer, Name
    from policy.loading.policy_sets.settings import Setting
    from policy.model.approval_settings import ApprovalSettings
    from policy.model.ledger_settings import LedgerSettings
    from policy.model.mlflow_settings import MlflowSettings
    from policy.model.policy import Policy
    from policy.model.schema import Field, Schema
    from policy.model.tables import Tables
    from policy.model.waiver_entry import Waiving
    from policy.plugins.contracts import PolicySource

    Named = tuple[Policy, Location | None]
    PluginLoader = Callable[[Sequence[Name]], "Contributed"]


class Contributed(NamedTuple):
    """What all plugins that are loaded so far contribute; `told` lists the facts that each of them can observe."""

    sources: Collection[PolicySource] = ()
    fields: Collection[Field] = ()
    told: Callable[[], list[frozenset[str]]] = list


def load_policy_set(
    found: PolicySetFile | None,
    load_plugins: PluginLoader,
    *,
    with_cases: bool = False,
    bundles: LateOpener | None = None,
    tables: Tables | None = None,
) -> PolicySet:
    """The policy set of a file and of those that it extends, or without one the whole catalogue as it is.

    `load_plugins` imports the plugins that the set names; `bundles` opens the bundles, and `tables` are those below
    all that it names, by default the shipped ones. Raises PolicyError with every problem found.
    """
    tables = tables or shipped_tables()
    if found is not None:
        read: list[ReadFile] = []
        with watch_reads(read.append):
            reader = PolicySetReader(found, with_cases=with_cases, bundles=bundles)
            return reader.read(load_plugins, tables, read)
    contributed = load_plugins([])
    schema = SCHEMA.extended(tuple(contributed.fields))
    folder = next(source.folder for source in contributed.sources if source.name == CATALOGUE)
    policies = load_policies(list_policies(folder, CATALOGUE), schema, with_cases=with_cases)
    return PolicySet(tuple(policies), schema=schema, tables=tables)


class PolicySetReader:
    """Reads the layers of one policy set and merges them, the base first; collects problems."""

    def __init__(self, found: PolicySetFile, *, with_cases: bool, bundles: LateOpener | None = None) -> None:
        self.with_cases = with_cases
        self.problems: list[Problem] = []
        self.found = found
        self.bundles = bundles or LateOpener()
        chain = open_layers(found, self.problems, self.bundles)
        self.layers = [read_layer(file, self.problems) for file in chain.layers.values()]
        self.extended = {file.document.file: chain.list_extended(path) for path, file in chain.layers.items()}
        self.told: list[list[tuple[str, Location | None, frozenset[str]]]] = [[] for _ in self.layers]
        self.gates = [list(SettingsReader(layer.root, layer.values).read_gates()) for layer in self.layers]
        self.evidence = read_evidence(self.layers)
        self.ledger = self._read_ledger()

    def read(self, load_plugins: PluginLoader, tables: Tables, read: Sequence[ReadFile]) -> PolicySet:
        """The policy set in force, where `read` are the files that are read meanwhile. Raises PolicyError."""
        fields = self._gather_fields()
        for layer in self.layers:
            tables = read_tables(layer.root.get("tables"), layer.values, layer.folder, tables)
        self._stop_on_problems()
        contributed = self._load_plugins(load_plugins)
        schema = SCHEMA.extended((*fields, *adopt_fields(fields, contributed.fields)))
        policies = self._load_policies(schema, {source.name: source.folder for source in contributed.sources})
        # Without all policies nobody can tell which names are wrong.
        self._stop_on_problems()
        self._check_lock()
        parts = self._read_parts(policies)
        waiving = self._read_waiving(dict.fromkeys(policy.id for own in policies for policy, _ in own))
        approvals = self._read_approvals(dict.fromkeys(policy.id for own in policies for policy, _ in own))
        mlflow = self._read_mlflow()
        # Where a setting cannot be read, what it loosens is not known.
        self._stop_on_problems()
        loosenings = self._check_parts(parts)
        self._stop_on_problems()
        ledger = self._make_ledger()
        return pile(parts).make_set(
            name=next((layer.name for layer in reversed(self.layers) if layer.name is not None), CATALOGUE),
            plugins=tuple(dict.fromkeys(name for layer in self.layers for name, _ in layer.plugins)),
            schema=schema,
            tables=tables,
            waiving=waiving,
            ledger=ledger,
            approvals=approvals,
            mlflow=mlflow,
            has_ledger=ledger is not None,
            sources=self._list_sources(read) if ledger is not None else (),
            folders=self._list_folders(contributed) if ledger is not None else (),
            layers=tuple(layer.file for layer in self.layers),
            loosenings=loosenings,
            bundles={bundle.reference.prefix: bundle.folder for bundle in self.bundles.used.values()},
        )

    def _read_ledger(self) -> list[list[Setting]]:
        if not any("ledger" in layer.root.entries for layer in self.layers):
            return [[] for _ in self.layers]
        from policy.loading.policy_sets.ledger import read_ledger  # most policy sets have none

        return read_ledger(self.layers)

    def _make_ledger(self) -> LedgerSettings | None:
        settings = [setting for settings in self.ledger for setting in settings]
        if not settings:
            return None
        from policy.loading.policy_sets.ledger import make_ledger

        return make_ledger(settings)

    def _list_sources(self, read: Sequence[ReadFile]) -> tuple[ReadFile, ...]:
        """All files that the policy set was read from, for a record of them."""
        first = self.found
        path = os.path.join(first.folder, os.path.basename(first.document.file))
        # Whoever looked for it had read it before.
        return ReadFile(path, first.document.file, first.document.text.encode()), *read

    def _list_folders(self, contributed: Contributed) -> tuple[str, ...]:
        """The folders of policies that the layers name by their paths."""
        sources = {source.name for source in contributed.sources}
        named = {
            os.path.join(layer.folder, name)
            for layer in self.layers
            for name, _ in layer.policies
            if name.partition(":")[0] not in sources
        }
        return tuple(sorted(filter(os.path.isdir, named)))

    def _stop_on_problems(self) -> None:
        if self.problems:
            raise PolicyError(*self.problems)

    def _check_lock(self) -> None:
        """Raises PolicyError where the lock file beside the policy set is not that of its bundles."""
        if os.path.lexists(os.path.join(self.found.folder, LOCK_NAME)):
            from policy.loading.bundles.lock import check_lock  # most policy sets have none

            check_lock(
                self.found.folder,
                posixpath.join(posixpath.dirname(self.found.document.file), LOCK_NAME),
                self.bundles.used,
            )

    def _gather_fields(self) -> list[Field]:
        """The fields of all layers; one that two layers declare alike is one field."""
        known: dict[str, tuple[Field, Layer]] = {}
        for layer in self.layers:
            for field in layer.fields:
                first, other = known.setdefault(field.path, (field, layer))
                if first != field:
                    where, there = layer.locate("fields", field.path), other.locate("fields", field.path)
                    related = (("it is declared here", there),) if there else ()
                    message = f"`{field.path}` is declared otherwise below"
                    self.problems.append(Problem(message, "leave it out, or give it another name", where, related))
        self.problems.extend(refuse_clashes({name: layer for name, (_, layer) in known.items()}))
        return [field for field, _ in known.values()]

    def _load_plugins(self, load_plugins: PluginLoader) -> Contributed:
        contributed = load_plugins([])
        # What each one can observe matters only where another layer makes something final.
        watched = len(self.layers) > 1 and any("final" in layer.root.entries for layer in self.layers)
        for number, plugin in (
            (number, plugin) for number, layer in enumerate(self.layers) for plugin in layer.plugins
        ):
            known = Counter(contributed.told() if watched else ())
            try:
                contributed = load_plugins([plugin])
            except PolicyError as error:
                self.problems.extend(error.problems)
                continue
            added = Counter(contributed.told() if watched else ()) - known
            self.told[number].append((*plugin, frozenset().union(*added)))
        self._stop_on_problems()
        return contributed

    def _load_policies(self, schema: Schema, sources: dict[str, str]) -> list[list[Named]]:
        """The policies that each layer names; a file is one policy, however often it is named."""
        places = [find_places(layer, sources, self.bundles) for layer in self.layers]
        files = {path: place for found in places for path, (place, _) in found.items()}
        try:
            loaded = load_policies(files.values(), schema, with_cases=self.with_cases)
        except PolicyError as error:
            self.problems.extend(error.problems)
            return []
        by_path = dict(zip(files, loaded, strict=True))
        return [[(by_path[path], named) for path, (_, named) in found.items()] for found in places]

    def _read_parts(self, policies: list[list[Named]]) -> list[Part]:
        """What each layer brings, every name in it checked against what is in force below it and in it."""
        parts: list[Part] = []
        below = Merged()
        for number, layer in enumerate(self.layers):
            part = Part(layer, tuple(policies[number]), (), tuple(self.told[number]), self.extended[layer.file])
            known = below.add(part)
            self._refuse_duplicates(known)
            settings = SettingsReader(layer.root, layer.values).read(known.policies)
            parts.append(
                part._replace(settings=(*self.gates[number], *self.evidence[number], *self.ledger[number], *settings))
            )
            below = below.add(parts[-1])
        return parts

    def _refuse_duplicates(self, merged: Merged) -> None:
        try:
            refuse_duplicates(list(merged.policies))
        except PolicyError as error:
            self.problems.extend(add_final(problem, merged) for problem in error.problems)

    def _check_parts(self, parts: list[Part]) -> tuple[Problem, ...]:
        """The warnings about what layers loosen; what they must not is added to the problems."""
        if len(parts) == 1:
            return ()
        from policy.loading.policy_sets.finals import check_parts  # most policy sets have one layer

        found = list(dict.fromkeys(check_parts(parts)))
        self.problems.extend(problem for problem in found if problem.level == "error")
        return tuple(problem for problem in found if problem.level == "warning")

    def _read_waiving(self, named: Iterable[str]) -> Waiving | None:
        if not any(key in layer.root.entries for layer in self.layers for key in WAIVING):
            return None
        from policy.loading.waivers.gathering import read_waiving  # most policy sets waive nothing

        return read_waiving(self.layers, list(named), self.extended)

    def _read_approvals(self, named: Iterable[str]) -> ApprovalSettings | None:
        if not any("approvals" in layer.root.entries for layer in self.layers):
            return None
        from policy.loading.policy_sets.approvals import read_approvals  # most policy sets leave it at the default

        return read_approvals(self.layers, list(named))

    def _read_mlflow(self) -> MlflowSettings | None:
        if not any("mlflow" in layer.root.entries for layer in self.layers):
            return None
        from policy.loading.policy_sets.mlflow import read_mlflow  # most policy sets govern no server

        return read_mlflow(self.layers, self.found.root)


def add_final(problem: Problem, merged: Merged) -> Problem:
    """The problem of a policy with an id that another has, with the place that made it final."""
    name = next((policy.id for policy in merged.policies if policy.location == problem.location), "")
    setting = merged.settings.get(("final", name, ""))
    if setting is None:
        return problem
    final = (f"`{name}` is made final", setting.location)
    return problem._replace(related=(*problem.related, final))
