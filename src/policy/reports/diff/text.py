"""What differs between two policy sets, as text for a person: the sets, then the subjects, then the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.set_changes import CHANGED, GONE, NEW
from policy.reports.colour import paint
from policy.reports.diff.wording import (
    BY,
    SIGNS,
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
from policy.reports.layout import WIDTH, clean, count_noun, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.model.set_changes import (
        Change,
        Line,
        PolicyChange,
        SetChanges,
        Unjudged,
        VerdictChange,
        VerdictCounts,
        WaiverChange,
    )
    from policy.reports.diff.view import DiffContext

STYLES = {"stricter": "red", "milder": "green", "block": "red", "hold": "yellow", "flag": "yellow", "allow": "green"}
LINE_STYLES = {GONE: "red", NEW: "green"}


class TextDiff:
    """What `policy diff` prints."""

    name = "text"
    separator = ""
    worst_first = True

    def start(self, changes: SetChanges, context: DiffContext) -> str:
        """Both policy sets, and all that differs between them."""
        return "\n".join(_write_sets(changes, context)) + "\n"

    def show(self, change: VerdictChange, context: DiffContext) -> str:
        """One subject whose verdict changes."""
        return "\n".join(_write_verdict(change, context)) + "\n"

    def finish(
        self, counts: VerdictCounts, unjudged: list[Unjudged], problems: Sequence[Problem], context: DiffContext
    ) -> str:
        """What could not be judged, and the counts."""
        lines = [""]
        for found in unjudged:
            said = f"not judged {BY[found.by]}: {clean(context.show_path(found.file))}: {clean(found.why)}"
            lines += wrap(said, "", "  ")
        parts = [say_counts(counts, unjudged, context)]
        errors = sum(problem.level == "error" for problem in problems)
        parts += [f"{count_noun(errors, 'problem')} with the input (on standard error)"] if errors else []
        warnings = len(problems) - errors
        parts += [f"{count_noun(warnings, 'warning')} (on standard error)"] if warnings else []
        if context.evidence_differs:
            lines += wrap("evidence was collected once, with the settings of OLD", "", "  ")
        lines += [paint(line, "bold", colour=context.colour) for line in wrap(" · ".join(parts), "", "  ")]
        left_out = say_other_gates(counts, context)
        lines += wrap(left_out, "", "  ") if left_out else []
        return "\n".join(lines) + "\n"


def _write_sets(changes: SetChanges, context: DiffContext) -> Iterator[str]:
    for side in (context.old, context.new):
        yield f"{side.word}  {clean(say_side(side))}"
    yield ""
    yield from (paint(line, "bold", colour=context.colour) for line in wrap(say_extent(changes), "", "  "))
    for policy in changes.in_meaning:
        yield from ("", *_write_policy(policy, context))
    if changes.settings:
        yield from ("", paint("settings", "bold", colour=context.colour))
        for change in changes.settings:
            yield from _write_change(change, context)
    if changes.waivers:
        yield from ("", paint("waivers", "bold", colour=context.colour))
        for waiver in changes.waivers:
            yield from _write_waiver(waiver, context)
    yield from _write_quiet(changes, context)


def _write_quiet(changes: SetChanges, context: DiffContext) -> Iterator[str]:
    """What changes no verdict."""
    worded = [policy for policy in changes.policies if policy.wording]
    if worded:
        yield from ("", paint("wording, which changes no outcome", "bold", colour=context.colour))
    for policy in worded:
        yield f"  {policy.policy}"
        for change in policy.wording:
            yield from _write_change(change, context, "    ")
    if changes.makeup:
        yield from ("", paint("made of", "bold", colour=context.colour))
    for change in changes.makeup:
        yield from _write_change(change, context)


def _write_policy(policy: PolicyChange, context: DiffContext) -> Iterator[str]:
    name = paint(policy.policy, "bold", colour=context.colour)
    said = policy.change if policy.change != CHANGED else ""
    words = ", ".join(part for part in (said, _paint_direction(policy.direction, context)) if part)
    yield f"{SIGNS[policy.change]} {name}: {words}"
    yield from wrap(clean(policy.title), "    ")
    for change in policy.changes:
        yield from _write_change(change, context, "    ", whole=policy.change != CHANGED)


def _paint_direction(direction: str, context: DiffContext) -> str:
    words = {"neither": "neither stricter nor milder", "unclear": "stricter or milder, which cannot be told in general"}
    style = STYLES.get(direction)
    text = words.get(direction, direction)
    return paint(text, style, colour=context.colour) if style else text


def _write_waiver(waiver: WaiverChange, context: DiffContext) -> Iterator[str]:
    name = f" ({clean(waiver.name)})" if waiver.name else ""
    subject = clean(waiver.subject)
    said = f"{clean(waiver.policy)} for {subject}{name}: {waiver.change}{say_direction(waiver.direction)}"
    yield from wrap(said, f"  {SIGNS[waiver.change]} ", "    ")
    for change in waiver.changes:
        yield from _write_change(change, context, "      ", whole=waiver.change != CHANGED)


def _write_change(change: Change, context: DiffContext, indent: str = "  ", *, whole: bool = False) -> Iterator[str]:
    values = say_whole(change) if whole and not change.lines else say_values(change)
    direction = "" if whole else say_direction(change.direction)
    head = f"{clean(label(change))}{': ' if values else ''}{clean(values)}{direction}"
    places = "" if whole else say_places(change)
    yield from wrap(f"{head}  [{clean(places)}]" if places else head, indent, f"{indent}  ")
    for line in change.lines:
        yield from _write_line(line, context, f"{indent}  ")


def _write_line(line: Line, context: DiffContext, indent: str) -> Iterator[str]:
    text = clean(line.text)
    depth = indent + " " * (len(text) - len(text.lstrip()))
    first, rest = f"{indent}{line.sign} {depth[len(indent) :]}", f"{depth}    "
    style = LINE_STYLES.get(line.sign)
    for number, shown in enumerate(wrap(text.lstrip(), first, rest, WIDTH)):
        yield paint(shown, style, colour=context.colour) if style else shown if shown.strip() or number else ""


def _write_verdict(change: VerdictChange, context: DiffContext) -> Iterator[str]:
    arrow = " → ".join(paint(word, STYLES[word], colour=context.colour) for word in (change.old, change.new))
    files = ", ".join(clean(file) for file in list_files(change, context))
    yield ""
    yield f"{arrow}  {paint(clean(change.subject.project, 80), 'bold', colour=context.colour)}  {files}"
    for found in change.policies:
        yield from wrap(f"{found.policy}: {say_responsible(found)}", "    ", "      ")
