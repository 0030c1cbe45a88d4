"""The reference page of the command line: what `--help` says."""

from __future__ import annotations

import click

from policy.gates.cli.main import COMMANDS, cli

INTRODUCTION = """\
# Commands

What `policy` and each of its commands say with `--help`.
"""
WIDTH = 100


def write_cli_reference() -> str:
    """The page, as Markdown."""
    settings = {**cli.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    root = click.Context(cli, info_name="policy", **settings)
    parts = [INTRODUCTION, write_help("policy", root)]
    for name in sorted(COMMANDS):
        command = cli.get_command(root, name)
        assert command is not None
        context = click.Context(command, root, name)
        parts.append(write_help(f"policy {name}", context))
    return "\n".join(parts)


def write_help(name: str, context: click.Context) -> str:
    """A command's section."""
    lines = [line.rstrip() for line in context.get_help().splitlines()]
    return "\n".join([f"## {name}\n", "```text", *lines, "```\n"])
