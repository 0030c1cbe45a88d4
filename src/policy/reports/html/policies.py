"""The policies in force, also those that the gate does not judge, and what the policy set changes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.parameters import show_parameter
from policy.reports.html.markup import Html, code, element, items, join, link, table, write_prose
from policy.reports.html.words import write_place

if TYPE_CHECKING:
    from policy.errors import Location
    from policy.model.policy import Policy
    from policy.reports.reporter import ReportContext

CATALOGUE = ("catalogue/", "catalogue:")
UNREAD = "No policies could be read, so nothing was judged: the overview says why."
HEAD = ("Policy", "Effect at the gate", "Why", "Controls and references")


def list_changes(context: ReportContext) -> list[tuple[str, str, str, Location | None]]:
    """Each parameter that the policy set gives another value: name, value, the policy's own, and where."""
    changes = []
    for policy in sorted(context.policy_set.policies, key=lambda policy: policy.id):
        for spec in policy.params:
            name = f"{policy.id}.{spec.name}"
            value = context.policy_set.params.get(name)
            if value is not None and value != spec.default:
                default = "no value" if spec.default is None else show_parameter(spec.kind, spec.default)
                place = context.policy_set.places.get(("params", policy.id, spec.name))
                changes.append((name, show_parameter(spec.kind, value), default, place))
    return changes


def write_policies(context: ReportContext) -> Html:
    """What was asked of the projects."""
    policies = sorted(context.policy_set.policies, key=lambda policy: policy.id)
    judged = [policy for policy in policies if context.policy_set.effect_of(policy, context.gate)]
    idle = [policy for policy in policies if policy not in judged]
    changes = [
        (code(name), value, default, write_place(place)) for name, value, default, place in list_changes(context)
    ]
    heads = ("Parameter", "Value", "Instead of", "Set at")
    return element(
        "section",
        element("h2", "Policies", id="policies"),
        table("Parameters that the policy set changes", heads, changes) if changes else "",
        element("p", "No policy is judged at this gate." if policies else UNREAD) if not judged else "",
        _write_table(f"Policies judged at the gate {context.gate}", judged, context),
        _write_table("Not judged at this gate", idle, context),
        class_="policies",
    )


def _write_table(caption: str, policies: list[Policy], context: ReportContext) -> Html:
    if not policies:
        return Html("")
    return table(caption, HEAD, [_list_cells(policy, context) for policy in policies], class_="asked")


def _list_cells(policy: Policy, context: ReportContext) -> tuple[str, ...]:
    place = policy.location
    own = join((" · ", code(place.file))) if place and not place.file.startswith(CATALOGUE) else ""
    title = join((element("b", policy.title), element("br"), code(policy.id), f" · {policy.severity}", own))
    controls = [f"{name}: {', '.join(rows)}" for name, rows in sorted(policy.controls.items())]
    references = [link(text, text) for text in policy.references]
    return (
        element("span", title, id=f"p-{policy.id}"),
        _say_effect(policy, context),
        write_prose(policy.because) if policy.because else "not provided",
        items([*controls, *references]) if controls or references else "not provided",
    )


def _say_effect(policy: Policy, context: ReportContext) -> str:
    policy_set = context.policy_set
    effect = policy_set.effect_of(policy, context.gate)
    if effect is None:
        return "not judged"
    mode, start = policy_set.modes.get(policy.id), policy_set.starts.get(policy.id)
    stated = policy.effect_at(context.gate)
    notes = (
        f"; the policy itself says {stated or 'nothing'}" if stated != effect else "",
        f"; mode {mode}" if mode else "",
        f"; in full from {start.isoformat()}" if start else "",
    )
    return effect + "".join(notes)
