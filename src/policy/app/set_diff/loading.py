"""Both policy sets read, with no plugin in use that only one of them asks for."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from policy.app.trusted.plugins import leave_work_tree, refuse_judged
from policy.app.workspace import BUILTINS, Workspace, make_plugin_loader
from policy.errors import Location, PolicyError, Problem
from policy.loading.policy_sets.reader import PolicySetReader, load_policy_set
from policy.plugins.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.app.set_diff.sides import Side
    from policy.loading.policy_sets.layers import Name
    from policy.loading.policy_sets.reader import Contributed


def load_sides(old: Side, new: Side, warnings: list[Problem]) -> tuple[Workspace, Workspace]:
    """The two policy sets. Raises PolicyError with what is wrong in either."""
    shared = list_plugins(old) & list_plugins(new)
    if old.base is not None or new.base is not None:
        leave_work_tree((old if old.base is not None else new).root)
    loaded: list[Workspace] = []
    problems: list[Problem] = []
    for side in (old, new):
        problems += [name_side(problem, side) for problem in side.problems]
        if side.problems:
            continue
        try:
            loaded.append(load_side(side, shared, warnings))
        except PolicyError as error:
            problems += [name_side(problem, side) for problem in error.problems]
    if problems:
        raise PolicyError(*problems)
    return loaded[0], loaded[1]


def list_plugins(side: Side) -> set[str]:
    """The plugins that a policy set names; nothing is imported, and what is wrong is said by whoever loads it."""
    if side.found is not None:
        with suppress(PolicyError):
            return {name for layer in PolicySetReader(side.found, with_cases=False).layers for name, _ in layer.plugins}
    return set()


def load_side(side: Side, shared: set[str], warnings: list[Problem]) -> Workspace:
    """The workspace of one policy set, in which only the `shared` plugins are in use. Raises PolicyError."""
    registry = Registry(BUILTINS)
    load = make_plugin_loader(registry)

    def load_shared(names: Sequence[Name]) -> Contributed:
        used = [named for named in names if named[0] in shared]
        warnings.extend(_warn_of_plugin(*named, side) for named in names if named[0] not in shared)
        problems = [*refuse_judged(used, side.root)] if side.base is not None else []
        if problems:
            raise PolicyError(*problems)
        return load(used)

    policy_set = load_policy_set(side.found, load_shared)
    config = side.found.document.file if side.found else None
    return Workspace(side.root, policy_set, registry, config, side.base)


def _warn_of_plugin(name: str, location: Location | None, side: Side) -> Problem:
    message = f"only {side.word} names the plugin `{name}`, which is not imported: what it contributes is not compared"
    remedy = "install it and name it in both, or run `policy check` where it is trusted"
    return relocate(Problem(message, remedy, location, level="warning"), side)


def name_side(problem: Problem, side: Side) -> Problem:
    """The problem with the policy set that has it."""
    if problem.location is None:
        named = f"`{side.word}`: "
        return problem if problem.message.startswith(named) else problem._replace(message=named + problem.message)
    return relocate(problem._replace(message=f"{side.word} ({side.name}): {problem.message}"), side)


def relocate(problem: Problem, side: Side) -> Problem:
    """The problem with files named as from the working folder, where they are there."""

    def move(place: Location) -> Location:
        path = os.path.join(side.root, place.file)
        inside = side.base is not None and side.base.holds(place.file)
        return place._replace(file=os.path.relpath(path)) if not inside and os.path.lexists(path) else place

    return problem._replace(
        location=problem.location and move(problem.location),
        related=tuple((label, move(place)) for label, place in problem.related),
    )
