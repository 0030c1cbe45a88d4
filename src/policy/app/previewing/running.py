"""One preview: the new policy set, the recorded decisions newest first, and what would become of each."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from policy.app.previewing.bench import Bench
from policy.app.previewing.exceptions import NOTHING, Exceptions
from policy.app.previewing.indexed import SELECT, is_whole, split_row
from policy.app.previewing.results import describe_projects
from policy.app.previewing.tallies import Tallies, find_fate
from policy.app.set_diff.loading import list_plugins, load_side, name_side
from policy.app.set_diff.sides import WORK_TREE, Place, open_side
from policy.app.trusted.plugins import leave_work_tree
from policy.errors import PolicyError, Problem
from policy.language.identity import digest_policy_set
from policy.model.gates import FLAGGING_GATES, GATES, VERDICTS
from policy.model.preview import FATES, Preview, Previewed
from policy.records.faults import LedgerError
from policy.reports.layout import count_noun, join_names
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import ExitStack

    from policy.app.previewing.bench import Judged
    from policy.app.previewing.exceptions import Excepted
    from policy.app.set_diff.sides import Side
    from policy.app.workspace import Workspace
    from policy.model.policy import PolicySet
    from policy.model.waiver_entry import Standing
    from policy.records.ledger import Ledger
    from policy.records.objects import DecisionRow

WORD: Final = "NEW_SET"
INCOMPLETE: Final = "what was redacted before it was recorded decided an outcome"
OTHERS: Final = "for other reasons"
# As many entries as a reader looks up; `policy ledger verify` names them all.
NAMED: Final = 5
_PAGE: Final = 200
_REASONS: Final = 20
_COUNTS: Final = "SELECT (SELECT count(*) FROM entries WHERE type = 'decision'), (SELECT count(*) FROM decisions)"


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
        workspace = load_side(new, list_plugins(here) & list_plugins(new), warnings)
    except PolicyError as error:
        raise PolicyError(*(name_side(problem, new) for problem in error.problems)) from None
    warnings += warn_of_flagging(workspace.policy_set)
    return new, workspace


def warn_of_flagging(policy_set: PolicySet) -> Iterator[Problem]:
    """That holds only flag by a policy set that names no ledger, where it has any: it would otherwise look milder."""
    if policy_set.has_ledger or not any(may_hold(policy_set, gate) for gate in FLAGGING_GATES):
        return
    gates = join_names([f"`{gate}`" for gate in FLAGGING_GATES], len(FLAGGING_GATES))
    message = f"{WORD} names no ledger, so what it holds at the gates {gates} only flags there: nobody could approve it"
    yield Problem(
        message, "name the ledger in it, if it is to judge with one: `ledger: sqlite:///ledger.db`", level="warning"
    )


def may_hold(policy_set: PolicySet, gate: str) -> bool:
    """Whether any policy holds at a gate, by the settings of the set, whatever the modes leave of it."""
    effects = (
        effect
        for policy in policy_set.policies
        for effect in (policy_set.effect_of(policy, gate), policy_set.unknown_effect_of(policy, gate))
    )
    return "hold" in effects


class PreviewRun:
    """Judges what a ledger has; `run` gives what changes, and `finish` everything else."""

    def __init__(
        self, workspace: Workspace, ledger: Ledger, request: PreviewRequest, warnings: Sequence[Problem] = ()
    ) -> None:
        self.request = request
        self.warnings = tuple(warnings)
        self.ledger = ledger
        self.policy_set = workspace.policy_set
        self.bench = Bench(self.policy_set, ledger, request.now, list_granted(ledger, self.policy_set, request.now))
        self.exceptions = Exceptions(ledger)
        self.tallies = Tallies(self.bench)
        self.unjudged: Counter[str] = Counter()
        self.changed: list[int] = []
        # The warnings that come with the end.
        self.late: tuple[Problem, ...] = ()
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
        if self.changed:
            self.unjudged[say_changed(self.changed)] = len(self.changed)
            self.changed = []
        self.late = tuple(find_gap(self.ledger))
        self.warnings += self.late
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
        at = "AND d.gate = ? " if request.gate is not None else ""
        query = f"{SELECT} WHERE d.seq < ? AND d.time >= ? AND d.time < ? {at}ORDER BY d.seq DESC LIMIT {_PAGE}"
        rest = (request.since, request.until, *([request.gate] if request.gate is not None else []))
        last = self.ledger.head()[0] + 1
        while rows := self.ledger.read(query, (last, *rest)):
            for row, beside in map(split_row, rows):
                if request.project is None or self._matches(row.project):
                    if is_whole(self.ledger, row, beside):
                        yield row
                    else:
                        self.changed.append(row.seq)
                last = row.seq

    def _match_project(self, project: str) -> bool:
        return fnmatchcase(project, self.request.project or "*")

    def _judge(self, row: DecisionRow) -> Judged | None:
        at = self.request.at
        if row.verdict not in VERDICTS or row.gate not in GATES:
            self.changed.append(row.seq)
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
            self.changed.append(row.seq)
            return None
        except PolicyError as error:
            self._leave_out(error.problems[0].message)
            return None
        except ValueError:
            # It has a time that no version writes.
            self.changed.append(row.seq)
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


def find_gap(ledger: Ledger) -> Iterator[Problem]:
    """That decisions are missing in the index, by which they are found, or that it has some which are none."""
    ((recorded, indexed),) = ledger.read(_COUNTS)
    if recorded != indexed:
        message = f"the ledger has {count_noun(recorded, 'decision')}, and its index {indexed:,}"
        yield Problem(message, "`policy ledger verify` names what was changed", level="warning")


def say_changed(entries: list[int]) -> str:
    """Why the decisions at some entries are not judged."""
    named = join_names([f"{seq:,}" for seq in sorted(entries)], NAMED)
    word = "entry" if len(entries) == 1 else "entries"
    return f"the ledger holds something else than was recorded at {word} {named}: verify it"


def list_granted(ledger: Ledger, policy_set: PolicySet, now: datetime) -> tuple[Standing, ...]:
    """What the ledger has granted that the policy set would let count at a time."""
    if policy_set.waiving is None or policy_set.ledger is None:
        return ()
    from policy.app.waivers.granted import list_standings

    return list_standings(ledger, policy_set, now)


def _read_day(text: str) -> int:
    """The ordinal of a day."""
    return date.fromisoformat(text).toordinal()
