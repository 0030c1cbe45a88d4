"""The workspace of a work tree whose policy set is that of a revision, or the one that is proposed instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.trusted.base import BrokenBaseError
from policy.app.trusted.plugins import leave_work_tree, refuse_judged
from policy.app.workspace import BUILTINS, Workspace, make_plugin_loader
from policy.errors import PolicyError, Problem
from policy.loading.policy_sets.reader import load_policy_set
from policy.plugins.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from policy.app.trusted.base import Base, ProposalFiles
    from policy.loading.policy_sets.layers import Name
    from policy.loading.policy_sets.reader import Contributed


def open_trusted(root: str, base: Base) -> Workspace:
    """The workspace in which the base's policy set judges what is below `root`. Raises BrokenBaseError."""
    leave_work_tree(root)
    registry = Registry(BUILTINS)
    load = make_plugin_loader(registry)

    def load_elsewhere(names: Sequence[Name]) -> Contributed:
        problems = [*refuse_judged(names, root)]
        if problems:
            raise PolicyError(*problems)
        return load(names)

    try:
        policy_set = load_policy_set(base.open_set(), load_elsewhere)
    except PolicyError as error:
        raise BrokenBaseError(*error.problems) from None
    return Workspace(root, policy_set, registry, base.config, base)


def open_proposed(root: str, files: ProposalFiles, plugins: Collection[str], problems: list[Problem]) -> Workspace:
    """The workspace in which a proposal's own policy set would judge. Raises PolicyError.

    Of the plugins that it names those among `plugins` are in use, and a warning is added for every other one: nothing
    of it is imported.
    """
    leave_work_tree(root)
    registry = Registry(BUILTINS)
    load = make_plugin_loader(registry)

    def load_known(names: Sequence[Name]) -> Contributed:
        problems.extend(_warn_of_plugin(*named) for named in names if named[0] not in plugins)
        return load([named for named in names if named[0] in plugins])

    policy_set = load_policy_set(files.open_set(), load_known)
    return Workspace(root, policy_set, registry, files.config)


def _warn_of_plugin(name: str, location: object) -> Problem:
    from policy.errors import Location

    message = f"the plugin `{name}` is proposed and not imported: the policies in force do not name it"
    place = location if isinstance(location, Location) else None
    return Problem(message, "it counts once it is merged", place, level="warning")
