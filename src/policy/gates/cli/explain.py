"""`policy explain`: what a policy requires and why, and how a project stands to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from policy.app.explaining import describe, judge_alone
from policy.errors import PolicyError, Problem
from policy.gates.cli.options import config_option, gate_option, time_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say
from policy.gates.cli.workspace import open_here

if TYPE_CHECKING:
    from datetime import datetime

    from policy.model.policy import Policy, PolicySet


@click.command("explain")
@click.argument("policy_id", metavar="POLICY")
@click.argument("manifest", required=False, type=click.Path(), metavar="[MANIFEST]")
@gate_option
@time_option
@config_option
def command(policy_id: str, manifest: str | None, gate: str, now: datetime, config: str | None) -> int:
    """Say what POLICY requires and why; with MANIFEST, also how that project stands to it, test by test.

    Ends with 0 whatever the outcome is: `policy check` is what judges.
    """
    if manifest is not None and not os.path.exists(manifest):
        raise PolicyError(Problem(f"there is no `{manifest}`", "name a manifest, a training config or a folder"))
    workspace = open_here(config, manifest or ".")
    policy = find_policy(workspace.policy_set, policy_id)
    say(describe(policy, workspace.policy_set, gate))
    if manifest is None:
        return 0
    text, problems = judge_alone(workspace, policy, manifest, gate, now)
    if text:
        say(f"\n{text}")
    print_problems(problems, lambda file: os.path.relpath(os.path.join(workspace.root, file)))
    return 2 if any(problem.level == "error" for problem in problems) else 0


def find_policy(policy_set: PolicySet, policy_id: str) -> Policy:
    """The policy with this id. Raises PolicyError, naming the nearest one."""
    for policy in policy_set.policies:
        if policy.id == policy_id:
            return policy
    from policy.gates.cli.usage import refuse_name

    known = [policy.id for policy in policy_set.policies]
    raise refuse_name("policy", policy_id, known, "`policy list` shows what there is")
