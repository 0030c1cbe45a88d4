"""The command's entry: subcommands imported when called, and the one boundary that turns errors into exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from policy.__about__ import __version__
from policy.errors import PolicyError
from policy.gates.cli.problems import print_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "check": "Judge the projects below here and say what to do instead.",
    "explain": "Say what a policy requires and why, and how a project stands to it.",
    "lint": "Look for mistakes and bad style in policy files.",
    "list": "List the policies in force.",
    "schema": "Print the JSON Schema of manifests, policies or reports.",
    "test": "Run the cases of policies and report their coverage.",
    "version": "Print the version.",
}
INTERNAL_ERROR = 70
USAGE_ERROR = 2


class Commands(click.Group):
    """Imports a subcommand only when it is called, for start-up is paid in every commit hook."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"policy.gates.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from policy.source.suggestion import nearest

            close = nearest(name, COMMANDS)
            hint = f"did you mean `{close}`?" if close else f"the commands are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command `{name}`: {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.command(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, message="policy %(version)s (tunegate)")
def cli() -> None:
    """Policy as code for machine-learning platforms: should this be fine-tuned, and if not, what instead?

    Exit codes: 0 allowed, 1 blocked, 2 the input or a policy is wrong, 3 nothing to judge, 4 held for
    approval, 70 a bug of ours.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; never raises."""
    try:
        result = cli.main(
            args=None if arguments is None else list(arguments), prog_name="policy", standalone_mode=False
        )
    except click.ClickException as error:
        error.show(sys.stderr)
        return USAGE_ERROR
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except PolicyError as error:
        print_problems(error.problems)
        return error.exit_code
    except BrokenPipeError:
        return _close_quietly()
    except Exception as error:  # noqa: BLE001 - the boundary: a bug of ours is said in one line
        return _report_bug(error)
    return result if isinstance(result, int) else 0


def _close_quietly() -> int:
    """Whoever read our output has left, as in `policy list | head`: nothing more to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _report_bug(error: Exception) -> int:
    if os.environ.get("POLICY_DEBUG"):
        raise error
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" ({os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno})" if where else ""
    print(
        f"error: a bug in policy {__version__}: {type(error).__name__}: {error}{place}\n"
        "  help: please report it with this line; POLICY_DEBUG=1 shows the whole traceback",
        file=sys.stderr,
    )
    return INTERNAL_ERROR
