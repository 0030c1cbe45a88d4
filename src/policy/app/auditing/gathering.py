"""Everything together: from a ledger, from manifests, or both, to the report."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING

from policy.app.auditing.asked import Asked, read_asked
from policy.app.auditing.documents import Reader
from policy.app.auditing.exemptions import Exemptions
from policy.app.auditing.gaps import list_uncounted, list_unjudged, list_unread
from policy.app.auditing.held_back import list_held_back
from policy.app.auditing.judged import Judged, open_judged
from policy.app.auditing.misnamed import Known, find_misnamed
from policy.app.auditing.policy_sets import KnownSets
from policy.app.auditing.recorded import Recorded, wants_name
from policy.app.auditing.requests import list_broken_glass
from policy.app.auditing.runs import Runs, list_doubts
from policy.app.auditing.set_uses import list_uses
from policy.app.auditing.settings import Settings
from policy.app.auditing.standing import Standings
from policy.app.auditing.tally import Tally
from policy.app.auditing.wanted import Wanted
from policy.language.identity import digest_policy_set
from policy.model.audit import AuditReport
from policy.model.audited_runs import RunsNote
from policy.model.frameworks import FRAMEWORKS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime

    from policy.app.auditing.misnamed import Misnamed
    from policy.app.auditing.wanted import Owner
    from policy.app.ledgers.locating import Place
    from policy.errors import Problem
    from policy.model.audit import Counts, Scope
    from policy.records.ledger import Ledger


class AuditRequest(NamedTuple):
    """What to report on: a ledger, manifests below the paths of the scope, or both.

    `size` is how many entries of the ledger count, None for all.
    """

    scope: Scope
    now: datetime
    place: Place | None = None
    size: int | None = None
    config: str | None = None


class Gathered(NamedTuple):
    """The report, what was wrong with the input, and the names of filters that nothing has."""

    report: AuditReport
    problems: list[Problem]
    misnamed: tuple[Misnamed, ...] = ()


def gather_report(request: AuditRequest, refuse: Callable[[Iterable[str]], None] | None = None) -> Gathered:
    """The report. Raises PolicyError where the ledger or the policy set cannot be used.

    What is going to be judged is shown to `refuse` first, with all that it is judged by.
    """
    with ExitStack() as stack:
        recorded = None
        if request.place is not None:
            from policy.records.ledger import open_ledger

            ledger: Ledger = stack.enter_context(
                open_ledger(request.place.url, folder=request.place.folder, create=False)
            )
            recorded = Recorded(ledger, request.scope, request.size)
        paths, gate = request.scope.paths, request.scope.gate
        judged = open_judged(paths, gate, request.now, request.config) if paths else None
        if refuse is not None:
            refuse(judged.list_inputs() if judged is not None else ())
        return Gathering(request.scope, recorded, judged).run()


class Gathering:
    """One report in the making."""

    def __init__(self, scope: Scope, recorded: Recorded | None, judged: Judged | None) -> None:
        self.scope = scope
        self.recorded = recorded
        self.judged = judged
        self.wanted = Wanted(scope)
        self.sets = KnownSets()
        self.owners: dict[tuple[str, str], Owner] = {}
        self.exemptions = Exemptions(date.fromisoformat(scope.effective))
        # Of what is judged for the report, also what is out of scope.
        self.seen_teams: set[str] = set()
        self.seen_projects: set[str] = set()

    def run(self) -> Gathered:
        """Read it all, once."""
        disordered = self._read_sets()
        policies = self.wanted.find_policies(self.sets.sets.values())
        tally = Tally(self.sets.count_in_force(lambda name: policies is None or name in policies), disordered)
        if policies is None or policies:
            reader = Reader(policies or ())
            if self.recorded is not None:
                self._count_recorded(self.recorded, tally, reader)
            if self.judged is not None:
                self._count_judged(self.judged, tally, reader)
        report = self._finish(tally, policies)
        problems = self.recorded.entries.list_problems() if self.recorded is not None else []
        misnamed = tuple(find_misnamed(self.scope, self._list_known(tally)))
        if self.judged is None:
            return Gathered(report, problems, misnamed)
        return Gathered(report, [*self.judged.problems, *problems], misnamed)

    def _read_sets(self) -> set[str]:
        """Policy sets and owners; gives the projects whose decisions do not stand in the order of their times."""
        if self.judged is not None:
            policy_set = self.judged.workspace.policy_set
            self.sets.add(digest_policy_set(policy_set), policy_set)
        if self.recorded is None:
            return set()
        overview = self.recorded.look_over()
        self.wanted.teams = overview.owners
        self.sets.read_recorded(self.recorded.ledger, overview.newest)
        return overview.disordered

    def _list_known(self, tally: Tally) -> Known:
        notes = self.sets.note_policies()
        named = {framework for note in notes.values() for framework, _ in note.controls}
        teams = {team for team, _ in self.wanted.teams.values()} | self.seen_teams
        projects = self.recorded.list_projects() if self.recorded is not None and self.scope.projects else set()
        policies = notes.keys() | {policy for policy, _ in tally.results}
        return Known(policies, teams, named | FRAMEWORKS.keys(), projects | self.seen_projects)

    def _count_recorded(self, recorded: Recorded, tally: Tally, reader: Reader) -> None:
        digests = recorded.count(tally, reader, self.wanted.wants_project)
        self.exemptions.add_recorded(recorded.read_waivers(digests))
        self.owners |= {subject: self.wanted.find_owner(subject[0]) for subject in tally.subjects}

    def _count_judged(self, judged: Judged, tally: Tally, reader: Reader) -> None:
        for document in judged.read_documents():
            row = reader.read(document)
            owner = judged.find_owner(row.manifest)
            self.seen_teams.add(owner[0])
            self.seen_projects.add(row.project)
            if not wants_name(row.project, self.scope.projects) or not self.wanted.wants_team(owner):
                continue
            if reader.policies and not row.policies:
                tally.pass_over(row)
                continue
            tally.add(row)
            self.owners[row.project, row.config] = owner
            self.wanted.teams[row.project] = owner
        self.exemptions.add_listed(judged.list_waivers())

    def _finish(self, tally: Tally, policies: Collection[str] | None) -> AuditReport:
        notes = self.sets.note_policies()
        standings = Standings(tally, self.owners, notes)
        counts = tally.count_all()
        step, verdicts = tally.list_verdicts()
        wants = self.wanted.make_wants(policies)
        asked, runs, settings = Asked(), RunsNote(), None
        if self.recorded is not None:
            asked = read_asked(self.recorded, self.wanted, wants, self.exemptions)
            settings = Settings(self.recorded)
            runs = Runs(self.recorded, self.wanted.wants_project).read(tally.gates)
        newest = next(iter(self.sets.sets.values()), None)
        if newest is not None and newest.waiving is not None:
            self.exemptions.add_listed(newest.waiving.entries)
        in_force = {name for name in notes if policies is None or name in policies}
        watched = settings.list_watched() if settings is not None else ()
        return AuditReport(
            self.scope,
            self.recorded.describe() if self.recorded is not None else None,
            list_uses(tally, self.sets.sets),
            counts,
            verdicts,
            step,
            standings.list_projects(),
            standings.tally_policies(),
            self.exemptions.list_exemptions(tally.waived, wants),
            asked.requests,
            asked.voters,
            asked.overrulings,
            tally.list_missing(),
            tally.list_contradicted(),
            tally.fixes.list_fixing(notes),
            standings.list_controls(in_force, self.scope.frameworks),
            tuple(list_unjudged(self.scope, self.recorded, self.judged, tally)),
            notes,
            standings.list_links,
            standings.count_links(),
            tuple(self._list_doubts(counts, asked, (*self._list_held_back(tally, policies), *watched), runs)),
            runs,
            settings.list_changes() if settings is not None else (),
        )

    def _list_held_back(self, tally: Tally, policies: Collection[str] | None) -> Iterator[str]:
        gates = {gate for latest in tally.subjects.values() for gate in latest}
        return list_held_back(tally.sets, self.sets.sets, gates, policies)

    def _list_doubts(self, counts: Counts, asked: Asked, watched: tuple[str, ...], runs: RunsNote) -> Iterator[str]:
        """What keeps the numbers from being whole."""
        if self.recorded is not None:
            yield from list_unread(self.recorded)
        yield from watched
        yield from list_doubts(runs)
        yield from list_broken_glass(asked.requests)
        yield from self.exemptions.list_shared()
        if self.judged is not None and self.judged.would_ask_ledger():
            yield "what was judged for this report counts no approval and no waiver that was granted in the ledger"
        yield from list_uncounted(counts, asked.erased)
        yield from self.sets.doubts
