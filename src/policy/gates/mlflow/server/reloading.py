"""Policies that change while the server runs: loaded anew as a whole, or not at all."""

from __future__ import annotations

import logging
import os
import stat
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Final

from policy.app.runs.panel import list_places, load_panel
from policy.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.app.runs.panel import Panel

LOG: Final = logging.getLogger("policy.mlflow")

# Per file its modification in nanoseconds, size and inode; per folder the policy files in it; None where it is gone.
Stamp = dict[str, tuple[int, int, int] | tuple[str, ...] | None]
ENDINGS: Final = (".yaml", ".yml", ".toml")


class Reloader:
    """Looks at the files before each hearing, so that all workers judge by what stands there; `faults` counts.

    What cannot be loaded, or would need another server, leaves the policies in force that were, and says so.
    """

    def __init__(self, config: str | None, panel: Panel, check: Callable[[Panel], None]) -> None:
        self.config = config
        self.faults = 0
        self._check = check
        self._panel = panel
        self._stamp = take_stamp(panel)
        self._lock = Lock()

    def get_panel(self) -> Panel:
        """The policy sets in force now."""
        if any(stamp_place(path) != stood for path, stood in self._stamp.items()):
            with self._lock:
                self._reload()
        return self._panel

    def _reload(self) -> None:
        stamp = take_stamp(self._panel)
        if stamp == self._stamp:
            return  # another thread has done it
        try:
            panel = load_panel(self.config)
            self._check(panel)
            refuse_other_server(self._panel, panel)
        except PolicyError as error:
            self.faults += 1
            said = "; ".join(f"{problem.location or ''} {problem.message}".strip() for problem in error.problems)
            LOG.error("the policies have changed and cannot be used; those before stay in force: %s", said)  # noqa: TRY400 - the problems say it all
            self._stamp = stamp
            return
        LOG.warning("policies loaded anew: %s, before %s", panel.main.digest, self._panel.main.digest)
        # What has changed while it was being read is seen next time.
        known = take_stamp(panel)
        self._panel, self._stamp = panel, {path: stamp.get(path, now) for path, now in known.items()}


def take_stamp(panel: Panel) -> Stamp:
    """How all files and folders stand."""
    return {path: stamp_place(path) for path in list_places(panel)}


def stamp_place(path: str) -> tuple[int, int, int] | tuple[str, ...] | None:
    """What shows that something has changed there; in a folder databases come and go, and only policies count."""
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            return list_files(path, found.st_mtime_ns)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@lru_cache(maxsize=1024)
def list_files(path: str, _changed: int) -> tuple[str, ...]:
    """The names of what may hold policies, in a folder that was last changed at a time."""
    return tuple(sorted(name for name in os.listdir(path) if name.endswith(ENDINGS)))


def refuse_other_server(panel: Panel, other: Panel) -> None:
    """Raises PolicyError where a setting has changed that only a new start can follow."""
    said = [
        name
        for name, was, now in (
            ("ledger", panel.ledger, other.ledger),
            ("mlflow.app", panel.settings.app, other.settings.app),
            ("mlflow.server", panel.settings.server, other.settings.server),
        )
        if was != now
    ]
    if said:
        raise PolicyError(Problem(f"{' and '.join(said)} changed", "start the server again to have that in force"))
