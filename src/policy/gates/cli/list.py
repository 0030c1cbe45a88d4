"""`policy list`: the policies in force."""

from __future__ import annotations

from typing import NamedTuple

import click

from policy.errors import NothingToJudgeError, Problem
from policy.gates.cli.options import config_option, gate_option
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf, refuse_name
from policy.gates.cli.workspace import open_here
from policy.reports.layout import count_noun


class Row(NamedTuple):
    """One policy in the list."""

    area: str
    policy: str
    severity: str
    effect: str
    title: str


@click.command("list")
@click.option("--area", help="Only this area of the catalogue, such as fine-tuning.")
@click.option("--output", "-o", "form", type=NameOf("format", ("text", "json")), default="text", show_default=True)
@gate_option
@config_option
def command(area: str | None, form: str, gate: str, config: str | None) -> int:
    """List the policies in force: id, severity, effect at the gate, and title.

    A policy that the gate does not judge has the effect `-`.
    """
    policy_set = open_here(config).policy_set
    if not policy_set.policies:
        raise NothingToJudgeError(Problem("there are no policies in the policy set", "name some under `policies`"))
    areas = sorted({policy.area for policy in policy_set.policies if policy.area})
    if area is not None and area not in areas:
        raise refuse_name("area", area, areas)
    rows = [
        Row(policy.area, policy.id, policy.severity, policy_set.effect_of(policy, gate) or "-", policy.title)
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


def write_table(rows: list[Row]) -> list[str]:
    """The policies by area, in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines: list[str] = []
    previous = None
    for row in rows:
        if row.area != previous:
            lines.append(f"{row.area}/" if row.area else "policies")
            previous = row.area
        cells = (f"{cell:<{width}}" for cell, width in zip(row[1:4], widths[1:], strict=True))
        lines.append(f"  {'  '.join(cells)}  {row.title}")
    return lines
