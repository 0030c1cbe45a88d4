"""`policy list`: the policies in force."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from policy.app.listing import Wanted, list_rows
from policy.errors import NothingToJudgeError, Problem
from policy.gates.cli.options import config_option, gate_option
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf, refuse_name
from policy.gates.cli.workspace import open_here
from policy.model.fields import APPROACHES
from policy.model.gates import SEVERITIES
from policy.reports.layout import clean, count_noun

if TYPE_CHECKING:
    from policy.app.listing import Row
    from policy.model.policy import PolicySet


@click.command("list")
@click.option("--area", default="", help="Only this area of the catalogue, such as fine-tuning.")
@click.option("--severity", type=NameOf("severity", SEVERITIES), help="Only policies of this severity and above.")
@click.option(
    "--framework",
    default="",
    help="Only policies that serve a control of this framework, such as nist-ai-rmf; the controls are named.",
)
@click.option("--control", default="", help='Only policies that serve this control: "MANAGE 2.2".')
@click.option(
    "--approach",
    type=NameOf("approach", APPROACHES),
    help="Only policies that can apply to a project of this approach.",
)
@click.option("--judged", is_flag=True, help="Only policies that the gate judges.")
@click.option("--output", "-o", "form", type=NameOf("format", ("text", "json")), default="text", show_default=True)
@gate_option
@config_option
def command(
    area: str,
    severity: str | None,
    framework: str,
    control: str,
    approach: str | None,
    judged: bool,
    form: str,
    gate: str,
    config: str | None,
) -> int:
    """List the policies in force: id, severity, what a failure does at the gate, and title.

    Modes are counted: `none (would block)` is a policy that is only observed. A policy that the gate does not
    judge has the effect `-`; `--judged` leaves it out. Options that choose policies come together: all must be met.

    Exit codes: 0 there are such policies, 2 a name is unknown, 3 there are none.
    """
    policy_set = open_here(config).policy_set
    if not policy_set.policies:
        raise NothingToJudgeError(Problem("there are no policies in the policy set", "name some under `policies`"))
    wanted = Wanted(area, severity or "", framework, control, approach or "", judged)
    check_names(policy_set, wanted)
    rows = list_rows(policy_set, gate, wanted, datetime.now(UTC).date())
    if not rows:
        count = count_noun(len(policy_set.policies), "policy")
        message = f"none of the {count} in force is {describe(wanted, gate)}"
        raise NothingToJudgeError(Problem(message, "leave one of the options out"))
    if form == "json":
        import json

        say(json.dumps([row._asdict() for row in rows], indent=2))
    else:
        say("\n".join(write_table(rows, framework)))
        say(f"{count_noun(len(rows), 'policy')}, effects at the gate {gate}")
    return 0


def check_names(policy_set: PolicySet, wanted: Wanted) -> None:
    """Raises PolicyError for an area, a framework or a control that no policy names, with the nearest one."""
    policies = policy_set.policies
    controls: dict[str, set[str]] = {}
    for policy in policies:
        for framework, named in policy.controls.items():
            controls.setdefault(framework, set()).update(named)
    among = [wanted.framework] if wanted.framework in controls else list(controls)
    for noun, name, known in (
        ("area", wanted.area, {policy.area for policy in policies if policy.area}),
        ("framework", wanted.framework, set(controls)),
        ("control", wanted.control, {control for framework in among for control in controls[framework]}),
    ):
        if name and name not in known:
            elsewhere = "`policy docs` writes an index of all that there are"
            raise refuse_name(noun, name, sorted(known), elsewhere)


def describe(wanted: Wanted, gate: str) -> str:
    """What was asked for, to follow `is`."""
    controls = " ".join(filter(None, (wanted.framework, wanted.control)))
    said = (
        f"in the area {wanted.area}" if wanted.area else "",
        f"{wanted.severity} or above" if wanted.severity else "",
        f"mapped to {controls}" if controls else "",
        f"for the approach {wanted.approach}" if wanted.approach else "",
        f"judged at the gate {gate}" if wanted.judged else "",
    )
    return " and ".join(filter(None, said))


def write_table(rows: list[Row], framework: str = "") -> list[str]:
    """The policies by area, in columns; behind each title the controls of the framework that was asked for."""
    rows = [row._replace(effect=f"{row.effect} (would {row.would_be})") if row.would_be else row for row in rows]
    cells = [(row.policy, row.severity, row.effect) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines: list[str] = []
    previous = None
    for row, shown in zip(rows, cells, strict=True):
        if row.area != previous:
            lines.append(f"{clean(row.area)}/" if row.area else "policies")
            previous = row.area
        columns = (f"{cell:<{width}}" for cell, width in zip(shown, widths, strict=True))
        named = row.controls.get(framework)
        served = f" ({clean(', '.join(named))})" if named else ""
        lines.append(f"  {'  '.join(columns)}  {clean(row.title)}{served}")
    return lines
