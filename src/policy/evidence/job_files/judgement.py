"""What came of judging a training file, and its violations as they are counted up."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from policy.errors import Location, Problem
from policy.evidence.job_files.outlines import draw_outline
from policy.evidence.job_files.places import find_places
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.evidence.job_files.providers import Provider
    from policy.evidence.job_files.violations import Path, Violation

Related: TypeAlias = "tuple[tuple[str, Location], ...]"

# Who has mended this many asks again.
MOST_SHOWN = 100


class Finding(NamedTuple):
    """One violation and where it is. The problem's location has no end, so nobody quotes the line that it is on.

    `outline` is the row without its values, and a row of carets below it; empty where it would show nothing.
    """

    rule: str
    path: Path
    problem: Problem
    outline: tuple[str, ...] = ()


class Judgement(NamedTuple):
    """What is known of a file: the first violations, the number of all by rule, and what could not be judged.

    `kind` is None where no row told it. The counts are rules of errors and of warnings.
    """

    file: str
    provider: Provider
    kind: str | None
    rows: int
    bytes: int
    sha256: str
    findings: tuple[Finding, ...]
    errors: dict[str, int]
    warnings: dict[str, int]
    unread: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool | None:
        """Whether the file keeps the rules; None where it broke none as far as it could be read."""
        return False if self.errors else None if self.unread else True


class Tally:
    """Counts the violations of one file, and keeps the first of them with their places."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.errors: dict[str, int] = {}
        self.warnings: dict[str, int] = {}
        self.unread: list[str] = []
        self._total = 0

    def add(self, violation: Violation, line: int = 0, column: int = 1, related: Related = ()) -> None:
        """Count a violation of a line as a whole, or without `line` of the file, which is always kept."""
        if self._count(violation) or not line:
            self._keep(violation, Location(self.file, max(line, 1), column), (), related)

    def add_row(self, violations: Iterable[Violation], number: int, line: bytes, row: Any) -> None:
        """Count what a row does wrong; `row` is the value that the line holds."""
        kept = [violation for violation in violations if self._count(violation)]
        if not kept:
            return
        places = find_places(line.decode(), [violation.path for violation in kept])
        found = [(places.get(item.path, 0) if item.offset is None else item.offset, item) for item in kept]
        for offset, violation in sorted(found, key=itemgetter(0)):
            outline = draw_outline(row, violation.path) if violation.offset is None else ()
            self._keep(violation, Location(self.file, number, offset + 1), outline)

    def _count(self, violation: Violation) -> bool:
        """Count it; whether there is still room for its details."""
        counts = self.warnings if violation.level == "warning" else self.errors
        counts[violation.rule] = counts.get(violation.rule, 0) + 1
        self._total += 1
        return self._total <= MOST_SHOWN

    def _keep(
        self, violation: Violation, place: Location, outline: tuple[str, ...] = (), related: Related = ()
    ) -> None:
        problem = Problem(violation.message, violation.find_remedy(), place, related, violation.level)
        self.findings.append(Finding(violation.rule, violation.path, problem, outline))
