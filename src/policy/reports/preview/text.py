"""A preview as text for a person: the projects that come out otherwise, then the policies, then the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.model.preview import SAME
from policy.reports.colour import paint
from policy.reports.diff.wording import say_responsible, say_side
from policy.reports.layout import clean, count_noun, wrap
from policy.reports.preview.wording import (
    CHANGED_EARLIER,
    FATE_WORDS,
    list_acting,
    list_unknown,
    say_decisions,
    say_exceptions,
    say_later,
    say_latest,
    say_owner,
    say_policy,
    say_projects,
    say_scope,
    say_standing,
    say_unknown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.model.preview import Preview, Previewed, ProjectPreview, Standing
    from policy.reports.preview.view import PreviewContext

STYLES: Final = {"block": "red", "hold": "yellow", "flag": "yellow", "allow": "green"}


class TextPreview:
    """What `policy preview` prints."""

    name = "text"
    separator = ""
    worst_first = False

    def start(self, context: PreviewContext) -> str:
        """The policy set, and the decisions that are asked about."""
        lines = wrap(clean(say_side(context.new)), "NEW_SET  ")
        lines += wrap(clean(f"{context.ledger} ({context.ledger_id}): {say_scope(context)}"), "ledger   ")
        return "\n".join(lines) + "\n"

    def show(self, change: Previewed, context: PreviewContext) -> str:
        """Nothing of a single decision: they are told by project."""
        return ""

    def finish(self, preview: Preview, problems: Sequence[Problem], context: PreviewContext) -> str:
        """Projects, policies, what stays unknown or was not judged, and the counts."""
        lines = [*_write_projects(preview, context), *_write_policies(preview, context)]
        lines += _write_unjudged(preview, context)
        lines.append("")
        for said in (say_decisions(preview), say_projects(preview)):
            lines += (paint(line, "bold", colour=context.colour) for line in wrap(said, "", "  "))
        for said in (say_exceptions(preview), clean(say_later(preview, context))):
            lines += wrap(said, "", "  ") if said else []
        if problems:
            lines.append(f"{count_noun(len(problems), 'warning')} (on standard error)")
        return "\n".join(lines) + "\n"


def _write_projects(preview: Preview, context: PreviewContext) -> Iterator[str]:
    fate = ""
    for project in preview.projects:
        if project.fate != fate:
            fate = project.fate
            heading = FATE_WORDS[fate] if fate != SAME else CHANGED_EARLIER
            yield from ("", paint(heading, "bold", colour=context.colour))
        yield from _write_project(project, context)


def _write_project(project: ProjectPreview, context: PreviewContext) -> Iterator[str]:
    name = paint(clean(project.project, 80), "bold", colour=context.colour)
    yield f"  {name}, {clean(say_owner(project.owner), 160)}"
    for standing in project.standings:
        yield from _write_standing(standing, context)


def _write_standing(standing: Standing, context: PreviewContext) -> Iterator[str]:
    latest = standing.latest
    arrow = " → ".join(paint(word, STYLES[word], colour=context.colour) for word in (latest.old, latest.new))
    config = f"  {clean(latest.subject.training_config)}" if latest.subject.training_config else ""
    yield f"    {arrow}  at {latest.gate}{config}"
    yield from wrap(clean(say_latest(standing)), "      ", "        ")
    if standing.policies is None:
        yield "      what was decided then is not in the ledger any more"
    for found in standing.policies or ():
        yield from wrap(clean(f"{found.policy}: {say_responsible(found)}"), "      ", "        ")


def _write_policies(preview: Preview, context: PreviewContext) -> Iterator[str]:
    acting = list_acting(preview)
    if acting:
        yield from ("", paint("by policy, projects by their latest decisions", "bold", colour=context.colour))
    for policy in acting:
        yield from wrap(clean(f"{policy.policy}{say_standing(policy)}: {say_policy(policy)}"), "  ", "    ")
    unknown = list_unknown(preview)
    if unknown:
        heading = "stays unknown: what it needs was not recorded then"
        yield from ("", paint(heading, "bold", colour=context.colour))
    for policy in unknown:
        yield from wrap(clean(f"{policy.policy}: {say_unknown(policy)}"), "  ", "    ")


def _write_unjudged(preview: Preview, context: PreviewContext) -> Iterator[str]:
    total = sum(preview.unjudged.values())
    if total:
        heading = f"not judged: {total:,} of {count_noun(preview.recorded, 'recorded decision')}"
        yield from ("", paint(heading, "bold", colour=context.colour))
    for why, count in preview.unjudged.items():
        yield from wrap(f"{count:,}: {clean(why)}", "  ", "    ")
