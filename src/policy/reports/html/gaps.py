"""What could not be assessed, and what would settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.manifest import MANIFEST_NAME
from policy.reports.html.markup import Html, code, element, join, table, write_prose
from policy.reports.html.record import link_policy
from policy.reports.html.waivers import write_unseen
from policy.reports.unassessed import find_gaps, say_effect

if TYPE_CHECKING:
    from policy.model.decision import Decision
    from policy.reports.reporter import ReportContext
from policy.reports.unassessed import Gap


def write_gaps(decision: Decision, context: ReportContext) -> Html:
    """The missing facts and parameters; nothing where all could be judged."""
    found = find_gaps(decision)
    if not found.gaps and not found.parameters:
        return Html("")
    effects = {outcome.policy: say_effect(outcome) for outcome in decision.outcomes}
    rows = [_list_cells(gap, effects, context) for gap in found.gaps]
    rows += [
        (
            code(name),
            write_prose(f"set `{name.partition('.')[2]}` under `params` in the policy set"),
            code(name.partition(".")[0]),
        )
        for name in found.parameters
    ]
    advice = f"No manifest covers this project: write {MANIFEST_NAME} in its folder or one above."
    return element(
        "section",
        element("h4", "Not assessed"),
        element("p", advice if decision.subject.manifest is None else "These policies neither passed nor failed."),
        table("What is missing, and what would settle it", ("Missing", "What would settle it", "Needed by"), rows),
        write_unseen(decision, context),
        class_="gaps",
    )


def _list_cells(gap: Gap, effects: dict[str, str], context: ReportContext) -> tuple[str, ...]:
    settle = gap.settle if gap.stated else gap.supply
    return (
        code(gap.fact),
        write_prose(settle),
        join([_name_policy(name, effects, context) for name in gap.policies], ", "),
    )


def _name_policy(policy: str, effects: dict[str, str], context: ReportContext) -> Html:
    effect = effects.get(policy, "")
    return join((link_policy(policy, context), f" ({effect})" if effect else ""))
