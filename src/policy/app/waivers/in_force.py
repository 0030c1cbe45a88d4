"""The waivers of a policy set during a run: which count, which were needed, and what is to be said of the rest."""

from __future__ import annotations

from datetime import UTC
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policy.app.waivers.trust import find_trust
from policy.engine.waiving import assess_waivers
from policy.errors import Problem
from policy.model.waiver_entry import Standing, Waiving

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.model.decision import Decision
    from policy.model.waiver import Waiver
    from policy.model.waiver_entry import WaiverEntry


class Waivers:
    """Every waiver with how it stands at the time and gate of a run; `met` and `used` are positions among them.

    Those that were `granted` in the ledger come last; `problems` say why it could not be asked. `revision` is the one
    that is trusted, empty for none. A waiver is met by a subject that it names and whose
    decision judges its policy, and used where it takes effect.
    """

    def __init__(self, workspace: Workspace, *, gate: str, now: datetime, trusted: str | None) -> None:
        waiving = workspace.policy_set.waiving or Waiving()
        trust = find_trust(workspace, waiving, gate, trusted)
        self.revision = trust.revision
        self.standings = assess_waivers(waiving, trust, now.astimezone(UTC).date())
        self.granted: tuple[WaiverEntry, ...] = ()
        self.problems: tuple[Problem, ...] = ()
        self.met: set[int] = set()
        self.used: set[int] = set()

    def add_granted(self, standings: tuple[Standing, ...], problems: tuple[Problem, ...] = ()) -> None:
        """Add what was granted in the ledger, or why that is not known."""
        self.standings += standings
        self.granted = tuple(standing.entry for standing in standings)
        self.problems = problems

    def ask_ledger(self, workspace: Workspace, gate: str, now: datetime, home: str | None = None) -> None:
        """Add what was granted in the ledger, where that keeps the decisions of the gate."""
        settings = workspace.policy_set.ledger
        if settings is not None and settings.covers(gate):
            from policy.app.waivers.granted import find_granted  # most policy sets have none

            self.add_granted(*find_granted(workspace, settings, now, home))

    def select(self, project: str) -> tuple[Waiver, ...]:
        """Those that count for a project: what concerns others is no part of its decision."""
        return select_waivers(self.standings, project)

    def watch(self, decision: Decision) -> None:
        """Note which waivers a decision meets, and which it needed."""
        outcomes = {outcome.policy: outcome.outcome for outcome in decision.outcomes}
        for position, standing in enumerate(self.standings):
            entry = standing.entry
            if entry.policy in outcomes and fnmatchcase(decision.subject.project, entry.subject):
                self.met.add(position)
                if standing.counts and outcomes[entry.policy] == "waived":
                    self.used.add(position)

    def settle(self, *, whole: bool) -> tuple[Standing, ...]:
        """How the waivers stand after the run; `whole` when everything in the repository was judged."""
        return tuple(
            standing._replace(used=position in self.used if whole or position in self.met else None)
            if standing.counts
            else standing
            for position, standing in enumerate(self.standings)
        )

    def warn(self, *, whole: bool, policy: str | None = None) -> Iterator[Problem]:
        """A warning for each waiver, or each of a policy, that does not count, ends soon, or was not needed."""
        yield from self.problems
        for position, standing in enumerate(self.settle(whole=whole)):
            if policy in (None, standing.entry.policy):
                yield from describe_standing(standing, met=position in self.met)


def select_waivers(standings: Iterable[Standing], project: str) -> tuple[Waiver, ...]:
    """Those that count for a project."""
    return tuple(
        standing.entry.waiver
        for standing in standings
        if standing.counts and fnmatchcase(project, standing.entry.subject)
    )


def describe_standing(standing: Standing, *, met: bool = True) -> Iterator[Problem]:
    """What is to be said of a waiver, each as a warning."""
    entry = standing.entry
    if not standing.counts:
        said = "; ".join(doubt.why for doubt in standing.doubts)
        remedy = "; ".join(dict.fromkeys(doubt.remedy for doubt in standing.doubts))
        place = entry.places.get(standing.doubts[0].key, entry.location)
        yield Problem(f"the waiver `{entry.name}` does not count: {said}", remedy, place, level="warning")
        return
    if standing.state == "expiring":
        yield _warn_of_end(entry, standing.days_left)
    if standing.used is False:
        why = f"`{entry.policy}` is met or does not apply" if met else "it names no project that was judged"
        message = f"the waiver `{entry.name}` is not needed: {why}"
        remedy = f"let it end on {entry.expires}" if entry.request else "remove it"
        yield Problem(message, remedy, entry.location, level="warning")


def _warn_of_end(entry: WaiverEntry, days: int) -> Problem:
    when = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
    message = f"the waiver `{entry.name}` ends on {entry.expires}, {when}"
    command = "policy approvals waive" if entry.request else "policy waive"
    remedy = f"meet the policy by then, or ask for a new one with `{command}`"
    return Problem(message, remedy, entry.places.get("expires", entry.location), level="warning")
