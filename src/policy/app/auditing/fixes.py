"""How long failures last: from the first fail of a policy to the next pass of the same subject."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from policy.app.auditing.period import count_minutes
from policy.model.audit import Fixing, PolicyNote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.app.auditing.documents import Row

# Longer ones are rounded to hours: what is kept of them is bounded, however many there are.
TWO_DAYS: Final = 2 * 24 * 60


class Fixes:
    """Failures that are open, by subject and policy with their first time, and how long those lasted that ended."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, str], dict[str, str]] = {}
        self.lengths: dict[str, Counter[int]] = defaultdict(Counter)
        self.dropped: Counter[str] = Counter()

    def add(self, subject: tuple[str, str], row: Row) -> None:
        """Take a decision; a failure ends with a pass, or when the policy applies no more."""
        known = self.open.get(subject)
        if "fail" in row.results:
            known = self.open.setdefault(subject, {})
            for policy, result in zip(row.policies, row.results, strict=True):
                if result == "fail":
                    # Decisions are not always recorded in the order of their times.
                    known[policy] = min(known.get(policy, row.time), row.time)
        if known:
            for policy, result in zip(row.policies, row.results, strict=True):
                if policy in known and result in ("pass", "not-applicable"):
                    self._end(known, policy, result, row.time)

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
