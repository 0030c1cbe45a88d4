"""`policy list`: the policies in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from policy.engine.plan import act_on_failure
from policy.errors import NothingToJudgeError, Problem
from policy.gates.cli.options import config_option, gate_option
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf, refuse_name
from policy.gates.cli.workspace import open_here
from policy.reports.layout import count_noun
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.engine.plan import Action
    from policy.model.policy import Policy


class Row(NamedTuple):
    """One policy in the list."""

    area: str
    policy: str
    severity: str
    effect: str
    title: str
    would_be: str | None = None


@click.command("list")
@click.option("--area", help="Only this area of the catalogue, such as fine-tuning.")
@click.option("--output", "-o", "form", type=NameOf("format", ("text", "json")), default="text", show_default=True)
@gate_option
@config_option
def command(area: str | None, form: str, gate: str, config: str | None) -> int:
    """List the policies in force: id, severity, what a failure does at the gate, and title.

    Modes are counted: `none (would block)` is a policy that is only observed. A policy that the gate does not
    judge has the effect `-`.
    """
    policy_set = open_here(config).policy_set
    if not policy_set.policies:
        raise NothingToJudgeError(Problem("there are no policies in the policy set", "name some under `policies`"))
    areas = sorted({policy.area for policy in policy_set.policies if policy.area})
    if area is not None and area not in areas:
        raise refuse_name("area", area, areas)
    rows = [
        make_row(policy, act_on_failure(policy_set, policy, gate))
        for policy in policy_set.policies
        if area in (None, policy.area)
    ]
    if form == "json":
        import json

        say(json.dumps([row._asdict() for row in rows], indent=2))
    else:
        say("\n".join(write_table(rows)))
        say(f"{count_noun(len(rows), 'policy')}, effects at the gate {gate}")
    return 0


def make_row(policy: Policy, action: Action | None) -> Row:
    """A policy and what its failure does."""
    effect, would_be = ("-", None) if action is None else (action.effect or "none", action.would_be)
    return Row(policy.area, policy.id, policy.severity, effect, policy.title, would_be)


def write_table(rows: list[Row]) -> list[str]:
    """The policies by area, in columns."""
    rows = [row._replace(effect=f"{row.effect} (would {row.would_be})") if row.would_be else row for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*(row[:4] for row in rows), strict=True)]
    lines: list[str] = []
    previous = None
    for row in rows:
        if row.area != previous:
            lines.append(f"{row.area}/" if row.area else "policies")
            previous = row.area
        cells = (f"{cell:<{width}}" for cell, width in zip(row[1:4], widths[1:], strict=True))
        lines.append(f"  {'  '.join(cells)}  {row.title}")
    return lines
