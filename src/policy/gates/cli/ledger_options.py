"""What the commands of `policy ledger` share: which ledger is meant, and how what is asked is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from policy.gates.cli.options import config_option
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf, refuse_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.app.ledgers.locating import Place


class LedgerCommands(click.Group):
    """Says of a wrong name what was meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] not in self.commands and not args[0].startswith("-") and not ctx.resilient_parsing:
            path = ctx.command_path.removeprefix("policy ")
            raise refuse_name("command", f"{path} {args[0]}", [f"{path} {name}" for name in self.commands])
        return super().resolve_command(ctx, args)


def ledger_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--ledger` and `--config`."""
    address = click.option(
        "--ledger",
        "url",
        metavar="ADDRESS",
        help="The ledger: sqlite:///FILE or postgresql://USER@HOST/DATABASE; by default the policy set's.",
    )
    return address(config_option(command))


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--output`."""
    return click.option(
        "--output",
        "-o",
        "form",
        type=NameOf("format", ("text", "json")),
        default="text",
        show_default=True,
        help="The format.",
    )(command)


def find_place(url: str | None, config: str | None) -> Place:
    """The ledger that is meant. Raises PolicyError."""
    from policy.app.ledgers.locating import find_ledger
    from policy.gates.cli.workspace import open_here

    return find_ledger(url, lambda: open_here(config))


def say_json(document: object) -> None:
    """Print a document, escaped so that nothing in it steers a terminal."""
    from policy.reports.json_report import write_json

    say(write_json(document))


def say_lines(lines: Iterable[str]) -> None:
    """Print lines as they come."""
    for line in lines:
        say(line)
