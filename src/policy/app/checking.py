"""Judge everything that is below some paths, in one process or several, and render it piece by piece."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.bench import Bench
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.loading.discovery import Found, discover, find_root, is_below
from policy.loading.file_listing import is_script, is_yaml
from policy.model.summary import Summary
from policy.model.summary import exit_code as exit_code  # noqa: PLC0414 - handed on
from policy.plugins.metering import find_meter
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from policy.app.bench import Piece, Rendered
    from policy.app.trusted.base import Base
    from policy.errors import Location
    from policy.model.selection import Selection

# Below this many projects a second process costs more than it saves.
PARALLEL_FROM = 400
CHUNK = 50


class CheckRequest(NamedTuple):
    """What to judge and how; it can be sent to another process. `formats` are pairs of name and colour.

    `trusted` is the revision that shows which waivers are approved, where whoever runs this names one. With a `base`
    its policy set judges, and that of the work tree is a proposal; `config` is where it is looked for. With a revision
    `changed_since` no more is judged than what is touched by what is changed since then.
    """

    paths: tuple[str, ...]
    gate: str
    now: datetime
    fail_on: str = "block"
    config: str | None = None
    formats: tuple[tuple[str, bool], ...] = (("text", False),)
    jobs: int | None = None
    trusted: str | None = None
    base: Base | None = None
    changed_since: str | None = None


def open_bench(request: CheckRequest) -> tuple[Bench, list[Found], Selection | None]:
    """What judges, what there is to judge, and how it was chosen where not everything is asked for.

    Raises PolicyError.
    """
    if request.changed_since is None:
        found = discover(request.paths or (".",))
        refuse_several(part.root for part in found)
        return Bench(request, found[0].root), found, None
    from policy.app.selection import start_choosing  # most runs judge everything

    refuse_several(map(find_root, request.paths))
    root, choose = start_choosing(request, request.changed_since)
    bench = Bench(request, root)
    paths, selection = choose()
    bench.contexts = [context._replace(selection=selection) for context in bench.contexts]
    return bench, discover(paths) if paths else [Found(root, [])], selection


def refuse_several(roots: Iterable[str]) -> None:
    """Raises PolicyError where there is more than one root."""
    named = sorted(set(roots))
    if len(named) > 1:
        message = f"the paths lie in different repositories: {' and '.join(named)}"
        raise PolicyError(Problem(message, "check them one at a time"))


class Check:
    """One run: workspace, reporters, and the items that were found."""

    def __init__(self, request: CheckRequest) -> None:
        self.bench, found, self.selection = open_bench(request)
        self.request = request
        self.items = found[0].items
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
            twins = refuse_twins(piece.names, names, waiving=self.bench.waivers is not None)
            self._problems.update(dict.fromkeys(twins))
            self._note_waivers(piece)
            self.summary.merge(piece.summary)
            # What many projects share, such as a collector that breaks, is said and kept once.
            self._problems.update(dict.fromkeys(piece.problems))
            yield from piece.rendered
        self._problems.update(dict.fromkeys(warn_of_barren(self._wanted, places)))
        # Last, and not among what is said of the paths: they are about the policy set.
        self._problems.update(dict.fromkeys(self.bench.workspace.policy_set.loosenings))
        if self.bench.proposal is not None:
            self._problems.update(dict.fromkeys(self.bench.proposal.problems))
        self._settle_waivers()

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


def refuse_twins(
    found: Iterable[tuple[str, Location]], names: dict[str, Location], *, waiving: bool
) -> Iterator[Problem]:
    """A problem for each project of which another manifest states the name; `names` remembers where each stood first.

    Where there is `waiving`, which goes by the name, that is no matter of taste.
    """
    level = "error" if waiving else "warning"
    for name, place in found:
        first = names.setdefault(name, place)
        if first.file != place.file:
            message, related = f"another manifest states the project `{name}` too", (("the other one", first),)
            yield Problem(message, "give one of them another name: waivers and records go by it", place, related, level)


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
