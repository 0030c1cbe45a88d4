"""`policy list`: the policies in force."""

from __future__ import annotations

import click

from policy.app.workspace import open_workspace
from policy.errors import NothingToJudgeError, Problem
from policy.gates.cli.options import config_option, gate_option


@click.command("list")
@click.option("--area", help="Only this area of the catalogue, such as fine-tuning.")
@click.option(
    "--output", "-o", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@gate_option
@config_option
def command(area: str | None, form: str, gate: str, config: str | None) -> int:
    """List the policies in force: id, severity, effect at the gate, and title.

    A policy that the gate does not judge has the effect `-`.
    """
    workspace = open_workspace(config=config)
    policy_set = workspace.policy_set
    policies = [policy for policy in policy_set.policies if area in (None, policy.area)]
    if not policies:
        areas = sorted({policy.area for policy in policy_set.policies if policy.area})
        raise NothingToJudgeError(
            Problem(f"there are no policies in the area `{area}`", f"the areas are {', '.join(areas)}")
        )
    rows = [
        (policy.area, policy.id, policy.severity, policy_set.effect_of(policy, gate) or "-", policy.title)
        for policy in policies
    ]
    if form == "json":
        import json

        keys = ("area", "policy", "severity", "effect", "title")
        click.echo(
            json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2, ensure_ascii=False)
        )
        return 0
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    previous = None
    for row in rows:
        if row[0] != previous:
            click.echo(f"{row[0]}/" if row[0] else "policies")
            previous = row[0]
        click.echo(f"  {row[1]:<{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]:<{widths[3]}}  {row[4]}")
    click.echo(f"{len(rows)} policies, effects at the gate {gate}")
    return 0
