"""What goes into a policy's judgement, on its page: facts and who tells them, and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.phrases import say_parameter
from policy.model.kinds import ListKind
from policy.reports.markdown import escape_inline, write_code, write_fence, write_table, write_text
from policy.reports.pages.fact_text import describe_kind, describe_teller, list_facts
from policy.reports.pages.manifest_text import write_value

if TYPE_CHECKING:
    from policy.model.policy import ParameterSpec
    from policy.reports.pages.entry import PolicyEntry


def write_facts(entry: PolicyEntry) -> list[str]:
    """The facts that the policy reads."""
    observed = entry.policy.observed
    rows = [
        (
            write_code(path),
            write_text(field.about),
            describe_kind(field.kind),
            describe_teller(field, observed=path in observed),
        )
        for path, field in list_facts(entry.policy, entry.schema)
    ]
    return [
        *write_table(("fact", "meaning", "how it is written", "who tells it"), rows),
        "",
        "A manifest states `data.rows` as `data: {rows: 5000}`. What evidence observes counts before what it says.",
        f"`policy explain {entry.policy.id} FOLDER` says what is known of a project, from where, and what is missing.",
    ]


def write_parameters(entry: PolicyEntry) -> list[str]:
    """The parameters and how to set them."""
    specs = entry.policy.params
    if not specs:
        return []
    rows = [_describe_parameter(spec, entry) for spec in specs]
    first = specs[0]
    value = entry.params.get(first.name)
    shown = "…" if value is None else _show_parameter(first, value)
    return [
        *write_table(("parameter", "meaning", "how it is written", "default", "in force"), rows),
        "",
        "A policy set changes them:",
        "",
        *write_fence("yaml", ["params:", f"  {entry.policy.id}.{first.name}: {shown}"]),
    ]


def _describe_parameter(spec: ParameterSpec, entry: PolicyEntry) -> tuple[str, ...]:
    value = entry.params.get(spec.name)
    default = "not set" if spec.default is None else escape_inline(say_parameter(spec.kind, spec.default))
    differs = value is not None and value != spec.default
    in_force = escape_inline(say_parameter(spec.kind, value)) if differs else ""
    return write_code(spec.name), write_text(spec.about), describe_kind(spec.kind), default, in_force


def _show_parameter(spec: ParameterSpec, value: Any) -> str:
    if isinstance(spec.kind, ListKind):
        return f"[{', '.join(write_value(item, spec.kind.of) for item in value)}]"
    return write_value(value, spec.kind)
