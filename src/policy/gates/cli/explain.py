"""`policy explain`: what a policy requires and why, and how a project stands to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from policy.app.explaining import describe, judge_alone
from policy.app.workspace import open_workspace
from policy.errors import PolicyError, Problem
from policy.gates.cli.options import config_option, gate_option, time_option
from policy.gates.cli.problems import print_problems
from policy.loading.discovery import find_root

if TYPE_CHECKING:
    from datetime import datetime

    from policy.model.policy import Policy, PolicySet


@click.command("explain")
@click.argument("policy_id", metavar="POLICY")
@click.argument("manifest", required=False, type=click.Path(exists=True), metavar="[MANIFEST]")
@gate_option
@time_option
@config_option
def command(policy_id: str, manifest: str | None, gate: str, now: datetime, config: str | None) -> int:
    """Say what POLICY requires and why; with MANIFEST, also how that project stands to it, test by test.

    Ends with 0 whatever the outcome is: `policy check` is what judges.
    """
    workspace = open_workspace(find_root(manifest) if manifest else None, config)
    policy = find_policy(workspace.policy_set, policy_id)
    click.echo(describe(policy, workspace.policy_set, gate))
    if manifest is not None:
        text, problems = judge_alone(workspace, policy, manifest, gate, now)
        click.echo("")
        click.echo(text)
        print_problems(problems, lambda file: os.path.relpath(os.path.join(workspace.root, file)))
        if any(problem.level == "error" for problem in problems):
            return 2
    return 0


def find_policy(policy_set: PolicySet, policy_id: str) -> Policy:
    """The policy with this id. Raises PolicyError, naming the nearest one."""
    for policy in policy_set.policies:
        if policy.id == policy_id:
            return policy
    from policy.source.suggestion import nearest

    close = nearest(policy_id, [policy.id for policy in policy_set.policies])
    remedy = (
        f"a policy with a similar name exists: `{close}`" if close else "`policy list` shows what there is"
    )
    raise PolicyError(Problem(f"there is no policy `{policy_id}` in force", remedy))
