"""How long failures last: from the first fail of a policy to the next pass of the same subject."""

from __future__ import annotations

from collections import Counter, defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from policy.app.auditing.period import count_minutes
from policy.model.audit import Fixing, PolicyNote

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from policy.app.auditing.documents import Row

    Judged = tuple[str, tuple[str, ...], tuple[str, ...]]

# Longer ones are rounded to hours: what is kept of them is bounded, however many there are.
TWO_DAYS: Final = 2 * 24 * 60


class Fixes:
    """Failures that are open, by subject and policy with their first time, and how long those lasted that ended.

    Of projects in `disordered` all decisions are kept until the end, for they do not come in the order of their times.
    """

    def __init__(self, disordered: Collection[str] = ()) -> None:
        self.disordered = frozenset(disordered)
        self.open: dict[tuple[str, str], dict[str, str]] = {}
        self.lengths: dict[str, Counter[int]] = defaultdict(Counter)
        self.dropped: Counter[str] = Counter()
        self._waiting: dict[tuple[str, str], list[Judged]] = defaultdict(list)

    def add(self, subject: tuple[str, str], row: Row) -> None:
        """Take a decision; a failure ends with a pass, or when the policy applies no more."""
        judged = (row.time, row.policies, row.results)
        if subject[0] in self.disordered:
            self._waiting[subject].append(judged)
        else:
            self._take(subject, *judged)

    def _take(self, subject: tuple[str, str], time: str, policies: tuple[str, ...], results: tuple[str, ...]) -> None:
        known = self.open.get(subject)
        if "fail" in results:
            known = self.open.setdefault(subject, {})
            for policy, result in zip(policies, results, strict=True):
                if result == "fail":
                    known.setdefault(policy, time)
        if known:
            for policy, result in zip(policies, results, strict=True):
                if policy in known and result in ("pass", "not-applicable"):
                    self._end(known, policy, result, time)

    def _end(self, known: dict[str, str], policy: str, result: str, time: str) -> None:
        minutes = count_minutes(known[policy], time)
        if minutes is None:
            return
        del known[policy]
        if result == "pass":
            self.lengths[policy][minutes if minutes < TWO_DAYS else round(minutes / 60) * 60] += 1
        else:
            self.dropped[policy] += 1

    def list_fixing(self, notes: Mapping[str, PolicyNote]) -> tuple[Fixing, ...]:
        """The policies that were failed, those with most open failures first."""
        for subject, rows in self._waiting.items():
            # Of two at one time the later entry counts.
            for row in sorted(rows, key=itemgetter(0)):
                self._take(subject, *row)
        self._waiting.clear()
        waiting: dict[str, list[str]] = defaultdict(list)
        for times in self.open.values():
            for policy, time in times.items():
                waiting[policy].append(time)
        made = [
            Fixing(
                notes.get(policy) or PolicyNote(policy),
                self.lengths[policy].total() if policy in self.lengths else 0,
                find_median(self.lengths.get(policy)),
                max(self.lengths[policy]) if policy in self.lengths else None,
                self.dropped[policy],
                len(waiting[policy]),
                min(waiting[policy], default=""),
            )
            for policy in {*waiting, *self.lengths, *self.dropped}
        ]
        return tuple(sorted(made, key=lambda one: (-one.open, -(one.median or 0), one.note.id)))


def find_median(counts: Counter[int] | None) -> int | None:
    """The median of numbers that are counted, the lower one of two; None of none."""
    if not counts:
        return None
    half, seen = (counts.total() + 1) // 2, 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= half:
            return value
    raise AssertionError("half of them is among them")
