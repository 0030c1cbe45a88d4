"""Plugins beside a trusted revision: those that it names are imported, and never from the work tree."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from policy.app.trusted.following import is_within
from policy.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.loading.policy_sets.layers import Name

# A package that is there is the environment's own, also where that lies in the work tree: `.venv` often does.
ENVIRONMENT = os.path.realpath(sys.prefix)
HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))


def leave_work_tree(root: str) -> None:
    """Import nothing from below `root` any more, but for the environment that this runs in."""
    sys.path[:] = [entry for entry in sys.path if not _is_judged(entry or ".", root)]


def _is_judged(path: str, root: str) -> bool:
    real = os.path.realpath(path)
    return is_within(real, root) and not is_within(real, ENVIRONMENT) and real != HERE


def refuse_judged(names: Iterable[Name], root: str) -> Iterator[Problem]:
    """A problem for each plugin that would come from below `root`, as one that is installed in place does."""
    for name, location in names:
        place = next((place for place in _find_places(name) if _is_tracked(place, root)), None)
        if place is not None:
            shown = os.path.relpath(place, root).replace(os.sep, "/")
            message = f"plugin `{name}` would be imported from the working tree, which is what is judged: {shown}"
            yield Problem(message, "install it from elsewhere, and not with `pip install -e`", location)


def _find_places(name: str) -> list[str]:
    """Where the outermost package of a module lies; nothing is imported to find out."""
    from importlib.util import find_spec

    outermost = name.partition(".")[0]
    try:
        spec = find_spec(outermost)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    found = [*(spec.submodule_search_locations or ()), *([spec.origin] if spec.has_location and spec.origin else ())]
    return [os.path.realpath(place) for place in found]


def _is_tracked(place: str, root: str) -> bool:
    """Whether a proposal could change what lies there: what the environment installed it cannot, unless git has it."""
    from policy.loading.git.commands import GitError, run_git

    if not is_within(place, root):
        return False
    if _is_judged(place, root):
        return True
    try:
        return bool(run_git(root, "--literal-pathspecs", "ls-files", "-z", "--", place))
    except GitError:
        return True
