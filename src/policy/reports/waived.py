"""Which waivers stand behind a waived outcome."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.decision import Decision, Outcome
    from policy.model.waiver_entry import WaiverEntry
    from policy.reports.reporter import ReportContext


def find_entries(outcome: Outcome, decision: Decision, context: ReportContext) -> Iterator[WaiverEntry]:
    """The waivers that may have done it: the outcome itself tells no more than the day on which its waiver ends."""
    waiving = context.policy_set.waiving
    for entry in (*(waiving.entries if waiving else ()), *context.granted):
        ends = f"waived until {entry.expires.isoformat()};" in outcome.note
        if entry.policy == outcome.policy and ends and fnmatchcase(decision.subject.project, entry.subject):
            yield entry
