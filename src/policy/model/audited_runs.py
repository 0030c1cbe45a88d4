"""What an audit report says of the runs of tracking servers, and of the settings that governed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class RunTally(NamedTuple):
    """How the runs of a project at a server stood at the end: each run is in one of the counts.

    `observed` ones began where nothing is enforced, `untrained` ones train nothing, `undecided` ones began while
    nothing could be judged.
    """

    project: str
    server: str
    admitted: int = 0
    observed: int = 0
    untrained: int = 0
    undecided: int = 0
    held: int = 0
    refused: int = 0
    reopened: int = 0

    @property
    def runs(self) -> int:
        """All of them."""
        return sum(self[2:])


class UnadmittedRun(NamedTuple):
    """A run whose model may not be released, as it stood at the end, since the entry that says so."""

    server: str
    run: str
    project: str
    experiment: str
    activity: str
    state: str
    reason: str
    since: str
    decision: str
    entry: int


class GateTally(NamedTuple):
    """Decisions about a project at a gate of runs or releases, by verdict; `begun` are those that runs name."""

    project: str
    gate: str
    verdicts: Mapping[str, int]
    begun: int | None


class RunsNote(NamedTuple):
    """What the ledger says of runs. `unadmitted` are the first of so many; of `erased` steps nothing is known."""

    tallies: tuple[RunTally, ...] = ()
    unadmitted: tuple[UnadmittedRun, ...] = ()
    unadmitted_count: int = 0
    gates: tuple[GateTally, ...] = ()
    erased: int = 0


class SettingsChange(NamedTuple):
    """One key of a server's settings that changed: an empty `experiment` is all of them; what is not said is empty.

    `file` has them; `commit` has that file as it was, where any does.
    """

    server: str
    time: str
    entry: int
    experiment: str
    key: str
    before: str
    after: str
    file: str
    commit: str
