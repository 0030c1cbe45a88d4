"""What a run works with: the root, the policy set in force, and the plugins."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.evidence import builtin as evidence_builtin
from policy.loading import builtin as loading_builtin
from policy.loading.discovery import find_root
from policy.loading.policy_sets.files import find_policy_set, open_policy_set
from policy.loading.policy_sets.reader import Contributed, load_policy_set
from policy.model.fields import SCHEMA
from policy.plugins.registry import Registry
from policy.reports import builtin as reports_builtin
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.app.trusted.base import Base
    from policy.loading.policy_sets.files import PolicySetFile
    from policy.loading.policy_sets.layers import Name
    from policy.loading.policy_sets.reader import PluginLoader
    from policy.model.policy import PolicySet

BUILTINS = (loading_builtin, evidence_builtin, reports_builtin)


class Workspace(NamedTuple):
    """A root folder (absolute), the policy set that judges what is in it, and the plugins in use.

    The policy set is that of the `base`, where one is named: `config` and all positions in it are from its folder.
    """

    root: str
    policy_set: PolicySet
    registry: Registry
    config: str | None
    base: Base | None = None

    def show_path(self, file: str) -> str:
        """A path relative to the root as seen from the working folder; what lies in no folder here stays as it is."""
        in_bundle = file.partition("/")[0] in self.policy_set.bundles
        if in_bundle or (self.base is not None and self.base.holds(file)):
            return file
        return os.path.relpath(os.path.join(self.root, file)).replace(os.sep, "/")


def open_workspace(root: str | None = None, config: str | None = None, *, with_cases: bool = False) -> Workspace:
    """The workspace of a root, by default that of the working folder.

    `config` names the policy set's file; else the nearest from the working folder up to the root is used.
    Raises PolicyError.
    """
    top = os.path.realpath(root) if root is not None else find_root(".")
    registry = Registry(BUILTINS)
    found = find_set_file(top, config)
    policy_set = load_policy_set(found, make_plugin_loader(registry), with_cases=with_cases)
    return Workspace(top, policy_set, registry, found.document.file if found else None)


def find_set_file(top: str, config: str | None) -> PolicySetFile | None:
    """The policy set's file for a root, an absolute path, as `open_workspace` looks for it. Raises PolicyError."""
    if config is None:
        working = os.path.realpath(".")
        inside = f"{working}{os.sep}".startswith(top.rstrip(os.sep) + os.sep)
        return find_policy_set(working if inside else top, top)
    found = open_policy_set(config, top)
    if found is None:
        raise PolicyError(Problem(f"`{config}` has no table `[tool.policy]`", "add it, or name a policy.yaml"))
    return found


def make_plugin_loader(registry: Registry) -> PluginLoader:
    """What loads the plugins that a policy set names into a registry."""

    def load_plugins(names: Sequence[Name]) -> Contributed:
        registry.load(names)
        fields = [predicate.field for predicate in registry.predicates()]
        return Contributed(registry.policy_sources(), fields, lambda: list_told(registry))

    return load_plugins


def list_told(registry: Registry) -> list[frozenset[str]]:
    """The facts that each contribution of a plugin can observe; a reader of training configs can tell any."""
    readers = [frozenset(SCHEMA.fields)] * len(registry.training_config_readers())
    return [*readers, *(frozenset(collector.observes) for collector in registry.collectors())]
