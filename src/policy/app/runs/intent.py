"""What is said about a run that shall begin: which manifest, what for, or that nothing is to be sent."""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.model.manifest import MANIFEST_NAME
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Intent(NamedTuple):
    """A manifest's file or folder, and an activity; each is empty where nobody says it.

    Where no manifest is named, that of `folder` is meant.
    """

    manifest: str = ""
    activity: str = ""
    off: bool = False
    folder: str = "."


_NOTHING = Intent()
_INTENT: ContextVar[Intent] = ContextVar("policy_intent", default=_NOTHING)


@contextmanager
def intend(manifest: str | os.PathLike[str] | None, activity: str | None, folder: str = "") -> Iterator[None]:
    """Say it for the runs that begin inside; what is None stays as it is."""
    outer = _INTENT.get()
    named = os.fspath(manifest or outer.manifest)
    token = _INTENT.set(Intent(named, activity or outer.activity, folder=folder or outer.folder))
    try:
        yield
    finally:
        _INTENT.reset(token)


def read_intent() -> Intent:
    """What the program says, else the environment. Raises PolicyError for an activity that there is not."""
    said = _INTENT.get()
    activity = said.activity or os.environ.get("POLICY_ACTIVITY", "")
    if activity:
        check_activity(activity)
    manifest = said.manifest or os.environ.get("POLICY_MANIFEST", "")
    return Intent(manifest, activity, os.environ.get("POLICY_OFF", "") not in ("", "0"), said.folder)


def check_activity(activity: str) -> None:
    """Raises PolicyError for an activity that there is not."""
    from policy.app.runs.sent import ACTIVITIES

    if activity not in ACTIVITIES:
        message = f"`{activity[:40]}` is no activity of a run (`POLICY_ACTIVITY`)"
        raise PolicyError(Problem(message, f"say one of {', '.join(ACTIVITIES)}"))


def find_manifest(intent: Intent) -> str | None:
    """The file that is named, or is in the folder that is; else the nearest from there up to the repository's root."""
    named = intent.manifest
    if named:
        path = os.path.join(named, MANIFEST_NAME) if os.path.isdir(named) else named
        if not os.path.isfile(path):
            message = f"there is no manifest `{path}`, which `POLICY_MANIFEST` or the program names"
            raise PolicyError(Problem(message, f"name an {MANIFEST_NAME}, or the folder that it is in"))
        return os.path.realpath(path)
    from policy.loading.nearest import find_nearest

    return find_nearest(intent.folder)
