"""The command's entry: subcommands imported when called, and the one boundary that turns errors into exit codes."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

import click

from policy.__about__ import __version__
from policy.errors import PolicyError, Problem
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import prepare_streams, say_aside

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "advise": "Say which approach a project should take, and what to try first.",
    "approvals": "List what waits for approval, and decide on it.",
    "baseline": "Record the findings of today, so that only new and worsened ones fail a check.",
    "bundle": "Pack a policy set, and verify, fetch and lock those that are named.",
    "check": "Judge the projects below here and say what to do instead.",
    "data": "Check training files before they are sent anywhere.",
    "diff": "Say what changed between two policy sets, and which verdicts that changes.",
    "docs": "Write a page for every policy in force.",
    "doctor": "Look whether everything is there that the gates need.",
    "evidence": "Show all that is known of the projects below here, and what is not.",
    "explain": "Say what a policy requires and why, and how a project stands to it.",
    "hook": "Judge what git is about to commit, push or receive.",
    "init": "Write a manifest for the project here, from what is found, and judge it.",
    "ledger": "Keep the record of decisions, verify it, and prove what is in it.",
    "lint": "Look for mistakes and bad style in policy files.",
    "list": "List the policies in force.",
    "new": "Write a policy of your own to start from.",
    "preview": "Judge recorded decisions again by another policy set, and say who would fare otherwise.",
    "report": "Report what decisions of a period come to, for those who audit.",
    "run": "Judge the project here, and run a command where it may.",
    "runs": "List what the ledger says of runs, and compare an MLflow server with it.",
    "schema": "Print the JSON Schema of manifests, policies or reports.",
    "set": "Show the policy set in force, or write a new one.",
    "test": "Run the cases of policies and report their coverage.",
    "version": "Print the version.",
    "waive": "Ask for a dated exception to a policy.",
    "waivers": "List the waivers and say which count.",
}
USAGE_ERROR = 2
INTERNAL_ERROR = 70
INTERRUPTED = 130


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
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from policy.gates.cli.usage import refuse_name

            raise refuse_name("command", name, COMMANDS)
        return super().resolve_command(ctx, args)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="policy %(version)s (tunegate)")
def cli() -> None:
    """Policy as code for machine-learning platforms: should this be fine-tuned, and if not, what instead?

    Exit codes: 0 allowed, 1 blocked, 2 the input or a policy is wrong, 3 nothing to judge, 4 held for
    approval, 70 a bug of ours.
    """  # noqa: D400 - it ends with a question


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; never raises."""
    prepare_streams()
    try:
        result = cli.main(
            args=None if arguments is None else list(arguments), prog_name="policy", standalone_mode=False
        )
    except click.ClickException as error:
        return _report_usage(error)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except PolicyError as error:
        print_problems(error.problems)
        return error.exit_code
    except SystemExit as stop:  # click's own way out, of shell completion and of `--help | head`
        return stop.code if isinstance(stop.code, int) else 0
    except Exception as error:  # noqa: BLE001 - the boundary: a bug of ours is said in one line
        return _report_fault(error)
    return result if isinstance(result, int) else 0


def _report_usage(error: click.ClickException) -> int:
    from policy.gates.cli.usage import describe_usage

    if error.message.startswith("Usage:"):
        # Called without a command: the answer is the help.
        say_aside(error.message)
    else:
        print_problems([describe_usage(error)])
    return USAGE_ERROR


def _report_fault(error: Exception) -> int:
    """Say what nobody foresaw: that the system refuses something, or that this command has a bug."""
    problem = _describe_refusal(error) if isinstance(error, OSError) else None
    if problem is not None:
        print_problems([problem])
        return USAGE_ERROR
    if os.environ.get("POLICY_DEBUG"):
        import traceback

        say_aside("".join(traceback.format_exception(error)).rstrip("\n"))
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" ({os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno})" if where else ""
    said = f"a bug in policy {__version__}: {type(error).__name__}: {error}{place}"
    print_problems([Problem(said, "please report it with this line; POLICY_DEBUG=1 shows the whole traceback")])
    return INTERNAL_ERROR


def _describe_refusal(error: OSError) -> Problem | None:
    """The problem of a system that refuses what every program may ask of it; None where it is something else."""
    import errno

    try:
        os.getcwd()
    except FileNotFoundError:
        return Problem("the working folder does not exist any more", "change to one that does")
    spent = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
    if error.errno not in spent:
        return None
    place = f" (`{error.filename}`)" if error.filename else ""
    return Problem(f"the system refuses to go on: {error.strerror}{place}", "make room, and try again")
