"""One preview: the new policy set, the recorded decisions newest first, and what would become of each."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from policy.app.previewing.bench import Bench
from policy.app.previewing.exceptions import NOTHING, Exceptions
from policy.app.previewing.results import describe_projects
from policy.app.previewing.tallies import Tallies, find_fate
from policy.app.set_diff.loading import list_plugins, load_side, name_side
from policy.app.set_diff.sides import WORK_TREE, Place, open_side
from policy.app.trusted.plugins import leave_work_tree
from policy.errors import PolicyError, Problem
from policy.language.identity import digest_policy_set
from policy.model.gates import GATES, VERDICTS
from policy.model.preview import FATES, Preview, Previewed
from policy.records.faults import LedgerError
from policy.records.layout import COLUMNS
from policy.records.objects import DecisionRow
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import ExitStack

    from policy.app.previewing.bench import Judged
    from policy.app.previewing.exceptions import Excepted
    from policy.app.set_diff.sides import Side
    from policy.app.workspace import Workspace
    from policy.records.ledger import Ledger

WORD: Final = "NEW_SET"
INCOMPLETE: Final = "what was redacted before it was recorded decided an outcome"
CHANGED: Final = "what is recorded is not what it was: verify the ledger"
OTHERS: Final = "for other reasons"
_PAGE: Final = 2000
_REASONS: Final = 20


class PreviewRequest(NamedTuple):
    """Which decisions to judge again: those since one time and before another (UTC, as decisions have it).

    Each is judged as at its own time, or all as at `at`. The waivers of the new set count as at `now`.
    """

    since: str
    until: str
    now: datetime
    gate: str | None = None
    project: str | None = None
    at: datetime | None = None


def open_new(given: str, place: Place, stack: ExitStack, warnings: list[Problem]) -> tuple[Side, Workspace]:
    """The new policy set by its name; plugins are in use that the policy set here names, too. Raises PolicyError."""
    new = stack.enter_context(open_side(WORD, given, place, warnings))
    here = stack.enter_context(open_side("here", WORK_TREE, place, []))
    if new.problems:
        raise PolicyError(*(name_side(problem, new) for problem in new.problems))
    if new.base is not None:
        leave_work_tree(new.root)
    try:
        return new, load_side(new, list_plugins(here) & list_plugins(new), warnings)
    except PolicyError as error:
        raise PolicyError(*(name_side(problem, new) for problem in error.problems)) from None


class PreviewRun:
    """Judges what a ledger has; `run` gives what changes, and `finish` everything else."""

    def __init__(
        self, workspace: Workspace, ledger: Ledger, request: PreviewRequest, warnings: Sequence[Problem] = ()
    ) -> None:
        self.request = request
        self.warnings = tuple(warnings)
        self.ledger = ledger
        self.policy_set = workspace.policy_set
        self.bench = Bench(self.policy_set, ledger, request.now)
        self.exceptions = Exceptions(ledger)
        self.tallies = Tallies(self.bench)
        self.unjudged: Counter[str] = Counter()
        self.excepted = 0
        self._matches = lru_cache(maxsize=4096)(self._match_project)
        self._ordinal = lru_cache(maxsize=4096)(_read_day)

    @property
    def digest(self) -> str:
        """What decisions would call the new policy set."""
        return digest_policy_set(self.policy_set)

    def run(self) -> Iterator[Previewed]:
        """Every decision whose verdict changes, the newest first."""
        tallies = self.tallies
        for row in self._read_rows():
            judged = self._judge(row)
            if judged is None:
                continue
            tallies.add(row, judged)
            if judged.verdict != row.verdict:
                yield self._describe(row, judged)

    def finish(self) -> Preview:
        """What there is to say when all is judged."""
        grouped = self.tallies.group_projects()
        fates = [find_fate(several) for several in grouped.values()]
        return Preview(
            self.tallies.counts,
            tuple(describe_projects(grouped, self._describe, self.tallies, self.exceptions)),
            {fate: fates.count(fate) for fate in FATES},
            tuple(self.tallies.list_policies()),
            dict(self.unjudged.most_common()),
            self.excepted,
        )

    def _read_rows(self) -> Iterator[DecisionRow]:
        """The decisions that are asked about, a page at a time so that writers are not held up."""
        request = self.request
        at = "AND gate = ? " if request.gate is not None else ""
        query = (
            f"SELECT {', '.join(COLUMNS['decisions'])} FROM decisions"  # noqa: S608 - names of our own
            f" WHERE seq < ? AND time >= ? AND time < ? {at}ORDER BY seq DESC LIMIT {_PAGE}"
        )
        rest = (request.since, request.until, *([request.gate] if request.gate is not None else []))
        last = self.ledger.head()[0] + 1
        while rows := self.ledger.read(query, (last, *rest)):
            for row in map(DecisionRow._make, rows):
                if request.project is None or self._matches(row.project):
                    yield row
            last = rows[-1][-1]

    def _match_project(self, project: str) -> bool:
        return fnmatchcase(project, self.request.project or "*")

    def _judge(self, row: DecisionRow) -> Judged | None:
        at = self.request.at
        if row.verdict not in VERDICTS or row.gate not in GATES:
            self._leave_out(CHANGED)
            return None
        try:
            excepted = self._except(row)
            now = (at or datetime.fromisoformat(row.time)) if excepted.approvals else None
            day = at.date().toordinal() if at is not None else self._ordinal(row.time[:10])
            judged = self.bench.judge(row.facts, row.gate, day, now, excepted)
            if judged.redacted and excepted is NOTHING:
                excepted = self.exceptions.read(row)
            if not excepted.complete:
                self._leave_out(INCOMPLETE)
                return None
        except LedgerError as error:
            if error.kind != "corrupt":
                raise
            self._leave_out(CHANGED)
            return None
        except PolicyError as error:
            self._leave_out(error.problems[0].message)
            return None
        except ValueError:
            # The index has a time that no version writes.
            self._leave_out(CHANGED)
            return None
        self.excepted += bool(excepted.key)
        return judged

    def _except(self, row: DecisionRow) -> Excepted:
        if not self.exceptions.may_concern(row.project, row.gate, row.stake):
            return NOTHING
        return self.exceptions.read(row)

    def _leave_out(self, why: str) -> None:
        known = why in self.unjudged or len(self.unjudged) < _REASONS
        self.unjudged[why if known else OTHERS] += 1

    def _describe(self, row: DecisionRow, judged: Judged) -> Previewed:
        return Previewed(
            row.decision_id,
            row.seq,
            row.time,
            row.gate,
            judged.subject,
            judged.owner,
            row.verdict,
            judged.verdict,
            self.tallies.list_responsible(judged),
        )


def _read_day(text: str) -> int:
    """The ordinal of a day."""
    return date.fromisoformat(text).toordinal()
