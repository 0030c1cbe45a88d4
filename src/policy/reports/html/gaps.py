"""What could not be assessed, and what would settle it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy.model.manifest import MANIFEST_NAME
from policy.reports.html.markup import KEPT, Html, code, element, join, table, write_prose
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
    named = tuple((link_policy(name, context), effects.get(name, "")) for name in gap.policies)
    return code(gap.fact), _write_settling(settle), _name_policies(named)


@lru_cache(maxsize=KEPT)
def _write_settling(settle: str) -> Html:
    """Many projects lack the same."""
    return write_prose(settle)


@lru_cache(maxsize=KEPT)
def _name_policies(named: tuple[tuple[Html, str], ...]) -> Html:
    return join([join((link, f" ({effect})" if effect else "")) for link, effect in named], ", ")
