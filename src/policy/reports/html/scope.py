"""What was looked at, when, and by what: the policy set, its parameters, and what a change left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.__about__ import __version__
from policy.language.identity import digest_policy_set
from policy.model.selection import UNTOUCHED
from policy.reports.html.markup import LATER, Html, code, element, items, join, table, terms, write, write_prose
from policy.reports.html.policies import list_changes
from policy.reports.layout import count_noun
from policy.reports.proposals import say_selection, say_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.errors import Problem
    from policy.model.selection import Selection
    from policy.model.summary import Summary
    from policy.reports.reporter import ReportContext

FAILS = {"block": "blocked projects", "hold": "blocked and held projects", "flag": "blocked, held and flagged projects"}


def write_scope(summary: Summary, problems: Sequence[Problem], context: ReportContext) -> Html:
    """What a reader has to know before the counts mean anything; the time is only known with the first project."""
    policy_set = context.policy_set
    judged = sum(policy_set.effect_of(policy, context.gate) is not None for policy in policy_set.policies)
    mode = policy_set.gate(context.gate).mode
    changed = [join((code(f"{name} = {value}"), f" instead of {old}")) for name, value, old, _ in list_changes(context)]
    return terms(
        (
            ("Scope", _say_extent(summary, problems, context)),
            ("Chosen", write(say_selection(context.selection).strip()) if context.selection else ""),
            ("Gate", join((code(context.gate), f", mode {mode}; the run fails on {FAILS[context.fail_on]}"))),
            ("Time", Html(LATER)),
            ("Judged by", f"tunegate {__version__}"),
            ("Policy set", _name_policy_set(context)),
            ("Its digest", code(digest_policy_set(policy_set)) if policy_set.policies else ""),
            ("Policies", f"{judged:,} of {len(policy_set.policies):,} judged at this gate"),
            ("Parameters changed", _say_parameters(changed) if policy_set.policies else ""),
        ),
        class_="scope",
    )


def _say_extent(summary: Summary, problems: Sequence[Problem], context: ReportContext) -> Html:
    errors = sum(problem.level == "error" for problem in problems)
    below = join((" below ", join([code(path) for path in context.paths], ", "))) if context.paths else ""
    rest = f", {count_noun(errors, 'problem')} with the input"
    return join((count_noun(summary.subjects, "project"), below, rest))


def _say_parameters(changed: Sequence[Html]) -> str:
    return items(changed) if changed else "none: every parameter has its policy's own value"


def _name_policy_set(context: ReportContext) -> Html:
    name = context.policy_set.name
    if not context.policy_set.policies:
        return write(name)
    if context.policies_from is not None:
        return items([name, *map(write_prose, say_source(context.policies_from).splitlines())])
    return join((name, " from ", code(context.config))) if context.config else write(name)


def write_selection(selection: Selection | None) -> Html:
    """Which projects were judged and which were not, each with the reason, where a change chose them."""
    if selection is None:
        return Html("")
    rows = [
        *((code(item.path), "judged", item.reason) for item in selection.judged),
        *((code(item.path), "gone", item.reason) for item in selection.gone),
        *((code(path), "not judged", UNTOUCHED) for path in selection.skipped),
    ]
    return element(
        "details",
        element("summary", "Which projects were judged, and why"),
        table("Projects by what the change touches", ("File", "Judged", "Why"), rows),
    )
