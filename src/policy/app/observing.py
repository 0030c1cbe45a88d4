"""All evidence about everything that is below some paths, subject by subject; nothing is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.checking import refuse_twins, warn_of_barren
from policy.app.evidence_view import view_evidence
from policy.app.subjects import build_subjects
from policy.app.workspace import open_workspace
from policy.errors import PolicyError, Problem
from policy.loading.discovery import discover
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from policy.app.subjects import Subjects
    from policy.errors import Location
    from policy.reports.evidence.view import EvidenceView


class ObservationRequest(NamedTuple):
    """What to look at, on which day and by which policy set; with `everything`, what nobody asks for is named too."""

    paths: tuple[str, ...]
    today: date
    config: str | None = None
    everything: bool = False


class Observation:
    """One run: workspace and the items that were found. Raises PolicyError."""

    def __init__(self, request: ObservationRequest) -> None:
        found = discover(request.paths)
        if len(found) > 1:
            roots = " and ".join(sorted(part.root for part in found))
            remedy = "look at them one at a time"
            raise PolicyError(Problem(f"the paths lie in different repositories: {roots}", remedy))
        self.request = request
        self.items = found[0].items
        self.workspace = open_workspace(found[0].root, request.config)
        self._wanted = found[0].wanted
        self._problems = dict.fromkeys(found[0].problems)

    @property
    def problems(self) -> list[Problem]:
        """Every problem met so far, once."""
        return list(self._problems)

    def show_path(self, file: str) -> str:
        """A path relative to the root as seen from the working folder."""
        return self.workspace.show_path(file)

    def run(self) -> Iterator[EvidenceView]:
        """The evidence about each subject; the problems are complete when this ends."""
        policy_set, today = self.workspace.policy_set, self.request.today
        places = {problem.location.file for problem in self._problems if problem.location is not None}
        names: dict[str, Location] = {}
        for item in self.items:
            subjects = build_subjects(self.workspace, item, today)
            self._problems.update(dict.fromkeys(subjects.problems))
            twins = refuse_twins(_list_names(subjects), names, waiving=policy_set.waiving is not None)
            self._problems.update(dict.fromkeys(twins))
            if len(self._wanted) > 1:
                places.update(_list_places(subjects))
            for facts in subjects.facts:
                yield view_evidence(policy_set, facts, today, everything=self.request.everything)
        self._problems.update(dict.fromkeys(warn_of_barren(self._wanted, places)))
        self._problems.update(dict.fromkeys(policy_set.loosenings))


def _list_names(subjects: Subjects) -> Iterator[tuple[str, Location]]:
    """The name of the project, where the manifest states it."""
    claims = subjects.facts[0].claims if subjects.facts else ()
    stated = next((claim for claim in claims if claim.path == "project" and claim.location), None)
    if stated is not None and stated.location is not None:
        yield stated.value, stated.location


def _list_places(subjects: Subjects) -> Iterator[str]:
    """The files that something is known of, or that are broken."""
    for facts in subjects.facts:
        yield from filter(None, (facts.subject.manifest, facts.subject.training_config))
    for problem in subjects.problems:
        if problem.level == "error" and problem.location is not None:
            yield problem.location.file
