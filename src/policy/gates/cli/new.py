"""`policy new`: a policy of one's own to start from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from policy.app.drafts.new_files import refuse_existing, write_new_file
from policy.app.drafts.policies import draft_policy, find_policy_id, refuse_id
from policy.errors import PolicyError, Problem
from policy.gates.cli.options import config_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say
from policy.gates.cli.workspace import open_here
from policy.loading.policy_sets.files import SET_NAME

if TYPE_CHECKING:
    from policy.app.workspace import Workspace

LOOK = "see it in force: `policy list`"


@click.command("new")
@click.argument("policy_id", metavar="ID")
@click.option("--area", default="own", show_default=True, help="The folder in FOLDER; `policy list` groups by it.")
@click.option("--folder", default="policies", show_default=True, type=click.Path(), help="Where your policies are.")
@config_option
def command(policy_id: str, area: str, folder: str, config: str | None) -> int:
    """Write FOLDER/AREA/ID.yaml: a whole policy that works, with an example test and its cases.

    Texts in angle brackets are for you to write; `policy lint` names those that are left. Nothing that exists
    is overwritten, and an id that a policy in force or of the catalogue has is refused.

    \b
    policy new gold-tier-owner
    policy new gold-tier-owner --area ownership --folder governance/policies

    Exit codes: 0 the policy is written, 2 it is not.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    refuse_id("the id", policy_id)
    refuse_id("the area", area)
    target = os.path.normpath(os.path.join(folder, area, f"{policy_id}.yaml"))
    refuse_existing(target, "change it, or choose another id")
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise PolicyError(Problem(f"`{folder}` is not a folder", "name a folder for your policies"))
    workspace, _ = try_workspace(config)
    if place := find_policy_id(workspace, folder, policy_id):
        raise PolicyError(Problem(f"there is a policy `{policy_id}` already: {place}", "choose another id"))
    write_new_file(target, draft_policy(policy_id))
    workspace, faults = try_workspace(config)
    say(f"wrote {target}\n\nnext:")
    for number, step in enumerate(list_steps(target, folder, policy_id, workspace), 1):
        say(f"  {number}. {step}")
    print_problems(faults)
    return 0


def try_workspace(config: str | None) -> tuple[Workspace | None, tuple[Problem, ...]]:
    """The workspace, or why there is none: a policy set may name the folder that is only now made."""
    try:
        return open_here(config), ()
    except PolicyError as error:
        return None, error.problems


def list_steps(target: str, folder: str, policy_id: str, workspace: Workspace | None) -> list[str]:
    """What its author does with the policy."""
    steps = [
        f"put your own test and texts into it: `policy lint {target}` says what is left",
        f"run its cases: `policy test {target} --require-cases --mutate`",
    ]
    if workspace is None:
        return [*steps, "mend the policy set, which cannot be read", LOOK]
    if any(policy.id == policy_id for policy in workspace.policy_set.policies):
        return [*steps, LOOK]
    return [*steps, describe_adoption(folder, workspace), LOOK]


def describe_adoption(folder: str, workspace: Workspace) -> str:
    """How a folder of policies comes into force."""
    if workspace.config is None:
        content = f"`policy_set: 1` and `policies: [catalogue, {write_folder(folder, workspace.root)}]`"
        return f"put it in force: write {content} into {os.path.relpath(os.path.join(workspace.root, SET_NAME))}"
    file = os.path.join(workspace.root, workspace.config)
    name = write_folder(folder, os.path.dirname(file))
    return f"put it in force: add `{name}` under `policies:` in {os.path.relpath(file)}"


def write_folder(folder: str, base: str) -> str:
    """A folder as a policy set writes it, relative to the set's own."""
    relative = os.path.relpath(os.path.realpath(folder), os.path.realpath(base)).replace(os.sep, "/")
    return relative if relative.startswith("../") else f"./{relative}"
