"""Everything together: from a ledger, from manifests, or both, to the report."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policy.app.auditing.documents import Reader
from policy.app.auditing.exemptions import Exemptions
from policy.app.auditing.judged import Judged, open_judged
from policy.app.auditing.misnamed import Known, find_misnamed
from policy.app.auditing.policy_sets import KnownSets, find_framework_policies, list_parameters
from policy.app.auditing.recorded import MARKS, Recorded, wants_name
from policy.app.auditing.requests import Requests, list_broken_glass, list_overrulings
from policy.app.auditing.runs import Runs, list_doubts
from policy.app.auditing.settings import Settings
from policy.app.auditing.standing import Standings
from policy.app.auditing.tally import Tally
from policy.language.identity import digest_policy_set
from policy.model.audit import AuditReport, Counts, PolicySetUse, Unjudged
from policy.model.audited_runs import RunsNote
from policy.model.frameworks import FRAMEWORKS
from policy.reports.layout import count_noun
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import datetime

    from policy.app.auditing.misnamed import Misnamed
    from policy.app.auditing.requests import Request
    from policy.app.ledgers.locating import Place
    from policy.errors import Problem
    from policy.model.audit import Overruling, PolicyNote, RequestNote, Scope, Voter
    from policy.records.ledger import Ledger

    Owner = tuple[str, str]


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
    """The report, what was wrong with the input, and the files that were read, from the root.

    `misnamed` are the names of filters that nothing has.
    """

    report: AuditReport
    problems: list[Problem]
    inputs: tuple[str, ...] = ()
    misnamed: tuple[Misnamed, ...] = ()


def gather_report(request: AuditRequest) -> Gathered:
    """The report. Raises PolicyError where the ledger or the policy set cannot be used."""
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
        return Gathering(request.scope, recorded, judged).run()


class Gathering:
    """One report in the making."""

    def __init__(self, scope: Scope, recorded: Recorded | None, judged: Judged | None) -> None:
        self.scope = scope
        self.recorded = recorded
        self.judged = judged
        self.sets = KnownSets()
        self.owners: dict[tuple[str, str], Owner] = {}
        self.teams: dict[str, Owner] = {}
        self.exemptions = Exemptions(date.fromisoformat(scope.effective))
        self.erased_steps = 0
        # Of what is judged for the report, also what is out of scope.
        self.seen_teams: set[str] = set()
        self.seen_projects: set[str] = set()

    def run(self) -> Gathered:
        """Read it all, once."""
        if self.judged is not None:
            policy_set = self.judged.workspace.policy_set
            self.sets.add(digest_policy_set(policy_set), policy_set)
        disordered: set[str] = set()
        if self.recorded is not None:
            overview = self.recorded.look_over()
            self.teams, disordered = overview.owners, overview.disordered
            self.sets.read_recorded(self.recorded.ledger, overview.newest)
        policies = self._find_policies()
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
            return Gathered(report, problems, (), misnamed)
        return Gathered(report, [*self.judged.problems, *problems], tuple(self.judged.list_inputs()), misnamed)

    def _list_known(self, tally: Tally) -> Known:
        notes = self.sets.note_policies()
        named = {framework for note in notes.values() for framework, _ in note.controls}
        teams = {team for team, _ in self.teams.values()} | self.seen_teams
        projects = self.recorded.list_projects() if self.recorded is not None and self.scope.projects else set()
        policies = notes.keys() | {policy for policy, _ in tally.results}
        return Known(policies, teams, named | FRAMEWORKS.keys(), projects | self.seen_projects)

    def _find_policies(self) -> set[str] | None:
        """The policies in scope; None for all."""
        wanted = set(self.scope.policies) or None
        if self.scope.frameworks:
            named = find_framework_policies(self.sets.sets.values(), self.scope.frameworks)
            wanted = named if wanted is None else wanted & named
        return wanted

    def _wants_project(self, project: str) -> bool:
        return wants_name(project, self.scope.projects) and self._wants_team(self.teams.get(project, ("", "")))

    def _wants_team(self, owner: Owner) -> bool:
        return not self.scope.teams or owner[0] in self.scope.teams

    def _count_recorded(self, recorded: Recorded, tally: Tally, reader: Reader) -> None:
        digests = recorded.count(tally, reader, self._wants_project)
        self.exemptions.add_recorded(recorded.read_waivers(digests))
        self.owners |= {subject: self.teams.get(subject[0], ("", "")) for subject in tally.subjects}

    def _count_judged(self, judged: Judged, tally: Tally, reader: Reader) -> None:
        for document in judged.read_documents():
            row = reader.read(document)
            owner = judged.find_owner(row.manifest)
            self.seen_teams.add(owner[0])
            self.seen_projects.add(row.project)
            if not wants_name(row.project, self.scope.projects) or not self._wants_team(owner):
                continue
            if reader.policies and not row.policies:
                tally.pass_over(row)
                continue
            tally.add(row)
            self.owners[row.project, row.config] = owner
            self.teams[row.project] = owner
        self.exemptions.add_listed(judged.list_waivers())

    def _finish(self, tally: Tally, policies: Collection[str] | None) -> AuditReport:
        notes = self.sets.note_policies()
        standings = Standings(tally, self.owners, notes)
        counts = tally.count_all()
        step, verdicts = tally.list_verdicts()
        wants = self._make_wants(policies)
        requests, voters, overrulings = self._read_requests(wants)
        newest = next(iter(self.sets.sets.values()), None)
        if newest is not None and newest.waiving is not None:
            self.exemptions.add_listed(newest.waiving.entries)
        in_force = {name for name in notes if policies is None or name in policies}
        settings = Settings(self.recorded) if self.recorded is not None else None
        runs = Runs(self.recorded, self._wants_project).read(tally.gates) if self.recorded is not None else RunsNote()
        watched = settings.list_watched() if settings is not None else ()
        return AuditReport(
            self.scope,
            self.recorded.describe() if self.recorded is not None else None,
            self._list_sets(tally, notes),
            counts,
            verdicts,
            step,
            standings.list_projects(),
            standings.tally_policies(),
            self.exemptions.list_exemptions(tally.waived, wants),
            requests,
            voters,
            overrulings,
            tally.list_missing(),
            tally.list_contradicted(),
            tally.fixes.list_fixing(notes),
            standings.list_controls(in_force, self.scope.frameworks),
            tuple(self._list_unjudged(tally)),
            notes,
            standings.list_links,
            standings.count_links(),
            tuple(self._list_doubts(counts, requests, (*watched, *list_doubts(runs)))),
            runs,
            settings.list_changes() if settings is not None else (),
        )

    def _make_wants(self, policies: Collection[str] | None) -> Callable[[str, str], bool]:
        """Whether a waiver or request of a policy, for projects of a pattern, is in scope."""
        known = {project for project in self.teams if self._wants_project(project)}
        if not self.scope.teams:
            # Something may have been asked for where nothing was decided in the period.
            known.update(name for name in self.scope.projects if not MARKS & set(name))
        everywhere = not self.scope.projects and not self.scope.teams

        def wants(policy: str, subject: str) -> bool:
            if policies is not None and policy not in policies:
                return False
            if everywhere or (not self.scope.teams and wants_name(subject, self.scope.projects)):
                return True
            return any(fnmatchcase(project, subject) for project in known)

        return wants

    def _read_requests(
        self, wants: Callable[[str, str], bool]
    ) -> tuple[tuple[RequestNote, ...], tuple[Voter, ...], tuple[Overruling, ...]]:
        if self.recorded is None:
            return (), (), ()
        names = self.recorded.name_people()
        requests = Requests(lambda person: f"{names[person]} ({person})" if person in names else f"{person} (erased)")
        for step in self.recorded.read_steps():
            requests.add(step)
        self.erased_steps = requests.erased
        requests.keep(self._is_current)
        policies = {name: self._read_policies(name, request) for name, request in requests.by_id.items()}
        requests.keep_named(
            {
                name
                for name, request in requests.by_id.items()
                if any(wants(policy, str(request.said.get("project"))) for policy in policies[name] or ("",))
            }
        )
        noted = requests.list_requests(policies, self.scope.period.until)
        return noted, requests.list_voters(), list_overrulings(noted)

    def _is_current(self, request: Request) -> bool:
        """Whether anything of it is in the period: it was open, or decided then."""
        over = request.decided or str(request.said.get("expires") or "")
        return not over or over >= self.scope.period.since

    def _read_policies(self, name: str, request: Request) -> tuple[str, ...]:
        """What a request is about; a waiver that was granted joins the others."""
        if self.recorded is None:
            return ()
        document = self.recorded.read_document(request.said.get("document"))
        waiver = document.get("waiver")
        if request.said.get("kind") == "waiver" and request.state == "approved" and type(waiver) is dict:
            self.exemptions.add_granted(waiver, f"request {name}")
        holding = document.get("holding")
        return tuple(map(str, holding)) if type(holding) is list else ()

    def _list_sets(self, tally: Tally, notes: Mapping[str, PolicyNote]) -> tuple[PolicySetUse, ...]:
        made = []
        for digest, use in tally.sets.items():
            known = self.sets.sets.get(digest)
            made.append(
                PolicySetUse(
                    digest,
                    known.name if known is not None else "",
                    use.engine,
                    use.decisions,
                    use.first,
                    use.last,
                    len(known.policies) if known is not None else None,
                    list_parameters(known) if known is not None else (),
                )
            )
        return tuple(sorted(made, key=lambda one: (one.last, one.first, one.digest), reverse=True))

    def _list_unjudged(self, tally: Tally) -> Iterator[Unjudged]:
        """What is in scope and was not judged, or is on no record."""
        if self.judged is not None:
            yield from self.judged.list_unjudged()
        if self.recorded is None:
            return
        decided = {project for project, _ in tally.subjects}
        if not self.scope.teams:
            for project, last in self.recorded.list_earlier():
                if project in decided:
                    continue
                why = f"no decision in the period; the last one before it is of {last}"
                if last >= self.scope.period.since:
                    why = "its decisions of the period judged no policy in scope, or cannot be read any more"
                yield Unjudged(project, why)
        for project, config in sorted(tally.subjects.keys() - tally.on_record):
            yield Unjudged(config or project, "judged for this report; the ledger has no decision of the period")

    def _list_doubts(
        self, counts: Counts, requests: tuple[RequestNote, ...], of_runs: tuple[str, ...]
    ) -> Iterator[str]:
        """What keeps the numbers from being whole."""
        if self.recorded is not None:
            for problem in self.recorded.entries.list_problems():
                yield f"{problem.message}: what does not fit is not counted; {problem.remedy}"
        yield from of_runs
        yield from list_broken_glass(requests)
        yield from self.exemptions.list_shared()
        if self.judged is not None and self.judged.would_ask_ledger():
            yield "what was judged for this report counts no approval and no waiver that was granted in the ledger"
        if counts.erased:
            yield f"{count_noun(counts.erased, 'decision')} erased: that they were made is known, and nothing else"
        if self.erased_steps:
            yield f"{count_noun(self.erased_steps, 'entry')} about requests erased: what they said is not counted"
        if counts.unread:
            yield f"{count_noun(counts.unread, 'decision')} of no format that this version reads"
        if counts.uncounted:
            yield (
                f"of {count_noun(counts.uncounted, 'decision')} it is not known how many policies were in force: "
                "what the gate did not judge is not counted there"
            )
        if counts.late:
            yield f"{count_noun(counts.late, 'decision')} of the period recorded on another day than judged for"
        yield from self.sets.doubts
