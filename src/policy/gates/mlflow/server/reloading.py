"""Policies that change while the server runs: loaded anew as a whole, or not at all."""

from __future__ import annotations

import logging
import os
import stat
import time
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Final

from policy.app.runs.panel import list_places, list_trees, load_panel
from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.runs.panel import Panel

LOG: Final = logging.getLogger("policy.mlflow")

# Per file its modification in nanoseconds, size and inode; per folder what may hold policies in it, or of a folder of
# policies, which ends in a slash, in all folders below it; None where it is gone.
Stamp = dict[str, tuple[object, ...] | None]
ENDINGS: Final = (".yaml", ".yml", ".toml")
# A folder that has just changed may change again without another time, which some file systems tell in seconds.
SETTLED: Final = 3 * 10**9
# Seconds after which what could not be loaded is tried again, whatever shows: nobody knows all that it would have read.
AGAIN: Final = 5.0


class Reloader:
    """Looks at the files before each hearing, so that all workers judge by what stands there; `faults` counts.

    What cannot be loaded, or would need another server, leaves the policies in force that were, and says so.
    """

    def __init__(self, config: str | None, panel: Panel, check: Callable[[Panel], None]) -> None:
        self.config = config
        self.faults = 0
        self._told = 0
        self._check = check
        self._panel = panel
        self._stamp = take_stamp(panel)
        # What is wrong with the files as they stand, and when to look at them again.
        self._fault = ""
        self._again = 0.0
        self._lock = Lock()

    def get_panel(self) -> Panel:
        """The policy sets in force now."""
        if self._is_due() or any(stamp_place(path) != stood for path, stood in self._stamp.items()):
            with self._lock:
                self._reload()
        return self._panel

    def take_faults(self) -> int:
        """How many faults there were since somebody last asked; of several who ask at once one is told of each."""
        if self.faults == self._told:
            return 0
        with self._lock:
            new, self._told = self.faults - self._told, self.faults
            return new

    def _is_due(self) -> bool:
        return bool(self._fault) and time.monotonic() >= self._again

    def _reload(self) -> None:
        stamp = take_stamp(self._panel)
        if stamp == self._stamp and not self._is_due():
            return  # another thread has done it
        try:
            panel = load_panel(self.config)
            self._check(panel)
            refuse_other_server(self._panel, panel)
        except PolicyError as error:
            self._note_fault(error)
            self._stamp = stamp
            return
        self._fault = ""
        said = "the same" if panel.main.digest == self._panel.main.digest else self._panel.main.digest
        LOG.warning("policies and settings loaded anew: %s, before %s", panel.main.digest, said)
        # What has changed while it was being read is seen next time.
        known = take_stamp(panel)
        self._panel, self._stamp = panel, {path: stamp.get(path, now) for path, now in known.items()}

    def _note_fault(self, error: PolicyError) -> None:
        """Say what is wrong, once while it stays the same."""
        said = "; ".join(f"{problem.location or ''} {problem.message}".strip() for problem in error.problems)
        if said != self._fault:
            self.faults += 1
            LOG.error("the policies have changed and cannot be used; those before stay in force: %s", said)
        self._fault, self._again = said, time.monotonic() + AGAIN


class Listing(NamedTuple):
    """The names in a folder: files that may hold policies, and folders in which there may be more."""

    files: tuple[str, ...]
    folders: tuple[str, ...]


def take_stamp(panel: Panel) -> Stamp:
    """How all files and folders stand."""
    trees = list_trees(panel)
    places = [*list_places(panel), *(os.path.join(tree, "") for tree in trees)]
    return {path: stamp_place(path) for path in places}


def stamp_place(path: str) -> tuple[object, ...] | None:
    """What shows that something has changed there; in a folder databases come and go, and only policies count."""
    try:
        if path.endswith(os.sep):
            return tuple(walk(path, set()))
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            return list_folder(path, found).files
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def walk(path: str, seen: set[tuple[int, int]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each folder that is not hidden, with its files: as policies are looked for, links too, each folder once."""
    found = os.stat(path)
    if (found.st_dev, found.st_ino) in seen:
        return
    seen.add((found.st_dev, found.st_ino))
    listing = list_folder(path, found)
    yield path, listing.files
    for name in listing.folders:
        yield from walk(os.path.join(path, name), seen)


def list_folder(path: str, found: os.stat_result) -> Listing:
    """What is in a folder, of which one that has not changed for a while is not asked again."""
    if time.time_ns() - found.st_mtime_ns < SETTLED:
        return read_folder(path)
    return recall_folder(path, found.st_mtime_ns)


@lru_cache(maxsize=4096)
def recall_folder(path: str, _changed: int) -> Listing:
    """What is in a folder that was last changed at a time."""
    return read_folder(path)


def read_folder(path: str) -> Listing:
    """What is in a folder. Raises OSError."""
    files, folders = [], []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.lower().endswith(ENDINGS):
                files.append(entry.name)
            if not entry.name.startswith(".") and entry.is_dir():
                folders.append(entry.name)
    return Listing(tuple(sorted(files)), tuple(sorted(folders)))


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
