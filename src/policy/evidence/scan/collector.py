"""The collector that scans the data files of a subject for secrets and personal data."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from policy.errors import Location, Problem
from policy.evidence.data.named import list_sources
from policy.evidence.paths import UnreadablePathError, confine
from policy.model.fact import Fact
from policy.model.fields import SCAN
from policy.plugins.contracts import Evidence

if TYPE_CHECKING:
    from policy.evidence.data.named import Source
    from policy.evidence.scan.files import FileScan
    from policy.evidence.scan.spans import Findings
    from policy.plugins.contracts import Project

SCANNED_SPLITS = ("train", "validation")
MOST_KEPT = 1000
_NAMES = {"secrets": ("secret", "secrets"), "personal_data": ("place with personal data", "places with personal data")}
_REMEDIES = {
    "secrets": "revoke each one, and remove it from the data",
    "personal_data": "remove or replace it, or have its use approved",
}

Cache: TypeAlias = "dict[tuple[str, int, int], FileScan]"
"""Counts and places of one run, by real path, size and time of change."""


class DataScan:
    """Counts the secrets and the personal data in the files that a manifest or a training config names."""

    name = SCAN
    observes: tuple[str, ...] = ("data.secrets", "data.personal_data")

    def __init__(self) -> None:
        self._cache: Cache = {}

    def collect(self, project: Project) -> Evidence:
        declared = next((fact for fact in project.declared if fact.path == "data.sources"), None)
        named = list_sources(project.folder, declared, project.datasets)
        sources = [source for source in named if source.split in SCANNED_SPLITS]
        if not sources:
            return Evidence()
        if len(self._cache) > MOST_KEPT:
            self._cache.clear()
        scans: dict[str, FileScan] = {}
        shown: dict[str, str] = {}
        gaps = [gap for source in sources if (gap := self._scan(project.root, source, scans, shown))]
        return self._conclude(sources[0].location, scans, shown, gaps)

    def _scan(self, root: str, source: Source, scans: dict[str, FileScan], shown: dict[str, str]) -> str:
        """Scan the source's file into `scans`, by its real path; why not all of it is known, or nothing."""
        if source.path is None:
            return f"`{source.shown}` is not a file of the repository"
        try:
            real = confine(root, source.path)
            scan = scans[real] = self._scan_once(root, real)
        except UnreadablePathError as fault:
            return fault.problem.message
        except OSError as fault:
            return f"`{source.path}` cannot be read: {fault.strerror}"
        shown[real] = source.path
        if scan.findings is None:
            return f"`{source.path}` is not scanned: {scan.reason}"
        return "" if source.resolved else f"what `{source.shown}` stands for could not be made out"

    def _conclude(
        self, location: Location | None, scans: dict[str, FileScan], shown: dict[str, str], gaps: list[str]
    ) -> Evidence:
        """The totals where all is known, else why they are not and how many there are at least."""
        facts, problems, unavailable = [], [], {}
        for path in self.observes:
            family = path.partition(".")[2]
            found = {real: scan.findings[family] for real, scan in scans.items() if scan.findings is not None}
            problems += [_report(family, shown[real], findings) for real, findings in found.items() if findings.total]
            total = sum(findings.total for findings in found.values())
            if gaps:
                least = f"; in the other files at least {total:,} found" if total else ""
                unavailable[path] = gaps[0] + least
            else:
                facts.append(Fact(path, total, "observed", self.name, location))
        return Evidence(tuple(facts), tuple(problems), unavailable)

    def _scan_once(self, root: str, real: str) -> FileScan:
        status = os.stat(real)
        key = (real, status.st_size, status.st_mtime_ns)
        if key not in self._cache:
            self._cache[key] = self._look_into(root, real)
        return self._cache[key]

    def _look_into(self, root: str, real: str) -> FileScan:
        """Scan a file, or tell what is known of it. Raises OSError."""
        from policy.evidence.scan.kept import scan_once  # many subjects name no file
        from policy.evidence.scan.personal import PERSONAL_DATA
        from policy.evidence.scan.secrets import SECRETS

        return scan_once(root, real, (SECRETS, PERSONAL_DATA))


def _report(family: str, shown: str, findings: Findings) -> Problem:
    """How many of which kind there are in a file and where the first ones begin."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(findings.counts.items()))
    name = _NAMES[family][findings.total != 1]
    # Locations without an end: one that has it is quoted with its line, and this must never be.
    places = [(place.kind, Location(shown, place.line, place.column)) for place in findings.places]
    message = f"`{shown}` holds {findings.total:,} {name}: {kinds}"
    return Problem(message, _REMEDIES[family], places[0][1], tuple(places[1:]), "warning")
