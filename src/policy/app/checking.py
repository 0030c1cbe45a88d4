"""Judge everything that is below some paths, in one process or several, and render it piece by piece."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.bench import Bench
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.loading.discovery import discover, is_below
from policy.loading.file_listing import is_script, is_yaml
from policy.model.summary import Summary
from policy.plugins.metering import find_meter
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from policy.app.bench import Piece, Rendered
    from policy.errors import Location

# Below this many projects a second process costs more than it saves.
PARALLEL_FROM = 400
CHUNK = 50


class CheckRequest(NamedTuple):
    """What to judge and how; it can be sent to another process. `formats` are pairs of name and colour.

    `trusted` is the revision that shows which waivers are approved, where whoever runs this names one.
    """

    paths: tuple[str, ...]
    gate: str
    now: datetime
    fail_on: str = "block"
    config: str | None = None
    formats: tuple[tuple[str, bool], ...] = (("text", False),)
    jobs: int | None = None
    trusted: str | None = None


class Check:
    """One run: workspace, reporters, and the items that were found."""

    def __init__(self, request: CheckRequest) -> None:
        found = discover(request.paths or (".",))
        if len(found) > 1:
            roots = " and ".join(sorted(part.root for part in found))
            raise PolicyError(Problem(f"the paths lie in different repositories: {roots}", "check them one at a time"))
        self.request = request
        self.items = found[0].items
        self.bench = Bench(request, found[0].root)
        self.summary = Summary()
        self._wanted = found[0].wanted
        self._problems = dict.fromkeys(found[0].problems)
        self._refuse_nothing()

    @property
    def problems(self) -> list[Problem]:
        """Every problem met so far, once."""
        return list(self._problems)

    def _refuse_nothing(self) -> None:
        """Raises NothingToJudgeError where no policy is judged at the gate: that must not look like a pass."""
        policy_set, gate = self.bench.workspace.policy_set, self.request.gate
        if not any(policy_set.effect_of(policy, gate) for policy in policy_set.policies):
            message = f"no policy is judged at the gate `{gate}`"
            remedy = "add policies to the policy set, or effects for this gate"
            raise NothingToJudgeError(Problem(message, remedy))

    def run(self) -> Iterator[Rendered]:
        """Every decision, rendered; summary and problems are complete when this ends. Raises PolicyError."""
        places = {problem.location.file for problem in self._problems if problem.location is not None}
        names: dict[str, Location] = {}
        watcher, judged = find_meter().watcher, 0
        for piece in self._list_pieces():
            judged += piece.items
            if watcher is not None:
                watcher.tell_judged(judged, len(self.items))
            places |= piece.places
            self._refuse_twins(piece, names)
            self._note_waivers(piece)
            self.summary.merge(piece.summary)
            # What many projects share, such as a collector that breaks, is said and kept once.
            self._problems.update(dict.fromkeys(piece.problems))
            yield from piece.rendered
        self._problems.update(dict.fromkeys(warn_of_barren(self._wanted, places)))
        # Last, and not among what is said of the paths: they are about the policy set.
        self._problems.update(dict.fromkeys(self.bench.workspace.policy_set.loosenings))
        self._settle_waivers()

    def _refuse_twins(self, piece: Piece, names: dict[str, Location]) -> None:
        """Two manifests of one name: with waivers, which go by the name, that is no matter of taste."""
        level = "warning" if self.bench.waivers is None else "error"
        for name, place in piece.names:
            first = names.setdefault(name, place)
            if first.file != place.file:
                message, related = f"another manifest states the project `{name}` too", (("the other one", first),)
                remedy = "give one of them another name: waivers and records go by it"
                self._problems[Problem(message, remedy, place, related, level)] = None

    def _note_waivers(self, piece: Piece) -> None:
        if self.bench.waivers is not None:
            self.bench.waivers.met |= piece.met
            self.bench.waivers.used |= piece.used

    def _settle_waivers(self) -> None:
        """Say of every waiver how it stands; what only a whole run can tell is told by one of the whole root."""
        if self.bench.waivers is not None:
            whole = any(not relative for _, relative in self._wanted)
            self.summary.waivers = self.bench.waivers.settle(whole=whole)
            self._problems.update(dict.fromkeys(self.bench.waivers.warn(whole=whole)))

    def _list_pieces(self) -> Iterable[Piece]:
        jobs = self.request.jobs
        if jobs is None:
            jobs = min(os.cpu_count() or 1, len(self.items) // PARALLEL_FROM + 1)
        chunks = [self.items[start : start + CHUNK] for start in range(0, len(self.items), CHUNK)]
        if min(jobs, len(chunks)) <= 1:
            return map(self.bench.work_on, ([item] for item in self.items))
        from policy.app.workers import work_in_processes

        return work_in_processes(self.request, self.bench.workspace.root, chunks, jobs)


def warn_of_barren(wanted: Iterable[tuple[str, str]], places: set[str]) -> list[Problem]:
    """A warning for each path at which nothing was judged, where `places` are the files that something was said of.

    A YAML file or script that is named is looked at, and need not train anything: hooks name all that have changed.
    """
    asked = dict(wanted)
    fruitful = {relative for relative in asked.values() if any(is_below(place, {relative}) for place in places)}
    unfit = [path for path, relative in asked.items() if not is_yaml(relative) and not is_script(relative)]
    barren = [path for path in unfit if asked[path] not in fruitful]
    remedy = "leave it out, or name a folder that holds an ml-manifest.yaml or a training config"
    return [Problem(f"there is nothing to judge in `{path}`", remedy, level="warning") for path in barren if fruitful]


def exit_code(summary: Summary, problems: Sequence[Problem], fail_on: str) -> int:
    """The exit code of a run: of several, 2 (input) before 1 (blocked) before 4 (held) before 3 (nothing judged)."""
    if any(problem.level == "error" for problem in problems):
        return 2
    failing = {"flag": ("flag", "hold", "block"), "hold": ("hold", "block")}.get(fail_on, ("block",))
    if any(summary.verdicts[verdict] for verdict in failing):
        return 1
    if summary.verdicts["hold"]:
        return 4
    return 0 if summary.subjects else 3
