"""Judge everything that is below some paths, in one process or several, and render it piece by piece."""

from __future__ import annotations

import os
from datetime import UTC, datetime
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

    from policy.app.baselines.running import BaselineRun
    from policy.app.bench import Piece, Rendered
    from policy.app.recording.writing import Writer
    from policy.app.trusted.base import Base
    from policy.errors import Location
    from policy.loading.discovery import Item
    from policy.model.baseline import Baseline
    from policy.model.fact import Fact
    from policy.model.selection import Selection

# Below this many projects a second process costs more than it saves.
PARALLEL_FROM = 400
CHUNK = 50


class CheckRequest(NamedTuple):
    """What to judge and how; it can be sent to another process. `formats` are pairs of name and colour.

    `trusted` is the revision that shows which waivers are approved, where whoever runs this names one. With a `base`
    its policy set judges, and that of the work tree is a proposal; `config` is where it is looked for. With a revision
    `changed_since` no more is judged than what is touched by what is changed since then. Findings of the `baseline`
    are known and fail nothing; `recording` notes what a new one would hold. `home` is the folder that the root is a
    copy of, where it is one: a ledger is not beside the copy. A `rehearsal` is as at a time that has not come.
    What is `said` is claimed of everything that is judged.
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
    baseline: Baseline | None = None
    recording: bool = False
    home: str | None = None
    rehearsal: bool = False
    said: tuple[Fact, ...] = ()


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
    paths, selection, problems = choose()
    bench.contexts = [context._replace(selection=selection) for context in bench.contexts]
    first, *others = discover(paths) if paths else [Found(root, [])]
    return bench, [first._replace(problems=(*first.problems, *problems)), *others], selection


def refuse_several(roots: Iterable[str]) -> None:
    """Raises PolicyError where there is more than one root."""
    named = sorted(set(roots))
    if len(named) > 1:
        message = f"the paths lie in different repositories: {' and '.join(named)}"
        raise PolicyError(Problem(message, "check them one at a time"))


class Check:
    """One run: workspace, reporters, and the items that were found."""

    def __init__(self, request: CheckRequest) -> None:
        # Told once: for a process that starts later it may have come.
        request = request._replace(rehearsal=request.now > datetime.now(UTC))
        self.bench, found, self.selection = open_bench(request)
        self.request = request
        self.items = found[0].items
        self.summary = Summary()
        self._wanted = found[0].wanted
        # What could not be looked into, or is called by another name, may hold what would not be met.
        self._saw_all = self.selection is None and not found[0].problems
        self._problems = dict.fromkeys((*found[0].problems, *(request.baseline.problems if request.baseline else ())))
        self.known = self._open_known()
        self._refuse_nothing()
        self.writer = self._open_writer()

    def _open_writer(self) -> Writer | None:
        settings = self.bench.workspace.policy_set.ledger
        if settings is not None and self.bench.decider is not None and self.request.rehearsal:
            from policy.app.recording.rehearsal import say_rehearsal

            self._problems[say_rehearsal(settings.url, self.request.now.astimezone(UTC))] = None
        if self.bench.recorder is None or settings is None:
            return None
        from policy.app.recording.writing import Writer  # most policy sets have no ledger

        return Writer(self.bench.workspace, settings, self.request.gate, self.request.home)

    def _open_known(self) -> BaselineRun | None:
        baseline = self.request.baseline
        if baseline is None:
            return None
        from policy.app.baselines.running import BaselineRun  # most runs have none
        from policy.model.baseline import BaselineCounts

        base = self.request.base
        # As the working tree has it, also where it was read from a revision.
        file = baseline.file if base is None else baseline.file.removeprefix(f"{base.name}/")
        self.summary.baseline = BaselineCounts(file, len(baseline.entries))
        return BaselineRun(baseline, self.request.gate, self.bench.known)

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
            if self.writer is not None:
                self.writer.add(piece.records)
            yield from piece.rendered
        self._problems.update(dict.fromkeys(warn_of_barren(self._wanted, places)))
        # Last, and not among what is said of the paths: they are about the policy set.
        self._problems.update(dict.fromkeys(self.bench.workspace.policy_set.loosenings))
        if self.bench.proposal is not None:
            self._problems.update(dict.fromkeys(self.bench.proposal.problems))
        self._settle_waivers()
        if self.known is not None and self.summary.baseline is not None:
            self.summary.baseline.fixed = self.known.list_fixed(whole=self.is_whole)
        if self.bench.decider is not None:
            self.bench.decider.close()
        if self.writer is not None:
            self.summary.records = self.writer.finish()
            self._problems.update(dict.fromkeys(self.summary.records.problems))

    @property
    def is_whole(self) -> bool:
        """Whether all that is below the root was judged, so that what was not met is not there any more."""
        broken = any(problem.level == "error" for problem in self._problems)
        return self._saw_all and any(not relative for _, relative in self._wanted) and not broken

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
            chunks = [[item] for item in self.items]
            pieces: Iterable[Piece] = map(self.bench.work_on, chunks)
        else:
            from policy.app.workers import work_in_processes

            pieces = work_in_processes(self.request, self.bench.workspace.root, chunks, jobs)
        return pieces if self.known is None else map(self._admit, pieces, chunks)

    def _admit(self, piece: Piece, items: list[Item]) -> Piece:
        """A part of the work; done again where it took of the baseline what parts before it had taken."""
        if self.known is None or piece.tally is None or self.known.admit(piece.tally):
            return piece
        again = self.bench.work_on(items, self.known.taken)
        if again.tally is not None:
            self.known.admit(again.tally)
        return again


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
