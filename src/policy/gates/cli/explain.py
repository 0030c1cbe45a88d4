"""`policy explain`: what a policy requires and why, and how a project stands to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from policy.app.explaining import describe, judge_alone
from policy.errors import PolicyError, Problem
from policy.gates.cli.options import config_option, gate_option, time_option, trusted_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf
from policy.gates.cli.workspace import open_here
from policy.source.display import show_text

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.model.policy import Policy, PolicySet


@click.command("explain")
@click.argument("policy_id", metavar="POLICY")
@click.argument("manifest", required=False, type=click.Path(), metavar="[MANIFEST]")
@click.option(
    "--output",
    "-o",
    "form",
    type=NameOf("format", ("text", "markdown")),
    default="text",
    show_default=True,
    help="markdown is the policy's page, as `policy docs` writes it.",
)
@gate_option
@time_option
@config_option
@trusted_option
def command(
    policy_id: str, manifest: str | None, form: str, gate: str, now: datetime, config: str | None, trusted: str | None
) -> int:
    """Say what POLICY requires and why; with MANIFEST, also how that project stands to it, test by test.

    Ends with 0 whatever the outcome is: `policy check` is what judges. Waivers count as they do there, those of the
    ledger too; approvals are not looked up.
    """
    if manifest is not None and form == "markdown":
        raise PolicyError(Problem("the page of a policy speaks of no project", "leave MANIFEST or `--output` out"))
    if manifest is not None and not os.path.exists(manifest):
        raise PolicyError(Problem(f"there is no `{manifest}`", "name a manifest, a training config or a folder"))
    workspace = open_here(config, manifest or ".", with_cases=form == "markdown")
    policy = find_policy(workspace.policy_set, policy_id)
    if form == "markdown":
        from policy.app.documentation import make_page

        say(make_page(workspace, policy, "."), end="")
        return 0
    say(describe(policy, workspace.policy_set, gate))
    say(show_place(workspace, policy))
    if manifest is None:
        return 0
    text, problems = judge_alone(workspace, policy, manifest, gate, now, trusted)
    if text:
        say(f"\n{text}")
    print_problems(problems, lambda file: os.path.relpath(os.path.join(workspace.root, file)))
    return 2 if any(problem.level == "error" for problem in problems) else 0


def show_place(workspace: Workspace, policy: Policy) -> str:
    """Where the policy stands, as seen from here; what is installed, by its whole path."""
    from policy.app.policy_files import find_policy_file

    path = os.path.realpath(find_policy_file(workspace, policy.location.file)) if policy.location else ""
    near = os.path.relpath(path)
    return f"File:      {show_text(path if near.startswith(f'..{os.sep}..') else near)}"


def find_policy(policy_set: PolicySet, policy_id: str) -> Policy:
    """The policy with this id. Raises PolicyError, naming the nearest one."""
    for policy in policy_set.policies:
        if policy.id == policy_id:
            return policy
    from policy.gates.cli.usage import refuse_name

    known = [policy.id for policy in policy_set.policies]
    raise refuse_name("policy", policy_id, known, "`policy list` shows what there is")
