"""`policy set`: the policy set in force, and a new one to start from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from policy.errors import PolicyError, Problem
from policy.gates.cli.options import config_option, gate_option, time_option
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf, refuse_name

if TYPE_CHECKING:
    from datetime import datetime

COMMANDS = ("init", "show")


class SetCommands(click.Group):
    """Says of a wrong name what was meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise refuse_name("command", f"set {args[0]}", [f"set {name}" for name in COMMANDS])
        return super().resolve_command(ctx, args)


@click.group("set", cls=SetCommands)
def command() -> None:
    """Show the policy set in force, or write a new one.

    \b
    policy set init                        a policy.yaml that observes first
    policy set init --extends ../acme      one upon the policy set of a folder or file
    policy set show --gate ci              what is in force at a gate, and which file says so
    """  # noqa: D301 - click needs the character itself to leave lines as they are


@command.command("show")
@click.option("--output", "-o", "form", type=NameOf("format", ("text", "json")), default="text", show_default=True)
@gate_option
@time_option
@config_option
def show(form: str, gate: str, now: datetime, config: str | None) -> int:
    """Show what is in force at a gate: every policy, its settings, and the file that each comes from.

    A setting without a file is the policy's own word, or what holds where nothing is said. What the layers
    loosen stands at the end.
    """
    from policy.app.set_view import view_policy_set
    from policy.gates.cli.set_text import write_json, write_text
    from policy.gates.cli.workspace import open_here

    workspace = open_here(config)
    view = view_policy_set(workspace.policy_set, gate, now.date())
    write = write_json if form == "json" else write_text
    say(write(view, workspace.policy_set, gate, workspace.show_path))
    return 0


@command.command("init")
@click.option(
    "--extends", multiple=True, metavar="PATH", help="A policy set to build on, a folder or file. Repeatable."
)
@click.option("--team", is_flag=True, help="Build on the nearest policy set above the new one's folder.")
@click.option("--name", help="The policy set's name; by default that of its folder.")
@click.option("--output", metavar="FILE", default="policy.yaml", show_default=True, help="The file to write.")
def init(extends: tuple[str, ...], name: str | None, output: str, *, team: bool) -> int:
    """Write a policy set that starts in observe at the gates on which others depend.

    Its comments say how to go on from observe to flag and to enforce. One that builds on others leaves the gates
    to them. Nothing is overwritten, and nothing is written that could not be loaded.
    """
    from policy.app.drafts.new_files import refuse_existing, write_new_file
    from policy.app.drafts.policy_sets import draft_policy_set, find_above, refuse_place, try_draft
    from policy.loading.bundles.late import PINNED
    from policy.loading.policy_sets.files import SET_NAME
    from policy.reports.layout import count_noun

    refuse_existing(output, "change it, or name another file with `--output`")
    refuse_place(output)
    folder = os.path.realpath(os.path.dirname(output) or ".")
    if team and extends:
        raise PolicyError(Problem("`--team` and `--extends` both say what to build on", "leave one of them out"))
    below = [find_above(folder)] if team else list(extends)
    # A bundle is named by more than its place.
    paths = [
        path if PINNED in path else os.path.relpath(os.path.realpath(path), folder).replace(os.sep, "/")
        for path in below
    ]
    text = draft_policy_set(name or os.path.basename(folder) or "policies", paths)
    policy_set = try_draft(text, output)
    write_new_file(output, text)
    say(f"wrote {output}: {count_noun(len(policy_set.policies), 'policy')} in force\n")
    # Without being named, only a policy set of this folder or one above it is found.
    found = os.path.basename(output) == SET_NAME and folder == os.path.realpath(".")
    named = "" if found else f" --config {output}"
    say(f"next: `policy check{named}` judges with it, and `policy set show --gate ci{named}` says what it does there")
    return 0
