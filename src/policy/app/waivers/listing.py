"""The waivers of a workspace beside the projects that are there."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policy.app.manifests import load_manifest
from policy.app.waivers.in_force import Waivers
from policy.errors import PolicyError
from policy.loading.discovery import discover
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.errors import Problem
    from policy.model.waiver_entry import Standing


class Listing(NamedTuple):
    """How the waivers stand by the trusted revision (empty for none), and what was wrong with manifests."""

    standings: tuple[Standing, ...]
    revision: str
    problems: tuple[Problem, ...]


def list_waivers(workspace: Workspace, *, gate: str, now: datetime, trusted: str | None) -> Listing:
    """Every waiver; `used` is false for one that names no project, and otherwise left open."""
    waivers = Waivers(workspace, gate=gate, now=now, trusted=trusted)
    if not waivers.standings:
        return Listing((), waivers.revision, ())
    projects, problems = find_projects(workspace)
    standings = tuple(
        # Of a manifest that cannot be read nobody knows the project.
        standing
        if problems or any(fnmatchcase(project, standing.entry.subject) for project in projects)
        else standing._replace(used=False)
        for standing in waivers.standings
    )
    return Listing(standings, waivers.revision, problems)


def find_projects(workspace: Workspace) -> tuple[set[str], tuple[Problem, ...]]:
    """What subjects of the workspace may be called, and what is wrong with their manifests."""
    projects: set[str] = set()
    problems: list[Problem] = []
    for item in discover([workspace.root])[0].items:
        if item.manifest is None:
            # A training config without a manifest goes by its file.
            projects.update(item.candidates)
            continue
        try:
            projects.add(load_manifest(workspace, item.manifest).project)
        except PolicyError as error:
            problems += [problem._replace(level="warning") for problem in error.problems]
    return projects, tuple(problems)
