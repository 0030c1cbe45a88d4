"""The waivers of a workspace beside the projects that are there."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policy.app.manifests import load_manifest
from policy.app.waivers.granted import find_granted
from policy.app.waivers.in_force import Waivers
from policy.errors import PolicyError
from policy.language.phrases import join_words
from policy.loading.discovery import discover
from policy.model.waiver_entry import Doubt
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.errors import Problem
    from policy.model.ledger_settings import LedgerSettings
    from policy.model.waiver_entry import Standing


class Listing(NamedTuple):
    """How the waivers stand by the trusted revision (empty for none), and what was wrong with manifests.

    `ledger` is the address of the one that was asked as well, empty for none; `unasked` say why it told nothing.
    """

    standings: tuple[Standing, ...]
    revision: str
    problems: tuple[Problem, ...]
    ledger: str = ""
    unasked: tuple[Problem, ...] = ()


def list_waivers(workspace: Workspace, *, gate: str, now: datetime, trusted: str | None) -> Listing:
    """Every waiver of files, then those in force that were granted in the ledger.

    `used` is false for one that names no project, and otherwise left open.
    """
    waivers = Waivers(workspace, gate=gate, now=now, trusted=trusted)
    ledger = _add_granted(waivers, workspace, gate, now)
    if not waivers.standings:
        return Listing((), waivers.revision, (), ledger, waivers.problems)
    projects, problems = find_projects(workspace)
    standings = tuple(
        # Of a manifest that cannot be read nobody knows the project.
        standing
        if problems or any(fnmatchcase(project, standing.entry.subject) for project in projects)
        else standing._replace(used=False)
        for standing in waivers.standings
    )
    return Listing(standings, waivers.revision, problems, ledger, waivers.problems)


def _add_granted(waivers: Waivers, workspace: Workspace, gate: str, now: datetime) -> str:
    """Add what was granted in the ledger; its address, empty where nothing of one could count."""
    settings = workspace.policy_set.ledger
    if settings is None or workspace.policy_set.waiving is None:
        return ""
    granted = find_granted(workspace, settings, now)
    if not settings.covers(gate):
        granted = granted._replace(standings=tuple(_doubt(one, gate, settings) for one in granted.standings))
    waivers.add_granted(*granted)
    return settings.url


def _doubt(standing: Standing, gate: str, settings: LedgerSettings) -> Standing:
    """A waiver at a gate that the ledger has no say at."""
    kept = join_words(list(settings.gates), "and")
    why = f"the ledger has no say at the gate {gate}: it keeps the decisions of {kept}"
    doubt = Doubt(why, "name one of these with `--gate`, or add this one to `ledger: {gates: …}`")
    return standing._replace(state="refused", doubts=(*standing.doubts, doubt))


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
