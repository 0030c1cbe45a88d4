"""A preview as Markdown, for a pull request or a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.preview import SAME
from policy.reports.diff.wording import say_responsible, say_side
from policy.reports.layout import clean, count_noun
from policy.reports.markdown import escape, write_code, write_text
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
    from policy.model.preview import Preview, Previewed, ProjectPreview
    from policy.reports.preview.view import PreviewContext


class MarkdownPreview:
    """The form for a pull request: nobody is called by what a project or a team is named."""

    name = "markdown"
    separator = ""
    worst_first = False

    def start(self, context: PreviewContext) -> str:
        """The policy set, and the decisions that are asked about."""
        ledger = f"{context.ledger} ({context.ledger_id}): {say_scope(context)}"
        return f"## Policy preview\n\n- NEW_SET: {_say(say_side(context.new))}\n- ledger: {_say(ledger)}\n"

    def show(self, change: Previewed, context: PreviewContext) -> str:
        """Nothing of a single decision: they are told by project."""
        return ""

    def finish(self, preview: Preview, problems: Sequence[Problem], context: PreviewContext) -> str:
        """The counts, then projects, policies, and what stays unknown or was not judged."""
        lines = ["", f"**{_say(say_decisions(preview))}**", "", f"**{_say(say_projects(preview))}**"]
        for said in (say_exceptions(preview), say_later(preview, context)):
            lines += ["", write_text(clean(said), quiet=True)] if said else []
        lines += [*_write_projects(preview), *_write_policies(preview), *_write_unjudged(preview)]
        if problems:
            lines += ["", f"{count_noun(len(problems), 'warning')} beside these."]
        return "\n".join(lines) + "\n"


def _say(text: str) -> str:
    return escape(clean(text), quiet=True)


def _write_projects(preview: Preview) -> Iterator[str]:
    fate = ""
    for project in preview.projects:
        if project.fate != fate:
            fate = project.fate
            heading = FATE_WORDS[fate] if fate != SAME else CHANGED_EARLIER
            yield from ("", f"### {heading[0].upper()}{heading[1:]}", "")
        yield from _write_project(project)


def _write_project(project: ProjectPreview) -> Iterator[str]:
    yield f"- {write_code(clean(project.project, 80))}, {_say(say_owner(project.owner))}"
    for standing in project.standings:
        latest = standing.latest
        config = latest.subject.training_config
        shown = f", {write_code(clean(config))}" if config else ""
        yield f"  - **{latest.old} → {latest.new}** at {latest.gate}{shown}: {_say(say_latest(standing))}"
        if standing.policies is None:
            yield "    - what was decided then is not in the ledger any more"
        for found in standing.policies or ():
            yield f"    - {write_code(clean(found.policy))}: {_say(say_responsible(found))}"


def _write_policies(preview: Preview) -> Iterator[str]:
    acting = list_acting(preview)
    if acting:
        yield from ("", "### By policy, projects by their latest decisions", "")
    for policy in acting:
        yield f"- {write_code(policy.policy)}{say_standing(policy)}: {_say(say_policy(policy))}"
    unknown = list_unknown(preview)
    if unknown:
        yield from ("", "### Stays unknown: what it needs was not recorded then", "")
    for policy in unknown:
        yield f"- {write_code(policy.policy)}: {_say(say_unknown(policy))}"


def _write_unjudged(preview: Preview) -> Iterator[str]:
    total = sum(preview.unjudged.values())
    if total:
        yield from ("", f"### Not judged: {total:,} of {count_noun(preview.recorded, 'recorded decision')}", "")
    for why, count in preview.unjudged.items():
        yield f"- {count:,}: {_say(why)}"
