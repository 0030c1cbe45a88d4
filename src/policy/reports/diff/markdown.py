"""What differs between two policy sets as Markdown, for a pull request or a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.set_changes import CHANGED
from policy.reports.diff.wording import (
    BY,
    DIRECTION_WORDS,
    label,
    list_files,
    say_counts,
    say_direction,
    say_extent,
    say_other_gates,
    say_places,
    say_responsible,
    say_side,
    say_values,
    say_whole,
)
from policy.reports.layout import clean, count_noun
from policy.reports.markdown import escape, write_code, write_fence, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.model.set_changes import (
        Change,
        PolicyChange,
        SetChanges,
        Unjudged,
        VerdictChange,
        VerdictCounts,
        WaiverChange,
    )
    from policy.reports.diff.view import DiffContext


class MarkdownDiff:
    """The form for a pull request: nobody is called by what a policy or a project is named."""

    name = "markdown"
    separator = ""
    worst_first = True

    def start(self, changes: SetChanges, context: DiffContext) -> str:
        """Both policy sets, and all that differs between them."""
        return "\n".join(_write_sets(changes, context)) + "\n"

    def show(self, change: VerdictChange, context: DiffContext) -> str:
        """One subject whose verdict changes, as an item of a list."""
        return "\n".join(_write_verdict(change, context)) + "\n"

    def finish(
        self, counts: VerdictCounts, unjudged: list[Unjudged], problems: Sequence[Problem], context: DiffContext
    ) -> str:
        """What could not be judged, and the counts."""
        lines = [] if counts.unchanged < counts.judged else ["No subject gets another verdict."]
        for found in unjudged:
            file = write_code(clean(context.show_path(found.file)))
            lines.append(f"- not judged {BY[found.by]}: {file}: {write_text(clean(found.why), quiet=True)}")
        lines += ["", f"**{_say(say_counts(counts, unjudged, context))}**"]
        left_out = say_other_gates(counts, context)
        lines += ["", f"{left_out[0].upper()}{left_out[1:]}."] if left_out else []
        if context.evidence_differs:
            lines += ["", "Evidence was collected once, with the settings of OLD."]
        if problems:
            lines += ["", f"{count_noun(len(problems), 'problem or warning', 'problems and warnings')} beside these."]
        return "\n".join(lines) + "\n"


def _say(text: str) -> str:
    return escape(clean(text), quiet=True)


def _write_sets(changes: SetChanges, context: DiffContext) -> Iterator[str]:
    yield "## Policy sets compared"
    yield ""
    for side in (context.old, context.new):
        yield f"- {side.word}: {_say(say_side(side))}"
    yield from ("", f"**{_say(say_extent(changes))}**")
    for policy in changes.in_meaning:
        yield from ("", *_write_policy(policy))
    for heading, found in (("Settings", changes.settings), ("Made of", changes.makeup)):
        if found:
            yield from ("", f"### {heading}", "")
            for change in found:
                yield from _write_change(change)
    if changes.waivers:
        yield from ("", "### Waivers")
        for waiver in changes.waivers:
            yield from ("", *_write_waiver(waiver))
    yield from _write_wording(changes)
    yield from ("", "### Verdicts", "")


def _write_policy(policy: PolicyChange) -> Iterator[str]:
    said = f"{policy.change}, " if policy.change != CHANGED else ""
    yield f"### {write_code(policy.policy)}: {said}{DIRECTION_WORDS[policy.direction]}"
    yield from ("", _say(policy.title), "")
    for change in policy.changes:
        yield from _write_change(change, whole=policy.change != CHANGED)


def _write_waiver(waiver: WaiverChange) -> Iterator[str]:
    name = f" ({_say(waiver.name)})" if waiver.name else ""
    direction = say_direction(waiver.direction)
    yield f"{write_code(waiver.policy)} for {write_code(waiver.subject)}{name}: {waiver.change}{direction}"
    yield ""
    for change in waiver.changes:
        yield from _write_change(change, whole=waiver.change != CHANGED)


def _write_wording(changes: SetChanges) -> Iterator[str]:
    """Folded away: it changes no outcome."""
    worded = [policy for policy in changes.policies if policy.wording]
    if worded:
        yield from ("", "<details><summary>Wording, which changes no outcome</summary>")
        for policy in worded:
            yield from ("", write_code(policy.policy), "")
            for change in policy.wording:
                yield from _write_change(change)
        yield from ("", "</details>")


def _write_change(change: Change, *, whole: bool = False) -> Iterator[str]:
    values = say_whole(change) if whole and not change.lines else say_values(change)
    places = "" if whole else say_places(change)
    said = f"{_say(label(change))}{f': {_say(values)}' if values else ''}"
    direction = "" if whole else say_direction(change.direction)
    yield f"- {said}{direction}{f' ({write_code(places)})' if places else ''}"
    if change.lines:
        yield ""
        fence = write_fence("diff", [f"{line.sign} {clean(line.text)}" for line in change.lines])
        yield from (f"  {line}" for line in fence)
        yield ""


def _write_verdict(change: VerdictChange, context: DiffContext) -> Iterator[str]:
    files = ", ".join(write_code(clean(file)) for file in list_files(change, context))
    project = write_code(clean(change.subject.project, 80))
    yield f"- **{change.old} → {change.new}** {project}{f', {files}' if files != project else ''}"
    for found in change.policies:
        yield f"  - {write_code(found.policy)}: {_say(say_responsible(found))}"
