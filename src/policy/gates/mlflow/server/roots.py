"""Where all experiments have their files: looked up by folder, with only what is new asked of MLflow each time."""

from __future__ import annotations

import time
from collections import defaultdict
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from policy.gates.mlflow.server.places import PROXIED, Place, list_roots
from policy.gates.mlflow.server.stores import get_tracking_store, list_experiments, look_up, name_workspace
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.gates.mlflow.server.guard import Guard

# Milliseconds by which the clocks of servers may differ that write to one database.
APART: Final = 15 * 60_000
# Seconds after which all are asked for again.
ALL_AGAIN: Final = 600.0


class Known(NamedTuple):
    """An experiment, a deleted one too; its files stay where they are, and its name may change."""

    experiment_id: str
    name: str
    artifact_location: str


class Roots:
    """The experiments of one workspace."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._at: dict[Place, list[str]] = defaultdict(list)
        self._below: dict[Place, list[str]] = defaultdict(list)
        self._changed = 0
        self._all_again = 0.0
        self._lock = Lock()

    def find(self, place: Place) -> list[Known]:
        """Those whose files are in a place, or it is in theirs."""
        place = place._replace(host="") if place.scheme == PROXIED else place
        with self._lock:
            self._catch_up()
            above = (self._at.get(place._replace(parts=place.parts[:end]), ()) for end in range(len(place.parts) + 1))
            ids = [one for found in above for one in found] + self._below.get(place, [])
            return [self._known[one] for one in dict.fromkeys(ids)]

    def _catch_up(self) -> None:
        now = time.monotonic()
        if now >= self._all_again:
            for table in (self._known, self._at, self._below):
                table.clear()
            self._changed, self._all_again = 0, 0.0
        # A clock may be wrong by more, and then it is not to hide what comes after.
        since = min(self._changed, time.time_ns() // 10**6) - APART
        for experiment in list_experiments(max(since, 0)):
            self._add(experiment)
        self._all_again = self._all_again or now + ALL_AGAIN

    def _add(self, experiment: Any) -> None:
        known = Known(str(experiment.experiment_id), experiment.name, experiment.artifact_location)
        self._changed = max(self._changed, getattr(experiment, "last_update_time", None) or 0)
        if known.experiment_id not in self._known:
            for place in list_prefixed(known.artifact_location):
                self._at[place].append(known.experiment_id)
                for end in range(len(place.parts)):
                    self._below[place._replace(parts=place.parts[:end])].append(known.experiment_id)
        self._known[known.experiment_id] = known


def list_prefixed(location: str) -> Iterator[Place]:
    """Where the files are, as `find` looks for it."""
    for root in list_roots(location):
        yield root._replace(host="") if root.scheme == PROXIED else root


_by_store: WeakKeyDictionary[Any, dict[str, Roots]] = WeakKeyDictionary()


def find_governed(guard: Guard, place: Place) -> Any:
    """A governed experiment whose files are below a place, or above it; None where none is."""
    get, found = get_tracking_store().get_experiment, find_overlapping(place)
    guard.refresh()
    find_binding = guard.panel.settings.find_binding
    for known in found:
        if find_binding(known.name, known.experiment_id) is None:
            continue
        # It may be gone from the database.
        experiment = look_up(partial(get, known.experiment_id))
        if experiment is not None:
            return experiment
    return None


def find_overlapping(place: Place) -> list[Known]:
    """The experiments whose files are in a place, or it is in theirs."""
    workspaces = _by_store.setdefault(get_tracking_store(), {})
    return workspaces.setdefault(name_workspace(), Roots()).find(place)
