"""What a report does not know: what was not judged, and what keeps its numbers from being whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.audit import Unjudged
from policy.reports.layout import count_noun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.auditing.judged import Judged
    from policy.app.auditing.recorded import Recorded
    from policy.app.auditing.tally import Tally
    from policy.model.audit import Counts, Scope


def list_unjudged(scope: Scope, recorded: Recorded | None, judged: Judged | None, tally: Tally) -> Iterator[Unjudged]:
    """What is in scope and was not judged, or is on no record."""
    if judged is not None:
        yield from judged.list_unjudged()
    if recorded is None:
        return
    decided = {project for project, _ in tally.subjects}
    if not scope.teams:
        for project, last in recorded.list_earlier():
            if project in decided:
                continue
            why = f"no decision in the period; the last one before it is of {last}"
            if last >= recorded.bounds.first:
                why = "its decisions of the period judged no policy in scope, or cannot be read any more"
            yield Unjudged(project, why)
    for project, config in sorted(tally.subjects.keys() - tally.on_record):
        yield Unjudged(config or project, "judged for this report; the ledger has no decision of the period")


def list_unread(recorded: Recorded) -> Iterator[str]:
    """What of a ledger does not fit."""
    for problem in recorded.entries.list_problems():
        yield f"{problem.message}: what does not fit is not counted; {problem.remedy}"


def list_uncounted(counts: Counts, erased_steps: int) -> Iterator[str]:
    """What was not counted, or not as it should be."""
    if counts.erased:
        yield f"{count_noun(counts.erased, 'decision')} erased: that they were made is known, and nothing else"
    if erased_steps:
        yield f"{count_noun(erased_steps, 'entry')} about requests erased: what they said is not counted"
    if counts.unread:
        yield f"{count_noun(counts.unread, 'decision')} of no format that this version reads"
    if counts.uncounted:
        yield (
            f"of {count_noun(counts.uncounted, 'decision')} it is not known how many policies were in force: "
            "what the gate did not judge is not counted there"
        )
    if counts.late:
        yield f"{count_noun(counts.late, 'decision')} of the period recorded on another day than judged for"
