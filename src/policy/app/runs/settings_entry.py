"""The settings of a server as its ledger has them, with what is known of where they are from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from policy.app.recording.writing import find_place
from policy.app.runs.panel import RELEASE, RUN
from policy.loading.git.commands import GitError, find_repository
from policy.loading.git.revisions import find_revision, read_files
from policy.records.server_settings import record_settings
from policy.records.settings_comparison import describe_settings

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.runs.panel import Panel
    from policy.model.policy import PolicySet
    from policy.records.entry import Entry
    from policy.records.ledger import Ledger


def enter_settings(ledger: Ledger, panel: Panel, seen: str, now: datetime) -> Entry | None:
    """Record the settings of a panel where they are not those that were in force; `seen` says when that showed.

    Raises LedgerError.
    """
    said = {
        "source": describe_source(panel),
        "policy_set": panel.main.digest,
        "seen": seen,
        "seen_at": now.isoformat(),
        # Who wrote the file is in its history.
        "actor": None,
    }
    return record_settings(
        ledger, panel.settings.server, describe_settings(panel.settings, describe_gates(panel)), said
    )


def describe_gates(panel: Panel) -> dict[str, Any]:
    """What the gates of a server do: those of its own policy set, and by its file those of each team's."""
    of_teams = {file: _describe_gates(judge.workspace.policy_set) for file, judge in panel.teams.items()}
    return {**_describe_gates(panel.main.workspace.policy_set), **of_teams}


def _describe_gates(policy_set: PolicySet) -> dict[str, Any]:
    settings = {name: policy_set.gate(name) for name in (RUN, RELEASE)}
    return {name: {"mode": one.mode, "on_error": one.on_error} for name, one in settings.items()}


def describe_source(panel: Panel) -> dict[str, Any]:
    """The policy set, and its file that has the settings; the commit that has the file just as it is, if any does."""
    workspace = panel.main.workspace
    place = find_place(workspace, RUN)
    location = panel.settings.bindings[0].location
    file = location.file if location is not None else place.config
    return {
        "name": place.name,
        "config": place.config,
        "origin": place.origin,
        "file": file,
        "commit": find_commit(os.path.join(workspace.root, file)),
    }


def find_commit(path: str) -> str | None:
    """The commit that is checked out, where it has a file with the content that it has now."""
    path = os.path.realpath(path)
    repository = find_repository(os.path.dirname(path))
    if repository is None:
        return None
    name = os.path.relpath(path, repository).replace(os.sep, "/")
    try:
        head = find_revision(repository, "HEAD")
        with open(path, "rb") as stream:
            now = stream.read()
        return head.commit if read_files(head, [name]).get(name) == now else None
    except (GitError, OSError):
        return None
