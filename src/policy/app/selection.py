"""What to judge of all that is there: the projects that are touched by what is changed since a revision."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from policy.app.changes import find_changes, list_below, search_naming, start
from policy.app.touched import Situation, find_touched
from policy.app.trusted.base import governs, is_same_set
from policy.errors import PolicyError, Problem
from policy.loading.discovery import find_cover, find_root, is_below
from policy.loading.git.nested import is_nested, warn_of_nested
from policy.model.selection import Selection, Touched
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.app.changes import Changes
    from policy.app.checking import CheckRequest

EVERYTHING = "the policy set, or a file that it names, is changed"
TANGLED = "links lead to what is changed by too many names"


class Chosen(NamedTuple):
    """The paths to judge, as `policy check` takes them, what is said of the choice, and warnings."""

    paths: tuple[str, ...]
    selection: Selection
    problems: tuple[Problem, ...] = ()


def start_choosing(request: CheckRequest, name: str) -> tuple[str, Callable[[], Chosen]]:
    """The root, and what waits for the choice; until then git looks for what is changed. Raises PolicyError."""
    missing = [path for path in request.paths if not os.path.exists(path)]
    if missing:
        remedy = "name a folder, a manifest or a training config"
        raise PolicyError(*(Problem(f"there is no `{path}`", remedy) for path in missing))
    root = find_root(request.paths[0])
    find = start(lambda: find_changes(root, name))
    return root, lambda: choose_touched(request, root, find())


def choose_touched(request: CheckRequest, root: str, changes: Changes) -> Chosen:
    """What to judge of the paths that a request names. Raises PolicyError."""
    situation = Situation(changes.paths, changes.there, changes.manifests, changes.linked or {})
    wanted = {_locate(path, root) for path in request.paths}
    # What is asked for may be a part of a project.
    around = {path: find_cover(f"{path}/.", situation.known) for path in wanted if path}
    manifests = {file for file in situation.known if is_below(file, wanted) or file in around.values()}
    gone = tuple(Touched(path, "its manifest is gone") for path in situation.gone if is_below(path, wanted))
    everything = EVERYTHING if _is_governed_otherwise(request, root, changes) else TANGLED
    if everything == EVERYTHING or changes.linked is None:
        judged = tuple(Touched(file, everything) for file in sorted(manifests))
        return Chosen(request.paths, describe(changes, judged, gone=gone, projects=len(manifests)))
    found = find_touched(situation, partial(search_naming, root), partial(list_below, root))
    touched = {path: reason for path, reason in sorted(found.items()) if path in manifests or is_below(path, wanted)}
    paths = {path for path in touched if is_below(path, wanted)}
    paths.update(path for path, cover in around.items() if cover in touched)
    selection = describe(
        changes,
        tuple(Touched(*entry) for entry in touched.items() if entry[0] in manifests),
        tuple(sorted(manifests - touched.keys())),
        gone,
        tuple(Touched(*entry) for entry in touched.items() if entry[0] not in manifests),
        len(manifests),
    )
    nested = [path for path in changes.there if is_below(path, wanted) and is_nested(root, path)]
    problems = tuple(warn_of_nested(path) for path in sorted(nested))
    return Chosen(tuple(os.path.join(root, path) for path in sorted(paths)), selection, problems)


def _is_governed_otherwise(request: CheckRequest, root: str, changes: Changes) -> bool:
    """Whether the change concerns what every project is judged by."""
    if request.base is not None and request.base.proposal is not None:
        return True
    concerned = changes.paths and governs(root, request.config, changes.paths)
    return bool(concerned) and not is_same_set(root, changes.base, request.config)


def describe(
    changes: Changes,
    judged: tuple[Touched, ...],
    skipped: tuple[str, ...] = (),
    gone: tuple[Touched, ...] = (),
    files: tuple[Touched, ...] = (),
    projects: int = 0,
) -> Selection:
    """What is said of a choice."""
    about = (changes.revision.name, changes.revision.commit, changes.base, changes.direct)
    return Selection(*about, judged, skipped, gone, files, projects)


def _locate(path: str, root: str) -> str:
    """A path as it was given, from the root with `/`; empty for the root itself."""
    whole = (
        os.path.realpath(path)
        if os.path.isdir(path)
        else os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))
    )
    relative = os.path.relpath(whole, root).replace(os.sep, "/")
    return "" if relative == "." else relative
