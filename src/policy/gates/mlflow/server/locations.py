"""Where an experiment may have its files: not among what the server judges by, and not across what is of others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from policy.app.runs.panel import list_trees
from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server.places import DESTINATION, PROXIED, decode, list_roots
from policy.gates.mlflow.server.refusals import refuse
from policy.gates.mlflow.server.roots import find_overlapping
from policy.loading.catalogue import catalogue_folder
from policy.records.address import read_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.runs.panel import Panel
    from policy.gates.mlflow.server.guard import Guard

LEAVE_OUT: Final = "leave `artifact_location` out"


def check_location(guard: Guard, store: Any, name: str, location: str) -> None:
    """Raises MlflowException where a new experiment may not have its files at a location; empty is the server's."""
    if not location:
        return
    own = [*list_own(guard.panel), guard.keeper.spool, guard.keeper.outage.path]
    if any(overlap(path, other) for path in list_paths(location) for other in own):
        raise refuse(f"no experiment has its files among what the server judges by and records: {LEAVE_OUT}")
    guard.refresh()
    if guard.panel.settings.find_binding(name, "") is not None:
        check_governed(store, name, location)


def check_renamed(store: Any, name: str, experiment: Any) -> None:
    """Raises where an experiment would be governed by a new name, and its files are where such a one has none."""
    check_governed(store, name, experiment.artifact_location, "make an experiment of that name", experiment)


def check_governed(store: Any, name: str, location: str, remedy: str = LEAVE_OUT, itself: Any = None) -> None:
    """Raises where a governed experiment would have its files elsewhere than the server's, or with another one's.

    For what is below them is written and released from its runs only, and what is of somebody else would be, too.
    """
    text = f"the experiment `{name}` is governed, and its files are where the server keeps them"
    places = [*list_roots(location)]
    kept = [root for root in list_roots(str(getattr(store, "artifact_root_uri", ""))) if root.parts or root.scheme]
    inside = any(place.is_in(root) and place.parts != root.parts for place in places for root in kept)
    if not inside or any(".." in place.parts for place in places):
        raise refuse(f"{text}: {remedy}")
    own = str(itself.experiment_id) if itself is not None else ""
    others = (known for place in places for known in find_overlapping(place))
    if any(known.experiment_id != own for known in others):
        raise refuse(f"{text}, and not with those of another experiment: {remedy}")


def check_destination(panel: Panel) -> None:
    """Raises PolicyError where the server would keep what is sent to it among what it judges by."""
    kept = os.environ.get(DESTINATION, "")
    for path in list_paths(kept) if kept else ():
        for other in list_own(panel):
            if overlap(path, other):
                message = f"artifacts are kept at `{kept}`, where any of them could become `{other}` or be in it"
                raise PolicyError(Problem(message, "name another folder by `--artifacts-destination`"))


def list_own(panel: Panel) -> Iterator[str]:
    """The files and folders that the server judges by, and its ledger."""
    yield from list_trees(panel)
    for judge in panel.judges:
        yield from (source.path for source in judge.workspace.policy_set.sources)
    yield from (catalogue_folder(), os.path.abspath(__file__).rpartition(f"{os.sep}gates{os.sep}")[0])
    ledger = read_address(panel.ledger.url, panel.ledger.folder or ".")
    if ledger.kind == "sqlite":
        yield ledger.place


def list_paths(location: str) -> set[str]:
    """The paths of this machine that a location may come to, however it is read; none where it is elsewhere."""
    found = urlsplit(location.strip())
    scheme = found.scheme.lower()
    paths = {found.path, unquote(found.path), decode(found.path)}
    if scheme == PROXIED:
        kept = os.environ.get(DESTINATION, "")
        return {os.path.join(root, path.lstrip("/")) for path in paths for root in (list_paths(kept) if kept else ())}
    if scheme in ("", "file"):
        return {*paths, location}
    # Such a one is no scheme, but the letter of a drive.
    return {location} if len(scheme) == 1 else set()


def overlap(path: str, other: str) -> bool:
    """Whether one is the other, or in it, by its name or by what is really there."""
    try:
        one, two = os.path.realpath(path), os.path.realpath(other)
    except ValueError:  # no path has such a character
        return False
    if os.path.commonpath((one, two)) in (one, two):
        return True
    # A folder may be mounted twice, or its name not tell small letters from large ones.
    first, second = identify(one), identify(two)
    return (first is not None and first in list_above(two)) or (second is not None and second in list_above(one))


def identify(path: str) -> tuple[int, int] | None:
    """What is really at a path; None where nothing is."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def list_above(path: str) -> Iterator[tuple[int, int] | None]:
    """What is really at a path, and at each folder above it."""
    yield identify(path)
    while path != (path := os.path.dirname(path)):
        yield identify(path)
